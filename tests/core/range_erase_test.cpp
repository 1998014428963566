// SPDX-License-Identifier: BSL-1.0
#include <strata/core/range_erase.hpp>

#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>

using strata::RangeErase;
using strata::Sequence;
using Set = strata::RangeEraseSet<strata::comparator::Bytewise>;

TEST_CASE("an empty set covers nothing") {
  CHECK(Set().empty());
  CHECK(Set().newest_covering("a", strata::sequence_max) == 0);
}

TEST_CASE("a range covers its first key and not its last") {
  const Set set({{"b", "d", 5}});
  CHECK(set.newest_covering("a", 9) == 0);
  CHECK(set.newest_covering("b", 9) == 5);
  CHECK(set.newest_covering("c\xff", 9) == 5);
  CHECK(set.newest_covering("d", 9) == 0);
}

TEST_CASE("a range newer than the limit is not seen") {
  const Set set({{"a", "z", 5}, {"a", "z", 9}});
  CHECK(set.newest_covering("k", 4) == 0);
  CHECK(set.newest_covering("k", 8) == 5);
  CHECK(set.newest_covering("k", 9) == 9);
}

TEST_CASE("empty and inverted ranges are dropped") {
  CHECK(Set({{"b", "b", 1}, {"z", "a", 2}}).empty());
}

TEST_CASE("overlapping ranges become disjoint fragments in key order") {
  const Set set({{"a", "m", 3}, {"f", "z", 7}, {"f", "g", 5}});
  const auto& fragments = set.fragments();
  REQUIRE(fragments.size() == 4);
  CHECK(fragments[1].first == "f");
  CHECK(fragments[1].last == "g");
  CHECK(fragments[1].sequences == std::vector<Sequence>{7, 5, 3});
  for (std::size_t i = 1; i < fragments.size(); ++i) {
    CHECK(fragments[i - 1].last <= fragments[i].first);
  }
}

TEST_CASE("the order is the comparator's") {
  const strata::RangeEraseSet<strata::comparator::ReverseBytewise> set({{"d", "b", 5}});
  CHECK(set.newest_covering("d", 9) == 5);
  CHECK(set.newest_covering("c", 9) == 5);
  CHECK(set.newest_covering("b", 9) == 0);
}

TEST_CASE("lookups agree with a list of ranges, whatever their overlap") {
  std::mt19937 random(42);
  for (int round = 0; round < 200; ++round) {
    std::vector<RangeErase> ranges;
    for (std::size_t i = 0, n = random() % 12; i < n; ++i) {
      ranges.push_back({std::string(1, static_cast<char>('a' + random() % 20)),
                        std::string(1, static_cast<char>('a' + random() % 20)), i + 1});
    }
    const Set set(ranges);
    for (char c = 'a'; c < 'v'; ++c) {
      const std::string key(1, c);
      const Sequence limit = random() % 14;
      Sequence expected = 0;
      for (const RangeErase& range : ranges) {
        if (range.first <= key && key < range.last && range.sequence <= limit) {
          expected = std::max(expected, range.sequence);
        }
      }
      CHECK(set.newest_covering(key, limit) == expected);
    }
  }
}
