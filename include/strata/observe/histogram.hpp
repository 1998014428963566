// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A histogram of durations whose every quantile is within 3.2 % of the truth.
///
/// Log-linear buckets (HdrHistogram, G. Tene): each power of two is cut into sixteen equal parts,
/// so a bucket is found with one count of leading zeros and its width is 1/16 of its lower bound.
/// Values below 32 are exact; those of 2^41 ns (37 minutes) and more share the last bucket.
///
///     value (binary)      bucket
///     0 .. 31             the value itself
///     1bbbb...            16 * (bit width - 5) + 1bbbb
///
/// Two histograms merge by adding their buckets, so per-thread ones give exact totals.
/// Threads: none; `metrics::Counters` keeps atomic copies of the same buckets.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace strata::metrics {

class Histogram {
 public:
  static constexpr unsigned width_max = 41;  ///< bits of the values told apart
  static constexpr std::size_t bucket_count = 16 * (width_max - 5) + 32;

  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    value = std::min(value, (std::uint64_t{1} << width_max) - 1);
    const auto width = static_cast<unsigned>(std::bit_width(value | 16));
    return std::size_t{16} * (width - 5) + static_cast<std::size_t>(value >> (width - 5));
  }
  /// The least value of a bucket.
  [[nodiscard]] static constexpr std::uint64_t lower_bound(std::size_t bucket) noexcept {
    if (bucket < 32) {
      return bucket;
    }
    const std::size_t shift = bucket / 16 - 1;
    return static_cast<std::uint64_t>(bucket % 16 + 16) << shift;
  }

  void record(std::uint64_t value) noexcept { add_bucket(bucket_of(value), 1, value); }

  /// `count` values of one bucket that sum to `sum`.
  void add_bucket(std::size_t bucket, std::uint64_t count, std::uint64_t sum) noexcept {
    buckets_[bucket] += count;
    count_ += count;
    sum_ += sum;
  }

  void merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) {
      buckets_[i] += other.buckets_[i];
    }
    count_ += other.count_;
    sum_ += other.sum_;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }
  [[nodiscard]] std::uint64_t bucket(std::size_t index) const noexcept { return buckets_[index]; }
  [[nodiscard]] double mean() const noexcept {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }

  /// The value of nearest rank, the ceil(fraction * count)-th of the sorted ones, as the middle of
  /// its bucket; 0 where nothing was recorded. `quantile(0.99)` is p99, `quantile(1)` the maximum.
  [[nodiscard]] std::uint64_t quantile(double fraction) const noexcept {
    const double exact = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_);
    auto rank = static_cast<std::uint64_t>(exact);
    rank += static_cast<double>(rank) < exact ? 1 : 0;
    rank = std::max<std::uint64_t>(rank, 1);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
      below += buckets_[i];
      if (below >= rank) {
        return lower_bound(i) + (lower_bound(i + 1) - lower_bound(i)) / 2;
      }
    }
    return 0;
  }

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace strata::metrics
