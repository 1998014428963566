// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/range_layout.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

using strata::filter::detail::RangeBucket;
using strata::filter::detail::RangeLayout;

TEST_CASE("Keys of a bucket find slots in their order, evenly, each number its own if there are") {
  const std::string bounds = "0909";
  const RangeBucket bucket{"k10", "k90", {bounds.data(), 2}, 8000};
  CHECK(bucket.slot_of("k10", false) == 0);
  CHECK(bucket.slot_of("k90", false) == 7999);
  CHECK(bucket.slot_of("l", false) == 7999);
  std::uint64_t last = 0;
  for (const char* key : {"k11", "k12", "k19", "k2", "k20", "k55", "k89"}) {
    const std::uint64_t slot = bucket.slot_of(key, false);
    CAPTURE(key);
    CHECK(slot > last);
    CHECK(bucket.slot_of(key, true) >= last);
    CHECK(bucket.slot_of(key, true) < slot);
    last = slot;
  }
}

TEST_CASE("A bucket whose separators have one number has one slot") {
  const std::string bounds = "aa";
  const RangeBucket bucket{"x", "y", {bounds.data(), 1}, 100};
  CHECK(bucket.slot_of("x", false) == 0);
  const RangeBucket none{"x", "x", {bounds.data(), 0}, 100};
  CHECK(none.slot_of("xyz", false) == 0);
}

TEST_CASE("Bytes that are no layout are none") {
  CHECK_FALSE(RangeLayout::of(""));
  CHECK_FALSE(RangeLayout::of(std::string(17, '\0')));
  const auto empty = RangeLayout::of(std::string(14, '\0') + "SRG");
  REQUIRE(empty);
  CHECK(empty->empty());
  CHECK_FALSE(RangeLayout::of(std::string(15, '\0') + "SRG"));
}
