// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/range_codes.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

using strata::filter::detail::RangeCodes;

TEST_CASE("A bucket finds the next number as a sorted list does") {
  std::mt19937_64 random(4);
  for (const std::uint32_t numbers : {1U, 2U, 31U, 64U, 100U, 127U, 128U}) {
    for (const std::uint64_t words : {0U, 3U, 5U, 7U, 12U, 20U, 31U, 52U}) {
      const auto shape = RangeCodes::fit(numbers, words);
      CAPTURE(numbers, words, shape.low_bits, shape.high_words);
      REQUIRE(shape.valid());
      REQUIRE(shape.slots() >= numbers);
      for (const bool clustered : {false, true}) {
        std::vector<std::uint64_t> sorted;
        for (std::uint32_t i = 0; i < numbers - (clustered ? numbers / 3 : 0); ++i) {
          const std::uint64_t number = random() % shape.slots();
          sorted.push_back(clustered ? shape.slots() - 1 - number % 7 : number);
        }
        if (clustered) {
          std::replace_if(
              sorted.begin(), sorted.end(), [&](auto n) { return n >= shape.slots(); }, 0U);
        }
        std::sort(sorted.begin(), sorted.end());
        const auto bucket = std::make_unique<char[]>(shape.bytes());
        shape.write(sorted, bucket.get());
        for (int i = 0; i < 300; ++i) {
          const std::uint64_t from =
              i < 200
                  ? random() % shape.slots()
                  : std::min(shape.slots() - 1, sorted[random() % sorted.size()] + random() % 2);
          const auto next = std::lower_bound(sorted.begin(), sorted.end(), from);
          REQUIRE(shape.next(bucket.get(), from) == (next == sorted.end() ? shape.slots() : *next));
        }
      }
    }
  }
}

TEST_CASE("A bucket's shape makes the most of its words") {
  // 128 numbers: two bits and the logarithm of the slots a number.
  CHECK(RangeCodes::fit(128, 4).slots() == 128);
  CHECK(RangeCodes::fit(128, 6).slots() == 256);
  CHECK(RangeCodes::fit(128, 8).slots() == 512);
  CHECK(RangeCodes::fit(128, 20).slots() == 128 * 256);
  CHECK(RangeCodes::fit(128, 21).slots() == 192 * 256);
  CHECK(RangeCodes::fit(128, 1).slots() == 128);  // what it takes
  CHECK(RangeCodes::fit(128, 1'000'000).low_bits == RangeCodes::low_bits_max);
}

TEST_CASE("A bucket of any bytes is read without leaving it") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2000; ++round) {
    const auto shape =
        RangeCodes::fit(1 + static_cast<std::uint32_t>(random() % 128), random() % 40);
    const auto bucket = std::make_unique<char[]>(shape.bytes());
    for (std::size_t i = 0; i < shape.bytes(); ++i) {
      bucket[i] = round % 3 == 0 ? '\xff' : static_cast<char>(random() & random());
    }
    for (int i = 0; i < 20; ++i) {
      REQUIRE(shape.next(bucket.get(), random() % shape.slots()) <= 128ULL * shape.slots());
    }
  }
}
