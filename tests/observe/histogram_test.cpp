// SPDX-License-Identifier: BSL-1.0
#include <strata/observe/histogram.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

using strata::metrics::Histogram;

TEST_CASE("Every value falls into the bucket whose bounds hold it") {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> values = {0, 1, 15, 16, 17, 31, 32, 33, 34, 63, 64};
  for (int width = 1; width <= 41; ++width) {
    const std::uint64_t power = std::uint64_t{1} << (width - 1);
    values.insert(values.end(), {power, power - 1, power + random() % power});
  }
  for (const std::uint64_t value : values) {
    CAPTURE(value);
    const std::size_t bucket = Histogram::bucket_of(value);
    REQUIRE(bucket < Histogram::bucket_count);
    CHECK(Histogram::lower_bound(bucket) <= value);
    CHECK(value < Histogram::lower_bound(bucket + 1));
  }
  CHECK(Histogram::bucket_of(UINT64_MAX) == Histogram::bucket_count - 1);
  CHECK(Histogram::bucket_of((std::uint64_t{1} << 41) - 1) == Histogram::bucket_count - 1);
}

TEST_CASE("Buckets grow, without gaps, and no wider than a sixteenth of their value") {
  for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket) {
    const std::uint64_t lower = Histogram::lower_bound(bucket);
    const std::uint64_t upper = Histogram::lower_bound(bucket + 1);
    REQUIRE(Histogram::bucket_of(lower) == bucket);
    REQUIRE(Histogram::bucket_of(upper - 1) == bucket);
    REQUIRE(upper > lower);
    REQUIRE((upper - lower == 1 || (upper - lower) * 16 <= lower));
  }
}

TEST_CASE("Quantiles of any distribution are within 3.2 % of the sorted values") {
  const auto seed = GENERATE(1U, 2U, 3U);
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> values(10'001);
  Histogram histogram;
  for (std::uint64_t& value : values) {
    value =
        static_cast<std::uint64_t>(std::exp(static_cast<double>(random() >> 11) * 0x1p-53 * 25));
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  for (const double fraction : {0.0, 0.001, 0.25, 0.5, 0.95, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(
        std::max(1.0, std::ceil(fraction * static_cast<double>(values.size()))));
    const auto exact = static_cast<double>(values[rank - 1]);
    CAPTURE(seed, fraction, exact, histogram.quantile(fraction));
    CHECK(std::abs(static_cast<double>(histogram.quantile(fraction)) - exact) <= 0.032 * exact);
  }
}

TEST_CASE("Small values are exact, and ranks are counted from one") {
  Histogram histogram;
  for (const std::uint64_t value : {1U, 2U, 3U, 4U}) {
    histogram.record(value);
  }
  CHECK(histogram.count() == 4);
  CHECK(histogram.sum() == 10);
  CHECK(histogram.mean() == 2.5);
  CHECK(histogram.quantile(0) == 1);
  CHECK(histogram.quantile(0.25) == 1);
  CHECK(histogram.quantile(0.26) == 2);
  CHECK(histogram.quantile(0.5) == 2);
  CHECK(histogram.quantile(0.75) == 3);
  CHECK(histogram.quantile(1) == 4);
  CHECK(histogram.quantile(7) == 4);
}

TEST_CASE("An empty histogram says zero") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.mean() == 0);
  CHECK(histogram.quantile(0.5) == 0);
}

TEST_CASE("Merged histograms are the histogram of all values") {
  std::mt19937_64 random(9);
  Histogram all;
  Histogram parts[3];
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t value = random() >> (random() % 60);
    all.record(value);
    parts[i % 3].record(value);
  }
  Histogram merged;
  for (const Histogram& part : parts) {
    merged.merge(part);
  }
  CHECK(merged == all);
  CHECK_FALSE(merged == parts[0]);
}
