// SPDX-License-Identifier: BSL-1.0
/// Every memtable under an engine: one may replace another, and flushes in order what it took.

#include <catch2/catch.hpp>
#include <optional>
#include <strata/memtable.hpp>
#include <string>
#include <utility>

#include "../lsm/small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

constexpr unsigned keys = 3000;

/// A memtable's first chunk is 16 KiB, and `Partitioned` has several.
template <class Db>
typename Db::Options options_for(const io::Memory& fs) {
  auto options = tests::small_options<Db>(fs);
  options.write_buffer_bytes = 200'000;
  return options;
}
template <class Db>
Db open(const typename Db::Options& options) {
  auto opened = Db::open("/db", options);
  REQUIRE(opened);
  return std::move(opened).value();
}
template <class Memtable>
auto open_tree(const io::Memory& fs) {
  using Db = tests::SmallTree<Memtable, merge::Append>;
  return open<Db>(options_for<Db>(fs));
}

/// How many keys have not their value, or another value in a walk, either way.
template <class Db>
unsigned wrong_answers(Db& db, const std::string& tag) {
  const std::string value = std::string(100, 'v') + tag;
  unsigned wrong = 0;
  for (unsigned i = 0; i < keys; ++i) {
    wrong += db.get(key_of(i)).value() == value ? 0U : 1U;
    wrong += db.get(key_of(i) + "a").value() == std::nullopt ? 0U : 1U;
  }
  auto cursor = db.cursor();
  unsigned i = 0;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next(), ++i) {
    wrong += cursor.key() == key_of(i) && cursor.value() == value ? 0U : 1U;
  }
  wrong += i == keys ? 0U : 1U;
  for (cursor.seek_to_last(); cursor.valid(); cursor.prev()) {
    --i;
    wrong += cursor.key() == key_of(i) && cursor.value() == value ? 0U : 1U;
  }
  return wrong + i;
}

}  // namespace

TEMPLATE_TEST_CASE("An engine reads what it wrote, from memory, from tables, and after it reopens",
                   "", memtable::Art, memtable::BTree, memtable::HashIndex, memtable::SkipList,
                   memtable::Vector, (memtable::Partitioned<memtable::SkipList, 4>),
                   (memtable::Partitioned<memtable::Vector, 2>)) {
  const io::Memory fs;
  {
    auto db = open_tree<TestType>(fs);
    REQUIRE(tests::fill(db, keys, "old"));
    REQUIRE(tests::fill(db, keys, "new"));
    CHECK(wrong_answers(db, "new") == 0);
    REQUIRE(db.flush());
    CHECK(wrong_answers(db, "new") == 0);
    CHECK(db.verify());
  }
  auto db = open_tree<TestType>(fs);
  CHECK(wrong_answers(db, "new") == 0);
}

TEMPLATE_TEST_CASE("Snapshots, erasures and merges see the versions that they should", "",
                   memtable::BTree, memtable::HashIndex, memtable::SkipList, memtable::Vector,
                   (memtable::Partitioned<memtable::SkipList, 4>)) {
  const io::Memory fs;
  auto db = open_tree<TestType>(fs);
  REQUIRE(db.put("key", "1"));
  const auto before = db.snapshot();
  REQUIRE(db.merge("key", "2"));
  REQUIRE(db.merge("key", "3"));
  REQUIRE(db.put("other", "4"));
  CHECK(db.get("key").value() == "123");
  CHECK(db.get("key", {.snapshot = &before}).value() == "1");
  CHECK(db.get("other", {.snapshot = &before}).value() == std::nullopt);
  REQUIRE(db.erase("key"));
  CHECK(db.get("key").value() == std::nullopt);
  CHECK(db.get("key", {.snapshot = &before}).value() == "1");
}

TEST_CASE("A hash index under an engine may hash prefixes") {
  const io::Memory fs;
  using Db = tests::SmallTree<memtable::HashIndex>;
  auto options = options_for<Db>(fs);
  options.memtable.prefix_bytes = 7;
  auto db = open<Db>(options);
  REQUIRE(tests::fill(db, keys, ""));
  CHECK(wrong_answers(db, "") == 0);
}

TEST_CASE("A database may change its memtable: its log says what was in it") {
  const io::Memory fs;
  {
    auto db = open_tree<memtable::Vector>(fs);
    REQUIRE(tests::fill(db, keys, "old"));
  }
  {
    auto db = open_tree<memtable::HashIndex>(fs);
    CHECK(wrong_answers(db, "old") == 0);
    REQUIRE(tests::fill(db, keys, "new"));
  }
  auto db = open_tree<memtable::Partitioned<memtable::BTree, 4>>(fs);
  CHECK(wrong_answers(db, "new") == 0);
}
