// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/composed_name.hpp>

#include <catch2/catch.hpp>
#include <string_view>

using namespace strata::filter;

namespace {

constexpr std::string_view a = "a(";
constexpr std::string_view empty;

}  // namespace

TEST_CASE("Names are joined and numbers are written by the compiler") {
  static_assert(joined_name<a, number_name<10>, name_part::close> == "a(10)");
  static_assert(joined_name<empty, a, empty> == "a(");
  static_assert(joined_name<empty>.empty());
  CHECK(number_name<0> == "0");
  CHECK(number_name<4294967295U> == "4294967295");
}
