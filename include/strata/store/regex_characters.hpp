// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The characters of store/regex.hpp: one of UTF-8 at a time, and sets of them such as [a-z\d].
/// A byte that starts nothing of UTF-8 is a character of its own, above Unicode: no text stops a
/// search. Threads: none. Tested through patterns: tests/store/regex_test.cpp.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strata::store::detail {

/// Takes one character of UTF-8. A byte that is none becomes a character above Unicode.
/// Requires: `text` is not empty.
inline char32_t take_character(std::string_view& text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) {
    text.remove_prefix(1);
    return 0x110000U + lead;
  }
  char32_t c = length == 1 ? lead : lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      text.remove_prefix(1);
      return 0x110000U + lead;
    }
    c = c << 6 | (byte(i) & 0x3fU);
  }
  text.remove_prefix(length);
  return c;
}

/// Appends a character as `take_character` takes it.
inline void put_character(std::string& out, char32_t c) {
  if (c >= 0x110000) {
    out.push_back(static_cast<char>(c - 0x110000));
  } else if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else {
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    const unsigned lead = more == 1 ? 0xc0U : more == 2 ? 0xe0U : 0xf0U;
    out.push_back(static_cast<char>(lead | c >> (6 * more)));
    for (int i = more; i-- > 0;) {
      out.push_back(static_cast<char>(0x80U | (c >> (6 * i) & 0x3fU)));
    }
  }
}

/// A set of characters as a pattern lists them.
struct CharacterClass {
  std::vector<std::pair<char32_t, char32_t>> ranges;
  bool negated = false;

  [[nodiscard]] bool contains(char32_t c, bool ignore_case) const noexcept {
    bool inside = lists(c);
    if (ignore_case && !inside) {
      const bool upper = c >= U'A' && c <= U'Z';
      const bool lower = c >= U'a' && c <= U'z';
      inside = (upper && lists(c + 32)) || (lower && lists(c - 32));
    }
    return inside != negated;
  }

  /// Adds \d, \w, \s or their complements \D, \W, \S, by the letter.
  void add_named(char32_t name) {
    std::vector<std::pair<char32_t, char32_t>> named;
    switch (name | 0x20U) {
      case U'd': named = {{U'0', U'9'}}; break;
      case U's': named = {{U'\t', U'\r'}, {U' ', U' '}}; break;
      default: named = {{U'0', U'9'}, {U'A', U'Z'}, {U'_', U'_'}, {U'a', U'z'}};
    }
    if (name >= U'a') {
      ranges.insert(ranges.end(), named.begin(), named.end());
      return;
    }
    char32_t from = 0;  // a capital letter names the gaps
    for (const auto& [first, last] : named) {
      ranges.emplace_back(from, first - 1);
      from = last + 1;
    }
    ranges.emplace_back(from, char32_t{0x1100ff});
  }

 private:
  [[nodiscard]] bool lists(char32_t c) const noexcept {
    for (const auto& [first, last] : ranges) {
      if (c >= first && c <= last) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace strata::store::detail
