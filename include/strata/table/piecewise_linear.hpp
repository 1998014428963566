// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Lines that say where in a sorted column of integers a number would stand, within an error that
/// was proven when they were fitted.
///
///     0  u32 error
///     4  u32 segments
///     8  firsts   u64 * segments: the number where a line begins
///        lines    (start u32, slope u32) * segments: the rank there; ranks per step, times 2^32
///        shifts   u8 * segments: 2^shift numbers are a step
///
/// A line holds up to the next one's first number, and never says more than the next one's start.
/// Lines rise, in integers, so what is true at the numbers of the column is true between them:
/// `fit` evaluates the stored lines at every number and writes nothing if one is off by more than
/// `error`. Fitting is greedy: a segment takes numbers in while a cone of slopes remains that meets
/// all of them (J. O'Rourke, "An on-line algorithm for fitting straight lines between data ranges",
/// 1981, has the best form; a cone fixed in its first point needs two divisions a number). As an
/// index: P. Ferragina, G. Vinciguerra, "The PGM-index", 2020.
///
/// Bytes that were not written by `fit` give windows that are wrong, yet within the column.
/// Immutable: any number of threads may ask one.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/coding.hpp>

namespace strata::table {

/// Does not own its bytes.
class PiecewiseLinear {
 public:
  /// Where the first number that is not below the one asked for is: in [from, to].
  struct Window {
    std::uint32_t from;
    std::uint32_t to;
  };

  /// For a column of `count` numbers. Nothing where they are no lines. O(segments).
  [[nodiscard]] static std::optional<PiecewiseLinear> parse(std::string_view bytes,
                                                            std::uint32_t count) noexcept {
    PiecewiseLinear model;
    model.count_ = count;
    Decoder decoder(bytes);
    if (!decoder.take_fixed(model.error_) || !decoder.take_fixed(model.segments_) ||
        model.segments_ == 0 ||
        decoder.rest().size() != std::size_t{model.segments_} * segment_bytes) {
      return std::nullopt;
    }
    model.firsts_ = decoder.rest().data();
    model.lines_ = model.firsts_ + std::size_t{model.segments_} * 8;
    model.shifts_ = model.lines_ + std::size_t{model.segments_} * 8;
    for (std::uint32_t i = 0; i < model.segments_; ++i) {
      if (model.shift(i) > shift_max) {
        return std::nullopt;
      }
    }
    return model;
  }

  [[nodiscard]] Window window(std::uint64_t number) const noexcept {
    const std::uint32_t behind = segments_begun_at(number);
    if (behind == 0) {
      return {0, 0};
    }
    const std::uint64_t at = predict(behind - 1, number);
    const auto within = [this](std::uint64_t rank) {
      return static_cast<std::uint32_t>(std::min<std::uint64_t>(rank, count_));
    };
    return {within(at > error_ ? at - error_ : 0), within(at + error_)};
  }
  [[nodiscard]] std::uint32_t segments() const noexcept { return segments_; }
  [[nodiscard]] std::uint32_t error() const noexcept { return error_; }

  static constexpr std::size_t segment_bytes = 17;

 private:
  static constexpr unsigned shift_max = 32;  // a step count has 32 bits

  [[nodiscard]] std::uint64_t first(std::uint32_t i) const noexcept {
    return load_fixed<std::uint64_t>(firsts_ + std::size_t{i} * 8);
  }
  [[nodiscard]] std::uint32_t start(std::uint32_t i) const noexcept {
    return load_fixed<std::uint32_t>(lines_ + std::size_t{i} * 8);
  }
  [[nodiscard]] std::uint32_t slope(std::uint32_t i) const noexcept {
    return load_fixed<std::uint32_t>(lines_ + std::size_t{i} * 8 + 4);
  }
  [[nodiscard]] unsigned shift(std::uint32_t i) const noexcept {
    return static_cast<unsigned char>(shifts_[i]);
  }

  [[nodiscard]] std::uint32_t segments_begun_at(std::uint64_t number) const noexcept {
    std::uint32_t base = 0;
    std::uint32_t length = segments_;
    while (length > 1) {
      const std::uint32_t half = length / 2;
      base += first(base + half - 1) <= number ? half : 0;
      length -= half;
    }
    return base + (first(base) <= number ? 1 : 0);
  }
  /// No product overflows: both factors have 32 bits.
  [[nodiscard]] std::uint64_t predict(std::uint32_t i, std::uint64_t number) const noexcept {
    const std::uint64_t steps =
        std::min<std::uint64_t>((number - first(i)) >> shift(i), UINT32_MAX);
    const std::uint64_t next_start = i + 1 < segments_ ? start(i + 1) : count_;
    return std::min<std::uint64_t>(start(i) + (steps * slope(i) >> 32), next_start);
  }

