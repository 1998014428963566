// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/inspect.hpp>

#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include "small_database.hpp"

using namespace strata;

namespace {

using Tree = tests::SmallTree<>;

Tree open() {
  return std::move(Tree::open("/db", tests::small_options<Tree>({})).value());
}

}  // namespace

TEST_CASE("stats count what is in memory, in the log and in each level") {
  Tree db = open();
  REQUIRE(tests::fill(db, 100, "x"));
  const Snapshot held = db.snapshot();
  Stats stats = db.stats();
  CHECK(stats.last_sequence == 100);
  CHECK(stats.live_snapshots == 1);
  REQUIRE(stats.families.size() == 1);
  CHECK(stats.families[0].name == "default");
  CHECK(stats.families[0].memtable_entries == 100);
  CHECK(stats.families[0].memtable_bytes > 10'000);
  CHECK(stats.log_bytes > 10'000);
  CHECK(stats.table_bytes() == 0);
  CHECK(stats.metrics[metrics::Counter::writes] == 100);

  REQUIRE(db.flush());
  stats = db.stats();
  CHECK(stats.families[0].memtable_entries == 0);
  REQUIRE_FALSE(stats.families[0].levels.empty());
  std::uint64_t entries = 0;
  for (const LevelStats& level : stats.families[0].levels) {
    entries += level.entries;
  }
  CHECK(entries == 100);
  CHECK(stats.table_bytes() > 10'000);
}

TEST_CASE("the cache's bytes and hits are in the stats") {
  Tree db = open();
  REQUIRE(tests::fill(db, 300, "x"));
  REQUIRE(db.flush());
  for (unsigned round = 0; round < 3; ++round) {
    for (unsigned i = 0; i < 300; ++i) {
      REQUIRE(db.get(tests::key_of(i)).value().has_value());
    }
  }
  const Stats stats = db.stats();
  CHECK(stats.cache_used_bytes > 0);
  CHECK(stats.cache_used_bytes <= stats.cache_capacity_bytes);
  CHECK(stats.cache_hit_ratio > 0.5);
}

TEST_CASE("a property is a line for people; an unknown one lists what there is") {
  Tree db = open();
  REQUIRE(db.put("a", "1"));
  for (const char* name : {"levels", "memory", "log", "cache", "composition", "sequence"}) {
    CAPTURE(name);
    CHECK_FALSE(db.property(name).value().empty());
  }
  CHECK(db.property("sequence").value() == "1");
  CHECK_THAT(db.property("composition").value(), Catch::Contains("memtable=btree"));
  auto unknown = db.property("colour");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == ErrorCode::invalid_argument);
  CHECK_THAT(unknown.error().message(), Catch::Contains("sequence"));
}

TEST_CASE("a database is healthy until a write is lost to the disk, and then says why") {
  using Db = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;
  io::Simulated fs;
  Db::Options options;
  options.file_system = fs;
  auto db = Db::open("/db", options);
  REQUIRE(db->put("a", "1"));
  CHECK(db->health().state == HealthState::healthy);
  CHECK(db->health().reasons.empty());

  // A buffered append needs no call, so the next one is the sync.
  for (std::uint64_t call = fs.calls() + 1; call < fs.calls() + 4; ++call) {
    fs.inject({.call = call, .kind = io::FaultKind::sync_fails_pages_dropped});
  }
  auto lost = db->put("b", "2", {.durability = Durability::synced});
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code() == ErrorCode::outcome_unknown);
  const Health health = db->health();
  CHECK(health.state == HealthState::unhealthy);
  REQUIRE_FALSE(health.reasons.empty());
  CHECK_THAT(health.reasons[0], Catch::Contains("writes are refused"));
  CHECK(db->put("c", "3").error().code() == ErrorCode::read_only);
  CHECK(db->get("a").value() == "1");
}

TEST_CASE("the metrics count commits, flushes, compactions and what they cost") {
  using metrics::Counter;
  using metrics::Latency;
  Tree db = open();
  REQUIRE(tests::fill(db, 2000, "x"));
  REQUIRE(tests::fill(db, 2000, "y"));
  REQUIRE(db.put("synced", "1", {.durability = Durability::synced}));
  REQUIRE(db.compact());
  for (unsigned i = 0; i < 64; ++i) {
    REQUIRE(db.get("synced").value().has_value());
    REQUIRE_FALSE(db.get("absent").value().has_value());
  }
  const Stats stats = db.stats();
  const metrics::Snapshot& m = stats.metrics;
  CHECK(m[Counter::batches] == 4001);
  CHECK(m[Counter::wal_bytes] > 400'000);
  CHECK(m[Counter::wal_bytes] == m[Counter::write_bytes]);
  CHECK(m[Counter::wal_syncs] >= 1);
  CHECK(m[Counter::reads] == 128);
  CHECK(m[Counter::read_hits] == 64);
  CHECK(m[Counter::flushes] > 3);
  CHECK(m[Counter::flush_bytes] > 300'000);
  CHECK(m[Counter::compactions] > 3);
  CHECK(m[Counter::compaction_read_bytes] > m[Counter::flush_bytes]);
  CHECK(m[Counter::compaction_write_bytes] >= stats.table_bytes());
  CHECK(m[Counter::background_errors] == 0);
  CHECK(stats.write_amplification() > 1.5);
  CHECK(m[Latency::flush].count() == m[Counter::flushes]);
  CHECK(m[Latency::sync].count() == m[Counter::wal_syncs]);
  CHECK(m[Latency::put].count() >= 4001 / 32);
  CHECK(m[Latency::write].count() >= 4001 / 32);
  CHECK(m[Latency::get].count() == 4);
}
