// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/ribbon.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <strata/testing/filter_conformance.hpp>
#include <string>

#include "hashed_filters.hpp"

using hashed_filters::filter_over;
using strata::filter::Ribbon;
using strata::testing::filter_conformance;
using strata::testing::Sentences;

namespace {

/// The bits a key that give whole columns: the inverse of the filter's own rule.
double bits_for(double columns) {
  return columns * (1 + 4 / 128.0) / (1 - columns / 512);
}

}  // namespace

TEST_CASE("Ribbon keeps the promises of the filter slot") {
  const auto found = filter_conformance<Ribbon>({}, 0.002, 7);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
  CHECK(filter_conformance<Ribbon>({.bits_per_key = 1}, 0.55).violations == Sentences{});
  CHECK(filter_conformance<Ribbon>({.bits_per_key = 40}, 1e-5).violations == Sentences{});
}

TEST_CASE("Ribbon lets 2^-columns through, within a tenth, in a tenth more bits than columns") {
  for (const std::uint64_t keys : {2'000U, 100'000U}) {
    for (const double columns : {1.0, 5.0, 7.0, 10.0}) {
      const auto filter = filter_over<Ribbon>(keys, {bits_for(columns)});
      const double expected = std::exp2(-columns);
      const double measured = hashed_filters::passed<Ribbon>(filter, keys, 3'000'000);
      CAPTURE(keys, columns, measured);
      CHECK(hashed_filters::missing<Ribbon>(filter, keys) == 0);
      CHECK(measured < expected * 1.1);
      CHECK(measured > expected * 0.9);
      CHECK(static_cast<double>(filter.size()) * 8 <
            columns * 1.1 * static_cast<double>(keys) + 128 * (columns + 1));
    }
  }
}

TEST_CASE("Ribbon spends fractions of a column on a share of its blocks") {
  constexpr std::uint64_t keys = 100'000;
  double last = 1;
  for (const double columns : {4.0, 4.25, 4.5, 4.75, 5.0}) {
    const auto filter = filter_over<Ribbon>(keys, {bits_for(columns)});
    const double more = columns - 4;
    const double expected = (1 - more) / 16 + more / 32;
    const double measured = hashed_filters::passed<Ribbon>(filter, keys, 1'000'000);
    CAPTURE(columns, expected, measured);
    CHECK(measured < expected * 1.1);
    CHECK(measured > expected * 0.9);
    CHECK(measured < last);
    last = measured;
    CHECK(std::abs(static_cast<double>(filter.size()) * 8 / keys - bits_for(columns)) < 0.02);
  }
}

TEST_CASE("Few keys keep their rate, by more rows than keys") {
  for (const std::uint64_t keys : {0U, 1U, 2U, 3U, 60U, 110U, 118U, 122U, 128U, 250U, 500U}) {
    const auto filter = filter_over<Ribbon>(keys);
    CAPTURE(keys);
    CHECK(hashed_filters::missing<Ribbon>(filter, keys) == 0);
    CHECK(hashed_filters::passed<Ribbon>(filter, keys, 300'000) < 0.0025);
  }
}

TEST_CASE("No set of hashes costs Ribbon a key") {
  // All equations start at row 0: five thousand of them over 128 rows leave only zeros there.
  Ribbon::Builder builder;
  for (std::uint64_t hash = 0; hash < 5000; ++hash) {
    builder.add_hash(hash);
    builder.add_hash(hash / 2);
    builder.add_hash(~hash);
  }
  std::string filter;
  builder.finish(filter);
  std::uint64_t missing = 0;
  for (std::uint64_t hash = 0; hash < 5000; ++hash) {
    missing += Ribbon::may_contain_hash(filter, hash) ? 0U : 1U;
    missing += Ribbon::may_contain_hash(filter, ~hash) ? 0U : 1U;
  }
  CHECK(missing == 0);
  CHECK(Ribbon::may_contain_hash(filter, 5001));  // crowded out
  CHECK(hashed_filters::passed<Ribbon>(filter, 0, 100'000) < 0.1);
}

TEST_CASE("Ribbon is sized from the distinct keys, and by what its options ask") {
  const auto size_of = [](std::uint64_t keys, double bits_per_key) {
    return filter_over<Ribbon>(keys, {bits_per_key}).size() - 12;
  };
  CHECK(size_of(0, 10) == 160);
  CHECK(size_of(100, 10) == 160);
  CHECK(size_of(100'000, 10) == 125'008);
  CHECK(size_of(1000, 1e9) == size_of(1000, 60));
  CHECK(size_of(1000, -1) == size_of(1000, 1));
  CHECK(size_of(1000, std::nan("")) == size_of(1000, 1));

  Ribbon::Builder builder;
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    builder.add_hash(hashed_filters::hash_of(i % 100'000));
  }
  std::string filter;
  builder.finish(filter);
  CHECK(filter == filter_over<Ribbon>(100'000));
}

TEST_CASE("Ribbon's bytes are what is on disk: they never change") {
  Ribbon::Builder builder;
  builder.add("apple");
  builder.add("pear");
  std::string filter;
  builder.finish(filter);
  REQUIRE(filter.size() == 172);
  CHECK(filter.substr(160) == std::string("\x01\0\0\0\x01\0\0\0\x0aSRF", 12));
  CHECK(strata::hash64(filter) == 0x267e74b7c1ef64e1);
  CHECK(strata::hash64(filter_over<Ribbon>(10'000)) == 0x8405cdfcdfea91bb);
  CHECK(Ribbon::may_contain(filter, "apple"));
  CHECK(Ribbon::may_contain(filter, "pear"));
  CHECK_FALSE(Ribbon::may_contain(filter, "plum"));
  CHECK(Ribbon::name == "ribbon");
  CHECK(Ribbon::format_version == 1);
}

TEST_CASE("A filter whose tail is not a Ribbon's says maybe, and damage is survived") {
  for (const std::uint64_t keys : {3U, 300U}) {
    const auto sound = filter_over<Ribbon>(keys);
    REQUIRE(hashed_filters::ask_exact<Ribbon>(sound) < 32);
    for (std::size_t at = sound.size() - 12; at < sound.size(); ++at) {
      for (const int change : {1, -1, 0x80}) {
        std::string damaged = sound;
        damaged[at] = static_cast<char>(damaged[at] + change);
        CAPTURE(keys, at, change);
        CHECK(hashed_filters::ask_exact<Ribbon>(damaged) == 32);
      }
    }
    CHECK(hashed_filters::ask_exact<Ribbon>(sound.substr(16)) == 32);
    CHECK(hashed_filters::ask_exact<Ribbon>(sound.substr(sound.size() - 12)) == 32);
    hashed_filters::ask_damaged<Ribbon>(sound, 12, 5);
  }
}
