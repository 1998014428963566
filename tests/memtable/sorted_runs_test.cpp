// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/sorted_runs.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <new>
#include <random>
#include <strata/core/arena.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/hash.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace strata;
using memtable::detail::Arrival;
using memtable::detail::Record;

namespace {

using Runs = memtable::detail::SortedRuns<comparator::Bytewise>;

struct Table {
  Arena arena;
  Runs runs;

  void insert(std::string_view key, Trailer trailer) {
    char* const at = arena.allocate(sizeof(Arrival) + key.size());
    auto* const arrival = new (at) Arrival;
    Record::write(at + offsetof(Arrival, record), key, trailer, "");
    runs.push(*arrival);
  }
  void insert(unsigned from, unsigned to) {
    for (unsigned i = from; i < to; ++i) {
      insert(std::to_string(mix64(i)), Trailer(1, EntryKind::put));
    }
  }
};

}  // namespace

TEST_CASE("Nothing is found in, and no cursor stands on, what is empty") {
  const Runs runs;
  CHECK_FALSE(runs.find("", sequence_max));
  CHECK_FALSE(runs.find("key", sequence_max));
  Runs::Cursor cursor(runs);
  cursor.seek_to_first();
  CHECK_FALSE(cursor.valid());
  cursor.seek_to_last();
  CHECK_FALSE(cursor.valid());
  CHECK(runs.memory_bytes() == 0);
}

TEST_CASE("What is read once is sorted once, and what has not changed is not sorted again") {
  Table table;
  table.insert(0, 10'000);
  CHECK(table.runs.slots_written() == 0);
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(table.runs.find("none", sequence_max));
    CHECK(table.runs.slots_written() == 10'000);
  }
  table.insert(10'000, 10'100);
  CHECK_FALSE(table.runs.find("none", sequence_max));
  CHECK(table.runs.slots_written() == 10'100);
}

TEST_CASE("Reads between writes rewrite an entry as often as its logarithm says") {
  Table table;
  constexpr unsigned count = 1 << 14;  // 4^7
  for (unsigned i = 0; i < count; ++i) {
    table.insert(i, i + 1);
    REQUIRE(table.runs.find(std::to_string(mix64(i)), 1));
  }
  CHECK(table.runs.slots_written() < count * 7 * 4);
  CHECK(table.runs.memory_bytes() == count * 16);
}

TEST_CASE("A version is found in whichever run it is") {
  Table table;
  std::mt19937_64 random(3);
  std::vector<Sequence> inserted;
  for (const Sequence sequence : {50U, 10U, 90U, 30U, 70U, 20U, 80U, 40U, 60U}) {
    table.insert("key", {sequence, EntryKind::put});
    inserted.push_back(sequence);
    for (Sequence at = 0; at <= 100; ++at) {
      Sequence newest = 0;
      for (const Sequence there : inserted) {
        newest = there <= at ? std::max(newest, there) : newest;
      }
      const auto found = table.runs.find("key", at);
      REQUIRE((found ? found->trailer.sequence() : 0) == newest);
    }
  }
}
