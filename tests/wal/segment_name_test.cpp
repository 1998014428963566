// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>

#include <strata/wal/segment_name.hpp>

using namespace strata;

TEST_CASE("names of segments sort as their ids and parse back", "[wal][segment_name]") {
  CHECK(wal::segment_name(42) == "000000000042.log");
  CHECK(wal::segment_name(9) < wal::segment_name(10));
  for (const std::uint64_t id : {1ULL, 42ULL, 999'999'999'999ULL, 1'000'000'000'000ULL}) {
    CHECK(wal::parse_segment_name(wal::segment_name(id)) == id);
  }
}

TEST_CASE("nothing else is a segment's name", "[wal][segment_name]") {
  for (const char* name : {"", ".log", "42.log", "000000000000.log", "0000000000042.log",
                           "00000000004x.log", "000000000042.log.tmp", "000000000042.table",
                           "MANIFEST-000001", "00000000-042.log", "99999999999999999999.log"}) {
    CAPTURE(name);
    CHECK_FALSE(wal::parse_segment_name(name));
  }
}
