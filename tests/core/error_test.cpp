// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <set>
#include <strata/core/error.hpp>

using namespace strata;

namespace {

Result<int> parse(std::string_view text) {
  if (text.empty()) {
    return fail(ErrorCode::invalid_argument, "text is empty: ", "give at least ", "one digit");
  }
  return static_cast<int>(text.size());
}

Result<void> parse_twice(std::string_view text) {
  if (const auto parsed = parse(text); !parsed) {
    return propagate(parsed);
  }
  return {};
}

}  // namespace

TEST_CASE("a failure carries a code and one sentence") {
  const auto failed = parse("");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == ErrorCode::invalid_argument);
  CHECK(failed.error().message() == "text is empty: give at least one digit");
  CHECK(to_string(failed.error()) == "invalid_argument: text is empty: give at least one digit");
}

TEST_CASE("a failure is handed on through results of other types") {
  CHECK(parse_twice("1"));
  const auto failed = parse_twice("");
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == parse("").error());
}

TEST_CASE("context is put before the message and keeps the code") {
  const Error outer = Error(ErrorCode::corruption, "block at 4096").within("000007.sst");
  CHECK(outer == Error(ErrorCode::corruption, "000007.sst: block at 4096"));
}

TEST_CASE("every code has a name of its own") {
  std::set<std::string_view> names;
  int count = 0;
  for (int i = 0; i <= static_cast<int>(ErrorCode::unsupported); ++i, ++count) {
    names.insert(to_string(static_cast<ErrorCode>(i)));
  }
  CHECK(names.size() == static_cast<std::size_t>(count));
  CHECK(names.count("unknown") == 0);
}
