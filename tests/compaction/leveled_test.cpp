// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/leveled.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>
#include <strata/testing/compaction_conformance.hpp>

using namespace strata;
using compaction::FileView;
using compaction::Job;
using compaction::level_count;
using compaction::Leveled;
using compaction::Levels;
using Numbers = std::vector<std::uint64_t>;

namespace {

int compare(std::string_view a, std::string_view b) noexcept {
  return comparator::Bytewise::compare(a, b);
}

const compaction::Conditions now{.compare = compare};

/// The tables of `level` that a job takes.
Numbers taken(const Job& job, unsigned level) {
  for (const compaction::Input& input : job.inputs) {
    if (input.level == level) {
      return input.files;
    }
  }
  return {};
}

/// Keys of made-up tables: three digits.
std::string_view key(unsigned number) {
  static const std::deque<std::string> keys = [] {
    std::deque<std::string> all;
    for (unsigned i = 0; i < 1000; ++i) {
      all.push_back(std::to_string(1000 + i).substr(1));
    }
    return all;
  }();
  return keys.at(number);
}

FileView file(std::uint64_t number, unsigned first, unsigned last, std::uint64_t bytes = 100) {
  return {.number = number, .size_bytes = bytes, .smallest = key(first), .largest = key(last)};
}

Leveled::Options small_levels() {
  return {.level0_trigger = 4,
          .level0_slowdown = 8,
          .level0_stop = 12,
          .level1_bytes = 1000,
          .multiplier = 10,
          .file_bytes = 200};
}

Levels empty_levels() {
  return Levels(level_count);
}

Numbers sorted(Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

TEST_CASE("nothing is picked from a tree within its targets") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  CHECK_FALSE(picker.pick(levels, now));
  levels[0] = {file(3, 0, 9), file(2, 0, 9), file(1, 0, 9)};
  levels[1] = {file(4, 0, 9, 999)};
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("at its trigger all of level 0 goes, with what it overlaps below") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[0] = {file(9, 30, 39), file(8, 10, 12), file(7, 35, 50), file(6, 11, 11)};
  levels[1] = {file(1, 0, 9), file(2, 12, 20), file(3, 21, 29), file(4, 50, 60), file(5, 61, 70)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->inputs.front().level == 0);
  CHECK(job->output_level == 1);
  CHECK(job->output_file_bytes == 200);
  CHECK(sorted(job->inputs.front().files) == Numbers{6, 7, 8, 9});
  // 21..29 lies between them: a range that is rewritten has no hole, or outputs would overlap it.
  CHECK(sorted(taken(*job, job->output_level)) == Numbers{2, 3, 4});
}

TEST_CASE("level 0 waits while one of its tables, or one it needs, is in another job") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[0] = {file(9, 0, 9), file(8, 0, 9), file(7, 0, 9), file(6, 0, 9)};
  levels[1] = {file(1, 0, 9)};
  REQUIRE(picker.pick(levels, now));
  SECTION("of level 0") {
    levels[0][2].busy = true;
  }
  SECTION("of level 1") {
    levels[1][0].busy = true;
  }
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("of a level that is too large, the table with the least to rewrite per byte goes") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[1] = {file(1, 0, 9, 500), file(2, 10, 19, 500), file(3, 20, 29, 100)};
  levels[2] = {file(4, 0, 4), file(5, 5, 9), file(6, 10, 19), file(7, 25, 30)};
  auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->inputs.front().level == 1);
  CHECK(job->output_level == 2);
  CHECK(job->inputs.front().files ==
        Numbers{2});  // 100 bytes for 500, against 200 for 500 and 100 for 100
  CHECK(taken(*job, job->output_level) == Numbers{6});

  SECTION("one that is free, and whose overlap is free") {
    levels[1][1].busy = true;
    CHECK(picker.pick(levels, now) == std::nullopt);  // 600 free bytes: within the target
    levels[1][0].size_bytes = 900;
    job = picker.pick(levels, now);
    REQUIRE(job);
    CHECK(job->inputs.front().files == Numbers{1});
    levels[2][1].busy = true;
    job = picker.pick(levels, now);
    REQUIRE(job);
    CHECK(job->inputs.front().files == Numbers{3});
  }
  SECTION("of two alike, the one with more tombstones") {
    levels[2].clear();
    levels[1][2].tombstones = 5;
    job = picker.pick(levels, now);
    REQUIRE(job);
    CHECK(job->inputs.front().files == Numbers{3});
    CHECK(taken(*job, job->output_level).empty());
  }
  SECTION("an end that is exclusive overlaps nothing") {
    levels[2] = {file(4, 0, 10, 4000), file(6, 12, 40, 4000)};
    levels[2][0].largest_exclusive = true;
    levels[1][1] = file(2, 10, 12, 500);
    levels[1][1].largest_exclusive = true;
    job = picker.pick(levels, now);
    REQUIRE(job);
    CHECK(job->inputs.front().files == Numbers{2});
    CHECK(taken(*job, job->output_level).empty());
  }
}

