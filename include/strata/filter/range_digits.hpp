// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Byte strings as numbers in the same order, for `filter::Range`.
///
/// Each position has its own digits: the bytes from `low` to `high` are 1, 2, ..., and 0 is the end
/// of the string. Ten digits of text then take 3.5 bits and not 8, what all strings share takes
/// next to none, and neighbours in text are neighbours in numbers. A byte below `low` ends
/// the number, one above `high` makes it the next with the digits before: order holds for all
/// strings, though different ones may become equal.
///
///     offset  size   content
///     2 i     1      low of position i
///     2 i + 1 1      high; below low: no string is so long

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace strata::filter::detail {

struct RangeDigits {
  /// No number needs more.
  static constexpr std::size_t positions_max = 8;

  const char* bounds = nullptr;
  std::size_t positions = 0;

  struct Number {
    std::uint64_t value;
    bool exact;  ///< every string of digits before this one has a smaller number
  };

  [[nodiscard]] Number number_of(std::string_view bytes) const noexcept {
    Number number{0, true};
    std::uint64_t numbers = 1;  // how many there are of the digits so far
    std::size_t i = 0;
    for (; i < positions; ++i) {
      const std::uint64_t low = bound(2 * i);
      const std::uint64_t high = bound(2 * i + 1);
      const std::uint64_t radix = high < low ? 1 : high - low + 2;
      if (__builtin_mul_overflow(numbers, radix, &numbers)) {
        break;
      }
      std::uint64_t digit = 0;
      if (number.exact && i < bytes.size()) {
        const std::uint64_t byte = static_cast<std::uint8_t>(bytes[i]);
        const bool above = byte > high || radix == 1;
        number.exact = byte >= low && !above;
        digit = above ? radix : number.exact ? byte - low + 1 : 0;
      }
      number.value = number.value * radix + digit;
    }
    number.exact = number.exact && bytes.size() <= i;
    return number;
  }

 private:
  [[nodiscard]] std::uint64_t bound(std::size_t at) const noexcept {
    return static_cast<std::uint8_t>(bounds[at]);
  }
};

}  // namespace strata::filter::detail
