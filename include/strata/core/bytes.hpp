// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Small helpers on byte strings. Keys and values are `std::string_view` everywhere; order is
/// that of unsigned bytes, which is what `std::char_traits<char>` compares by.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace strata {

inline namespace literals {
constexpr std::size_t operator""_KiB(unsigned long long n) {
  return std::size_t{n} << 10;
}
constexpr std::size_t operator""_MiB(unsigned long long n) {
  return std::size_t{n} << 20;
}
constexpr std::size_t operator""_GiB(unsigned long long n) {
  return std::size_t{n} << 30;
}
}  // namespace literals

inline constexpr std::size_t key_bytes_max = 64_KiB;
inline constexpr std::size_t value_bytes_max = 1_GiB;

/// The number of leading bytes that `a` and `b` share.
[[nodiscard]] inline std::size_t common_prefix(std::string_view a, std::string_view b) noexcept {
  const std::size_t limit = a.size() < b.size() ? a.size() : b.size();
  std::size_t i = 0;
  for (; i + 8 <= limit; i += 8) {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    std::memcpy(&x, a.data() + i, 8);
    std::memcpy(&y, b.data() + i, 8);
    if (x != y) {
      return i + static_cast<std::size_t>(std::countr_zero(x ^ y)) / 8;
    }
  }
  while (i < limit && a[i] == b[i]) {
    ++i;
  }
  return i;
}

/// The first eight bytes of `key` as a number whose order is the byte order; shorter keys are
/// padded with zero. Equal heads say nothing: compare the keys then.
[[nodiscard]] inline std::uint64_t key_head(std::string_view key) noexcept {
  std::uint64_t head = 0;
  if (key.size() >= 8) {
    std::memcpy(&head, key.data(), 8);
  } else if (!key.empty()) {  // an empty view may be of null, which memcpy must not see
    std::memcpy(&head, key.data(), key.size());
  }
  static_assert(std::endian::native == std::endian::little, "strata: little-endian hosts only");
  return __builtin_bswap64(head);
}

/// The head of what follows the first `prefix_bytes` of `key`. Requires: it has that many.
[[nodiscard]] inline std::uint64_t key_head(std::string_view key,
                                            std::size_t prefix_bytes) noexcept {
  const std::size_t behind = key.size() - prefix_bytes;
  if (behind >= 8 || key.size() < 8) {
    return key_head({key.data() + prefix_bytes, behind});
  }
  // Its last bytes, without those that belong to the prefix: no copy of a few bytes.
  std::uint64_t head = 0;
  std::memcpy(&head, key.data() + key.size() - 8, 8);
  return behind == 0 ? 0 : __builtin_bswap64(head) << (64 - 8 * behind);
}

/// As `a.compare(b)`, without a call where both have sixteen bytes and these decide or are all.
[[nodiscard]] inline int compare_bytes(std::string_view a, std::string_view b) noexcept {
  if (a.size() < 16 || b.size() < 16) {
    return a.compare(b);
  }
  for (const std::size_t at : {0U, 8U}) {
    const std::uint64_t x = key_head({a.data() + at, 8});
    const std::uint64_t y = key_head({b.data() + at, 8});
    if (x != y) {
      return x < y ? -1 : 1;
    }
  }
  return a.size() == 16 && b.size() == 16 ? 0 : a.substr(16).compare(b.substr(16));
}

/// 0: `key` begins with `prefix`. Else whether it sorts before (<0) or behind all that do.
[[nodiscard]] inline int compare_prefix(std::string_view key, std::string_view prefix) noexcept {
  return key.substr(0, prefix.size()).compare(prefix);
}

/// The least byte string above every string that starts with `prefix`; none for "" and "\xff...".
/// Trailing 0xFF bytes have no successor of their length and are dropped first.
[[nodiscard]] inline std::optional<std::string> prefix_successor(std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') {
    prefix.remove_suffix(1);
  }
  if (prefix.empty()) {
    return std::nullopt;
  }
  std::string successor(prefix);
  successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1);
  return successor;
}

}  // namespace strata
