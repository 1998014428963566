// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/filter_keep.hpp>

#include <string_view>

#include <catch2/catch.hpp>

using namespace strata;
using compaction_filter::All;
using compaction_filter::Keep;

namespace {

struct NoDrafts {
  bool operator()(std::string_view, std::string_view value) const {
    return !value.starts_with("draft");
  }
};
struct NoTemporaries {
  bool operator()(std::string_view key, std::string_view) const { return !key.starts_with("tmp"); }
};
using Lambda =
    Keep<decltype([](std::string_view key, std::string_view value) { return key < value; })>;

static_assert(CompactionFilterPolicy<Keep<NoDrafts>>);
static_assert(CompactionFilterPolicy<Lambda>);
static_assert(CompactionFilterPolicy<All<>>);
static_assert(CompactionFilterPolicy<All<Keep<NoDrafts>, compaction_filter::None>>);
static_assert(sizeof(Keep<NoDrafts>) == 1);

}  // namespace

TEST_CASE("a function says what stays") {
  CHECK(Keep<NoDrafts>{}.keep("a", "text"));
  CHECK_FALSE(Keep<NoDrafts>{}.keep("a", "draft of text"));
  CHECK(Lambda{}.keep("a", "b"));
  CHECK_FALSE(Lambda{}.keep("b", "a"));
}

TEST_CASE("a filter is made of a lambda that captures, too") {
  const std::string_view forbidden = "x";
  const Keep filter{[=](std::string_view key, std::string_view) { return key != forbidden; }};
  CHECK(filter.keep("y", ""));
  CHECK_FALSE(filter.keep("x", ""));
}

TEST_CASE("of several filters all must keep a value") {
  const All<Keep<NoDrafts>, Keep<NoTemporaries>> both;
  CHECK(both.keep("a", "text"));
  CHECK_FALSE(both.keep("a", "draft"));
  CHECK_FALSE(both.keep("tmp1", "text"));
  CHECK_FALSE(both.keep("tmp1", "draft"));
  CHECK(All<>{}.keep("tmp1", "draft"));
}

TEST_CASE("filters are asked in order, up to the first that does not keep") {
  unsigned asked = 0;
  const auto counts = [&](std::string_view, std::string_view) { return ++asked != 2; };
  const Keep<decltype(counts)> one{counts};
  const All<Keep<decltype(counts)>, Keep<decltype(counts)>, Keep<decltype(counts)>> three{
      {one, one, one}};
  CHECK_FALSE(three.keep("", ""));
  CHECK(asked == 2);
}
