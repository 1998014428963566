// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A string as a template argument: `Family<"metrics">`.

#include <cstddef>
#include <string_view>

namespace strata {

template <std::size_t Size>
struct FixedString {
  // NOLINTNEXTLINE(google-explicit-constructor): a literal must convert to be a template argument.
  consteval FixedString(const char (&literal)[Size]) {
    for (std::size_t i = 0; i < Size; ++i) {
      text[i] = literal[i];
    }
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, Size - 1}; }
  // NOLINTNEXTLINE(google-explicit-constructor): a name is text wherever text is wanted
  [[nodiscard]] constexpr operator std::string_view() const noexcept { return view(); }

  char text[Size] = {};
};

}  // namespace strata
