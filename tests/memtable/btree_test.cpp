// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/btree.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
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
