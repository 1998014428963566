// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_store.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "object_fixture.hpp"

using namespace strata;
using store::Objects;

namespace {

template <class Holder>
struct Fixture : object_tests::ObjectsOn<Holder> {
  /// How many entries the family holds beside the bucket, its usage and the next id.
  std::size_t entries() {
    using Keys = store::detail::ObjectKeys;
    return this->count([](std::uint8_t kind) {
      return kind == Keys::head_kind || kind == Keys::chunk_kind || kind == Keys::pending_kind ||
             kind == Keys::upload_kind || kind == Keys::part_kind;
    });
  }
};

/// Bytes that differ from each other: a chunk in the wrong place does not go unseen.
std::string bytes_of(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  std::uint32_t x = seed * 2654435761U + 1;
  for (char& c : bytes) {
    x = x * 1664525U + 1013904223U;
    c = static_cast<char>(x >> 24);
  }
  return bytes;
}

constexpr std::size_t chunk = store::detail::chunk_bytes;

template <class T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  return result.error().code();
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("an object comes back as it was put, whatever its size", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, chunk - 1, chunk, chunk + 1,
                                 4 * chunk, 4 * chunk + 1, 9 * chunk + 77}) {
    CAPTURE(size);
    const std::string data = bytes_of(size);
    const auto put = f.objects.put("b", "k", data);
    REQUIRE(put);
    CHECK(put->size == size);
    const auto got = f.objects.get("b", "k").value();
    REQUIRE(got);
    CHECK(got->data == data);
    CHECK(got->info.etag == put->etag);
    CHECK(got->info.size == size);
  }
  // One head, ten chunks: nothing of those that were replaced.
  CHECK(f.entries() == 11);
}

TEMPLATE_LIST_TEST_CASE("metadata comes with the object and goes with it", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  store::PutOptions options;
  options.content_type = "image/jpeg";
  options.metadata = {{"author", "Ada"}, {"camera", ""}};
  options.time_ms = -5;
  REQUIRE(f.objects.put("b", "k", "x", options));
  const auto head = f.objects.head("b", "k").value();
  REQUIRE(head);
  CHECK(head->key == "k");
  CHECK(head->content_type == "image/jpeg");
  CHECK(head->metadata == options.metadata);
  CHECK(head->time_ms == -5);
  CHECK(head->etag == "9dd4e461268c8034f5c8564e155c67a6");
  CHECK(head->sha256 == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
  // A put without metadata has none.
  REQUIRE(f.objects.put("b", "k", "x"));
  CHECK(f.objects.head("b", "k").value()->metadata.empty());
  CHECK(f.objects.head("b", "k").value()->content_type == "application/octet-stream");
}

TEMPLATE_LIST_TEST_CASE("a byte range is exactly those bytes", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  const std::string data = bytes_of(3 * chunk + 100);
  REQUIRE(f.objects.put("b", "k", data));
  for (const std::size_t first :
       {std::size_t{0}, chunk - 1, chunk, 2 * chunk + 5, data.size() - 1}) {
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, chunk, 2 * chunk + 1}) {
      CAPTURE(first, length);
      REQUIRE(f.objects.get_range("b", "k", first, length).value() == data.substr(first, length));
    }
  }
  CHECK(f.objects.get_suffix("b", "k", 10).value() == data.substr(data.size() - 10));
  CHECK(f.objects.get_suffix("b", "k", data.size() + 10).value() == data);
  CHECK(f.objects.get_range("b", "k", 5, UINT64_MAX).value() == data.substr(5));
  const auto beyond = f.objects.get_range("b", "k", data.size(), 1);
  CHECK(code_of(beyond) == ErrorCode::invalid_argument);
  CHECK_THAT(beyond.error().message(), Catch::Contains(std::to_string(data.size())));
}

