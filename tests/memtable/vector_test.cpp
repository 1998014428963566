// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/vector.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace strata;
using memtable::Vector;
using strata::testing::Sentences;

namespace {
using Table = Vector::type<comparator::Bytewise>;
}

TEST_CASE("Vector keeps the promises of the memtable slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::memtable_conformance<Vector>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 200'000);
}

TEST_CASE("Vector keeps its promises among threads") {
  const auto spread = GENERATE(true, false);
  CAPTURE(spread);
  const auto found = strata::testing::memtable_thread_conformance<Vector>({}, {.spread = spread});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
}

TEST_CASE("A cursor keeps what it saw while the runs under it are merged away") {
  Table table;
  for (int i = 0; i < 100; ++i) {
    table.insert("a" + std::to_string(1000 + i), Trailer(1, EntryKind::put), "");
  }
  Table::Cursor cursor(table);
  cursor.seek_to_first();
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "b" + std::to_string(1000 + i);
    table.insert(key, Trailer(1, EntryKind::put), "");
    REQUIRE(table.find(key, 1));
  }
  int seen = 0;
  for (; cursor.valid(); cursor.next()) {
    CHECK(cursor.key() == "a" + std::to_string(1000 + seen++));
  }
  CHECK(seen == 100);
}

TEST_CASE("An index of sorted runs is counted, and only once something is read") {
  Table table;
  const std::string value(1000, 'v');
  for (unsigned i = 0; i < 1000; ++i) {
    table.insert(std::to_string(i), Trailer(i, EntryKind::put), value);
  }
  const std::size_t before = table.memory_bytes();
  CHECK(table.find("999", sequence_max)->value == value);
  CHECK(table.memory_bytes() == before + 1000 * 16);
  CHECK(table.find("998", sequence_max));
  CHECK(table.memory_bytes() == before + 1000 * 16);
}

TEST_CASE("Readers who sort beside writers find every version that was there") {
  Table table;
  std::atomic<Sequence> done{0};
  constexpr Sequence last = 3000;
  std::thread writer([&] {
    for (Sequence sequence = 1; sequence <= last; ++sequence) {
      table.insert("key", {sequence, EntryKind::put}, std::to_string(sequence));
      done.store(sequence, std::memory_order_release);
    }
  });
  std::vector<std::thread> readers;
  std::atomic<unsigned> wrong{0};
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      for (Sequence known = 0; known < last;) {
        known = done.load(std::memory_order_acquire);
        const auto found = table.find("key", known);
        const bool is_right = known == 0 ? !found : found && found->trailer.sequence() == known;
        wrong += is_right ? 0U : 1U;
        Table::Cursor cursor(table);
        cursor.seek_to_first();
        wrong += known == 0 || cursor.trailer().sequence() >= known ? 0U : 1U;
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) {
    reader.join();
  }
  CHECK(wrong == 0);
}
