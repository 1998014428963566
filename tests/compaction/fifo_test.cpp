// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/fifo.hpp>

#include <cstdint>

#include <catch2/catch.hpp>

#include <strata/testing/compaction_conformance.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::Action;
using compaction::Fifo;
using compaction::Levels;
using tests::empty_levels;
using tests::Numbers;
using tests::table;
using tests::table_at;
using tests::taken;

namespace {

const compaction::Conditions now{.compare = tests::compare_keys, .unix_seconds = 1000};

}  // namespace

TEST_CASE("the oldest tables are dropped once there are too many bytes") {
  const Fifo picker({.bytes_max = 300});
  Levels levels = empty_levels();
  levels[0] = {table(3, 100), table(2, 100), table(1, 100)};
  CHECK_FALSE(picker.pick(levels, now));
  levels[0].insert(levels[0].begin(), table(4, 101));
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->action == Action::drop);
  CHECK(taken(*job, 0) == Numbers{1, 2});
}

TEST_CASE("tables of which every entry is too old are dropped") {
  const Fifo picker({.bytes_max = 0, .ttl_seconds = 100});
  Levels levels = empty_levels();
  levels[0] = {table_at(3, 100, 950), table_at(2, 100, 900), table_at(1, 100, 800)};
  levels[0][0].oldest_seconds = 700;
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{1, 2});
}

TEST_CASE("without a width nothing is merged, however small and many") {
  const Fifo picker({.bytes_max = 0});
  Levels levels = empty_levels();
  for (std::uint64_t number = 1; number < 100; ++number) {
    levels[0].push_back(table(number, 1));
  }
  CHECK_FALSE(picker.pick(levels, now));
  CHECK(picker.pressure(levels).value == 0);
}

TEST_CASE("small tables are merged by size, up to the largest that a merge may make") {
  const Fifo picker({.bytes_max = 0, .merge_width = 3, .merge_bytes_max = 900, .run_bytes = 100});
  Levels levels = empty_levels();
  levels[0] = {table(9, 100), table(8, 100), table(7, 300), table(6, 300),
               table(5, 900), table(4, 900), table(3, 900)};
  CHECK_FALSE(picker.pick(levels, now));
  CHECK(picker.pressure(levels).value == 0);
  levels[0].insert(levels[0].begin(), {table(11, 100), table(10, 100)});
  auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->action == Action::merge);
  CHECK(job->output_level == 0);
  CHECK(taken(*job, 0) == Numbers{8, 9, 10});  // the oldest of their size
  levels[0].erase(levels[0].begin(), levels[0].begin() + 4);
  levels[0].insert(levels[0].begin(), table(12, 300));
  job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{6, 7, 12});
}

TEST_CASE("tables that wait to be merged slow writers down") {
  const Fifo picker({.bytes_max = 0, .merge_width = 2, .merge_bytes_max = 900, .run_bytes = 100});
  Levels levels = empty_levels();
  for (unsigned tables = 0; tables < 20; ++tables) {
    CAPTURE(tables);
    CHECK(picker.pressure(levels).value == Approx(tables < 8 ? 0 : std::min(2.0, tables / 8.0)));
    levels[0].push_back(table(tables + 1, 100));
  }
}

TEST_CASE("FIFO keeps the promises of its slot, with jobs side by side") {
  const std::uint64_t seed = Catch::rngSeed();
  unsigned jobs = 0;
  for (unsigned run = 0; run < 24; ++run) {
    CAPTURE(seed, run);
    const Fifo::Options options{.bytes_max = run % 3 == 0 ? 0U : 5000U,
                                .ttl_seconds = run % 2 == 0 ? 0U : 30U,
                                .merge_width = run % 4 == 0 ? 0U : 1 + run % 4,
                                .merge_bytes_max = 3000,
                                .run_bytes = 200};
    const auto result = testing::compaction_conformance<Fifo>(options, seed + run, &jobs);
    CHECK(result.violations == testing::Sentences{});
    CHECK(result.checked > 1000);
  }
  CHECK(jobs > 200);
}
