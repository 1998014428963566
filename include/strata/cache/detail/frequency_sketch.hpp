// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How often a hash was seen lately, 15 times at most, in eight bytes for each entry of the cache
/// (a count-min sketch: G. Cormode, S. Muthukrishnan, 2005; aged as in TinyLFU: G. Einziger, R.
/// Friedman, B. Manes, 2017).
///
/// A hash has one cache line and in it four counters of four bits, which it shares with others. The
/// least of them is what it is said to have: never less than the truth, and seldom more.
///
///     | line: 8 words of 64 bits = 128 counters                  |
///     | words 0, 1 | words 2, 3 | words 4, 5 | words 6, 7         |
///     | counter 1  | counter 2  | counter 3  | counter 4 of a hash |
///
/// All counters are halved after ten records for each entry, so what was popular fades. Threads:
/// none; the owner's lock guards it. (Tested by tests/cache/w_tiny_lfu_test.cpp.)

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <strata/core/hash.hpp>

namespace strata::cache::detail {

class FrequencySketch {
 public:
  static constexpr unsigned frequency_max = 15;
  static constexpr std::size_t records_per_entry = 10;

  /// Room for the counters of `entries`. What this throws changes nothing.
  void allow(std::size_t entries) {
    while (lines_.size() * entries_per_line < entries) {
      // Counters are found by the low bits of a number: one bit more finds a copy of its counter.
      std::vector<Line> larger(std::max<std::size_t>(2 * lines_.size(), 1));
      for (std::size_t i = 0; !lines_.empty() && i < larger.size(); ++i) {
        larger[i] = lines_[i & (lines_.size() - 1)];
      }
      lines_.swap(larger);
    }
  }

  /// Requires: `allow` was called. Complexity: one cache line; amortised O(1).
  void record(std::uint64_t hash, std::size_t entries) noexcept {
    const std::uint64_t place = mix64(hash);
    Line& line = line_of(place);
    for (unsigned row = 0; row < rows; ++row) {
      const Counter counter(place, row);
      if ((line[counter.word] >> counter.shift & frequency_max) < frequency_max) {
        line[counter.word] += std::uint64_t{1} << counter.shift;
      }
    }
    if (++records_ >= records_per_entry * entries) {
      halve();
    }
  }

  /// Requires: `allow` was called.
  [[nodiscard]] unsigned frequency(std::uint64_t hash) noexcept {
    const std::uint64_t place = mix64(hash);
    const Line& line = line_of(place);
    std::uint64_t least = frequency_max;
    for (unsigned row = 0; row < rows; ++row) {
      const Counter counter(place, row);
      least = std::min(least, line[counter.word] >> counter.shift & frequency_max);
    }
    return static_cast<unsigned>(least);
  }

 private:
  static constexpr unsigned rows = 4;
  static constexpr std::size_t entries_per_line = 8;
  struct alignas(64) Line : std::array<std::uint64_t, 8> {};

  /// One of the 32 counters of a row, by five bits of `place`.
  struct Counter {
    Counter(std::uint64_t place, unsigned row) noexcept
        : word(std::size_t{2} * row + (place >> (5 * row) & 1)),
          shift(static_cast<unsigned>(place >> (5 * row + 1) & 15) * 4) {}
    std::size_t word;
    unsigned shift;
  };

  Line& line_of(std::uint64_t place) noexcept {
    assert(!lines_.empty());
    return lines_[place >> 32 & (lines_.size() - 1)];
  }

  void halve() noexcept {
    constexpr std::uint64_t without_top_bits = 0x7777777777777777;
    for (Line& line : lines_) {
      for (std::uint64_t& word : line) {
        word = word >> 1 & without_top_bits;
      }
    }
    records_ /= 2;
  }

  std::vector<Line> lines_;  ///< a power of two
  std::size_t records_ = 0;
};

}  // namespace strata::cache::detail
