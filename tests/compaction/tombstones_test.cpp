// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/tombstones.hpp>

#include <cstdint>

#include <catch2/catch.hpp>

#include <strata/compaction/lazy_leveled.hpp>
#include <strata/compaction/leveled.hpp>
#include <strata/compaction/size_tiered.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::FileView;
using compaction::Leveled;
using compaction::Levels;
using compaction::SizeTiered;
using tests::empty_levels;
using tests::Numbers;
using tests::table;
using tests::taken;

namespace {

const compaction::Conditions now{.compare = tests::compare_keys};

/// Of a hundred entries as many tombstones, the newest of sequence 50.
FileView erased(std::uint64_t number, std::uint64_t tombstones, unsigned first = 0,
                unsigned last = 999) {
  FileView file = table(number, 100, first, last);
  file.tombstones = tombstones;
  file.largest_sequence = 50;
  return file;
}

compaction::Conditions with_snapshot(Sequence oldest) {
  auto conditions = now;
  conditions.oldest_snapshot = oldest;
  return conditions;
}

}  // namespace

TEST_CASE("a share of tombstones is that of the entries, and none of nothing") {
  CHECK(compaction::tombstone_share(erased(1, 25)) == 0.25);
  CHECK(compaction::tombstone_share(FileView{}) == 0);
}

TEST_CASE(
    "leveled: a table of mostly tombstones is merged one step down while it hides something") {
  Leveled picker({.file_bytes = 200});
  Levels levels = empty_levels();
  levels[2] = {erased(1, 50, 0, 9), erased(2, 51, 10, 19), erased(3, 60, 20, 29)};
  levels[3] = {table(4, 100, 0, 14), table(5, 100, 15, 24)};
  levels[5] = {table(6, 100, 0, 999)};
  auto job = picker.pick(levels, with_snapshot(0));
  REQUIRE(job);
  CHECK(taken(*job, 2) == Numbers{3});  // the worst first
  CHECK(taken(*job, 3) == Numbers{5});
  CHECK(job->output_level == 3);
  levels[2][2].busy = levels[3][1].busy = true;
  CHECK_FALSE(picker.pick(levels, now));  // 2 needs 5 as well; 1 is not above the ratio
  levels[3][1].busy = false;
  job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 2) == Numbers{2});
  CHECK(taken(*job, 3) == Numbers{4, 5});
}

TEST_CASE("leveled: where nothing is below, it is rewritten once all its tombstones can go") {
  Leveled picker({.file_bytes = 200});
  Levels levels = empty_levels();
  levels[2] = {erased(1, 80, 0, 9)};
  levels[3] = {table(4, 100, 10, 14)};
  auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->inputs.size() == 1);
  CHECK(taken(*job, 2) == Numbers{1});
  CHECK(job->output_level == 2);
  CHECK(picker.pick(levels, with_snapshot(50)));
  CHECK_FALSE(picker.pick(levels, with_snapshot(49)));  // would be written again and again
  levels[6] = {erased(7, 99, 500, 600)};
  job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->output_level == 6);
}

TEST_CASE("leveled: level 0 is left to its own trigger, and a ratio of 0 turns all of it off") {
  Levels levels = empty_levels();
  levels[0] = {erased(1, 100)};
  CHECK_FALSE(Leveled(Leveled::Options{}).pick(levels, now));
  levels[3] = {erased(2, 100)};
  CHECK(Leveled(Leveled::Options{}).pick(levels, now));
  CHECK_FALSE(Leveled({.tombstone_ratio = 0}).pick(levels, now));
}

TEST_CASE("size-tiered: a run of mostly tombstones is merged into the next, at last away") {
  const SizeTiered picker({.runs_trigger = 10, .file_bytes = 200});
  Levels levels = empty_levels();
  levels[0] = {erased(1, 100)};
  levels[3] = {erased(2, 40, 0, 499), erased(3, 70, 500, 999)};
  levels[5] = {table(4, 100)};
  levels[6] = {erased(5, 10, 0, 499), erased(6, 60, 500, 999)};
  auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 3) == Numbers{2, 3});
  CHECK(taken(*job, 5) == Numbers{4});
  CHECK(job->output_level == 5);
  levels[3].clear();
  job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(job->inputs.size() == 1);
  CHECK(taken(*job, 6) == Numbers{6});
  CHECK(job->output_level == 6);
  CHECK_FALSE(picker.pick(levels, with_snapshot(49)));
  CHECK_FALSE(SizeTiered({.runs_trigger = 10, .tombstone_ratio = 0}).pick(levels, now));
}

TEST_CASE("lazily leveled: the last level gets rid of what a snapshot left in it") {
  compaction::LazyLeveled picker({.file_bytes = 200});
  Levels levels = empty_levels();
  levels[6] = {erased(5, 60, 0, 499), erased(6, 70, 500, 999)};
  const auto job = picker.pick(levels, now);
  REQUIRE(job);
  CHECK(taken(*job, 6) == Numbers{6});
  CHECK(job->output_level == 6);
  CHECK_FALSE(picker.pick(levels, with_snapshot(49)));
}
