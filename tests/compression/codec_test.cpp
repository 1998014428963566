// SPDX-License-Identifier: BSL-1.0
#include <strata/compression/codec.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <type_traits>

#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>

using namespace strata;
using compression::Lz4;
using compression::None;

namespace {

/// Says of itself what it must, and no more.
struct Silent {
  using policy_slot = compression_slot;
  static constexpr std::string_view name = "silent";
  static constexpr std::uint8_t id = 200;
  static bool compress(std::string_view, std::string&) { return false; }
  static Result<void> decompress(std::string_view, std::size_t, char*) { return {}; }
};

}  // namespace

TEST_CASE("models without state become objects without state") {
  STATIC_REQUIRE(std::is_empty_v<compression::compressor_of_t<Lz4>>);
  STATIC_REQUIRE(std::is_empty_v<compression::decompressor_of_t<Lz4>>);
  STATIC_REQUIRE(compression::compressor_of_t<None>::sample_bytes() == 0);
  STATIC_REQUIRE(compression::decompressor_of_t<None>::memory_bytes() == 0);
}

TEST_CASE("a model without state reads tables of its own name, and those without compression") {
  STATIC_REQUIRE(compression::reads<Lz4>("lz4"));
  STATIC_REQUIRE(compression::reads<Lz4>("none"));
  STATIC_REQUIRE_FALSE(compression::reads<Lz4>("zstd"));
  STATIC_REQUIRE(compression::reads<None>("none"));
  STATIC_REQUIRE_FALSE(compression::reads<None>("lz4"));
}

TEST_CASE("a codec that does not say how much it expands may expand without bound") {
  STATIC_REQUIRE(compression::expansion_max<Lz4>() == Lz4::expansion_max);
  STATIC_REQUIRE(compression::expansion_max<None>() == 1);
  STATIC_REQUIRE(compression::expansion_max<Silent>() == SIZE_MAX);
}

TEST_CASE("a block of another codec, and a dictionary, are refused where there is no state") {
  std::string stored;
  using Compressor = compression::compressor_of_t<Lz4>;
  REQUIRE(Compressor::compress(std::string(100, 'a'), stored) == Lz4::id);
  CHECK(Compressor::learn("samples", {7}).empty());
  using Decompressor = compression::decompressor_of_t<Lz4>;
  CHECK_FALSE(Decompressor::open("lz4", "dictionary"));
  REQUIRE(Decompressor::open("lz4", {}));
  std::string to(100, '\0');
  CHECK(Decompressor::decompress(Lz4::id, stored, to.size(), to.data()));
  const auto other = Decompressor::decompress(2, stored, to.size(), to.data());
  REQUIRE_FALSE(other);
  CHECK(other.error().code() == ErrorCode::corruption);
  CHECK_THAT(other.error().message(), Catch::Contains("codec 2"));
}
