// SPDX-License-Identifier: BSL-1.0
#include "../../examples/tool/progress.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using strata::tool::format_bytes;
using strata::tool::format_count;
using strata::tool::format_duration;
using strata::tool::format_progress;
using strata::tool::Unit;

TEST_CASE("bytes are shown in the unit in which they are short") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1024) == "1.0 KiB");
  CHECK(format_bytes(1.5 * 1024 * 1024) == "1.5 MiB");
  CHECK(format_bytes(5e15) == "4547.5 TiB");
}

TEST_CASE("counts are shown in thousands") {
  CHECK(format_count(999) == "999");
  CHECK(format_count(12'300) == "12.3 k");
  CHECK(format_count(4'500'000) == "4.5 M");
}

TEST_CASE("durations have minutes, and hours where there are any") {
  CHECK(format_duration(0) == "0:00");
  CHECK(format_duration(59.4) == "0:59");
  CHECK(format_duration(59.6) == "1:00");
  CHECK(format_duration(750) == "12:30");
  CHECK(format_duration(3 * 3600 + 5 * 60) == "3:05:00");
  CHECK(format_duration(-1) == "0:00");
  CHECK(format_duration(1e30) == "99:59:59");
}

TEST_CASE("a line says what is done, of how much, how fast, and how long it will take") {
  CHECK(format_progress({.label = "verify",
                         .unit = Unit::bytes,
                         .done = 10 << 20,
                         .total = 40 << 20,
                         .seconds = 2}) ==
        "verify  [#####...............]  25 %  10.0 MiB of 40.0 MiB  5.0 MiB/s  0:06 left");
  CHECK(format_progress({.label = "fill_random",
                         .unit = Unit::entries,
                         .done = 1000,
                         .total = 1000,
                         .seconds = 1}) ==
        "fill_random  [####################]  100 %  1.0 k of 1.0 k  1.0 k/s  0:00 left");
}

TEST_CASE("without a total, or a beginning, nothing is promised") {
  CHECK(format_progress({.label = "compact", .done = 2048, .total = 0, .seconds = 4}) ==
        "compact  2.0 KiB  512 B/s  0:04");
  CHECK(format_progress({.label = "load", .done = 0, .total = 100, .seconds = 0}) ==
        "load  [....................]  0 %  0 B of 100 B  0 B/s  0:00");
}

TEST_CASE("of work that says nothing of itself the time is shown") {
  CHECK(format_progress({.label = "repair", .seconds = 12}) == "repair  0:12");
}

TEST_CASE("more than was expected is no more than all of it") {
  CHECK(format_progress({.label = "load", .done = 300, .total = 100, .seconds = 1}) ==
        "load  [####################]  100 %  300 B of 100 B  300 B/s  0:00 left");
}
