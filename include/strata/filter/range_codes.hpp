// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A bucket of `filter::Range`: at most 128 ascending numbers below `slots()`, in two bits a number
/// more than the logarithm of the slots that each has (P. Elias, 1974; R. Fano, 1971).
///
/// Of each number the low bits are stored as they are, and the rest in unary: number i with the
/// high part h sets bit h + i. All buckets of a filter have one size.
///
///     offset             size               content
///     0                  8 high_words       the high parts, bits from the lowest on
///     8 high_words       8 low_words()      low_bits of each number, from the lowest bit on

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <strata/core/coding.hpp>

namespace strata::filter::detail {

struct RangeCodes {
  static constexpr std::uint32_t numbers_max = 128;
  static constexpr std::uint32_t low_bits_max = 20;
  static constexpr std::uint32_t high_words_max = 16;
  /// `slots()` is below.
  static constexpr std::uint64_t slots_max = std::uint64_t{64} * high_words_max << low_bits_max;

  std::uint32_t numbers = 0;
  std::uint32_t low_bits = 0;
  std::uint32_t high_words = 0;

  [[nodiscard]] std::uint32_t low_words() const noexcept { return (numbers * low_bits + 63) / 64; }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return std::size_t{8} * (high_words + low_words());
  }
  [[nodiscard]] std::uint64_t slots() const noexcept {
    return (std::uint64_t{64} * high_words - numbers) << low_bits;
  }
  /// Whether bytes of this shape can be read without leaving them.
  [[nodiscard]] bool valid() const noexcept {
    return numbers > 0 && numbers <= numbers_max && low_bits <= low_bits_max &&
           high_words <= high_words_max && high_words * 64 > numbers;
  }

  /// The most slots for `numbers` numbers in `words` words, or in as many as one slot each needs.
  [[nodiscard]] static RangeCodes fit(std::uint32_t numbers, std::uint64_t words) noexcept {
    RangeCodes best{numbers, 0, (2 * numbers + 63) / 64};
    for (std::uint32_t low_bits = 0; low_bits <= low_bits_max; ++low_bits) {
      RangeCodes shape{numbers, low_bits, 0};
      if (words < shape.low_words() + 1 + numbers / 64) {
        break;
      }
      shape.high_words = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(words - shape.low_words(), high_words_max));
      if (shape.valid() && shape.slots() > best.slots()) {
        best = shape;
      }
    }
    return best;
  }

  /// Requires: `sorted` are at most `numbers`, each below `slots()`; `to` is zeros.
  void write(const std::vector<std::uint64_t>& sorted, char* to) const noexcept {
    assert(sorted.size() <= numbers);
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      set_bits(to, (sorted[i] >> low_bits) + i, 1, 1);
      set_bits(to + std::size_t{8} * high_words, i * low_bits,
               sorted[i] & ((std::uint64_t{1} << low_bits) - 1), low_bits);
    }
  }

  /// The first number at or above `from`; `slots()` if there is none. Requires: `valid()`,
  /// `from` < `slots()`.
  [[nodiscard]] std::uint64_t next(const char* bucket, std::uint64_t from) const noexcept {
    // Number i with high part h is one i + h, behind h zeros.
    std::uint64_t at = behind_zeros(bucket, from >> low_bits);
    std::uint64_t i = at - (from >> low_bits);
    for (; i < numbers; ++i, ++at) {
      at = next_one(bucket, at);
      if (at >= std::uint64_t{64} * high_words) {
        break;
      }
      const std::uint64_t number =
          (at - i) << low_bits |
          get_bits(bucket + std::size_t{8} * high_words, i * low_bits, low_bits);
      if (number >= from) {
        return number;
      }
    }
    return slots();
  }

 private:
  [[nodiscard]] static std::uint64_t word(const char* words, std::uint64_t at) noexcept {
    return load_fixed<std::uint64_t>(words + at * 8);
  }
  /// The first bit behind `count` zeros.
  [[nodiscard]] std::uint64_t behind_zeros(const char* bucket, std::uint64_t count) const noexcept {
    if (count == 0) {
      return 0;
    }
    for (std::uint32_t i = 0; i < high_words; ++i) {
      std::uint64_t zeros = ~word(bucket, i);
      const auto here = static_cast<std::uint64_t>(std::popcount(zeros));
      if (count <= here) {
        for (; count > 1; --count) {
          zeros &= zeros - 1;
        }
        return std::uint64_t{64} * i + static_cast<std::uint64_t>(std::countr_zero(zeros)) + 1;
      }
      count -= here;
    }
    return std::uint64_t{64} * high_words;
  }
  /// The first one at or behind bit `at`, or the end.
  [[nodiscard]] std::uint64_t next_one(const char* bucket, std::uint64_t at) const noexcept {
    for (std::uint64_t i = at / 64; i < high_words; ++i) {
      const std::uint64_t ones =
          word(bucket, i) & (~std::uint64_t{0} << (i == at / 64 ? at % 64 : 0));
      if (ones != 0) {
        return 64 * i + static_cast<std::uint64_t>(std::countr_zero(ones));
      }
    }
    return std::uint64_t{64} * high_words;
  }
  [[nodiscard]] static std::uint64_t get_bits(const char* words, std::uint64_t at,
                                              std::uint32_t count) noexcept {
    if (count == 0) {
      return 0;
    }
    std::uint64_t bits = word(words, at / 64) >> at % 64;
    if (at % 64 + count > 64) {
      bits |= word(words, at / 64 + 1) << (64 - at % 64);
    }
    return bits & ((std::uint64_t{1} << count) - 1);
  }
  static void set_bits(char* words, std::uint64_t at, std::uint64_t bits,
                       std::uint32_t count) noexcept {
    if (count == 0) {
      return;
    }
    store_fixed(words + at / 64 * 8, word(words, at / 64) | bits << at % 64);
    if (at % 64 + count > 64) {
      store_fixed(words + (at / 64 + 1) * 8, word(words, at / 64 + 1) | bits >> (64 - at % 64));
    }
  }
};

}  // namespace strata::filter::detail
