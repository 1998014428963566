// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/partitioned.hpp>

#include <catch2/catch.hpp>
#include <strata/memtable/btree.hpp>
#include <strata/memtable/skip_list.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <string>
#include <vector>

using namespace strata;
using memtable::Partitioned;
using strata::testing::Sentences;

namespace {

using Table = Partitioned<memtable::SkipList, 4>::type<comparator::Bytewise>;

std::string key_of(unsigned number) {
  const std::string digits = std::to_string(number);
  return std::string(5 - digits.size(), '0') + digits;
}

void fill(Table& table, unsigned from, unsigned to) {
  for (unsigned i = from; i < to; ++i) {
    table.insert(key_of(i), Trailer(i + 1, EntryKind::put), "v");
  }
}

}  // namespace

TEMPLATE_TEST_CASE("Partitioned keeps the promises of the memtable slot", "",
                   (Partitioned<memtable::BTree>), (Partitioned<memtable::SkipList, 4>),
                   (Partitioned<memtable::BTree, 1>)) {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::memtable_conformance<TestType>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 200'000);
}

TEMPLATE_TEST_CASE("Partitioned keeps its promises among threads", "",
                   (Partitioned<memtable::BTree>), (Partitioned<memtable::SkipList, 4>)) {
  const auto spread = GENERATE(true, false);
  CAPTURE(spread);
  const auto found = strata::testing::memtable_thread_conformance<TestType>({}, {.spread = spread});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
}

TEST_CASE("Partitioned is named after what it divides") {
  CHECK(Partitioned<memtable::SkipList, 4>::name == "partitioned_skip_list");
}

TEST_CASE("A cursor over partitions turns around between any two entries") {
  Table table;
  fill(table, 0, 200);
  for (unsigned i = 1; i + 1 < 200; ++i) {
    Table::Cursor cursor(table);
    cursor.seek(key_of(i), sequence_max);
    cursor.prev();
    CHECK(cursor.key() == key_of(i - 1));
    cursor.next();
    cursor.next();
    CHECK(cursor.key() == key_of(i + 1));
    cursor.prev();
    cursor.prev();
    CHECK(cursor.key() == key_of(i - 1));
  }
}

TEST_CASE("A cursor that turns does not go to entries that came in between on the wrong side") {
  Table table;
  for (unsigned i = 0; i < 100; ++i) {
    table.insert(key_of(i * 100), Trailer(1, EntryKind::put), "");
  }
  Table::Cursor back(table);
  Table::Cursor forth(table);
  back.seek(key_of(5000), sequence_max);  // all other children stand behind it
  forth.seek_for_prev(key_of(5000));      // all other children stand before it
  for (unsigned i = 4801; i < 5200; ++i) {
    if (i % 100 != 0) {
      table.insert(key_of(i), Trailer(2, EntryKind::put), "");
    }
  }
  back.prev();
  CHECK(back.key() == key_of(4999));
  forth.next();
  CHECK(forth.key() == key_of(5001));
}

TEST_CASE("A cursor over partitions ends at both ends, and comes back") {
  Table table;
  fill(table, 0, 3);  // some partitions are empty
  Table::Cursor cursor(table);
  CHECK_FALSE(cursor.valid());
  cursor.seek_to_last();
  CHECK(cursor.key() == key_of(2));
  cursor.next();
  CHECK_FALSE(cursor.valid());
  cursor.seek_to_first();
  cursor.prev();
  CHECK_FALSE(cursor.valid());
  cursor.seek_for_prev("9");
  CHECK(cursor.key() == key_of(2));
  cursor.seek("9", sequence_max);
  CHECK_FALSE(cursor.valid());
}

TEST_CASE("All versions of a key are in one partition, newest first") {
  Table table;
  for (Sequence sequence = 1; sequence <= 500; ++sequence) {
    table.insert("key", {sequence, EntryKind::put}, std::to_string(sequence));
  }
  CHECK(table.find("key", 77)->value == "77");
  Table::Cursor cursor(table);
  Sequence expected = 500;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    CHECK(cursor.trailer().sequence() == expected--);
  }
  CHECK(expected == 0);
}
