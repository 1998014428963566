// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_multipart.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/store/object_store.hpp>
#include "object_fixture.hpp"

using namespace strata;
using store::CompletedPart;

namespace {

template <class Holder>
struct Fixture : object_tests::ObjectsOn<Holder> {
  auto& multipart() { return this->objects.multipart(); }

  std::size_t chunks() {
    return this->count(
        [](std::uint8_t kind) { return kind == store::detail::ObjectKeys::chunk_kind; });
  }
};

template <class T>
Error error_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  return result.error();
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("parts in any order become one object in their numbers' order", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  store::PutOptions options;
  options.content_type = "text/plain";
  options.metadata = {{"k", "v"}};
  const auto id = f.multipart().create("b", "k", options).value();
  const auto third = f.multipart().upload_part(id, 30, "cc").value();
  const auto first = f.multipart().upload_part(id, 1, "aaaa").value();
  const auto second = f.multipart().upload_part(id, 2, "bbb").value();
  CHECK(f.objects.head("b", "k").value() == std::nullopt);
  const std::vector<CompletedPart> parts = {{1, first.etag}, {2, second.etag}, {30, third.etag}};
  const auto done = f.multipart().complete(id, parts).value();
  CHECK(done.size == 9);
  // md5(md5("aaaa") md5("bbb") md5("cc")) and the same with SHA-256, computed elsewhere.
  CHECK(done.etag == "1deadf86e7f0003982988c5f5928d31f-3");
  CHECK(done.sha256 == "509a32b70ba67bcfce860d1a671db17013a70caa1c2c1fc7004f184452215092-3");
  const auto got = f.objects.get("b", "k").value();
  REQUIRE(got);
  CHECK(got->data == "aaaabbbcc");
  CHECK(got->info.content_type == "text/plain");
  CHECK(got->info.metadata == options.metadata);
  CHECK(f.objects.get_range("b", "k", 3, 3).value() == "abb");
  CHECK(f.objects.usage("b").value() == store::BucketUsage{1, 9});
  CHECK(error_of(f.multipart().list_parts(id)).code() == ErrorCode::not_found);
  CHECK(f.multipart().list().value().empty());
}

TEMPLATE_LIST_TEST_CASE("a completion that is wrong names the part and leaves the upload usable",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  REQUIRE(f.objects.put("b", "k", "old"));
  const auto id = f.multipart().create("b", "k").value();
  const auto one = f.multipart().upload_part(id, 1, "aaaa").value();
  const auto two = f.multipart().upload_part(id, 2, "bbb").value();
  const auto complete = [&](std::vector<CompletedPart> parts) {
    return f.multipart().complete(id, parts);
  };
  const Error etag = error_of(complete({{1, one.etag}, {2, one.etag}}));
  CHECK(etag.code() == ErrorCode::conflict);
  CHECK_THAT(etag.message(),
             Catch::Contains("part 2") && Catch::Contains(one.etag) && Catch::Contains(two.etag));
  const Error missing = error_of(complete({{1, one.etag}, {3, two.etag}}));
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK_THAT(missing.message(), Catch::Contains("part 3"));
  CHECK(error_of(complete({{2, two.etag}, {1, one.etag}})).code() == ErrorCode::invalid_argument);
  CHECK(error_of(complete({{1, one.etag}, {1, one.etag}})).code() == ErrorCode::invalid_argument);
  CHECK(error_of(complete({})).code() == ErrorCode::invalid_argument);
  CHECK(f.objects.get("b", "k").value()->data == "old");

  REQUIRE(complete({{2, two.etag}}));  // part 1 is dropped
  CHECK(f.objects.get("b", "k").value()->data == "bbb");
  CHECK(f.chunks() == 1);
}

TEMPLATE_LIST_TEST_CASE("a part that is uploaded again replaces the first", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  const auto id = f.multipart().create("b", "k").value();
  const auto before = f.multipart().upload_part(id, 1, std::string(3'000'000, 'a')).value();
  const auto after = f.multipart().upload_part(id, 1, "b").value();
  CHECK(f.chunks() == 1);
  const auto parts = f.multipart().list_parts(id).value();
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].size == 1);
  CHECK(parts[0].etag == after.etag);
  const std::vector<CompletedPart> old = {{1, before.etag}};
  CHECK(error_of(f.multipart().complete(id, old)).code() == ErrorCode::conflict);
}

