// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/both.hpp>

#include <catch2/catch.hpp>
#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/prefix.hpp>
#include <strata/testing/filter_conformance.hpp>
#include <string>

using namespace strata;
using testing::Sentences;
using testing::detail::filter_of;

namespace {

using Prefixes = filter::Prefix<filter::BlockedBloom, prefix::Fixed<2>>;
using Pair = filter::Both<filter::BlockedBloom, Prefixes>;

}  // namespace

TEST_CASE("Both keeps the promises of the filter slot") {
  CHECK(testing::filter_conformance<Pair>({}, 0.02).violations == Sentences{});
}

TEST_CASE("A look-up asks the first of Both, and a range the second") {
  const Pair::Options options{.point = {.bits_per_key = 20}, .ranges = {.whole_keys = false}};
  const std::string filter = filter_of<Pair>({"aa1", "bb2"}, options);
  CHECK(Pair::may_contain(filter, "aa1"));
  CHECK_FALSE(Pair::may_contain(filter, "aa2"));
  CHECK_FALSE(filter::Probe<Pair>("aa2").may_be_in(filter));
  CHECK(Pair::may_contain_range(filter, "aa2", "aa3"));
  CHECK_FALSE(Pair::may_contain_range(filter, "ab2", "ab3"));
  CHECK(Pair::name == "both(blocked_bloom,prefix(fixed:2,blocked_bloom))");
}

TEST_CASE("Bytes without the tail of Both say maybe") {
  const std::string filter = filter_of<Pair>({"aa1"}, {});
  REQUIRE_FALSE(Pair::may_contain(filter, "aa2"));
  REQUIRE_FALSE(Pair::may_contain_range(filter, "ab2", "ab3"));
  for (std::size_t at = filter.size() - 12; at < filter.size(); ++at) {
    std::string damaged = filter;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    CAPTURE(at);
    CHECK(Pair::may_contain(damaged, "aa2"));
    CHECK(Pair::may_contain_range(damaged, "ab2", "ab3"));
  }
}
