// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/memory_level.hpp>

#include <catch2/catch.hpp>
#include <strata/cache/lru.hpp>
#include <strata/testing/level_conformance.hpp>

using strata::cache::Lru;
using strata::cache::MemoryLevel;
using strata::testing::Sentences;

TEST_CASE("A cache of any policy keeps the promises of a level") {
  MemoryLevel<> roomy;
  CHECK(strata::testing::level_conformance(roomy).violations == Sentences{});
  MemoryLevel<Lru> small({.capacity_bytes = 4000, .shards = 1, .count_overhead = false});
  CHECK(strata::testing::level_conformance(small).violations == Sentences{});
  CHECK(small.stats().evictions > 100);
}

TEST_CASE("A level of memory weighs keys and values") {
  MemoryLevel<Lru> level({.capacity_bytes = 20, .shards = 1, .count_overhead = false});
  CHECK(level.insert("12345", "12345"));
  CHECK(level.insert("67890", "67890"));
  CHECK(level.find("12345"));
  CHECK(level.insert("k", ""));
  CHECK_FALSE(level.find("67890"));
  CHECK(level.find("12345"));
  CHECK(level.stats().evictions == 1);
}