TEMPLATE_LIST_TEST_CASE("a writer takes pieces of any size and shows nothing before it finishes",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  const std::string data = bytes_of(7 * chunk + 3);
  REQUIRE(f.objects.put("b", "k", "old"));
  {
    auto writer = f.objects.write("b", "k").value();
    for (std::size_t at = 0; at < data.size(); at += 100'001) {
      REQUIRE(writer.append(std::string_view(data).substr(at, 100'001)));
    }
    CHECK(f.objects.get("b", "k").value()->data == "old");
    REQUIRE(writer.finish());
  }
  CHECK(f.objects.get("b", "k").value()->data == data);
  CHECK(f.entries() == 9);
  {
    auto given_up = f.objects.write("b", "other").value();
    REQUIRE(given_up.append(data));
    CHECK(f.entries() > 9);
  }
  CHECK(f.entries() == 9);
  CHECK(f.objects.head("b", "other").value() == std::nullopt);
}

TEMPLATE_LIST_TEST_CASE("a reader goes on with what it opened, whoever replaces or erases it",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  const std::string data = bytes_of(5 * chunk + 1);
  REQUIRE(f.objects.put("b", "k", data));
  auto reader = f.objects.open("b", "k").value();
  REQUIRE(reader);
  std::string piece(300'000, '\0');
  std::string read;
  for (bool first = true;; first = false) {
    const auto taken = reader->read(piece).value();
    if (taken == 0) {
      break;
    }
    read.append(piece, 0, taken);
    if (first) {
      REQUIRE(f.objects.put("b", "k", "new"));
      REQUIRE(f.objects.erase("b", "k").value());
    }
  }
  CHECK(read == data);
  CHECK(f.objects.get("b", "k").value() == std::nullopt);
}

TEMPLATE_LIST_TEST_CASE("a snapshot sees the objects of its moment", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  REQUIRE(f.objects.put("b", "k", "old"));
  const Snapshot before = f.db.snapshot();
  REQUIRE(f.objects.put("b", "k", "new"));
  store::GetOptions options;
  options.snapshot = &before;
  CHECK(f.objects.get("b", "k", options).value()->data == "old");
  CHECK(f.objects.get("b", "k").value()->data == "new");
}

TEMPLATE_LIST_TEST_CASE("conditions decide at the moment of writing, and of reading", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  store::PutOptions absent;
  absent.if_absent = true;
  const auto first = f.objects.put("b", "k", "1", absent).value();
  CHECK(code_of(f.objects.put("b", "k", "2", absent)) == ErrorCode::conflict);
  store::PutOptions match;
  match.if_match = first.etag;
  REQUIRE(f.objects.put("b", "k", "2", match));
  CHECK(code_of(f.objects.put("b", "k", "3", match)) == ErrorCode::conflict);
  CHECK(code_of(f.objects.put("b", "none", "3", match)) == ErrorCode::conflict);
  CHECK(f.objects.get("b", "k").value()->data == "2");

  store::GetOptions get;
  get.if_match = first.etag;
  CHECK(code_of(f.objects.get("b", "k", get)) == ErrorCode::conflict);
  get.if_match.reset();
  get.if_none_match = first.etag;
  CHECK(f.objects.get("b", "k", get).value()->data == "2");
}

TEMPLATE_LIST_TEST_CASE("a copy is an object of its own", "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  REQUIRE(f.objects.create_bucket("c"));
  store::PutOptions options;
  options.metadata = {{"a", "1"}};
  const std::string data = bytes_of(5 * chunk);
  REQUIRE(f.objects.put("b", "k", data, options));
  const auto copied = f.objects.copy("b", "k", "c", "k2");
  REQUIRE(copied);
  REQUIRE(f.objects.erase("b", "k").value());
  CHECK(f.objects.get("c", "k2").value()->data == data);
  CHECK(f.objects.get("c", "k2").value()->info.metadata == options.metadata);
  CHECK(code_of(f.objects.copy("b", "k", "c", "x")) == ErrorCode::not_found);
}

TEMPLATE_LIST_TEST_CASE("objects are put and erased in a unit, all or nothing", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  using Unit = txn::Unit<typename TestType::Db>;
  REQUIRE(f.objects.put("b", "old", "x"));
  const std::string data = bytes_of(2 * chunk);
  {
    auto unit = Unit::exclusive(f.db, f.locks);
    REQUIRE(f.objects.put(unit, "b", "new", data));
    REQUIRE(f.objects.erase(unit, "b", "old").value());
    CHECK(f.objects.head(unit, "b", "new").value().has_value());
    CHECK(f.objects.head(unit, "b", "old").value() == std::nullopt);
  }
  CHECK(f.objects.head("b", "new").value() == std::nullopt);
  CHECK(f.objects.usage("b").value() == store::BucketUsage{1, 1});
  {
    auto unit = Unit::exclusive(f.db, f.locks);
    REQUIRE(f.objects.put(unit, "b", "new", data));
    REQUIRE(f.objects.erase(unit, "b", "old").value());
    REQUIRE(unit.commit());
  }
  CHECK(f.objects.get("b", "new").value()->data == data);
  CHECK(f.objects.usage("b").value() == store::BucketUsage{1, data.size()});
}

TEMPLATE_LIST_TEST_CASE("keys have 1 to 1024 bytes, any bytes", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  CHECK(code_of(f.objects.put("b", "", "x")) == ErrorCode::invalid_argument);
  CHECK(code_of(f.objects.put("b", std::string(1025, 'k'), "x")) == ErrorCode::invalid_argument);
  for (const std::string& key : {std::string(1024, 'k'), std::string("\0\xff/..", 5)}) {
    REQUIRE(f.objects.put("b", key, key));
    CHECK(f.objects.get("b", key).value()->data == key);
  }
}

TEMPLATE_LIST_TEST_CASE("a damaged or missing chunk is an error, never other bytes", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  const std::string data = bytes_of(3 * chunk);
  REQUIRE(f.objects.put("b", "k", data));
  auto family = f.db.template family<"objects">();
  const auto view = txn::View();
  const auto head = store::detail::get_head(view, family, "b", "k").value();
  REQUIRE(head);
  const std::string at = store::detail::ObjectKeys::chunk(head->runs[0].generation, 1);
  std::string stored = family.get(at, ReadOptions{}).value().value();
  const auto write = [&](const std::string* value) {
    WriteBatch batch;
    value != nullptr ? batch.put(family.id(), at, *value) : batch.erase(family.id(), at);
    REQUIRE(f.db.write(batch));
  };
  std::string flipped = stored;
  flipped[1000] = static_cast<char>(flipped[1000] ^ 1);
  write(&flipped);
  CHECK(code_of(f.objects.get("b", "k")) == ErrorCode::corruption);
  CHECK(f.objects.get_range("b", "k", 0, 100).value() == data.substr(0, 100));
  write(nullptr);
  CHECK(code_of(f.objects.get("b", "k")) == ErrorCode::corruption);
}

TEMPLATE_LIST_TEST_CASE("writers of one key leave one whole object and nothing else", "[objects]",
                        databases::racing<"objects">) {
  Fixture<TestType> f;
  std::vector<std::thread> threads;
  std::atomic<unsigned> failed{0};
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 20; ++i) {
        const std::size_t size = i % 5 == 0 ? 5 * chunk + t : 1000 + t;
        failed += f.objects.put("b", "k", bytes_of(size, t)) ? 0 : 1;
        const auto got = f.objects.get("b", "k");
        failed += got && *got ? 0 : 1;
        if (i % 7 == 0) {
          failed += f.objects.put("b", "own" + std::to_string(t), "x") ? 0 : 1;
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(failed == 0);
  const auto last = f.objects.get("b", "k").value();
  REQUIRE(last);
  CHECK(f.objects.usage("b").value() == store::BucketUsage{5, last->info.size + 4});
  const std::size_t chunks = (last->info.size + chunk - 1) / chunk;
  CHECK(f.entries() == 5 + chunks + 4);
}
