// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/runs.hpp>

#include <catch2/catch.hpp>

#include <strata/compaction/job_check.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::level_count;
using compaction::Levels;
using compaction::Runs;
using tests::empty_levels;
using tests::Numbers;
using tests::table;
using tests::taken;

namespace {

/// Tables 9 and 8 of level 0, 7 and 6 of level 2, 5 of level 6.
Levels five_tables() {
  Levels levels = empty_levels();
  levels[0] = {table(9, 10), table(8, 20)};
  levels[2] = {table(7, 30, 0, 499), table(6, 40, 500, 999)};
  levels[6] = {table(5, 500)};
  return levels;
}

}  // namespace

TEST_CASE("each table of level 0 is a run, and each deeper level that holds anything") {
  CHECK(compaction::runs_of(empty_levels()).empty());
  Levels levels = five_tables();
  levels[2][1].tombstones = 3;
  levels[2][0].newest_seconds = 77;
  const Runs runs = compaction::runs_of(levels);
  REQUIRE(runs.size() == 4);
  CHECK(runs[0].files == Numbers{9});
  CHECK(runs[1].files == Numbers{8});
  CHECK(runs[2].files == Numbers{7, 6});
  CHECK(runs[2].level == 2);
  CHECK(runs[2].size_bytes == 70);
  CHECK(runs[2].entries == 70);
  CHECK(runs[2].tombstones == 3);
  CHECK(runs[2].newest_seconds == 77);
  CHECK(runs[3].level == 6);
  CHECK(compaction::bytes_of_runs(runs, 0, 3) == 100);
}

TEST_CASE("runs are idle as far as they are newer than all busy ones") {
  Levels levels = five_tables();
  CHECK(compaction::idle_runs(compaction::runs_of(levels)) == 4);
  levels[2][1].busy = true;
  CHECK(compaction::idle_runs(compaction::runs_of(levels)) == 2);
  levels[0][0].busy = true;
  CHECK(compaction::idle_runs(compaction::runs_of(levels)) == 0);
}

TEST_CASE("merged runs go as deep as the next older run allows") {
  Levels levels = five_tables();
  Runs runs = compaction::runs_of(levels);
  CHECK(compaction::deepest_free_level(runs, 4) == level_count - 1);
  CHECK(compaction::deepest_free_level(runs, 3) == 5);
  CHECK(compaction::deepest_free_level(runs, 2) == 1);
  CHECK(compaction::deepest_free_level(runs, 1) == 0);
  runs[3].busy = true;  // its job may end anywhere below
  CHECK(compaction::deepest_free_level(runs, 3) == 2);
  runs[2].busy = true;
  CHECK(compaction::deepest_free_level(runs, 2) == 0);
}

TEST_CASE("any neighbours among the runs make a right job") {
  const Levels levels = five_tables();
  const Runs runs = compaction::runs_of(levels);
  for (std::size_t from = 0; from < runs.size(); ++from) {
    for (std::size_t to = from + 1; to <= runs.size(); ++to) {
      CAPTURE(from, to);
      const auto job = compaction::merge_of_runs(runs, from, to, 64);
      CHECK(compaction::check_job(levels, job, tests::compare_keys));
      CHECK(job.output_file_bytes == (job.output_level == 0 ? UINT64_MAX : 64));
    }
  }
  const auto job = compaction::merge_of_runs(runs, 1, 3, 64);
  CHECK(taken(job, 0) == Numbers{8});
  CHECK(taken(job, 2) == Numbers{6, 7});
  CHECK(job.output_level == 5);
}

TEST_CASE("tiers are neighbours of about one size, and their ranks rise with age") {
  Levels levels = empty_levels();
  // With ratio 4 and unit 100 the ranks are cut at 200, 800 and 3200.
  levels[0] = {table(9, 90),  table(8, 199), table(7, 200), table(6, 799),
               table(5, 100), table(4, 350), table(3, 5000)};
  const auto tiers = compaction::tiers_of(compaction::runs_of(levels), 0, 7, 100, 4);
  REQUIRE(tiers.size() == 3);
  CHECK((tiers[0].from == 0 && tiers[0].to == 2 && tiers[0].rank == 0));
  CHECK((tiers[1].from == 2 && tiers[1].to == 6 && tiers[1].rank == 1));
  CHECK((tiers[2].from == 6 && tiers[2].to == 7 && tiers[2].rank == 3));
  CHECK(tiers[1].width() == 4);
  CHECK(compaction::tiers_of(compaction::runs_of(levels), 3, 3, 100, 4).empty());
}
