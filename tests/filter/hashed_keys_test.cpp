// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/hashed_keys.hpp>

#include <catch2/catch.hpp>
#include <vector>

using strata::filter::HashedKeys;
using strata::filter::map_to;

TEST_CASE("A hash maps into its range, in order, and evenly") {
  CHECK(map_to(0, 10) == 0);
  CHECK(map_to(~std::uint64_t{0}, 10) == 9);
  CHECK(map_to(~std::uint64_t{0}, 1) == 0);
  CHECK(map_to(std::uint64_t{1} << 63, 10) == 5);
  CHECK(map_to((std::uint64_t{1} << 63) - 1, 10) == 4);
}

TEST_CASE("Runs of a hash count once when added, all its copies once when sorted") {
  HashedKeys keys;
  for (const std::uint64_t hash : {7U, 7U, 3U, 7U, 3U, 3U, 0U}) {
    keys.add(hash);
  }
  CHECK(std::vector<std::uint64_t>(keys.begin(), keys.end()) ==
        std::vector<std::uint64_t>{7, 3, 7, 3, 0});
  keys.sort_unique();
  CHECK(std::vector<std::uint64_t>(keys.begin(), keys.end()) ==
        std::vector<std::uint64_t>{0, 3, 7});
  CHECK(keys.size() == 3);
}
