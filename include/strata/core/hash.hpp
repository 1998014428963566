// SPDX-License-Identifier: BSL-1.0
#pragma once

/// XXH3 (Y. Collet), 64 bits: the hash of filters, caches and tables. Stored in filters, so the
/// function can not change without a format version.

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace strata {

[[nodiscard]] inline std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

/// A bijection that spreads the bits of an integer (the finaliser of SplitMix64, S. Vigna).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace strata
