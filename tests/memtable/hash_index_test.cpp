// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/hash_index.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace strata;
using memtable::HashIndex;
using strata::testing::Sentences;

namespace {

using Table = HashIndex::type<comparator::Bytewise>;

/// By length first: no prefix is a range of keys.
struct ByLength {
  using policy_slot = comparator_slot;
  static constexpr std::string_view name = "by_length";
  static constexpr bool is_bytewise = false;
  [[nodiscard]] static int compare(std::string_view a, std::string_view b) noexcept {
    return a.size() != b.size() ? (a.size() < b.size() ? -1 : 1) : a.compare(b);
  }
};

std::string key_of(unsigned user, unsigned item) {
  return std::to_string(1000 + user) + "/" + std::to_string(1000 + item);
}
/// 100 users with ten items each, in no order.
void fill(Table& table) {
  for (unsigned i = 0; i < 1000; ++i) {
    const unsigned number = i * 617 % 1000;
    table.insert(key_of(number / 10, number % 10), Trailer(1, EntryKind::put), "v");
  }
}

}  // namespace

TEST_CASE("HashIndex keeps the promises of the memtable slot, whatever is hashed of a key") {
  const std::size_t prefix_bytes = GENERATE(0U, 1U, 4U, 100U);
  CAPTURE(prefix_bytes);
  const auto found =
      strata::testing::memtable_conformance<HashIndex>({.prefix_bytes = prefix_bytes});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 200'000);
}

TEST_CASE("HashIndex is exact where the order of keys scatters their prefixes") {
  const std::size_t prefix_bytes = GENERATE(0U, 4U);
  CAPTURE(prefix_bytes);
  const auto found = strata::testing::memtable_conformance_of<HashIndex, ByLength>(
      {.prefix_bytes = prefix_bytes}, 1);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 100'000);
}

TEST_CASE("HashIndex keeps its promises among threads") {
  const auto spread = GENERATE(true, false);
  const std::size_t prefix_bytes = GENERATE(0U, 7U);
  CAPTURE(spread, prefix_bytes);
  const auto found = strata::testing::memtable_thread_conformance<HashIndex>(
      {.prefix_bytes = prefix_bytes}, {.spread = spread});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
}

TEST_CASE("A cursor in a prefix sorts nothing until it leaves it") {
  Table table(HashIndex::Options{.prefix_bytes = 5});
  fill(table);
  const std::size_t unsorted = table.memory_bytes();
  Table::Cursor cursor(table);
  cursor.seek(key_of(7, 0), sequence_max);
  for (unsigned item = 0; item < 10; ++item) {
    CHECK(cursor.key() == key_of(7, item));
    CHECK(table.memory_bytes() == unsorted);
    cursor.next();
  }
  CHECK(cursor.key() == key_of(8, 0));
  CHECK(table.memory_bytes() == unsorted + 1000 * 16);
}

TEST_CASE("A cursor that sorted before sees later entries of a prefix, and stays in order") {
  Table table(HashIndex::Options{.prefix_bytes = 5});
  fill(table);
  Table::Cursor cursor(table);
  cursor.seek_to_first();
  table.insert(key_of(7, 999), Trailer(1, EntryKind::put), "later");
  cursor.seek(key_of(7, 9), sequence_max);
  cursor.next();
  CHECK(cursor.key() == key_of(7, 999));
  Table::Cursor back = cursor;
  cursor.next();
  CHECK(cursor.key() == key_of(8, 0));
  back.prev();
  CHECK(back.key() == key_of(7, 9));
}

TEST_CASE("The versions of a key are walked without sorting, whatever the order of keys") {
  HashIndex::type<comparator::ReverseBytewise> table;
  for (Sequence sequence = 1; sequence <= 100; ++sequence) {
    table.insert("key", {sequence, EntryKind::merge}, std::to_string(sequence));
  }
  const std::size_t unsorted = table.memory_bytes();
  decltype(table)::Cursor cursor(table);
  cursor.seek("key", 60);
  for (Sequence sequence = 60; sequence > 0; --sequence) {
    CHECK(cursor.value() == std::to_string(sequence));
    if (sequence > 1) {
      cursor.next();
    }
  }
  CHECK(table.memory_bytes() == unsorted);
}

TEST_CASE("Two kinds of one sequence are two places for a cursor that leaves its group") {
  Table table;
  table.insert("a", {9, EntryKind::put}, "a");
  table.insert("b", {9, EntryKind::put}, "put");
  table.insert("b", {9, EntryKind::merge}, "merge");
  Table::Cursor cursor(table);
  cursor.seek("b", 9);
  CHECK(cursor.value() == "merge");
  cursor.next();
  CHECK(cursor.value() == "put");
  Table::Cursor back = cursor;
  back.prev();
  CHECK(back.value() == "merge");
  back.prev();
  CHECK(back.value() == "a");
  cursor.next();
  CHECK_FALSE(cursor.valid());
}

TEST_CASE("Values of megabytes are kept whole") {
  Table table;
  for (char letter = 'a'; letter < 'f'; ++letter) {
    table.insert(std::string(1, letter), Trailer(1, EntryKind::put), std::string(3 << 20, letter));
  }
  for (char letter = 'a'; letter < 'f'; ++letter) {
    CHECK(table.find(std::string(1, letter), 1)->value == std::string(3 << 20, letter));
  }
}

TEST_CASE("A walk through a prefix beside writers of it ascends and misses nothing") {
  Table table(HashIndex::Options{.prefix_bytes = 1});
  constexpr unsigned last = 400;
  std::atomic<unsigned> done{0};
  std::vector<std::thread> writers;
  for (unsigned writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer] {
      for (unsigned i = 0; i < last; ++i) {
        const unsigned number = i * 7 % last * 2 + writer;
        table.insert("p" + std::to_string(1000 + number), Trailer(1, EntryKind::put), "");
        ++done;
      }
    });
  }
  unsigned wrong = 0;
  for (unsigned counted = 0; counted < 2 * last;) {
    counted = done;
    Table::Cursor cursor(table);
    unsigned seen = 0;
    std::string before;
    for (cursor.seek("p", sequence_max); cursor.valid(); cursor.next()) {
      wrong += before < cursor.key() ? 0U : 1U;
      before = cursor.key();
      ++seen;
    }
    wrong += seen >= counted ? 0U : 1U;
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  CHECK(wrong == 0);
}
