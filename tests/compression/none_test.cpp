// SPDX-License-Identifier: BSL-1.0
#include <strata/compression/none.hpp>

#include <catch2/catch.hpp>
#include <strata/testing/compression_conformance.hpp>

using strata::compression::None;
using strata::testing::compression_conformance;
using strata::testing::Sentences;

TEST_CASE("None keeps the promises of the compression slot") {
  const auto found = compression_conformance<None>();
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 100);
}

TEST_CASE("None stores bytes as they are and gives them back") {
  std::string out;
  CHECK_FALSE(None::compress("some text some text some text", out));
  std::string to(4, '\0');
  REQUIRE(None::decompress("text", 4, to.data()));
  CHECK(to == "text");
  CHECK(None::decompress("", 0, nullptr));
  const auto damaged = None::decompress("text", 5, to.data());
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code() == strata::ErrorCode::corruption);
  CHECK(None::id == 0);
}
