// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which of sixteen bytes equal one byte: the search of a radix tree's middle node (Leis et al.,
/// "The Adaptive Radix Tree: ARTful Indexing for Main-Memory Databases", ICDE 2013).
///
/// One comparison of 16 bytes with SSE2; elsewhere eight bytes at a time in plain registers, where
/// a byte is zero exactly if adding 0x7f to its lower bits and or-ing the byte leaves its top bit.

#include <cstdint>

#include <xsimd/xsimd.hpp>

namespace strata::memtable::detail {

/// Bit i is set where byte i of (`low`, `high`) is `byte`, in plain registers.
[[nodiscard]] inline unsigned matches_plain(std::uint64_t low, std::uint64_t high,
                                            unsigned byte) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t lower_bits = 0x7f * ones;
  const auto matches_of = [&](std::uint64_t word) {
    const std::uint64_t difference = word ^ byte * ones;
    const std::uint64_t tops =
        ~(((difference & lower_bits) + lower_bits) | difference | lower_bits) >> 7;
    // Gathers bits 0, 8, ..., 56 in the top byte.
    return static_cast<unsigned>(tops * 0x0102040810204080 >> 56);
  };
  return matches_of(low) | matches_of(high) << 8;
}

[[nodiscard]] inline unsigned matches_of(std::uint64_t low, std::uint64_t high,
                                         unsigned byte) noexcept {
#if XSIMD_WITH_SSE2
  using Words = xsimd::batch<std::uint64_t, xsimd::sse2>;
  using Bytes = xsimd::batch<std::uint8_t, xsimd::sse2>;
  const Bytes bytes = xsimd::bitwise_cast<Bytes>(Words({low, high}));
  const auto equal = bytes == Bytes(static_cast<std::uint8_t>(byte));
  return static_cast<unsigned>(_mm_movemask_epi8(equal.data));
#else
  return matches_plain(low, high, byte);
#endif
}

}  // namespace strata::memtable::detail
