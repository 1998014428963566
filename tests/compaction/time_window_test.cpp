// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/time_window.hpp>

#include <cstdint>

#include <catch2/catch.hpp>

#include <strata/testing/compaction_conformance.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::Action;
using compaction::Levels;
using compaction::TimeWindow;
using tests::empty_levels;
using tests::Numbers;
using tests::table_at;
using tests::taken;

namespace {

const compaction::Conditions now{.compare = tests::compare_keys, .unix_seconds = 1000};

TimeWindow::Options hundred_seconds() {
  return {.window_seconds = 100, .merge_width = 3, .run_bytes = 100};
}

}  // namespace

TEST_CASE("tables of the newest window are merged by size") {
  const TimeWindow picker(hundred_seconds());
  Levels levels = empty_levels();
  levels[0] = {table_at(9, 100, 990), table_at(8, 100, 980), table_at(7, 300, 970),
               table_at(6, 300, 960)};
  CHECK_FALSE(picker.pick(levels, now));
  levels[0].insert(levels[0].begin(), table_at(10, 100, 995));
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{8, 9, 10});
  CHECK(job->output_level == 0);
  CHECK(job->output_file_bytes == UINT64_MAX);
}

TEST_CASE("once a newer window has begun, one that is past becomes one table and rests") {
  const TimeWindow picker(hundred_seconds());
  Levels levels = empty_levels();
  levels[0] = {table_at(9, 100, 1000), table_at(8, 100, 999), table_at(7, 5000, 900),
               table_at(6, 100, 899), table_at(5, 100, 799)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{7, 8});
  levels[0].erase(levels[0].begin() + 1);
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("a table of another window between two of one keeps them apart") {
  const TimeWindow picker(hundred_seconds());
  Levels levels = empty_levels();
  levels[0] = {table_at(9, 100, 1000), table_at(8, 100, 850), table_at(7, 100, 750),
               table_at(6, 100, 850)};
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("expired windows are dropped whole, before anything is merged") {
  auto options = hundred_seconds();
  options.ttl_seconds = 300;
  const TimeWindow picker(options);
  Levels levels = empty_levels();
  levels[0] = {table_at(9, 100, 1000), table_at(8, 100, 701), table_at(7, 100, 700),
               table_at(6, 100, 650)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->action == Action::drop);
  CHECK(taken(*job, 0) == Numbers{6, 7});
  SECTION("but merges go on while a snapshot lives") {
    auto held = now;
    held.oldest_snapshot = 1;
    const auto merge = picker.pick(levels, held);
    REQUIRE(merge);
    CHECK(merge->action == Action::merge);
    CHECK(taken(*merge, 0) == Numbers{7, 8});
  }
}

TEST_CASE("windows behind a busy one wait, newer ones do not") {
  const TimeWindow picker(hundred_seconds());
  Levels levels = empty_levels();
  levels[0] = {table_at(9, 100, 1000), table_at(8, 100, 850), table_at(7, 100, 850),
               table_at(6, 100, 750), table_at(5, 100, 750)};
  CHECK(taken(*picker.pick(levels, now), 0) == Numbers{7, 8});
  levels[0][1].busy = levels[0][2].busy = true;
  CHECK_FALSE(picker.pick(levels, now));
  levels[0][1].busy = levels[0][2].busy = false;
  levels[0][4].busy = true;
  CHECK(taken(*picker.pick(levels, now), 0) == Numbers{7, 8});
}

TEST_CASE("tables that wait for a merge slow writers down") {
  const TimeWindow picker(hundred_seconds());
  Levels levels = empty_levels();
  for (unsigned tables = 0; tables < 30; ++tables) {
    CAPTURE(tables);
    CHECK(picker.pressure(levels).value == Approx(tables < 12 ? 0 : std::min(2.0, tables / 12.0)));
    levels[0].push_back(table_at(tables + 1, 100, 1000));
  }
}

TEST_CASE("time windows keep the promises of their slot, with jobs side by side") {
  const std::uint64_t seed = Catch::rngSeed();
  unsigned jobs = 0;
  for (unsigned run = 0; run < 24; ++run) {
    CAPTURE(seed, run);
    const TimeWindow::Options options{.window_seconds = 5 + run % 3 * 20,
                                      .ttl_seconds = run % 2 == 0 ? 0U : 60U,
                                      .merge_width = 2 + run % 4,
                                      .run_bytes = 200};
    const auto result = testing::compaction_conformance<TimeWindow>(options, seed + run, &jobs);
    CHECK(result.violations == testing::Sentences{});
    CHECK(result.checked > 1000);
  }
  CHECK(jobs > 200);
}
