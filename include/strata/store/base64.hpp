// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Base64 with padding (RFC 4648, section 4): how bytes travel inside JSON.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace strata::store {

[[nodiscard]] inline std::string to_base64(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text.push_back(j <= n ? digits[bits >> (18 - 6 * j) & 63] : '=');
    }
  }
  return text;
}

/// False, and `bytes` as it was, where `text` is not what `to_base64` makes.
[[nodiscard]] inline bool from_base64(std::string_view text, std::string& bytes) {
  const auto digit = [](char c) -> std::uint32_t {
    if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
    if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a') + 26;
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0') + 52;
    return c == '+' ? 62U : c == '/' ? 63U : 64U;
  };
  if (text.size() % 4 != 0) {
    return false;
  }
  std::string decoded;
  decoded.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t value = j >= 4 - padding ? 0 : digit(text[i + j]);
      if (value > 63) {
        return false;
      }
      bits = bits << 6 | value;
    }
    if ((padding == 1 && (bits & 0xff) != 0) || (padding == 2 && (bits & 0xffff) != 0)) {
      return false;
    }
    for (std::size_t j = 0; j < 3 - padding; ++j) {
      decoded.push_back(static_cast<char>(bits >> (16 - 8 * j) & 0xff));
    }
  }
  bytes = std::move(decoded);
  return true;
}

}  // namespace strata::store
