// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/read_write_mix.hpp>

#include <catch2/catch.hpp>

using strata::compaction::Conditions;
using strata::compaction::ReadWriteMix;

TEST_CASE("the share of writes moves by the smoothed difference, sample by sample") {
  ReadWriteMix mix(100, 0.5, 0.5);
  CHECK(mix.write_share() == 0.5);
  CHECK_FALSE(mix.note({.writes = 60, .reads = 39}));
  CHECK(mix.write_share() == 0.5);
  CHECK(mix.note({.writes = 100, .reads = 0}));
  CHECK(mix.write_share() == 0.75);
  CHECK_FALSE(mix.note({.writes = 100, .reads = 99}));
  CHECK(mix.note({.writes = 100, .reads = 100}));
  CHECK(mix.write_share() == 0.375);
  CHECK(mix.note({.writes = 150, .reads = 250}));  // a quarter of 200
  CHECK(mix.write_share() == 0.3125);
}

TEST_CASE("without smoothing the last sample is all that counts") {
  ReadWriteMix mix(10, 1, 0.5);
  CHECK(mix.note({.writes = 3, .reads = 9}));
  CHECK(mix.write_share() == 0.25);
  CHECK(mix.note({.writes = 3, .reads = 19}));
  CHECK(mix.write_share() == 0);
}

TEST_CASE("counts that start again are no sample") {
  ReadWriteMix mix(100, 1, 0.5);
  CHECK(mix.note({.writes = 1000, .reads = 0}));
  CHECK_FALSE(mix.note({.writes = 10, .reads = 10}));
  CHECK(mix.note({.writes = 10, .reads = 110}));
  CHECK(mix.write_share() == 0);
}
