// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/blocked_bloom.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <strata/testing/filter_conformance.hpp>
#include <string>

#include "hashed_filters.hpp"

using hashed_filters::filter_over;
using strata::filter::BlockedBloom;
using strata::testing::filter_conformance;
using strata::testing::Sentences;

namespace {

/// Loads of blocks are Poisson; a block with `load` keys is a Bloom filter of 512 bits.
double theory(double bits_per_key, double probes) {
  const double mean = 512 / bits_per_key;
  double sum = 0;
  for (int load = 0; load < mean + 12 * std::sqrt(mean) + 30; ++load) {
    const double weight = std::exp(-mean + load * std::log(mean) - std::lgamma(load + 1.0));
    sum += weight * std::pow(1 - std::pow(1 - 1 / 512.0, load * probes), probes);
  }
  return sum;
}

}  // namespace

TEST_CASE("BlockedBloom keeps the promises of the filter slot") {
  const auto found = filter_conformance<BlockedBloom>({}, 0.012, 7);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
  CHECK(filter_conformance<BlockedBloom>({.bits_per_key = 1}).violations == Sentences{});
  CHECK(filter_conformance<BlockedBloom>({.bits_per_key = 40}, 1e-4).violations == Sentences{});
}

TEST_CASE("BlockedBloom lets through what the theory of blocks says, within a tenth") {
  constexpr std::uint64_t keys = 200'000;
  for (const double bits_per_key : {1.0, 3.0, 5.0, 10.0, 15.0, 20.0}) {
    const auto filter = filter_over<BlockedBloom>(keys, {bits_per_key});
    const double expected = theory(bits_per_key, BlockedBloom::probes_for(bits_per_key));
    const double measured = hashed_filters::passed<BlockedBloom>(
        filter, keys, bits_per_key > 10 ? 10'000'000 : 1'000'000);
    CAPTURE(bits_per_key, expected, measured);
    CHECK(hashed_filters::missing<BlockedBloom>(filter, keys) == 0);
    CHECK(measured < expected * 1.1);
    CHECK(measured > expected * 0.9);
  }
}

TEST_CASE("BlockedBloom probes as often as is best") {
  for (int step = 0; step < 108; ++step) {
    const double bits_per_key = 1 + 0.55 * step;
    const std::uint32_t probes = BlockedBloom::probes_for(bits_per_key);
    const double rate = theory(bits_per_key, probes);
    CAPTURE(bits_per_key, probes);
    CHECK(rate < theory(bits_per_key, probes + 1) * 1.005);
    CHECK((probes == 1 || rate < theory(bits_per_key, probes - 1) * 1.005));
  }
  CHECK(BlockedBloom::probes_for(60) == 20);
}

TEST_CASE("BlockedBloom is sized from the real count, in whole blocks") {
  const auto size_of = [](std::uint64_t keys, double bits_per_key) {
    return filter_over<BlockedBloom>(keys, {bits_per_key}).size() - 8;
  };
  CHECK(size_of(0, 10) == 64);
  CHECK(size_of(51, 10) == 64);
  CHECK(size_of(52, 10) == 128);
  CHECK(size_of(1000, 10) == 20 * 64);
  CHECK(size_of(1000, 1e9) == 118 * 64);
  CHECK(size_of(1000, -1) == 2 * 64);
  CHECK(size_of(1000, std::nan("")) == 2 * 64);
}

TEST_CASE("BlockedBloom's bytes are what is on disk: they never change") {
  BlockedBloom::Builder builder;
  builder.add("apple");
  builder.add("pear");
  std::string filter;
  builder.finish(filter);
  REQUIRE(filter.size() == 72);
  CHECK(strata::hash64(filter) == 0xe81107423142e623);
  CHECK(filter.substr(64) == std::string("\x01\0\0\0\x07SKB", 8));
  CHECK(BlockedBloom::may_contain(filter, "apple"));
  CHECK(BlockedBloom::may_contain(filter, "pear"));
  CHECK_FALSE(BlockedBloom::may_contain(filter, "plum"));
  CHECK(BlockedBloom::name == "blocked_bloom");
  CHECK(BlockedBloom::format_version == 1);
}

TEST_CASE("A filter whose tail is not a BlockedBloom's says maybe, and damage is survived") {
  const auto sound = filter_over<BlockedBloom>(3);
  REQUIRE_FALSE(BlockedBloom::may_contain(sound, "plum"));
  for (std::size_t at = sound.size() - 8; at < sound.size(); ++at) {
    if (at == sound.size() - 4) {
      continue;  // the number of probes: any up to 20 may be right
    }
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] + 1);
    CAPTURE(at);
    CHECK(hashed_filters::ask_exact<BlockedBloom>(damaged) == 32);
  }
  for (const char probes : {'\0', '\x15', '\xff'}) {
    std::string damaged = sound;
    damaged[sound.size() - 4] = probes;
    CHECK(hashed_filters::ask_exact<BlockedBloom>(damaged) == 32);
  }
  CHECK(hashed_filters::ask_exact<BlockedBloom>(sound.substr(64)) == 32);
  hashed_filters::ask_damaged<BlockedBloom>(sound, 8, 5);
}
