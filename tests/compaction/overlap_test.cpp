// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/overlap.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>

using namespace strata;
using namespace strata::compaction;

namespace {

/// All ranges over these keys, with either kind of end. As sets of keys they are easy to compare.
const std::vector<std::string> keys = {"a", "b", "c", "d", "e"};

struct Range {
  std::size_t first;
  std::size_t last;
  bool is_exclusive;
  [[nodiscard]] FileView view() const {
    return {.number = 0,
            .smallest = keys[first],
            .largest = keys[last],
            .largest_exclusive = is_exclusive};
  }
  [[nodiscard]] bool holds(std::size_t key) const {
    return first <= key && (is_exclusive ? key < last : key <= last);
  }
};

std::vector<Range> all_ranges() {
  std::vector<Range> all;
  for (std::size_t first = 0; first < keys.size(); ++first) {
    for (std::size_t last = first; last < keys.size(); ++last) {
      all.push_back({first, last, false});
      if (last > first) {
        all.push_back({first, last, true});
      }
    }
  }
  return all;
}

KeyRange range_of(const std::vector<Range>& ranges) {
  KeyRange range;
  for (const Range& one : ranges) {
    range.widen(one.view(), comparator::Bytewise::compare);
  }
  return range;
}

}  // namespace

TEST_CASE("a table overlaps a range where a key between them, or at their ends, is in both") {
  for (const Range& a : all_ranges()) {
    for (const Range& b : all_ranges()) {
      bool is_shared = false;
      for (std::size_t key = 0; key < keys.size(); ++key) {
        is_shared = is_shared || (a.holds(key) && b.holds(key));
      }
      CAPTURE(a.first, a.last, a.is_exclusive, b.first, b.last, b.is_exclusive);
      CHECK(overlaps(a.view(), range_of({b}), comparator::Bytewise::compare) == is_shared);
    }
  }
}

TEST_CASE("a range that was widened holds what each of its tables holds") {
  for (const Range& a : all_ranges()) {
    for (const Range& b : all_ranges()) {
      const KeyRange both = range_of({a, b});
      const std::size_t first = std::min(a.first, b.first);
      const std::size_t last = std::max(a.last, b.last);
      CHECK(both.smallest == keys[first]);
      CHECK(both.largest == keys[last]);
      CHECK(both.largest_exclusive == !(a.holds(last) || b.holds(last)));
    }
  }
}

TEST_CASE("an empty range overlaps nothing") {
  for (const Range& a : all_ranges()) {
    CHECK_FALSE(overlaps(a.view(), KeyRange{}, comparator::Bytewise::compare));
  }
}

TEST_CASE("the tables of a level that share keys with a range, in the level's order") {
  std::vector<FileView> level = {Range{0, 1, false}.view(), Range{2, 3, true}.view(),
                                 Range{3, 4, false}.view()};
  const auto found =
      overlapping(level, range_of({Range{1, 2, false}}), comparator::Bytewise::compare);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == &level[0]);
  CHECK(found[1] == &level[1]);
  CHECK_FALSE(any_busy(found));
  level[1].busy = true;
  CHECK(any_busy(found));
}
