// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The order of up to 15 slots in one word: the count in the lowest four bits, then the slot
/// numbers in sort order, four bits each.

#include <cassert>
#include <cstdint>

namespace strata::memtable::detail {

class Permutation {
 public:
  static constexpr unsigned capacity = 15;

  explicit constexpr Permutation(std::uint64_t word = 0) noexcept : word_(word) {}
  /// Slots 0 to count - 1, in this order.
  [[nodiscard]] static constexpr Permutation identity(unsigned count) noexcept {
    std::uint64_t word = 0;
    for (unsigned i = count; i-- > 0;) {
      word = word << 4 | i;
    }
    return Permutation(word << 4 | count);
  }

  [[nodiscard]] constexpr unsigned count() const noexcept {
    return static_cast<unsigned>(word_ & 15);
  }
  /// Requires: rank < count().
  [[nodiscard]] constexpr unsigned slot(unsigned rank) const noexcept {
    return static_cast<unsigned>(word_ >> (4 * rank + 4) & 15);
  }
  /// Puts the next free slot, number count(), at `rank`. Requires: count() < capacity.
  [[nodiscard]] constexpr Permutation with_insert(unsigned rank) const noexcept {
    assert(count() < capacity && rank <= count());
    const std::uint64_t order = word_ >> 4;
    const std::uint64_t below = (std::uint64_t{1} << (4 * rank)) - 1;
    const std::uint64_t next =
        (order & below) | std::uint64_t{count()} << (4 * rank) | (order & ~below) << 4;
    return Permutation(next << 4 | (count() + 1));
  }
  [[nodiscard]] constexpr std::uint64_t word() const noexcept { return word_; }

 private:
  std::uint64_t word_;
};

}  // namespace strata::memtable::detail