  const char* firsts_ = nullptr;
  const char* lines_ = nullptr;
  const char* shifts_ = nullptr;
  std::uint32_t error_ = 0;
  std::uint32_t segments_ = 0;
  std::uint32_t count_ = 0;
};

/// Fits lines to one ascending column.
class PiecewiseLinearFit {
 public:
  /// `numbers` ascend, equal ones may follow each other. `error` is at least 4.
  PiecewiseLinearFit(const std::vector<std::uint64_t>& numbers, std::uint32_t error)
      : numbers_(numbers), error_(error) {}

  /// Appends a model that is right for every number; false, and nothing, where that takes more
  /// than `segments_most`. O(numbers).
  [[nodiscard]] bool write(std::size_t segments_most, std::string& out) {
    if (numbers_.empty() || !take_all(segments_most)) {
      return false;
    }
    const std::string bytes = encoded();
    if (!is_right(bytes)) {
      return false;
    }
    out += bytes;
    return true;
  }

 private:
  struct Segment {
    std::uint64_t first;
    std::uint32_t start;
    std::uint32_t slope;
    unsigned shift;
  };

  /// Where the run of numbers that are equal to that at `rank` ends.
  [[nodiscard]] std::size_t behind_run(std::size_t rank) const noexcept {
    std::size_t end = rank + 1;
    while (end < numbers_.size() && numbers_[end] == numbers_[rank]) {
      ++end;
    }
    return end;
  }

  [[nodiscard]] bool take_all(std::size_t segments_most) {
    begin(0);
    for (std::size_t rank = 0, end = 0; rank < numbers_.size(); rank = end) {
      end = behind_run(rank);
      if (rank != first_rank_ && !narrow(rank, end)) {
        finish_segment();
        begin(rank);
      }
      last_rank_ = rank;
      if (end - rank > error_ || segments_.size() >= segments_most) {
        return false;
      }
    }
    finish_segment();
    return true;
  }
  void begin(std::size_t rank) {
    first_rank_ = rank;
    slope_low_ = 0;
    slope_high_ = slope_max;
  }
  /// A line must not rise above the number's rank by more than the error, nor stay below that of
  /// the next number, which is the answer up to there. Stored lines are rounded by less than 3
  /// ranks downwards, and by less than one upwards. False: no line meets that.
  [[nodiscard]] bool narrow(std::size_t rank, std::size_t next) {
    const auto steps = static_cast<double>(numbers_[rank] - numbers_[first_rank_]);
    const auto risen = [this](std::size_t to) { return static_cast<double>(to - first_rank_); };
    const double low = std::max(slope_low_, (risen(next) - error_ + 3) / steps);
    const double high = std::min(slope_high_, (risen(rank) + error_ - 1) / steps);
    if (low > high) {
      return false;
    }
    slope_low_ = low;
    slope_high_ = high;
    return true;
  }
  void finish_segment() {
    const std::uint64_t span = numbers_[last_rank_] - numbers_[first_rank_];
    const unsigned bits = static_cast<unsigned>(std::bit_width(span));
    const unsigned shift = bits > 32 ? bits - 32 : 0;
    const double slope = span == 0 ? 0 : (slope_low_ + slope_high_) / 2;
    const double scaled = std::ldexp(slope, static_cast<int>(32 + shift));
    segments_.push_back({numbers_[first_rank_], static_cast<std::uint32_t>(first_rank_),
                         static_cast<std::uint32_t>(std::min(scaled, 4294967295.0)), shift});
  }

  [[nodiscard]] std::string encoded() const {
    std::string out;
    put_fixed(out, error_);
    put_fixed(out, static_cast<std::uint32_t>(segments_.size()));
    for (const Segment& segment : segments_) {
      put_fixed(out, segment.first);
    }
    for (const Segment& segment : segments_) {
      put_fixed(out, segment.start);
      put_fixed(out, segment.slope);
    }
    for (const Segment& segment : segments_) {
      put_fixed(out, static_cast<std::uint8_t>(segment.shift));
    }
    return out;
  }
  /// At each number the window has its rank and that of the next one. Between the two a line says
  /// no less than at the first and no more than at the second, so the window has the second's rank.
  [[nodiscard]] bool is_right(std::string_view bytes) const {
    const auto model = PiecewiseLinear::parse(bytes, static_cast<std::uint32_t>(numbers_.size()));
    for (std::size_t rank = 0, end = 0; model && rank < numbers_.size(); rank = end) {
      end = behind_run(rank);
      const auto window = model->window(numbers_[rank]);
      if (rank < window.from || end > window.to) {
        return false;
      }
    }
    return model.has_value();
  }

  /// A slope is stored as a fraction of 32 bits.
  static constexpr double slope_max = 1 - 0x1p-32;

  const std::vector<std::uint64_t>& numbers_;
  std::uint32_t error_;
  std::vector<Segment> segments_;
  std::size_t first_rank_ = 0;
  std::size_t last_rank_ = 0;
  double slope_low_ = 0;
  double slope_high_ = 0;
};

}  // namespace strata::table
