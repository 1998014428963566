// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/lazy_leveled.hpp>

#include <cstdint>
#include <set>

#include <catch2/catch.hpp>

#include <strata/testing/compaction_conformance.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::Conditions;
using compaction::LazyLeveled;
using compaction::level_count;
using compaction::Levels;
using tests::empty_levels;
using tests::Numbers;
using tests::table;
using tests::taken;

namespace {

const Conditions now{.compare = tests::compare_keys};

/// T is 4, whatever is done.
LazyLeveled::Options four_a_tier() {
  return {.ratio_min = 4,
          .ratio_max = 4,
          .last_ratio = 40,
          .run_bytes = 100,
          .file_bytes = 200,
          .sample_operations = 100};
}

/// Feeds samples of `operations` of which `write_percent` are writes.
void feed(LazyLeveled& picker, Conditions& at, unsigned samples, unsigned write_percent) {
  const Levels levels = empty_levels();
  for (unsigned i = 0; i < samples; ++i) {
    at.writes += write_percent;
    at.reads += 100 - write_percent;
    CHECK_FALSE(picker.pick(levels, at));
  }
}

LazyLeveled::Options from_4_to_20() {
  auto options = four_a_tier();
  options.ratio_max = 20;
  return options;
}

}  // namespace

TEST_CASE("a tier with as many runs as the size ratio says becomes a run of the next tier") {
  LazyLeveled picker(four_a_tier());
  Levels levels = empty_levels();
  levels[6] = {table(1, 100'000)};
  levels[0] = {table(9, 100), table(8, 100), table(7, 100), table(6, 400), table(5, 400)};
  CHECK_FALSE(picker.pick(levels, now));
  levels[0].insert(levels[0].begin(), table(10, 100));
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{7, 8, 9, 10});
  CHECK(job->inputs.size() == 1);
  CHECK(job->output_level == 0);
  CHECK(job->output_file_bytes == UINT64_MAX);
}

TEST_CASE("a full tier further down is merged too") {
  LazyLeveled picker(four_a_tier());
  Levels levels = empty_levels();
  levels[6] = {table(1, 100'000)};
  levels[0] = {table(9, 100), table(8, 400), table(7, 400), table(6, 400), table(5, 400)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{5, 6, 7, 8});
}

TEST_CASE("the last level takes all in once they have their share of its bytes") {
  LazyLeveled picker(four_a_tier());
  Levels levels = empty_levels();
  levels[6] = {table(1, 5000, 0, 499), table(2, 5000, 500, 999)};  // a tenth of it is due
  levels[0] = {table(9, 100), table(8, 899)};
  CHECK_FALSE(picker.pick(levels, now));
  levels[0][1].size_bytes = 900;
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{8, 9});
  CHECK(taken(*job, 6) == Numbers{1, 2});
  CHECK(job->output_level == level_count - 1);
  CHECK(job->output_file_bytes == 200);
}

TEST_CASE("a small last level is not rewritten for less than a tier of flushes") {
  LazyLeveled picker(four_a_tier());
  Levels levels = empty_levels();
  levels[0] = {table(3, 130), table(2, 130), table(1, 130)};
  CHECK_FALSE(picker.pick(levels, now));
  levels[0][0].size_bytes = 140;
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->output_level == level_count - 1);
}

TEST_CASE("levels between, which another policy left, go into the last one with the rest") {
  LazyLeveled picker(four_a_tier());
  Levels levels = empty_levels();
  levels[0] = {table(9, 100)};
  levels[2] = {table(8, 200)};
  levels[6] = {table(1, 100)};
  CHECK_FALSE(picker.pick(levels, now));
  levels[2][0].size_bytes = 300;
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 2) == Numbers{8});
  CHECK(job->output_level == level_count - 1);
}

