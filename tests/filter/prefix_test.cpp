// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/prefix.hpp>

#include <catch2/catch.hpp>
#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/ribbon.hpp>
#include <strata/testing/filter_conformance.hpp>
#include <string>
#include <vector>

using namespace strata;
using testing::filter_conformance;
using testing::Sentences;
using testing::detail::filter_of;

namespace {

using Four = filter::Prefix<filter::BlockedBloom, prefix::Fixed<4>>;
using Slash = filter::Prefix<filter::Ribbon, prefix::Delimited<'/'>>;

}  // namespace

TEST_CASE("Prefix keeps the promises of the filter slot") {
  CHECK(filter_conformance<Four>({}, 0.02).violations == Sentences{});
  CHECK(filter_conformance<Slash>({}, 0.003).violations == Sentences{});
  CHECK(filter_conformance<Four>({.whole_keys = false}).violations == Sentences{});
  CHECK(filter_conformance<Slash>({.whole_keys = false}).violations == Sentences{});
}

TEST_CASE("A prefix that no key has rules out the ranges within it") {
  const std::string filter = filter_of<Slash>({"a/1", "a/7", "cd/", "none"}, {});
  const auto may = [&](std::string_view first, std::string_view last) {
    return Slash::may_contain_range(filter, first, last);
  };
  CHECK(may("a/", "a0"));
  CHECK(may("a/2", "a/3"));  // it knows no more than the prefix
  CHECK(may("cd/x", "cd/y"));
  CHECK_FALSE(may("b/", "b0"));
  CHECK_FALSE(may("b/1", "b/9"));
  CHECK_FALSE(may("c/1", "c0"));
  // Ranges with strings of other prefixes, or of none.
  CHECK(may("b/1", "b00"));
  CHECK(may("b/1", "b1"));
  CHECK(may("b/", "c/"));
  CHECK(may("b", "b/9"));
  CHECK(may("b", "bz"));
  CHECK(may("x/", ""));
}

TEST_CASE("The end of a prefix is its successor, whatever its bytes") {
  const std::string filter = filter_of<Four>({"key1"}, {});
  const auto may = [&](std::string_view first, std::string_view last) {
    return Four::may_contain_range(filter, first, last);
  };
  const std::string high = "a\xff\xff\xff";
  CHECK_FALSE(may(high, "b"));
  CHECK_FALSE(may(high + "x", "b"));
  CHECK(may(high, std::string("b\0", 2)));
  CHECK(may("a\xff\xff\xfe", "b"));
  CHECK_FALSE(may("\xff\xff\xff\xff", "\xff\xff\xff\xff\xff"));
  CHECK(may("key1", "key2"));
  CHECK_FALSE(may("key2", "key3"));
  CHECK_FALSE(may("key2", "key2z"));
  CHECK(may("key2", "key4"));
  CHECK(may("key", "kez"));  // a key of three bytes has no prefix
}

TEST_CASE("Without whole keys a look-up asks for the prefix, and for keys that have none") {
  const std::string filter = filter_of<Slash>({"a/1", "bcd"}, {.whole_keys = false});
  CHECK(Slash::may_contain(filter, "a/1"));
  CHECK(Slash::may_contain(filter, "a/2"));
  CHECK(Slash::may_contain(filter, "bcd"));
  CHECK_FALSE(Slash::may_contain(filter, "bce"));
  CHECK_FALSE(Slash::may_contain(filter, "b/1"));

  const std::string whole = filter_of<Slash>({"a/1", "bcd"}, {});
  CHECK(Slash::may_contain(whole, "a/1"));
  CHECK_FALSE(Slash::may_contain(whole, "a/2"));
  // One probe works on tables of either kind.
  const filter::Probe<Slash> probe("a/2");
  CHECK(probe.may_be_in(filter));
  CHECK_FALSE(probe.may_be_in(whole));
}

TEST_CASE("A run of keys of one prefix adds it once") {
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) {
    keys.push_back("user/" + std::to_string(i));
  }
  CHECK(filter_of<Four>(keys, {.whole_keys = false}).size() == 64 + 8 + 4);
  CHECK(filter_of<Four>(keys, {.filter = {.bits_per_key = 4}}).size() < 10'000 * 4 / 8 + 200);
}

TEST_CASE("Bytes without a Prefix's tail say maybe") {
  const std::string filter = filter_of<Four>({"key1", "x"}, {});
  REQUIRE_FALSE(Four::may_contain(filter, "key2"));
  REQUIRE_FALSE(Four::may_contain_range(filter, "key2", "key3"));
  CHECK(filter.ends_with("\x01PFX"));
  for (std::size_t at = filter.size() - 4; at < filter.size(); ++at) {
    std::string damaged = filter;
    damaged[at] = static_cast<char>(damaged[at] ^ 2);
    CHECK(Four::may_contain(damaged, "key2"));
    CHECK(Four::may_contain_range(damaged, "key2", "key3"));
  }
}

TEST_CASE("The name tells filter and extractor: it is stored with every table") {
  CHECK(Four::name == "prefix(fixed:4,blocked_bloom)");
  CHECK(Slash::name == "prefix(delimited:47,ribbon)");
  CHECK(Slash::format_version == (1U << 8 | 1U));
}
