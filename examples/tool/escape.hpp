// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Bytes as text and back: C escapes, hex, and JSON strings where the bytes are UTF-8.
///
/// Keys and values are any bytes; a terminal and a JSON file are not. What is printable is printed
/// as it is, everything else as `\n`, `\t`, `\r`, `\\` or `\xNN`, so that each text stands for
/// exactly one string of bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <strata/core/error.hpp>

namespace strata::tool {

namespace detail {

inline constexpr std::string_view hex_digits = "0123456789abcdef";

inline void put_hex(std::string& out, char byte) {
  const auto bits = static_cast<unsigned char>(byte);
  out.push_back(hex_digits[bits >> 4U]);
  out.push_back(hex_digits[bits & 15U]);
}

[[nodiscard]] inline std::optional<unsigned> hex_value(char digit) {
  const char lower = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit + ('a' - 'A')) : digit;
  const std::size_t at = hex_digits.find(lower);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(at));
}

/// The byte that `text` begins with two digits of.
[[nodiscard]] inline std::optional<char> hex_byte(std::string_view text) {
  const auto high = text.size() < 2 ? std::nullopt : hex_value(text[0]);
  const auto low = text.size() < 2 ? std::nullopt : hex_value(text[1]);
  return high && low ? std::optional(static_cast<char>(*high << 4U | *low)) : std::nullopt;
}

[[nodiscard]] inline char control_letter(char byte) {
  switch (byte) {
    case '\n': return 'n';
    case '\t': return 't';
    case '\r': return 'r';
    case '\\': return '\\';
    default: return '\0';
  }
}

[[nodiscard]] inline char control_of(char letter) {
  switch (letter) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '\\': return '\\';
    default: return '\0';
  }
}

/// How many bytes the UTF-8 character at the front has; 0: it is none.
[[nodiscard]] inline std::size_t character_bytes(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t size = first < 0xc2 ? 0U : first < 0xe0 ? 2U : first < 0xf0 ? 3U : 4U;
  if (size == 0 || first > 0xf4 || text.size() < size) {
    return 0;
  }
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0U) != 0x80U) {
      return 0;
    }
  }
  // Overlong forms, surrogates, and what lies beyond the last code point.
  const bool is_wrong = (first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f) ||
                        (first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f);
  return is_wrong ? 0 : size;
}

}  // namespace detail

[[nodiscard]] inline bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = detail::character_bytes(bytes);
    if (size == 0) {
      return false;
    }
    bytes.remove_prefix(size);
  }
  return true;
}

[[nodiscard]] inline std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    detail::put_hex(out, byte);
  }
  return out;
}

/// Error: an odd number of digits, or what is no digit.
[[nodiscard]] inline Result<std::string> from_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const auto byte = detail::hex_byte(text.substr(at));
    if (!byte) {
      return fail(ErrorCode::invalid_argument, "'", text,
                  "' is not hex; give two digits of 0-9 and a-f for each byte");
    }
    bytes.push_back(*byte);
  }
  return bytes;
}

/// What a person can read and a shell can carry; `unescape` turns it back.
[[nodiscard]] inline std::string escape(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const char first = bytes.front();
    std::size_t size = detail::character_bytes(bytes);
    // U+0080 to U+009F are controls, too: terminals obey them.
    const bool is_control = static_cast<unsigned char>(first) < 0x20 || first == 0x7f ||
                            (first == '\xc2' && size == 2 && (bytes[1] & 0x60) == 0);
    if (const char letter = detail::control_letter(first); letter != '\0') {
      out.push_back('\\');
      out.push_back(letter);
    } else if (size == 0 || is_control) {
      size = 1;
      out += "\\x";
      detail::put_hex(out, first);
    } else {
      out += bytes.substr(0, size);
    }
    bytes.remove_prefix(size);
  }
  return out;
}

/// Error: an escape that `escape` does not make.
[[nodiscard]] inline Result<std::string> unescape(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      bytes.push_back(text[at]);
      continue;
    }
    const std::string_view rest = text.substr(at + 1);
    const char control = rest.empty() ? '\0' : detail::control_of(rest.front());
    const auto byte = rest.starts_with('x') ? detail::hex_byte(rest.substr(1)) : std::nullopt;
    if (control == '\0' && !byte) {
      return fail(ErrorCode::invalid_argument, "'", text.substr(at, 4),
                  "' is no escape; there are \\n, \\t, \\r, \\\\ and \\xNN");
    }
    bytes.push_back(byte ? *byte : control);
    at += byte ? 3 : 1;
  }
  return bytes;
}

}  // namespace strata::tool
