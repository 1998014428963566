// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/merge.hpp>

#include <cstdint>
#include <limits>
#include <string>

#include <catch2/catch.hpp>

namespace merge = strata::merge;

namespace {

std::string number(std::int64_t value) {
  std::string bytes;
  strata::put_fixed(bytes, value);
  return bytes;
}

template <class M>
std::string full(const char* base_or_null, const std::string& base, const std::string& operand) {
  std::string out;
  const std::string_view view = base;
  REQUIRE(M::full("key", base_or_null == nullptr ? nullptr : &view, operand, out));
  return out;
}

}  // namespace

TEST_CASE("add, max and min fold 64-bit integers, from nothing too") {
  CHECK(full<merge::Add>("", number(40), number(2)) == number(42));
  CHECK(full<merge::Add>(nullptr, "", number(2)) == number(2));
  CHECK(full<merge::Max>("", number(-5), number(-7)) == number(-5));
  CHECK(full<merge::Min>("", number(-5), number(-7)) == number(-7));
}

TEST_CASE("a sum wraps instead of trapping") {
  CHECK(full<merge::Add>("", number(std::numeric_limits<std::int64_t>::max()), number(1)) ==
        number(std::numeric_limits<std::int64_t>::min()));
}

TEST_CASE("an operand of the wrong size is refused") {
  std::string out;
  const std::string_view base = "1234567";
  CHECK_FALSE(merge::Add::full("k", nullptr, "123", out));
  CHECK_FALSE(merge::Add::full("k", &base, number(1), out));
  CHECK_FALSE(merge::Max::combine("k", "x", number(1), out));
}

TEST_CASE("append keeps order") {
  CHECK(full<merge::Append>("", "ab", "cd") == "abcd");
  CHECK(full<merge::Append>(nullptr, "", "cd") == "cd");
}

TEST_CASE("a set union sorts, dedups, and keeps members that hold any byte") {
  const std::string a = merge::SetUnion::encode({"x", std::string_view("\0y", 2)});
  const std::string b = merge::SetUnion::encode({"x", "b"});
  std::string out;
  REQUIRE(merge::SetUnion::combine("k", a, b, out));
  CHECK(out == merge::SetUnion::encode({std::string_view("\0y", 2), "b", "x"}));
  CHECK_FALSE(merge::SetUnion::combine("k", a,
                                       "\x05"
                                       "ab",
                                       out));
}

TEMPLATE_TEST_CASE("combining operands first changes no result", "", merge::Add, merge::Max,
                   merge::Min) {
  for (std::int64_t a : {-9, 0, 7}) {
    for (std::int64_t b : {-3, 0, 11}) {
      std::string both;
      REQUIRE(TestType::combine("k", number(a), number(b), both));
      CHECK(full<TestType>("", number(5), both) ==
            full<TestType>("", full<TestType>("", number(5), number(a)), number(b)));
    }
  }
}
