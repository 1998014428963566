// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/size_tiered.hpp>

#include <cstdint>

#include <catch2/catch.hpp>

#include <strata/testing/compaction_conformance.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::level_count;
using compaction::Levels;
using compaction::SizeTiered;
using tests::empty_levels;
using tests::Numbers;
using tests::table;
using tests::taken;

namespace {

const compaction::Conditions now{.compare = tests::compare_keys};

SizeTiered::Options four_runs() {
  return {.runs_trigger = 4, .runs_slowdown = 8, .runs_stop = 12, .file_bytes = 200};
}

}  // namespace

TEST_CASE("fewer runs than the trigger are left alone, whatever their sizes") {
  const SizeTiered picker(four_runs());
  Levels levels = empty_levels();
  CHECK_FALSE(picker.pick(levels, now));
  levels[0] = {table(3, 100), table(2, 100)};
  levels[6] = {table(1, 1)};
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("runs of similar sizes are merged, and a much larger one is not") {
  const SizeTiered picker(four_runs());
  Levels levels = empty_levels();
  levels[0] = {table(5, 100), table(4, 100), table(3, 200)};
  levels[6] = {table(1, 5000, 0, 499), table(2, 5000, 500, 999)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->inputs.size() == 1);
  CHECK(taken(*job, 0) == Numbers{3, 4, 5});
  CHECK(job->output_level == 5);  // the deepest free one
  CHECK(job->output_file_bytes == 200);
}

TEST_CASE("the size ratio says how much larger the next run may be") {
  auto options = four_runs();
  Levels levels = empty_levels();
  levels[0] = {table(5, 100), table(4, 120), table(3, 1000), table(2, 5000)};
  options.size_ratio_percent = 10;
  options.space_amplification_percent = 1000;
  CHECK_FALSE(SizeTiered(options).pick(levels, now));
  options.size_ratio_percent = 20;
  const auto job = SizeTiered(options).pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{4, 5});
  CHECK(job->output_level == 0);  // an older run of level 0 stays
  CHECK(job->output_file_bytes == UINT64_MAX);
}

TEST_CASE("similar runs are found behind a newest one that is small") {
  const SizeTiered picker(four_runs());
  Levels levels = empty_levels();
  levels[0] = {table(5, 10), table(4, 100), table(3, 100), table(2, 9000)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{3, 4});
}

TEST_CASE("a merge is as wide as the options allow") {
  auto options = four_runs();
  options.merge_width_max = 3;
  Levels levels = empty_levels();
  levels[0] = {table(5, 100), table(4, 100), table(3, 100), table(2, 100)};
  levels[6] = {table(1, 9000)};
  CHECK(taken(*SizeTiered(options).pick(levels, now), 0) == Numbers{3, 4, 5});
  options.merge_width_max = UINT32_MAX;
  options.merge_width_min = 5;
  levels[0].pop_back();
  CHECK_FALSE(SizeTiered(options).pick(levels, now));
}

TEST_CASE("where newer runs take too much beside the oldest, all become one") {
  const SizeTiered picker(four_runs());
  Levels levels = empty_levels();
  levels[0] = {table(5, 10), table(4, 500)};
  levels[3] = {table(3, 1490)};
  levels[6] = {table(1, 500, 0, 499), table(2, 500, 500, 999)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{4, 5});
  CHECK(taken(*job, 3) == Numbers{3});
  CHECK(taken(*job, 6) == Numbers{1, 2});
  CHECK(job->output_level == level_count - 1);
}

TEST_CASE("too many runs, none similar: the newest become one, until there are few enough") {
  const SizeTiered picker(four_runs());
  Levels levels = empty_levels();
  levels[0] = {table(9, 1), table(8, 10), table(7, 100), table(6, 1000), table(5, 10'000)};
  levels[6] = {table(4, 100'000)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{7, 8, 9});
  CHECK(job->output_level == 0);
}

TEST_CASE("while an old run is busy only newer ones are merged, and stay in their level") {
  const SizeTiered picker(four_runs());
  Levels levels = empty_levels();
  levels[0] = {table(9, 100), table(8, 100), table(7, 100)};
  levels[6] = {table(4, 100'000)};
  levels[6][0].busy = true;
  levels[5] = {table(5, 3000)};
  levels[5][0].busy = true;
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{7, 8, 9});
  CHECK(job->output_level == 0);
  levels[0][0].busy = true;
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("the more runs, the more pressure, and none at rest") {
  const SizeTiered picker(four_runs());
  Levels levels = empty_levels();
  levels[6] = {table(1, 100)};
  for (unsigned runs = 1; runs < 20; ++runs) {
    CAPTURE(runs);
    const double expected = runs < 8 ? 0.0 : 1 + std::min(1.0, (runs - 8) / 4.0);
    CHECK(picker.pressure(levels).value == Approx(expected));
    levels[0].push_back(table(runs + 1, 100));
  }
}

TEST_CASE("size-tiered compaction keeps the promises of its slot, with jobs side by side") {
  const std::uint64_t seed = Catch::rngSeed();
  unsigned jobs = 0;
  for (unsigned run = 0; run < 24; ++run) {
    CAPTURE(seed, run);
    auto options = four_runs();
    options.runs_trigger = 2 + run % 5;
    options.size_ratio_percent = 1 + run % 3 * 50;
    options.space_amplification_percent = run % 2 == 0 ? 25 : 200;
    const auto result = testing::compaction_conformance<SizeTiered>(options, seed + run, &jobs);
    CHECK(result.violations == testing::Sentences{});
    CHECK(result.checked > 1000);
  }
  CHECK(jobs > 500);
}
