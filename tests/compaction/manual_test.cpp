// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/manual.hpp>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>

using namespace strata;

TEST_CASE("nothing is compacted by itself, and writers are never slowed down for it") {
  compaction::Levels levels(compaction::level_count);
  for (std::uint64_t number = 1; number <= 1000; ++number) {
    levels[0].push_back(
        {.number = number, .size_bytes = UINT32_MAX, .smallest = "a", .largest = "z"});
  }
  compaction::Manual picker({});
  CHECK_FALSE(picker.pick(levels, {.compare = comparator::Bytewise::compare}));
  CHECK(picker.pressure(levels).value == 0);
}