TEST_CASE("the level that is furthest over its target goes first") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  for (std::uint64_t number = 1; number <= 6; ++number) {
    levels[0].push_back(file(number, 0, 9));  // 1.5 times
  }
  levels[1] = {file(10, 0, 9, 1'200)};
  levels[2] = {file(20, 0, 9, 20'000)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->inputs.front().level == 2);
  levels[2][0].busy = true;  // the next one, then: level 0 with what is below it
  const auto next = picker.pick(levels, now);
  REQUIRE(next);
  CHECK(next->inputs.front().level == 0);
}

TEST_CASE("level 0 goes once scans went to its tables often enough for the entries of its merge") {
  Leveled::Options options = small_levels();
  options.scan_patience = 2;
  Leveled picker(options);
  Levels levels = empty_levels();
  levels[0] = {file(3, 0, 9), file(2, 5, 6)};
  levels[1] = {file(1, 0, 20), file(4, 21, 30)};
  levels[0][0].entries = 30;
  levels[0][1].entries = 20;
  levels[1][0].entries = 50;
  levels[1][1].entries = 1000;  // beside the merge
  const std::uint64_t price = 2 * (30 + 20 + 50 + Leveled::job_entries);
  const auto pick = [&](std::uint64_t detours) {
    return picker.pick(levels, {.compare = compare, .detours = detours});
  };
  CHECK_FALSE(pick(price - 1));

  SECTION("then with what it overlaps") {
    const auto job = pick(price);
    REQUIRE(job);
    CHECK(taken(*job, 0) == Numbers{3, 2});
    CHECK(taken(*job, 1) == Numbers{1});
    CHECK(job->output_level == 1);
  }
  SECTION("what scans paid until the merge was done is gone with it") {
    REQUIRE(pick(price));
    for (FileView* input : {&levels[0][0], &levels[0][1], &levels[1][0]}) {
      input->busy = true;
    }
    CHECK_FALSE(pick(2 * price));
    levels[0] = {file(5, 0, 9), levels[0][0], levels[0][1]};  // a flush beside it
    levels[0][0].entries = 50;
    CHECK_FALSE(pick(3 * price));
    levels[0].resize(1);
    levels[1][0].busy = false;
    CHECK_FALSE(pick(4 * price));
    CHECK_FALSE(pick(5 * price - 1));
    CHECK(pick(5 * price));
  }
  SECTION("also where it was for another reason") {
    levels[0].push_back(file(6, 0, 9));
    levels[0].push_back(file(5, 0, 9));
    REQUIRE(pick(price - 1));
    levels[0].resize(2);
    CHECK_FALSE(pick(price));
    CHECK_FALSE(pick(2 * price - 1));
    CHECK(pick(2 * price));
  }
  SECTION("or nobody asked the policy") {
    const auto tables = levels[0];
    levels[0].clear();
    CHECK_FALSE(pick(price));
    levels[0] = tables;
    CHECK_FALSE(pick(2 * price - 1));
    CHECK(pick(2 * price));
  }
  SECTION("not while what it overlaps is in another job; that costs nothing") {
    levels[1][0].busy = true;
    CHECK_FALSE(pick(price));
    levels[1][0].busy = false;
    CHECK(pick(price));
  }
  SECTION("nor where scans are no reason") {
    options.scan_patience = 0;
    picker.set_options(options);
    CHECK_FALSE(pick(10 * price));
    options.scan_patience = 1;
    picker.set_options(options);  // what was paid before is not forgotten
    CHECK(pick(price / 2));
  }
}

TEST_CASE("the last level takes what comes: nothing is picked from it") {
  Leveled picker(small_levels());
  Levels levels = empty_levels();
  levels[level_count - 1] = {file(1, 0, 9, UINT64_MAX / 2)};
  CHECK_FALSE(picker.pick(levels, now));
}

TEST_CASE("pressure rises evenly from the slow-down to the stop") {
  const Leveled picker(small_levels());
  Levels levels = empty_levels();
  double last = 0;
  for (unsigned tables = 0; tables < 20; ++tables) {
    const double pressure = picker.pressure(levels).value;
    CAPTURE(tables);
    CHECK(pressure == Approx(tables < 8 ? 0.0 : 1 + std::min(1.0, (tables - 8) / 4.0)));
    CHECK(pressure >= last);
    last = pressure;
    levels[0].push_back(file(tables + 1, 0, 9));
  }
  CHECK(last == 2);
}

TEST_CASE("leveled compaction keeps the promises of its slot, with jobs side by side") {
  const std::uint64_t seed = Catch::rngSeed();
  unsigned jobs = 0;
  for (unsigned run = 0; run < 20; ++run) {
    CAPTURE(seed, run);
    const auto result = testing::compaction_conformance<Leveled>(small_levels(), seed + run, &jobs);
    CHECK(result.violations == testing::Sentences{});
    CHECK(result.checked > 1000);
  }
  CHECK(jobs > 200);
}
