// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the points of one bucket come to: every function over them, in one pass.
///
///     avg, sum      compensated (Neumaier 1974): small values survive beside large ones that
///     cancel.
///                   A sum that leaves double's range goes on in smaller units, so an average is
///                   right where the sum itself can not be said
///     stddev        of the population, by Welford's update; no difference of large squares
///     quantile(q)   the value at position ceil(q * n) of the sorted values, counted from 1; exact,
///                   and so the bucket keeps its values
///     first, last   by time; of several series at one time, the first and the last series
///     increase      how much counters rose between neighbouring points of a series, counted in the
///                   bucket of the later one; a fall is a reset: the counter began again at 0
///     rate          increase by second of the time it was seen over, added up over the series
///
/// Undefined (increase and rate without two points), or beyond what a double holds: no value.
/// Tested through aggregates: tests/store/time_series_aggregate_test.cpp.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include <strata/store/time_series_types.hpp>

namespace strata::store {

/// A function over the points of a bucket.
struct Function {
  enum class Kind : std::uint8_t {
    avg,
    sum,
    min,
    max,
    count,
    first,
    last,
    stddev,
    quantile,
    increase,
    rate
  };

  Kind kind = Kind::avg;
  double q = 0;  ///< Of a quantile: 0 to 1.

  [[nodiscard]] static constexpr Function avg() noexcept { return {Kind::avg}; }
  [[nodiscard]] static constexpr Function sum() noexcept { return {Kind::sum}; }
  [[nodiscard]] static constexpr Function min() noexcept { return {Kind::min}; }
  [[nodiscard]] static constexpr Function max() noexcept { return {Kind::max}; }
  [[nodiscard]] static constexpr Function count() noexcept { return {Kind::count}; }
  [[nodiscard]] static constexpr Function first() noexcept { return {Kind::first}; }
  [[nodiscard]] static constexpr Function last() noexcept { return {Kind::last}; }
  [[nodiscard]] static constexpr Function stddev() noexcept { return {Kind::stddev}; }
  [[nodiscard]] static constexpr Function increase() noexcept { return {Kind::increase}; }
  [[nodiscard]] static constexpr Function rate() noexcept { return {Kind::rate}; }
  [[nodiscard]] static constexpr Function quantile(double q) noexcept {
    return {Kind::quantile, q};
  }
  [[nodiscard]] static constexpr Function p50() noexcept { return quantile(0.50); }
  [[nodiscard]] static constexpr Function p95() noexcept { return quantile(0.95); }
  [[nodiscard]] static constexpr Function p99() noexcept { return quantile(0.99); }
};

namespace detail {

/// A sum of finite values whose error does not grow with their number.
class CompensatedSum {
 public:
  void add(double value) noexcept {
    double term = value * unit_;
    double next = sum_ + term;
    if (!std::isfinite(next)) [[unlikely]] {
      sum_ *= smaller;
      lost_ *= smaller;
      unit_ = smaller;
      term = value * unit_;
      next = sum_ + term;
    }
    lost_ += std::fabs(sum_) >= std::fabs(term) ? (sum_ - next) + term : (term - next) + sum_;
    sum_ = next;
  }
  /// Infinite where it is beyond what a double can hold.
  [[nodiscard]] double sum() const noexcept { return (sum_ + lost_) / unit_; }
  [[nodiscard]] double average(std::uint64_t count) const noexcept {
    return (sum_ + lost_) / static_cast<double>(count) / unit_;
  }

 private:
  /// After it, no count of doubles that fits in 64 bits adds up to infinity.
  static constexpr double smaller = 0x1p-64;

  double sum_ = 0;
  double lost_ = 0;
  double unit_ = 1;
};

/// The position of a quantile among `count` sorted values, counted from 0.
[[nodiscard]] inline std::size_t nearest_rank(double q, std::size_t count) noexcept {
  // 0.07 * 100 is a little above 7 in doubles: less than two roundings up do not count.
  const double rank = std::ceil(q * static_cast<double>(count) * (1 - 0x1p-51));
  const auto from_one = rank < 1 ? std::size_t{1} : static_cast<std::size_t>(rank);
  return std::min(from_one, count) - 1;
}

/// Gets points of one series after another, each series oldest first.
class BucketAccumulator {
 public:
  /// `previous`: the point before this one in its series, whatever bucket it is in.
  void add(const Point& point, const std::optional<Point>& previous, bool keep_value) {
    const double value = point.value;
    if (count_ == 0) {
      min_ = max_ = value;
      first_ = last_ = point;
    }
    ++count_;
    sum_.add(value);
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
    if (point.time_ms < first_.time_ms) {
      first_ = point;
    }
    if (point.time_ms >= last_.time_ms) {
      last_ = point;
    }
    const double from_mean = value - mean_;
    mean_ += from_mean / static_cast<double>(count_);
    squares_ += from_mean * (value - mean_);
    if (keep_value) {
      values_.push_back(value);
    }
    if (previous) {
      const double rise = value >= previous->value ? value - previous->value : value;
      increase_.add(rise);
      series_rise_.add(rise);
      series_ms_ +=
          static_cast<std::uint64_t>(point.time_ms) - static_cast<std::uint64_t>(previous->time_ms);
    }
  }
  /// The next point is one of another series, or of another bucket.
  void end_series() noexcept {
    if (series_ms_ > 0) {
      rate_ = rate_.value_or(0) + series_rise_.sum() / (static_cast<double>(series_ms_) / 1000);
      series_rise_ = {};
      series_ms_ = 0;
    }
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Requires: a point was added; every series has ended. Reorders the values kept for quantiles.
  [[nodiscard]] std::optional<double> value_of(const Function& function) {
    const auto value = compute(function);
    return value && std::isfinite(*value) ? value : std::nullopt;
  }

 private:
  [[nodiscard]] std::optional<double> compute(const Function& function) {
    switch (function.kind) {
      case Function::Kind::avg: return sum_.average(count_);
      case Function::Kind::sum: return sum_.sum();
      case Function::Kind::min: return min_;
      case Function::Kind::max: return max_;
      case Function::Kind::count: return static_cast<double>(count_);
      case Function::Kind::first: return first_.value;
      case Function::Kind::last: return last_.value;
      case Function::Kind::stddev: return std::sqrt(squares_ / static_cast<double>(count_));
      case Function::Kind::quantile: return quantile(function.q);
      case Function::Kind::increase:
        return rate_ ? std::optional<double>(increase_.sum()) : std::nullopt;
      case Function::Kind::rate: return rate_;
    }
    return std::nullopt;
  }
  [[nodiscard]] double quantile(double q) {
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(nearest_rank(q, values_.size()));
    std::nth_element(values_.begin(), at, values_.end());
    return *at;
  }

  std::uint64_t count_ = 0;
  CompensatedSum sum_;
  double min_ = 0;
  double max_ = 0;
  Point first_;
  Point last_;
  double mean_ = 0;
  double squares_ = 0;  // of the distances from the mean
  CompensatedSum increase_;
  CompensatedSum series_rise_;
  std::uint64_t series_ms_ = 0;
  std::optional<double> rate_;
  std::vector<double> values_;
};

}  // namespace detail
}  // namespace strata::store
