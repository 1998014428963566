// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <strata/core/fixed_string.hpp>
#include <type_traits>

namespace {

template <strata::FixedString Name>
struct Named {
  static constexpr std::string_view name = Name;
};

}  // namespace

TEST_CASE("a string can be a template argument") {
  CHECK(Named<"metrics">::name == "metrics");
  CHECK(Named<"">::name.empty());
}

TEST_CASE("equal strings make one type, different ones two") {
  CHECK(std::is_same_v<Named<"a">, Named<"a">>);
  CHECK_FALSE(std::is_same_v<Named<"a">, Named<"b">>);
  CHECK_FALSE(std::is_same_v<Named<"a">, Named<"aa">>);
}
