// SPDX-License-Identifier: BSL-1.0
#include <strata/table/index_eytzinger.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/table/index.hpp>
#include <strata/testing/table_index_conformance.hpp>

using namespace strata;
using strata::testing::Sentences;
using strata::testing::table_index_conformance;

namespace {

/// The key order of a tree whose nodes are numbered by level: left, node, right.
void walk(std::uint64_t place, std::uint64_t count, std::vector<std::uint64_t>& places) {
  if (place <= count) {
    walk(2 * place, count, places);
    places.push_back(place);
    walk(2 * place + 1, count, places);
  }
}

template <class I>
std::string index_of(const std::vector<std::string>& separators) {
  return strata::testing::detail::index_of<I>(separators);
}

}  // namespace

TEST_CASE("index::Eytzinger keeps the promises of the table index slot", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 3));
  CAPTURE(seed);
  const auto found = table_index_conformance<index::Eytzinger>(seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 100'000);
}

TEST_CASE("the names of indexes that tables keep for ever are these", "[table]") {
  STATIC_REQUIRE(index::Eytzinger::name == "eytzinger");
  STATIC_REQUIRE(index::Eytzinger::format_version == 1);
}

TEST_CASE("place and rank in a tree of any count are those of a walk through it", "[table]") {
  for (std::uint64_t count = 0; count <= 300; ++count) {
    CAPTURE(count);
    const table::EytzingerTree tree(count);
    std::vector<std::uint64_t> places;
    walk(1, count, places);
    REQUIRE(places.size() == count);
    for (std::uint64_t rank = 0; rank < count; ++rank) {
      REQUIRE(tree.place_of(rank) == places[rank]);
      REQUIRE(tree.rank_of(places[rank]) == rank);
    }
  }
}

TEST_CASE("place and rank hold for as many blocks as can be", "[table]") {
  const table::EytzingerTree tree(UINT32_MAX);
  for (const std::uint64_t rank :
       {0ULL, 1ULL, 2'147'483'647ULL, 2'147'483'648ULL, 4'294'967'294ULL}) {
    CHECK(tree.rank_of(tree.place_of(rank)) == rank);
    CHECK(tree.place_of(rank) <= tree.count());
  }
}

TEST_CASE("the order of levels takes no byte more than the order of keys", "[table]") {
  const auto separators = strata::testing::detail::numbered_separators(1'000, 3);
  CHECK(index_of<index::Eytzinger>(separators).size() ==
        index_of<index::Binary>(separators).size());
}

TEST_CASE("seven heads are written level by level", "[table]") {
  const std::string bytes = index_of<index::Eytzinger>({"1", "2", "3", "4", "5", "6", "7"});
  std::string firsts;
  for (std::size_t i = 0; i < 7; ++i) {
    firsts += bytes[24 + i * 8 + 7];
  }
  CHECK(firsts == "4261357");
}
