// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/paced.hpp>

#include <cstdint>
#include <type_traits>

#include <catch2/catch.hpp>

#include <strata/compaction/lazy_leveled.hpp>
#include <strata/compaction/leveled.hpp>
#include <strata/compaction/size_tiered.hpp>
#include <strata/testing/compaction_conformance.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::Conditions;
using compaction::Levels;
using compaction::Paced;
using compaction::SizeTiered;
using tests::empty_levels;
using tests::table;

namespace {

using PacedTiers = Paced<SizeTiered>;

static_assert(CompactionPolicy<PacedTiers>);
static_assert(CompactionPolicy<Paced<PacedTiers>>);
static_assert(!compaction::follows_reads<PacedTiers>);
static_assert(compaction::follows_reads<Paced<compaction::LazyLeveled>>);
static_assert(compaction::follows_scans<Paced<compaction::Leveled>>);
static_assert(!compaction::follows_scans<PacedTiers>);

/// A job for each 1000 entries, but not more often than every 2 seconds nor rarer than every 50.
PacedTiers::Options thousand_a_job() {
  PacedTiers::Options options;
  options.runs_trigger = 2;
  options.runs_slowdown = 5;
  options.writes_per_job = 1000;
  options.interval_min_seconds = 2;
  options.interval_max_seconds = 50;
  return options;
}

/// There is always something to do, and it is not urgent.
Levels two_runs() {
  Levels levels = empty_levels();
  levels[0] = {table(2, 100), table(1, 100)};
  return levels;
}

/// Jobs within 1000 seconds of so many writes a second.
unsigned jobs_at(std::uint64_t writes_a_second) {
  PacedTiers picker(thousand_a_job());
  const Levels levels = two_runs();
  Conditions now{.compare = tests::compare_keys, .unix_seconds = 1'000'000};
  unsigned jobs = 0;
  for (unsigned second = 0; second < 2000; ++second) {
    ++now.unix_seconds;
    now.writes += writes_a_second;
    jobs += picker.pick(levels, now) && second >= 1000 ? 1U : 0U;
  }
  return jobs;
}

}  // namespace

TEST_CASE("the interval between jobs is scheduled by the rate of writes, within its bounds") {
  CHECK(jobs_at(0) == 20);  // every 50 seconds
  CHECK(jobs_at(1) == 20);
  CHECK(jobs_at(25) == 25);  // every 40
  CHECK(jobs_at(100) >= 99);
  CHECK(jobs_at(100) <= 112);      // every 10, a little rounded down
  CHECK(jobs_at(500'000) == 500);  // every 2
}

TEST_CASE("one pick is made in an interval, and a pick of nothing starts none") {
  PacedTiers picker(thousand_a_job());
  Conditions now{.compare = tests::compare_keys, .unix_seconds = 1000};
  CHECK_FALSE(picker.pick(empty_levels(), now));
  CHECK(picker.pick(two_runs(), now));
  CHECK_FALSE(picker.pick(two_runs(), now));
  now.unix_seconds += 49;
  CHECK_FALSE(picker.pick(two_runs(), now));
  now.unix_seconds += 1;
  CHECK(picker.pick(two_runs(), now));
}

TEST_CASE("under pressure the pace is off") {
  PacedTiers picker(thousand_a_job());
  const Conditions now{.compare = tests::compare_keys, .unix_seconds = 1000};
  Levels levels = two_runs();
  REQUIRE(picker.pick(levels, now));
  CHECK_FALSE(picker.pick(levels, now));
  levels[0].insert(levels[0].begin(), {table(5, 100), table(4, 100), table(3, 100)});
  REQUIRE(picker.pressure(levels).value >= 1);
  CHECK(picker.pick(levels, now));
  CHECK(picker.pick(levels, now));
}

TEST_CASE("without a clock, and when it is set back, nothing waits for ever") {
  PacedTiers picker(thousand_a_job());
  Conditions now{.compare = tests::compare_keys};
  CHECK(picker.pick(two_runs(), now));
  CHECK(picker.pick(two_runs(), now));
  now.unix_seconds = 100'000;
  CHECK(picker.pick(two_runs(), now));
  now.unix_seconds = 50'000;
  CHECK(picker.pick(two_runs(), now));
}

TEST_CASE("a paced policy keeps the promises of its slot") {
  const std::uint64_t seed = Catch::rngSeed();
  unsigned jobs = 0;
  for (unsigned run = 0; run < 12; ++run) {
    CAPTURE(seed, run);
    auto options = thousand_a_job();
    options.writes_per_job = 100;
    options.interval_max_seconds = 2 + run;
    const auto result = testing::compaction_conformance<PacedTiers>(options, seed + run, &jobs);
    CHECK(result.violations == testing::Sentences{});
  }
  CHECK(jobs > 50);
}
