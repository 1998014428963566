// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/btree.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <set>
#include <strata/core/hash.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using strata::memtable::BTree;
using strata::testing::Sentences;

TEST_CASE("BTree keeps the promises of the memtable slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::memtable_conformance<BTree>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 200'000);
}

TEST_CASE("BTree keeps its promises among threads") {
  const auto spread = GENERATE(true, false);
  CAPTURE(spread);
  const auto found = strata::testing::memtable_thread_conformance<BTree>({}, {.spread = spread});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
}

// Keys arrive in descending order: each eighth insert splits the first leaf, where the reader is.
TEST_CASE("A cursor goes forward through a leaf that is being split") {
  using Table = BTree::type<strata::comparator::Bytewise>;
  constexpr std::uint32_t count = 1'000'000;
  Table table;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint32_t i = count; i > 0; --i) {
      char key[4];
      for (unsigned byte = 0; byte < 4; ++byte) {
        key[byte] = static_cast<char>(i >> (24 - 8 * byte) & 0xff);
      }
      table.insert({key, 4}, {i, strata::EntryKind::put}, "");
    }
    done.store(true);
  });
  std::uint64_t backward = 0;
  while (!done.load()) {
    Table::Cursor cursor(table);
    cursor.seek_to_first();
    std::string_view key;
    for (int i = 0; i < 20 && cursor.valid(); ++i, cursor.next()) {
      backward += cursor.key() <= key ? 1U : 0U;
      key = cursor.key();
    }
  }
  writer.join();
  CHECK(backward == 0);
}

// Splits go on everywhere: parents that the reader came by get separators, or are replaced.
TEST_CASE("A cursor misses nothing that was there when it set out") {
  using Table = BTree::type<strata::comparator::Bytewise>;
  constexpr std::uint32_t count = 30'000;
  const bool by_keys = GENERATE(false, true);
  Table table;
  std::atomic<std::uint32_t> inserted{0};
  std::thread writer([&] {
    for (std::uint32_t i = 1; i <= count; ++i) {
      const std::uint64_t key = strata::mix64(i % (count / 3));  // three versions of each
      char bytes[8];
      std::memcpy(bytes, &key, sizeof bytes);
      table.insert({bytes, 8}, {i, strata::EntryKind::put}, "");
      inserted.store(i, std::memory_order_release);
    }
  });
  std::uint32_t before = 0;
  std::uint32_t missed = 0;
  do {
    before = inserted.load(std::memory_order_acquire);
    Table::Cursor cursor(table);
    std::uint32_t seen = 0;
    for (cursor.seek_to_first(); cursor.valid(); by_keys ? cursor.next_key() : cursor.next()) {
      seen += by_keys || cursor.trailer().sequence() <= before ? 1U : 0U;
    }
    missed += seen < (by_keys ? std::min(before, count / 3) : before) ? 1U : 0U;
  } while (before < count);
  writer.join();
  CHECK(missed == 0);
}

TEST_CASE("A cursor passes all versions of a key at once, few or many") {
  using Table = BTree::type<strata::comparator::Bytewise>;
  Table table;
  strata::Sequence sequence = 0;
  const unsigned versions[] = {1, 2, 7, 8, 9, 40, 1, 300, 1};
  for (unsigned key = 0; key < 9; ++key) {
    for (unsigned i = 0; i < versions[key]; ++i) {
      const char byte = static_cast<char>('a' + key);
      table.insert({&byte, 1}, {sequence++, strata::EntryKind::put}, "");
    }
  }
  Table::Cursor cursor(table);
  std::string seen;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next_key()) {
    seen += cursor.key();
  }
  CHECK(seen == "abcdefghi");
}

namespace {

std::string eight_digits(std::uint32_t i) {
  std::string digits(8, '0');
  for (std::size_t at = digits.size(); i > 0; i /= 10) {
    digits[--at] = static_cast<char>('0' + i % 10);
  }
  return digits;
}

/// A table, and the keys that were put into it, each with itself for a value.
struct Twins {
  using Table = BTree::type<strata::comparator::Bytewise>;
  Table table{};
  std::set<std::string> expected{};
  strata::Sequence sequence = 0;

  void put(const std::string& key) {
    table.insert(key, {++sequence, strata::EntryKind::put}, key);
    expected.insert(key);
  }
  /// How many keys are not found, or not where a walk over all keys should come to them.
  [[nodiscard]] std::uint64_t wrong() const {
    std::uint64_t wrong = 0;
    Table::Cursor cursor(table);
    cursor.seek_to_first();
    for (const std::string& key : expected) {
      const auto found = table.find(key, strata::sequence_max);
      wrong += found && found->value == key ? 0U : 1U;
      wrong += cursor.valid() && cursor.key() == key ? 0U : 1U;
      if (cursor.valid()) {
        cursor.next_key();
      }
    }
    return wrong + (cursor.valid() ? 1U : 0U);
  }
};

}  // namespace

