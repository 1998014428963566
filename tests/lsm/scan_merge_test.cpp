// SPDX-License-Identifier: BSL-1.0
// Scans that pay for the merge of what slows them down: `compaction::Leveled::Options`,
// `scan_patience`.

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/lsm/detour_count.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

constexpr unsigned entries = 100;

/// Two tables in level 0 that interleave, which no trigger merges.
template <class Db>
void make_two_tables(Db& db) {
  for (const unsigned first : {0U, 1U}) {
    for (unsigned i = first; i < entries; i += 2) {
      REQUIRE(db.put(key_of(i), "value"));
    }
    REQUIRE(db.flush());
  }
}

template <class Db>
std::uint64_t level0_files(Db& db) {
  return db.stats().families[0].levels[0].files;
}

/// Everything, in order; about `entries` detours while there are two tables in level 0.
template <class Db>
void scan(Db& db) {
  unsigned seen = 0;
  auto cursor = db.cursor();
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    REQUIRE(cursor.key() == key_of(seen));
    ++seen;
  }
  REQUIRE(seen == entries);
}

/// `detours`: so many pay for the merge of two tables; 0: none do.
template <class Db>
auto patient_options(const io::Memory& fs, std::uint64_t detours) {
  typename Db::Options options;
  options.file_system = fs;
  options.compaction.scan_patience =
      static_cast<double>(detours) /
      static_cast<double>(compaction::Leveled::job_entries + entries);
  return options;
}

}  // namespace

TEST_CASE("tables of level 0 that scans have paid for are merged") {
  using Db = tests::SmallTree<>;
  const io::Memory fs;
  auto db = Db::open("/db", patient_options<Db>(fs, 3 * entries));
  REQUIRE(db);
  make_two_tables(*db);
  scan(*db);
  scan(*db);
  REQUIRE(db->tick());
  CHECK(level0_files(*db) == 2);
  scan(*db);
  CHECK(level0_files(*db) == 2);  // no reader does the work
  REQUIRE(db->tick());
  CHECK(level0_files(*db) == 0);
  scan(*db);
}

TEST_CASE("short scans pay, too") {
  using Db = tests::SmallTree<>;
  const io::Memory fs;
  auto db = Db::open("/db", patient_options<Db>(fs, entries));
  REQUIRE(db);
  make_two_tables(*db);
  for (unsigned i = 0; i < entries / 2; ++i) {
    auto cursor = db->cursor();
    cursor.seek(key_of(i));
    REQUIRE(cursor.key() == key_of(i));
  }
  REQUIRE(db->tick());
  CHECK(level0_files(*db) == 0);
}

TEST_CASE("scans of who wants no merges from them cause none") {
  using Db = tests::SmallTree<>;
  const io::Memory fs;
  auto db = Db::open("/db", patient_options<Db>(fs, 0));
  REQUIRE(db);
  make_two_tables(*db);
  for (unsigned i = 0; i < 100; ++i) {
    scan(*db);
  }
  REQUIRE(db->tick());
  CHECK(level0_files(*db) == 2);
}

TEST_CASE("a database that nobody writes to merges for its scans, without a tick") {
  using Db = LsmTree<io::Memory>;
  const io::Memory fs;
  auto options = patient_options<Db>(fs, lsm::DetourCount::detours_a_look);
  options.tick_seconds = 0;
  auto db = Db::open("/db", options);
  REQUIRE(db);
  make_two_tables(*db);
  // It has merged at some time behind the scan that asks for it; a minute is for ever.
  const auto late = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  std::uint64_t scans = 0;
  while (level0_files(*db) != 0 && std::chrono::steady_clock::now() < late) {
    scan(*db);
    ++scans;
  }
  CHECK(level0_files(*db) == 0);
  CHECK(scans >= lsm::DetourCount::detours_a_look / (2 * entries));
  scan(*db);
}

TEST_CASE("what is opened read-only is not merged, however often it is scanned") {
  using Db = LsmTree<io::Memory>;
  const io::Memory fs;
  {
    auto db = Db::open("/db", patient_options<Db>(fs, 0));
    REQUIRE(db);
    make_two_tables(*db);
    REQUIRE(db->close());
  }
  auto options = patient_options<Db>(fs, 1);
  options.read_only = true;
  auto db = Db::open("/db", options);
  REQUIRE(db);
  for (std::uint64_t i = 0; i < 2 * lsm::DetourCount::detours_a_look / entries; ++i) {
    scan(*db);
  }
  CHECK(level0_files(*db) == 2);
  CHECK(db->close());
}
