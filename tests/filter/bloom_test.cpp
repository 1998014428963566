// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/bloom.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <strata/testing/filter_conformance.hpp>
#include <string>

using strata::filter::Bloom;
using strata::testing::false_positive_rate;
using strata::testing::filter_conformance;
using strata::testing::Sentences;

TEST_CASE("Bloom keeps the promises of the filter slot") {
  const auto found = filter_conformance<Bloom>({}, 0.01, 7);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
  CHECK(filter_conformance<Bloom>({.bits_per_key = 1}).violations == Sentences{});
  CHECK(filter_conformance<Bloom>({.bits_per_key = 40}, 1e-4).violations == Sentences{});
}

TEST_CASE("Bloom lets through what the theory says, within a tenth") {
  for (const double bits_per_key : {5.0, 10.0}) {
    for (const std::size_t keys : {1000U, 100000U}) {
      const double probes = std::round(bits_per_key * std::log(2.0));
      const double theory = std::pow(1 - std::exp(-probes / bits_per_key), probes);
      const double measured = false_positive_rate<Bloom>(keys, {bits_per_key}, 400000);
      CAPTURE(bits_per_key, keys, theory, measured);
      CHECK(measured < theory * 1.1);
      CHECK(measured > theory * 0.9);
    }
  }
}

TEST_CASE("Bloom is sized from the real count, and by what its options ask") {
  const auto size_of = [](std::size_t keys, double bits_per_key) {
    Bloom::Builder builder(Bloom::Options{bits_per_key});
    for (std::size_t i = 0; i < keys; ++i) {
      builder.add(std::to_string(i));
      builder.add(std::to_string(i));  // another version of the key
    }
    std::string filter;
    builder.finish(filter);
    return filter.size() - 8;
  };
  CHECK(size_of(0, 10) == 8);
  CHECK(size_of(1, 10) == 8);
  CHECK(size_of(1000, 10) == 1251);
  CHECK(size_of(1000, 16) == 2001);
  CHECK(size_of(1000, 1e9) == 5376);
  CHECK(size_of(1000, -1) == 126);
  CHECK(size_of(1000, std::nan("")) == 126);
}

TEST_CASE("Bloom's bytes are what is on disk: they never change") {
  Bloom::Builder builder;
  builder.add("apple");
  builder.add("pear");
  std::string filter;
  builder.finish(filter);
  const std::string expected(
      "\x90\x05\xa0\x00\xa4\x54\x12\x00"
      "\x08\x00\x00\x00\x07"
      "SBF",
      16);
  CHECK(filter == expected);
  CHECK(Bloom::may_contain(expected, "apple"));
  CHECK(Bloom::may_contain(expected, "pear"));
  CHECK_FALSE(Bloom::may_contain(expected, "plum"));
  CHECK(Bloom::name == "bloom");
  CHECK(Bloom::format_version == 1);
}

TEST_CASE("A filter whose tail is not a Bloom's says maybe") {
  Bloom::Builder builder;
  builder.add("apple");
  std::string sound;
  builder.finish(sound);
  REQUIRE_FALSE(Bloom::may_contain(sound, "plum"));
  for (std::size_t at = sound.size() - 8; at < sound.size(); ++at) {
    if (at == sound.size() - 4) {
      continue;  // the number of probes: any up to 30 may be right
    }
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] + 1);
    CAPTURE(at);
    CHECK(Bloom::may_contain(damaged, "plum"));
  }
  for (const char probes : {'\0', '\x1f', '\xff'}) {
    std::string damaged = sound;
    damaged[sound.size() - 4] = probes;
    CHECK(Bloom::may_contain(damaged, "plum"));
  }
}
