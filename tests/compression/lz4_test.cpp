// SPDX-License-Identifier: BSL-1.0
#include <strata/compression/lz4.hpp>

#include <catch2/catch.hpp>
#include <random>
#include <strata/testing/compression_conformance.hpp>

using strata::ErrorCode;
using strata::compression::Lz4;
using strata::testing::compression_conformance;
using strata::testing::Sentences;

TEST_CASE("Lz4 keeps the promises of the compression slot") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  const auto found = compression_conformance<Lz4>(seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 4000);
}

TEST_CASE("Lz4 shrinks what repeats, and leaves what would not shrink by an eighth") {
  std::string out;
  REQUIRE(Lz4::compress(std::string(10000, 'a'), out));
  CHECK(out.size() < 100);

  std::mt19937_64 random(5);
  std::string text(4096, 'a');
  for (std::size_t i = 0; i < 3800; ++i) {
    text[i] = static_cast<char>(random());
  }
  CHECK_FALSE(Lz4::compress(text, out));
  CHECK_FALSE(Lz4::compress("", out));
  CHECK_FALSE(Lz4::compress("aaaaaaa", out));
}

TEST_CASE("Lz4's stored form is one raw LZ4 block, for ever") {
  std::string out;
  REQUIRE(Lz4::compress(std::string(40, 'a'), out));
  const std::string expected(
      "\x1f"
      "a"
      "\x01\x00\x0f\x50"
      "aaaaa",
      11);
  CHECK(Lz4::id == 1);
  std::string to(40, '\0');
  REQUIRE(Lz4::decompress(expected, 40, to.data()));
  CHECK(to == std::string(40, 'a'));
}

TEST_CASE("Lz4 expands no byte to more than it says") {
  const std::string raw(10 << 20, 'a');
  std::string out;
  REQUIRE(Lz4::compress(raw, out));
  CHECK(raw.size() / Lz4::expansion_max <= out.size());
  CHECK(raw.size() / (Lz4::expansion_max - 5) > out.size());
}

TEST_CASE("Lz4 names both sizes of a damaged block") {
  std::string to(40, '\0');
  const auto damaged = Lz4::decompress("garbage", 40, to.data());
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code() == ErrorCode::corruption);
  CHECK(damaged.error().message().find("7 bytes") != std::string::npos);
  CHECK(damaged.error().message().find("40 bytes") != std::string::npos);
  CHECK_FALSE(Lz4::decompress("", 0, nullptr));
  CHECK_FALSE(Lz4::decompress("garbage", SIZE_MAX, to.data()));
}
