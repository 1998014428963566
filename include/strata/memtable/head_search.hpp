// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How many numbers of a short row are below one: the search of a B-tree node.
///
/// Which way a binary search goes can not be predicted, so each of its steps costs a flush of the
/// processor's pipeline every other time. Comparing with all of them at once, four a vector, costs
/// none. The row grows while others read it: lanes that do not count are not loaded.

#include <bit>
#include <cstddef>
#include <cstdint>

namespace strata::memtable::detail {

#if defined(__AVX2__)

inline constexpr bool has_wide_search = true;

/// How many of the first `count` of `row` are below `number`. Requires: count <= 16.
[[nodiscard]] inline unsigned count_below(const std::uint64_t* row, unsigned count,
                                          std::uint64_t number) noexcept {
  using Numbers [[gnu::vector_size(32)]] = std::uint64_t;
  using Lanes [[gnu::vector_size(32)]] = long long;
  using Doubles [[gnu::vector_size(32)]] = double;
  const Numbers limit = Numbers{} + number;
  unsigned below = 0;
  for (unsigned at = 0; at < 16; at += 4) {
    const Lanes counts = (Lanes{0, 1, 2, 3} + static_cast<long long>(at)) < Lanes{} + count;
    const auto* const from = reinterpret_cast<const Lanes*>(row + at);
    const auto numbers = std::bit_cast<Numbers>(__builtin_ia32_maskloadq256(from, counts));
    const Lanes is_below = (numbers < limit) & counts;
    below |= static_cast<unsigned>(__builtin_ia32_movmskpd256(std::bit_cast<Doubles>(is_below)))
             << at;
  }
  return static_cast<unsigned>(std::popcount(below));
}

#else

inline constexpr bool has_wide_search = false;

[[nodiscard]] inline unsigned count_below(const std::uint64_t* row, unsigned count,
                                          std::uint64_t number) noexcept {
  unsigned below = 0;
  for (unsigned i = 0; i < count; ++i) {
    below += row[i] < number ? 1 : 0;
  }
  return below;
}

#endif

}  // namespace strata::memtable::detail