TEST_CASE("while the last level is rewritten, newer runs still gather in tiers") {
  LazyLeveled picker(four_a_tier());
  Levels levels = empty_levels();
  levels[6] = {table(1, 1000)};
  levels[6][0].busy = true;
  levels[0] = {table(9, 100), table(8, 100), table(7, 100), table(6, 100), table(5, 100)};
  levels[0][4].busy = true;
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 0) == Numbers{6, 7, 8, 9});
  levels[0][0].busy = true;
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("writes raise the size ratio and reads lower it, within its bounds") {
  LazyLeveled picker(from_4_to_20());
  Conditions at = now;
  CHECK(picker.ratio() == 12);
  feed(picker, at, 100, 100);
  const unsigned high = picker.ratio();
  CHECK(high >= 19);
  CHECK(high <= 20);
  feed(picker, at, 100, 0);
  const unsigned low = picker.ratio();
  CHECK(low >= 4);
  CHECK(low <= 5);
  feed(picker, at, 100, 100);
  CHECK(picker.ratio() == high);
  feed(picker, at, 100, 50);
  CHECK(picker.ratio() >= 11);
  CHECK(picker.ratio() <= 13);
}

TEST_CASE("the size ratio moves by one a sample, and not for fewer operations") {
  LazyLeveled picker(from_4_to_20());
  Conditions at = now;
  unsigned last = picker.ratio();
  for (unsigned i = 0; i < 50; ++i) {
    feed(picker, at, 1, 100);
    CHECK(picker.ratio() >= last);
    CHECK(picker.ratio() <= last + 1);
    last = picker.ratio();
  }
  at.reads += 99;
  CHECK_FALSE(picker.pick(empty_levels(), at));
  CHECK(picker.ratio() == last);
}

TEST_CASE("a mix that trembles, or one odd sample, does not move the size ratio to and fro") {
  LazyLeveled picker(from_4_to_20());
  Conditions at = now;
  feed(picker, at, 100, 70);
  std::set<unsigned> seen;
  for (unsigned i = 0; i < 200; ++i) {
    feed(picker, at, 1, i % 2 == 0 ? 62 : 78);
    seen.insert(picker.ratio());
  }
  CHECK(seen.size() == 1);
  const unsigned before = picker.ratio();
  feed(picker, at, 1, 0);
  feed(picker, at, 20, 70);
  CHECK(picker.ratio() + 2 >= before);
  CHECK(picker.ratio() <= before);
}

TEST_CASE("a larger size ratio lets more runs gather") {
  LazyLeveled picker(from_4_to_20());
  Conditions at = now;
  Levels levels = empty_levels();
  levels[6] = {table(99, 1'000'000)};
  for (std::uint64_t number = 1; number <= 11; ++number) {
    levels[0].push_back(table(number, 100));
  }
  CHECK_FALSE(picker.pick(levels, at));
  feed(picker, at, 100, 0);
  CHECK(picker.pick(levels, at));
}

TEST_CASE("a tier of twice the largest ratio slows writers down, of four times it stops them") {
  const LazyLeveled picker(four_a_tier());
  Levels levels = empty_levels();
  for (unsigned runs = 0; runs < 20; ++runs) {
    CAPTURE(runs);
    const double expected = runs < 8 ? 0 : std::min(2.0, runs / 8.0);
    CHECK(picker.pressure(levels).value == Approx(expected));
    levels[0].push_back(table(runs + 1, 100));
  }
}

TEST_CASE("lazily leveled compaction keeps the promises of its slot, with jobs side by side") {
  const std::uint64_t seed = Catch::rngSeed();
  unsigned jobs = 0;
  for (unsigned run = 0; run < 24; ++run) {
    CAPTURE(seed, run);
    auto options = from_4_to_20();
    options.ratio_min = 2 + run % 3;
    options.ratio_max = 4 + run % 5;
    options.run_bytes = 200 + run % 2 * 200;
    const auto result = testing::compaction_conformance<LazyLeveled>(options, seed + run, &jobs);
    CHECK(result.violations == testing::Sentences{});
    CHECK(result.checked > 1000);
  }
  CHECK(jobs > 200);
}
