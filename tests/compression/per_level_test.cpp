// SPDX-License-Identifier: BSL-1.0
#include <strata/compression/per_level.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/core/bytes.hpp>
#include <strata/testing/compression_conformance.hpp>

using namespace strata;
using compression::Lz4;
using compression::None;
using compression::PerLevel;
using compression::Zstd;
using strata::testing::compression_conformance;
using strata::testing::Sentences;

namespace {

/// What codec a table for `level` has.
template <class C>
std::string_view codec_at(unsigned level, const options_of_t<C>& options = {}) {
  return compression::compressor_of_t<C>(options, level).name();
}

}  // namespace

TEST_CASE("PerLevel keeps the promises of the compression slot at each level") {
  const auto level = GENERATE(0U, 1U, 2U, 6U);
  CAPTURE(level);
  const auto lz4_zstd = compression_conformance<PerLevel<Lz4, Zstd>>(
      1, {.lower = {.dictionary_bytes = 4_KiB}}, level);
  CHECK(lz4_zstd.violations == Sentences{});
  CHECK(lz4_zstd.checked > 4000);
  CHECK(compression_conformance<PerLevel<None, Lz4>>(2, {}, level).violations == Sentences{});
  CHECK(compression_conformance<PerLevel<Zstd, Zstd>>(3, {{.level = 1}, {.level = 9}}, level)
            .violations == Sentences{});
  using Three = PerLevel<None, PerLevel<Lz4, Zstd, 4>>;
  CHECK(compression_conformance<Three>(4, {}, level).violations == Sentences{});
}

TEST_CASE("PerLevel takes the lower codec from its first level on") {
  CHECK(codec_at<PerLevel<None, Zstd>>(0) == "none");
  CHECK(codec_at<PerLevel<None, Zstd>>(1) == "none");
  CHECK(codec_at<PerLevel<None, Zstd>>(2) == "zstd");
  CHECK(codec_at<PerLevel<None, Zstd>>(6) == "zstd");
  CHECK(codec_at<PerLevel<Lz4, Zstd, 0>>(0) == "zstd");
  CHECK(codec_at<PerLevel<Lz4, Zstd, 1>>(0) == "lz4");
  CHECK(codec_at<PerLevel<Lz4, Zstd, 1>>(1) == "zstd");
}

TEST_CASE("PerLevel in PerLevel is one codec for each of three ranges") {
  using Three = PerLevel<None, PerLevel<Lz4, Zstd, 4>>;
  std::string names;
  for (unsigned level = 0; level < 7; ++level) {
    names += std::string(codec_at<Three>(level)) + " ";
  }
  CHECK(names == "none none lz4 lz4 zstd zstd zstd ");
}

TEST_CASE("PerLevel is named by what it is made of") {
  STATIC_REQUIRE(PerLevel<None, Zstd>::name == "per_level(none,zstd,2)");
  STATIC_REQUIRE(PerLevel<None, PerLevel<Lz4, Zstd, 4>>::name ==
                 "per_level(none,per_level(lz4,zstd,4),2)");
}

TEST_CASE("PerLevel reads the tables of each of its codecs and no others") {
  STATIC_REQUIRE(compression::reads<PerLevel<None, Lz4>>("none"));
  STATIC_REQUIRE(compression::reads<PerLevel<None, Lz4>>("lz4"));
  STATIC_REQUIRE_FALSE(compression::reads<PerLevel<None, Lz4>>("zstd"));
  STATIC_REQUIRE(compression::reads<PerLevel<None, PerLevel<Lz4, Zstd>>>("zstd"));

  std::string stored;
  const std::string raw(1000, 'a');
  compression::compressor_of_t<Lz4> lz4({}, 0);
  REQUIRE(lz4.compress(raw, stored) == Lz4::id);
  std::string to(raw.size(), '\0');
  using Mixed = PerLevel<Zstd, Lz4>;
  Mixed::Decompressor of_lz4;
  REQUIRE(of_lz4.open("lz4", ""));
  CHECK(of_lz4.decompress(Lz4::id, stored, to.size(), to.data()));
  CHECK(to == raw);
  CHECK_FALSE(of_lz4.decompress(Zstd::id, stored, to.size(), to.data()));
  Mixed::Decompressor of_zstd;
  REQUIRE(of_zstd.open("zstd", ""));
  CHECK_FALSE(of_zstd.decompress(Lz4::id, stored, to.size(), to.data()));
}

TEST_CASE("PerLevel gives each codec its own options") {
  using Both = PerLevel<Zstd, Zstd>;
  const Both::Options options{.upper = {}, .lower = {.dictionary_bytes = 1_KiB}};
  CHECK(Both::Compressor(options, 1).sample_bytes() == 0);
  CHECK(Both::Compressor(options, 2).sample_bytes() == 100_KiB);
}
