// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_reader.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

#include <strata/store/object_store.hpp>
#include "databases.hpp"

using namespace strata;
using store::Objects;

namespace {

/// Counts the chunks that are looked up.
class CountingMap : public testing::MapDatabase<"objects"> {
  using Base = testing::MapDatabase<"objects">;

 public:
  std::size_t chunks_read = 0;

  class Family : public Base::Family {
   public:
    Family(CountingMap& db, const Base::Family& family) : Base::Family(family), db_(&db) {}
    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key,
                                                         const ReadOptions& options = {}) const {
      db_->chunks_read += key[0] == char{store::detail::ObjectKeys::chunk_kind} ? 1 : 0;
      return Base::Family::get(key, options);
    }

   private:
    CountingMap* db_;
  };
  template <FixedString Name>
  [[nodiscard]] Family family() {
    return Family(*this, Base::family<Name>());
  }
};

constexpr std::size_t chunk = store::detail::chunk_bytes;

std::string random_bytes(std::size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    c = static_cast<char>(random());
  }
  return bytes;
}

/// Puts other bytes in the place of a chunk, with a checksum that fits them.
template <class Db>
void forge_chunk(Db& db, const std::string& key_of_object, std::size_t run) {
  const auto family = db.template family<"objects">();
  const txn::View view;
  const auto head = store::detail::get_head(view, family, "b", key_of_object).value();
  REQUIRE(head);
  const auto [generation, size] = head->runs.at(run);
  WriteBatch batch;
  batch.put(family.id(), store::detail::ObjectKeys::chunk(generation, 0),
            store::detail::encode_chunk(std::string(static_cast<std::size_t>(size), '!')));
  REQUIRE(db.write(batch));
}

}  // namespace

TEST_CASE("small pieces in order cost one look-up a chunk", "[objects]") {
  CountingMap db;
  txn::KeyLocks locks;
  Objects<CountingMap> objects(db, locks);
  REQUIRE(objects.create_bucket("b"));
  REQUIRE(objects.put("b", "k", std::string(3 * chunk + 10, 'x')));
  auto reader = objects.open("b", "k").value();
  REQUIRE(reader);
  std::string piece(1000, '\0');
  std::size_t size = 0;
  for (std::size_t taken = 1; taken > 0; size += taken) {
    taken = reader->read(piece).value();
  }
  CHECK(size == 3 * chunk + 10);
  CHECK(db.chunks_read == 4);
  CHECK(objects.get_range("b", "k", chunk - 1, 2).value() == "xx");
  CHECK(db.chunks_read == 6);
}

TEMPLATE_LIST_TEST_CASE("pieces of any size from anywhere are the object's bytes", "[objects]",
                        databases::all<"objects">) {
  const unsigned seed = 7;
  CAPTURE(seed);
  std::mt19937 random(seed);
  TestType holder;
  txn::KeyLocks locks;
  Objects<typename TestType::Db> objects(holder.db, locks);
  REQUIRE(objects.create_bucket("b"));
  const auto id = objects.multipart().create("b", "k").value();
  std::vector<store::CompletedPart> parts;
  std::string data;
  for (const std::size_t size : {chunk, std::size_t{0}, chunk + 1, std::size_t{7}, 5 * chunk - 1}) {
    const auto number = static_cast<std::uint32_t>(parts.size() + 1);
    const std::string part = random_bytes(size, random);
    parts.push_back({number, objects.multipart().upload_part(id, number, part).value().etag});
    data += part;
  }
  REQUIRE(objects.multipart().complete(id, parts));
  auto reader = objects.open("b", "k").value();
  REQUIRE(reader);
  CHECK(reader->info().size == data.size());
  for (int i = 0; i < 200; ++i) {
    const auto first = random() % data.size();
    const auto length = random() % 3 == 0 ? random() % (2 * chunk) : random() % 50;
    CAPTURE(first, length);
    reader->seek(first);
    REQUIRE((reader->read(length).value() == data.substr(first, length)));
    REQUIRE(reader->position() == std::min<std::uint64_t>(first + length, data.size()));
  }
  reader->seek(UINT64_MAX);
  CHECK(reader->position() == data.size());
  CHECK(reader->read(10).value().empty());
  CHECK((reader->read_all().value() == data));
}

TEMPLATE_LIST_TEST_CASE("bytes that are not the object's are found, whatever their checksums say",
                        "[objects]", databases::all<"objects">) {
  TestType holder;
  txn::KeyLocks locks;
  Objects<typename TestType::Db> objects(holder.db, locks);
  REQUIRE(objects.create_bucket("b"));
  REQUIRE(objects.put("b", "whole", "some bytes"));
  const auto id = objects.multipart().create("b", "parts").value();
  const auto one = objects.multipart().upload_part(id, 1, "some").value();
  const auto two = objects.multipart().upload_part(id, 2, "bytes").value();
  const std::vector<store::CompletedPart> parts = {{1, one.etag}, {2, two.etag}};
  REQUIRE(objects.multipart().complete(id, parts));
  REQUIRE(objects.get("b", "parts").value());
  forge_chunk(holder.db, "whole", 0);
  forge_chunk(holder.db, "parts", 1);
  for (const char* key : {"whole", "parts"}) {
    CAPTURE(key);
    const auto got = objects.get("b", key);
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == ErrorCode::corruption);
    CHECK_THAT(got.error().message(), Catch::Contains(key) && Catch::Contains("SHA-256"));
  }
}
