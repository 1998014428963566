// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Numbers as bits that sort by value, whatever type they had.
///
/// The bits of a double sort as the double once those of negative ones are inverted and the sign
/// bit of others is set: -0 is 0, and every NaN is all zeros, below -infinity. An integer is the
/// greatest double that is not above it, and a rest. A double has 53 bits, so there is a rest only
/// where 2^53 <= |double| < 2^64, where it is stored for doubles too, as 0:
///
///     n             greatest double <= n    rest
///     7             7.0                     -
///     2^53 + 1      2^53                    1
///     2^60 as f64   2^60                    0
///
/// A number and its bytes: store/key_codec.hpp. Tested through keys:
/// tests/store/key_codec_test.cpp.

#include <bit>
#include <cstdint>
#include <limits>
#include <utility>
#include <variant>

namespace strata::store {

/// A number as its source had it. Keys keep the value only: `number` reads back as `int64_t` where
/// it fits, else `uint64_t`, else `double`.
using KeyNumber = std::variant<std::int64_t, std::uint64_t, double>;

namespace detail {

inline constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
inline constexpr double two_to_53 = 9007199254740992.0;
inline constexpr double two_to_63 = 9223372036854775808.0;
inline constexpr double two_to_64 = 18446744073709551616.0;

[[nodiscard]] inline std::uint64_t ordered_bits(double value) noexcept {
  if (value != value) {
    return 0;
  }
  const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
  return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}
[[nodiscard]] inline double from_ordered_bits(std::uint64_t bits) noexcept {
  if (bits == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::bit_cast<double>((bits & sign_bit) != 0 ? bits & ~sign_bit : ~bits);
}
[[nodiscard]] inline bool has_rest(double floor) noexcept {
  return (floor >= two_to_53 && floor < two_to_64) || (floor <= -two_to_53 && floor > -two_to_64);
}

/// An integer as sign and size, with which all of int64 and uint64 is computed without overflow.
struct Magnitude {
  bool negative;
  std::uint64_t size;
};
/// The greatest double that is not above the integer, and how much the integer is above it.
[[nodiscard]] inline std::pair<double, std::uint16_t> split_integer(Magnitude m) noexcept {
  const int excess = m.size == 0 ? 0 : 64 - 53 - std::countl_zero(m.size);
  if (excess <= 0) {
    const auto exact = static_cast<double>(m.size);
    return {m.negative ? -exact : exact, std::uint16_t{0}};
  }
  const std::uint64_t unit = std::uint64_t{1} << excess;
  const std::uint64_t below = m.size & (unit - 1);
  if (!m.negative || below == 0) {
    const auto floor = static_cast<double>(m.size - below);
    return {m.negative ? -floor : floor, static_cast<std::uint16_t>(below)};
  }
  // m.size <= 2^63 here: rounding the size up can not leave 64 bits.
  return {-static_cast<double>(m.size - below + unit), static_cast<std::uint16_t>(unit - below)};
}
/// The number that `split_integer` split; false where no writer makes this pair.
[[nodiscard]] inline bool join_number(double floor, std::uint16_t rest, KeyNumber& value) noexcept {
  const bool integral =
      floor >= -two_to_63 && floor < two_to_64 &&
      (floor < 0 ? floor == static_cast<double>(static_cast<std::int64_t>(floor))
                 : floor == static_cast<double>(static_cast<std::uint64_t>(floor)));
  if (!integral) {
    value = floor;
    return rest == 0;
  }
  const double next = std::bit_cast<double>(std::bit_cast<std::uint64_t>(floor) +
                                            (floor < 0 ? ~std::uint64_t{0} : 1));
  if (rest != 0 && static_cast<double>(rest) >= next - floor) {
    return false;
  }
  if (floor < two_to_63) {
    value = static_cast<std::int64_t>(floor) + rest;
  } else {
    value = static_cast<std::uint64_t>(floor) + rest;
  }
  return true;
}

}  // namespace detail

}  // namespace strata::store
