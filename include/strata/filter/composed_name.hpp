// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Names of policies made of policies: "prefix(fixed:4,ribbon)", put together by the compiler.

#include <array>
#include <cstddef>
#include <string_view>

namespace strata::filter {

namespace detail {

template <const std::string_view&... Parts>
inline constexpr auto joined = [] {
  std::array<char, (Parts.size() + ... + 0)> text{};
  std::size_t at = 0;
  const auto append = [&](std::string_view part) {
    for (const char c : part) {
      text[at++] = c;
    }
  };
  (append(Parts), ...);
  return text;
}();

template <unsigned Number>
inline constexpr auto digits = [] {
  constexpr std::size_t count = [] {
    std::size_t n = 1;
    for (unsigned rest = Number; rest >= 10; rest /= 10) {
      ++n;
    }
    return n;
  }();
  std::array<char, count> text{};
  unsigned rest = Number;
  for (std::size_t i = count; i-- > 0; rest /= 10) {
    text[i] = static_cast<char>('0' + rest % 10);
  }
  return text;
}();

}  // namespace detail

/// The parts, one behind the other.
template <const std::string_view&... Parts>
inline constexpr std::string_view joined_name{detail::joined<Parts...>.data(),
                                              detail::joined<Parts...>.size()};

/// In decimal.
template <unsigned Number>
inline constexpr std::string_view number_name{detail::digits<Number>.data(),
                                              detail::digits<Number>.size()};

/// A policy's name as a part.
template <class P>
inline constexpr std::string_view name_of = P::name;

namespace name_part {
inline constexpr std::string_view comma = ",";
inline constexpr std::string_view close = ")";
}  // namespace name_part

}  // namespace strata::filter
