// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/none.hpp>

#include <catch2/catch.hpp>
#include <strata/testing/filter_conformance.hpp>

using strata::filter::None;
using strata::testing::filter_conformance;
using strata::testing::Sentences;

TEST_CASE("None keeps the promises of the filter slot") {
  const auto found = filter_conformance<None>();
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 100);
}

TEST_CASE("None costs no bytes and says maybe to everything") {
  None::Builder builder;
  builder.add("key");
  std::string filter;
  builder.finish(filter);
  CHECK(filter.empty());
  CHECK(None::may_contain(filter, "another"));
}
