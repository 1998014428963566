// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/binary_fuse.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <strata/testing/filter_conformance.hpp>
#include <string>

#include "hashed_filters.hpp"

using hashed_filters::filter_over;
using strata::filter::BinaryFuse;
using strata::testing::filter_conformance;
using strata::testing::Sentences;

namespace {

constexpr std::size_t tail_bytes = 12;

unsigned seed_of(const std::string& filter) {
  return strata::load_fixed<std::uint16_t>(filter.data() + filter.size() - 8);
}

std::string filter_of_set(std::uint64_t set, std::uint16_t seeds) {
  BinaryFuse::Builder builder(BinaryFuse::Options{10, seeds});
  for (std::uint64_t i = 0; i < 100; ++i) {
    builder.add_hash(hashed_filters::hash_of(set * 100 + i));
  }
  std::string filter;
  builder.finish(filter);
  return filter;
}

}  // namespace

TEST_CASE("BinaryFuse keeps the promises of the filter slot") {
  const auto found = filter_conformance<BinaryFuse>({}, 0.005, 7);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
  CHECK(filter_conformance<BinaryFuse>({.bits_per_key = 18}, 1e-4).violations == Sentences{});
  CHECK(filter_conformance<BinaryFuse>({.seeds = 0}).violations == Sentences{});
}

TEST_CASE("BinaryFuse lets 2^-8 or 2^-16 through, within a tenth, and loses no key") {
  for (const std::uint64_t keys : {0U, 1U, 2U, 3U, 1000U, 100'000U, 1'000'000U}) {
    const auto filter = filter_over<BinaryFuse>(keys);
    const double measured = hashed_filters::passed<BinaryFuse>(filter, keys, 1'000'000);
    CAPTURE(keys, measured);
    CHECK(hashed_filters::missing<BinaryFuse>(filter, keys) == 0);
    CHECK(measured < 1.1 / 256);
    CHECK(measured > 0.9 / 256);
  }
  const auto filter = filter_over<BinaryFuse>(20'000, {18});
  const double measured = hashed_filters::passed<BinaryFuse>(filter, 20'000, 50'000'000);
  CHECK(hashed_filters::missing<BinaryFuse>(filter, 20'000) == 0);
  CHECK(measured < 1.1 / 65536);
  CHECK(measured > 0.9 / 65536);
}

TEST_CASE("BinaryFuse tries the next seed, and says maybe when none served") {
  int retried = 0;
  for (std::uint64_t set = 0; set < 500; ++set) {
    const std::string filter = filter_of_set(set, 100);
    REQUIRE(filter.size() > tail_bytes);
    if (seed_of(filter) == 0) {
      continue;
    }
    ++retried;
    CAPTURE(set);
    const auto given_up = filter_of_set(set, static_cast<std::uint16_t>(seed_of(filter)));
    CHECK(given_up.size() == tail_bytes);
    CHECK(hashed_filters::ask_exact<BinaryFuse>(given_up) == 32);
    CHECK(filter_of_set(set, static_cast<std::uint16_t>(seed_of(filter) + 1)) == filter);
    for (std::uint64_t i = 0; i < 100; ++i) {
      CHECK(BinaryFuse::may_contain_hash(filter, hashed_filters::hash_of(set * 100 + i)));
    }
  }
  CHECK(retried > 0);
  CHECK(retried < 50);
}

TEST_CASE("Hashes that are equal, or alike, cost BinaryFuse no key") {
  BinaryFuse::Builder builder;
  for (std::uint64_t hash = 0; hash < 5000; ++hash) {
    builder.add_hash(hash);
    builder.add_hash(hash / 2);
    builder.add_hash(~hash);
  }
  std::string filter;
  builder.finish(filter);
  REQUIRE(filter.size() > tail_bytes);
  std::uint64_t missing = 0;
  for (std::uint64_t hash = 0; hash < 5000; ++hash) {
    missing += BinaryFuse::may_contain_hash(filter, hash) ? 0U : 1U;
    missing += BinaryFuse::may_contain_hash(filter, ~hash) ? 0U : 1U;
  }
  CHECK(missing == 0);
  CHECK(hashed_filters::passed<BinaryFuse>(filter, 0, 100'000) < 0.005);
}

TEST_CASE("BinaryFuse is sized from the distinct keys, and by what its options ask") {
  const auto bits = [](std::uint64_t keys, double bits_per_key) {
    return static_cast<double>(filter_over<BinaryFuse>(keys, {bits_per_key}).size()) * 8 /
           static_cast<double>(keys);
  };
  CHECK(bits(1'000'000, 10) == Approx(9.04).epsilon(0.001));
  CHECK(bits(100'000, 17.9) == Approx(9.50).epsilon(0.001));
  CHECK(bits(100'000, 18) == Approx(19.01).epsilon(0.001));
  CHECK(bits(10'000, 1) == Approx(10.25).epsilon(0.001));
  CHECK(bits(10'000, std::nan("")) == bits(10'000, 1));
  CHECK(bits(1000, 10) == Approx(11.36).epsilon(0.001));

  BinaryFuse::Builder builder;
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    builder.add_hash(hashed_filters::hash_of(i % 100'000));
  }
  std::string filter;
  builder.finish(filter);
  CHECK(filter == filter_over<BinaryFuse>(100'000));
}

TEST_CASE("BinaryFuse's bytes are what is on disk: they never change") {
  BinaryFuse::Builder builder;
  builder.add("apple");
  builder.add("pear");
  std::string filter;
  builder.finish(filter);
  REQUIRE(filter.size() == 24);
  CHECK(filter.substr(12) == std::string("\x04\0\0\0\0\0\x02\x01SBFF", 12));
  CHECK(strata::hash64(filter) == 0xeeb4852442f1f355);
  CHECK(strata::hash64(filter_over<BinaryFuse>(10'000)) == 0x92e3f1cd62068a9a);
  CHECK(BinaryFuse::may_contain(filter, "apple"));
  CHECK(BinaryFuse::may_contain(filter, "pear"));
  CHECK_FALSE(BinaryFuse::may_contain(filter, "plum"));
  CHECK(BinaryFuse::name == "binary_fuse");
  CHECK(BinaryFuse::format_version == 1);
}

TEST_CASE("A filter whose tail is not a BinaryFuse's says maybe, and damage is survived") {
  for (const double bits_per_key : {10.0, 18.0}) {
    const auto sound = filter_over<BinaryFuse>(50, {bits_per_key});
    REQUIRE(hashed_filters::ask_exact<BinaryFuse>(sound) < 32);
    for (std::size_t at = sound.size() - tail_bytes; at < sound.size(); ++at) {
      if (at == sound.size() - 8 || at == sound.size() - 7) {
        continue;  // the seed: any may be right
      }
      for (const int change : {1, -1, 0x80}) {
        std::string damaged = sound;
        damaged[at] = static_cast<char>(damaged[at] + change);
        CAPTURE(bits_per_key, at, change);
        CHECK(hashed_filters::ask_exact<BinaryFuse>(damaged) == 32);
      }
    }
    CHECK(hashed_filters::ask_exact<BinaryFuse>(sound.substr(16)) == 32);
    hashed_filters::ask_damaged<BinaryFuse>(sound, tail_bytes, 5);
  }
}

TEST_CASE("A size that fits the bytes and not the segments says maybe") {
  // Five first slots in segments of four: the slots of the last would lie beyond the end.
  std::string filter(5 + 8, '\0');
  filter.append("\x05\0\0\0\0\0\x02\x01SBFF", tail_bytes);
  CHECK(hashed_filters::ask_exact<BinaryFuse>(filter) == 32);
}