TEMPLATE_LIST_TEST_CASE("an upload that is aborted or expires leaves nothing", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  store::PutOptions at;
  std::vector<store::UploadId> ids;
  for (const std::int64_t time : {10, 20, 30}) {
    at.time_ms = time;
    ids.push_back(f.multipart().create("b", "k" + std::to_string(time), at).value());
    REQUIRE(f.multipart().upload_part(ids.back(), 1, std::string(600'000, 'x')));
  }
  CHECK(f.multipart().list().value().size() == 3);
  CHECK(error_of(f.objects.remove_bucket("b")).code() == ErrorCode::conflict);
  CHECK(f.multipart().expire(20).value() == 1);
  CHECK(f.multipart().list().value().size() == 2);
  REQUIRE(f.multipart().abort(ids[1]));
  CHECK(error_of(f.multipart().abort(ids[1])).code() == ErrorCode::not_found);
  CHECK(error_of(f.multipart().upload_part(ids[1], 1, "x")).code() == ErrorCode::not_found);
  REQUIRE(f.multipart().abort(ids[2]));
  CHECK(f.chunks() == 0);
  REQUIRE(f.objects.remove_bucket("b"));
}

TEMPLATE_LIST_TEST_CASE("part numbers go from 1 to 10,000, an upload needs its bucket", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  const auto id = f.multipart().create("b", "k").value();
  CHECK(error_of(f.multipart().upload_part(id, 0, "x")).code() == ErrorCode::invalid_argument);
  CHECK(error_of(f.multipart().upload_part(id, 10'001, "x")).code() == ErrorCode::invalid_argument);
  CHECK(f.multipart().upload_part(id, 10'000, "x"));
  CHECK(error_of(f.multipart().create("none", "k")).code() == ErrorCode::not_found);
  CHECK(error_of(f.multipart().upload_part(id + 1, 1, "x")).code() == ErrorCode::not_found);
}

TEMPLATE_LIST_TEST_CASE("all parts but the last have the least size that the store asks for",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  store::ObjectStoreOptions options;
  options.part_bytes_min = 4;
  store::Objects<typename TestType::Db> strict(f.db, f.locks, options);
  const auto id = strict.multipart().create("b", "k").value();
  const auto one = strict.multipart().upload_part(id, 1, "aaa").value();
  const auto two = strict.multipart().upload_part(id, 2, "bb").value();
  const std::vector<CompletedPart> both = {{1, one.etag}, {2, two.etag}};
  CHECK(error_of(strict.multipart().complete(id, both)).code() == ErrorCode::invalid_argument);
  const auto longer = strict.multipart().upload_part(id, 1, "aaaa").value();
  const std::vector<CompletedPart> fine = {{1, longer.etag}, {2, two.etag}};
  CHECK(strict.multipart().complete(id, fine));
}

TEMPLATE_LIST_TEST_CASE("an upload may have all of 10,000 parts, and drop some", "[objects]",
                        databases::all<"objects">) {
  Fixture<TestType> f;
  const auto id = f.multipart().create("b", "k").value();
  std::vector<CompletedPart> parts;
  std::string expected;
  for (std::uint32_t number = 1; number <= store::part_number_max; ++number) {
    const std::string data = std::to_string(number);
    const auto part = f.multipart().upload_part(id, number, data).value();
    if (number % 100 != 0) {
      parts.push_back({number, part.etag});
      expected += data;
    }
  }
  const auto done = f.multipart().complete(id, parts);
  REQUIRE(done);
  CHECK_THAT(done->etag, Catch::EndsWith("-9900"));
  CHECK(f.objects.get("b", "k").value()->data == expected);
  CHECK(f.chunks() == 9900);
  REQUIRE(f.objects.erase("b", "k").value());
  CHECK(f.chunks() == 0);
}

TEMPLATE_LIST_TEST_CASE("an upload's parts are its own: another of the same key is not touched",
                        "[objects]", databases::all<"objects">) {
  Fixture<TestType> f;
  const auto first = f.multipart().create("b", "k").value();
  const auto second = f.multipart().create("b", "k").value();
  const auto a = f.multipart().upload_part(first, 1, "a").value();
  const auto b = f.multipart().upload_part(second, 1, "b").value();
  REQUIRE(f.multipart().complete(first, std::vector<CompletedPart>{{1, a.etag}}));
  CHECK(f.objects.get("b", "k").value()->data == "a");
  CHECK(f.multipart().list_parts(second).value().size() == 1);
  REQUIRE(f.multipart().complete(second, std::vector<CompletedPart>{{1, b.etag}}));
  CHECK(f.objects.get("b", "k").value()->data == "b");
  CHECK(f.chunks() == 1);
}

TEMPLATE_LIST_TEST_CASE("of several who complete one upload one wins, and parts come side by side",
                        "[objects]", databases::racing<"objects">) {
  Fixture<TestType> f;
  for (int round = 0; round < 5; ++round) {
    const auto id = f.multipart().create("b", "k").value();
    std::vector<std::thread> threads;
    std::vector<std::string> etags(4);
    for (std::uint32_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 3; ++i) {  // the last of a number stays
          const std::string data(300'000U + t, static_cast<char>('a' + i));
          if (auto part = f.multipart().upload_part(id, t + 1, data)) {
            etags[t] = part->etag;
          }
        }
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    threads.clear();
    std::vector<CompletedPart> parts;
    for (std::uint32_t t = 0; t < 4; ++t) {
      parts.push_back({t + 1, etags[t]});
    }
    std::atomic<int> won{0};
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] { won += f.multipart().complete(id, parts) ? 1 : 0; });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    CHECK(won == 1);
    CHECK(f.objects.get("b", "k").value()->data.size() == 1'200'006);
    CHECK(f.chunks() == 8);
    CHECK(f.objects.usage("b").value() == store::BucketUsage{1, 1'200'006});
  }
}

TEST_CASE("an upload survives a restart", "[objects]") {
  using Db = Database<Family<"objects">, io::Memory>;
  Db::Options options;
  options.file_system = io::Memory();
  store::UploadId id = 0;
  std::string etag;
  {
    Db db = std::move(Db::open("/db", options).value());
    txn::KeyLocks locks;
    store::Objects<Db> objects(db, locks);
    REQUIRE(objects.create_bucket("b"));
    id = objects.multipart().create("b", "k").value();
    etag = objects.multipart().upload_part(id, 1, std::string(700'000, 'a')).value().etag;
  }
  Db db = std::move(Db::open("/db", options).value());
  txn::KeyLocks locks;
  store::Objects<Db> objects(db, locks);
  const auto second = objects.multipart().upload_part(id, 2, "b").value();
  const std::vector<CompletedPart> parts = {{1, etag}, {2, second.etag}};
  REQUIRE(objects.multipart().complete(id, parts));
  CHECK(objects.get("b", "k").value()->data == std::string(700'000, 'a') + "b");
}
