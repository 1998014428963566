// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/btree.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <strata/core/hash.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <string>
#include <string_view>
#include <thread>

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
