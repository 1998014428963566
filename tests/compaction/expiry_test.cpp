// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/expiry.hpp>

#include <catch2/catch.hpp>

#include <strata/compaction/job_check.hpp>

#include "shapes.hpp"

using namespace strata;
using compaction::Action;
using compaction::Conditions;
using compaction::drop_oldest;
using compaction::Levels;
using tests::empty_levels;
using tests::Numbers;
using tests::table_at;
using tests::taken;

namespace {

Conditions at(std::uint64_t seconds) {
  return {.compare = tests::compare_keys, .unix_seconds = seconds};
}

/// From new to old: 6, 5, 4 of level 0; of level 6 1, which is older, and 2.
Levels five_tables() {
  Levels levels = empty_levels();
  levels[0] = {table_at(6, 100, 160), table_at(5, 100, 150), table_at(4, 100, 140)};
  levels[6] = {table_at(2, 100, 130), table_at(1, 100, 120)};
  levels[6][0].largest = tests::shape_key(499);
  levels[6][1].smallest = tests::shape_key(500);
  return levels;
}

}  // namespace

TEST_CASE("an age is that of the newest entry, and a time that is not known has none") {
  CHECK(compaction::is_expired(table_at(1, 1, 100), 10, at(110)));
  CHECK_FALSE(compaction::is_expired(table_at(1, 1, 101), 10, at(110)));
  CHECK_FALSE(compaction::is_expired(table_at(1, 1, 100), 0, at(110)));
  CHECK_FALSE(compaction::is_expired(table_at(1, 1, 0), 10, at(110)));
  CHECK_FALSE(compaction::is_expired(table_at(1, 1, 100), 1000, at(110)));  // no time before 1970
}

TEST_CASE("bytes above the limit go, the oldest first") {
  const Levels levels = five_tables();
  CHECK_FALSE(drop_oldest(levels, at(0), {.bytes_max = 500}));
  CHECK_FALSE(drop_oldest(levels, at(0), {}));
  auto job = drop_oldest(levels, at(0), {.bytes_max = 499});
  REQUIRE(job);
  CHECK(job->action == Action::drop);
  CHECK(job->inputs.size() == 1);
  CHECK(taken(*job, 6) == Numbers{1});
  job = drop_oldest(levels, at(0), {.bytes_max = 150});
  REQUIRE(job);
  CHECK(taken(*job, 6) == Numbers{1, 2});
  CHECK(taken(*job, 0) == Numbers{4, 5});
  CHECK(compaction::check_job(levels, *job, tests::compare_keys));
}

TEST_CASE("what is too old goes, up to the first that is not") {
  const Levels levels = five_tables();
  CHECK_FALSE(drop_oldest(levels, at(129), {.ttl_seconds = 10}));
  CHECK(taken(*drop_oldest(levels, at(130), {.ttl_seconds = 10}), 6) == Numbers{1});
  const auto job = drop_oldest(levels, at(155), {.ttl_seconds = 10});
  REQUIRE(job);
  CHECK(taken(*job, 6) == Numbers{1, 2});
  CHECK(taken(*job, 0) == Numbers{4});
  CHECK(taken(*drop_oldest(levels, at(1000), {.ttl_seconds = 10}), 0) == Numbers{4, 5, 6});
}

TEST_CASE("an old table stays as long as one that is older does") {
  Levels levels = five_tables();
  levels[6][1].newest_seconds = 500;
  const auto job = drop_oldest(levels, at(600), {.ttl_seconds = 200});
  REQUIRE(job);
  CHECK(job->inputs.size() == 1);
  CHECK(taken(*job, 6) == Numbers{2});
}

TEST_CASE("nothing goes while the oldest is in another job, or a snapshot lives") {
  Levels levels = five_tables();
  auto now = at(1000);
  now.oldest_snapshot = 7;
  CHECK_FALSE(drop_oldest(levels, now, {.bytes_max = 1, .ttl_seconds = 1}));
  levels[6][1].busy = true;
  CHECK_FALSE(drop_oldest(levels, at(1000), {.bytes_max = 1, .ttl_seconds = 1}));
}
