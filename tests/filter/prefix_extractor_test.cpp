// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/prefix_extractor.hpp>

#include <catch2/catch.hpp>
#include <optional>
#include <string_view>

using strata::prefix::Delimited;
using strata::prefix::Fixed;

TEST_CASE("Fixed takes so many bytes, and nothing from shorter keys") {
  CHECK(Fixed<3>::extract("abcd") == "abc");
  CHECK(Fixed<3>::extract("abc") == "abc");
  CHECK(Fixed<3>::extract("ab") == std::nullopt);
  CHECK(Fixed<3>::extract("") == std::nullopt);
  CHECK(Fixed<3>::name == "fixed:3");
  CHECK(Fixed<120>::name == "fixed:120");
}

TEST_CASE("Delimited takes all up to and with the delimiter") {
  CHECK(Delimited<'/'>::extract("user/anna/1") == "user/");
  CHECK(Delimited<'/'>::extract("user/") == "user/");
  CHECK(Delimited<'/'>::extract("/x") == "/");
  CHECK(Delimited<'/'>::extract("user") == std::nullopt);
  CHECK(Delimited<'/'>::extract("") == std::nullopt);
  CHECK(Delimited<'/'>::name == "delimited:47");
  CHECK(Delimited<'\xff'>::name == "delimited:255");
  CHECK(Delimited<'\0'>::extract(std::string_view("a\0b", 3)) == std::string_view("a\0", 2));
}
