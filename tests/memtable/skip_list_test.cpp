// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/skip_list.hpp>

#include <catch2/catch.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>

using strata::memtable::SkipList;
using strata::testing::Sentences;

TEST_CASE("SkipList keeps the promises of the memtable slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::memtable_conformance<SkipList>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 200'000);
}

TEST_CASE("SkipList keeps its promises among threads") {
  const auto spread = GENERATE(true, false);
  CAPTURE(spread);
  const auto found = strata::testing::memtable_thread_conformance<SkipList>({}, {.spread = spread});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
}