// Inner nodes at the tree's edges take what their separators share for their prefix, until a key
// comes that does not.
TEST_CASE("Keys that do not begin like all before them find their place") {
  // Each comes when the ones like each other have filled some levels; the first one before them.
  const std::vector<std::string> outsiders = {
      "a",    "customer:9", "",         "cust",  "customer:00z",
      "\xff", "b",          "customer", "zebra", "customer:00000000000"};
  const bool ascending = GENERATE(true, false);
  CAPTURE(ascending);
  Twins twins;
  constexpr std::uint32_t count = 40'000;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i % 4000 == 0) {
      // Enough of them that separators are among them.
      for (std::uint32_t more = 0; more < 300; ++more) {
        twins.put(outsiders[i / 4000] + eight_digits(more * 7919 % 300));
      }
    }
    twins.put("customer:" + eight_digits(ascending ? i : strata::mix64(i) % 100'000'000));
  }
  CHECK(twins.wrong() == 0);
  std::uint64_t wrong = 0;
  Twins::Table::Cursor cursor(twins.table);
  for (const std::string& key : twins.expected) {
    cursor.seek(key + '\0');
    const auto next = twins.expected.upper_bound(key);
    wrong += cursor.valid() == (next != twins.expected.end()) ? 0U : 1U;
    wrong += !cursor.valid() || cursor.key() == *next ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

// A node whose separators all share more than its bounds do, wherever these come to lie.
TEST_CASE("What an edge's node took for its prefix is not taken for one when it has two bounds") {
  std::uint64_t wrong = 0;
  for (std::uint32_t others = 1; others < 200; ++others) {
    Twins twins;
    for (std::uint32_t i = 0; i < others; ++i) {
      twins.put((others % 2 == 0 ? "a" : "x") + eight_digits(i * 7919 % 200));
    }
    for (std::uint32_t i = 0; i < 800; ++i) {
      twins.put("customer:" + eight_digits(strata::mix64(i) % 100'000'000));
    }
    for (std::uint32_t i = 0; i < 50; ++i) {
      twins.put("b" + eight_digits(i));
      twins.put("d" + eight_digits(i));
    }
    wrong += twins.wrong();
  }
  CHECK(wrong == 0);
}

// An open node that gets a separator with another prefix is made anew; who stands in the old one
// goes on there.
TEST_CASE("A cursor in an edge's node that is made anew finds all that was there before") {
  std::uint64_t missed = 0;
  for (std::uint32_t count = 1; count < 400; ++count) {
    Twins twins;
    if (count % 3 != 0) {
      twins.put("zebra999");
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      twins.put("customer:" + eight_digits(i * 7919 % 400));
    }
    const strata::Sequence before = twins.sequence;
    Twins::Table::Cursor cursor(twins.table);
    cursor.seek_to_first();
    for (std::uint32_t i = 0; i < 40; ++i) {
      twins.put("zebra" + eight_digits(900 - i));
    }
    std::uint64_t seen = 0;
    for (; cursor.valid(); cursor.next()) {
      seen += cursor.trailer().sequence() <= before ? 1U : 0U;
    }
    missed += before - seen;
  }
  CHECK(missed == 0);
}

TEST_CASE("A cursor misses nothing while keys come that share less and less") {
  using Table = BTree::type<strata::comparator::Bytewise>;
  constexpr std::uint32_t count = 200'000;
  constexpr std::uint32_t stages = 9;
  Table table;
  std::atomic<std::uint32_t> inserted{0};
  std::thread writer([&] {
    for (std::uint32_t i = 0; i < count; ++i) {
      // 32 bytes are the same at first, then 28, in the end none.
      std::string key(36, 's');
      const auto own = static_cast<std::uint32_t>(strata::mix64(i));
      std::memcpy(key.data() + 32 - 4 * (i * stages / count), &own, sizeof own);
      table.insert(key, {i + 1, strata::EntryKind::put}, "");
      inserted.store(i + 1, std::memory_order_release);
    }
  });
  std::uint32_t before = 0;
  std::uint32_t missed = 0;
  std::uint32_t unsorted = 0;
  do {
    before = inserted.load(std::memory_order_acquire);
    Table::Cursor cursor(table);
    std::uint32_t seen = 0;
    std::string_view last;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      seen += cursor.trailer().sequence() <= before ? 1U : 0U;
      unsorted += cursor.key() < last ? 1U : 0U;
      last = cursor.key();
    }
    missed += seen < before ? 1U : 0U;
  } while (before < count);
  writer.join();
  CHECK(missed == 0);
  CHECK(unsorted == 0);
}
