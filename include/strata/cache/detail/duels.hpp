// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which of two experts to believe: what each would have evicted is remembered as a pair, and the
/// expert whose choice is asked for first was wrong.
///
/// A pair is noted though only one of the two was evicted, so both experts are judged by the same
/// events however seldom one of them gets its way; that is what lets a weight come back. It is
/// undecided, and forgotten, when neither was asked for in time.
///
///     | cell: 32 bytes, found by the low bits of the hash          |
///     | hash u64 | noted at u64 | partner u32 | expert u8 | padding |
///
/// A pair takes two cells; one whose cells are taken by others is not noted, as a sample will do.
/// Threads: none; the owner's lock guards it. (Tested by tests/cache/adaptive_score_test.cpp.)

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace strata::cache::detail {

class Duels {
 public:
  /// Room for the pairs of a cache of `entries`. Growing forgets all pairs.
  void allow(std::size_t entries) {
    const std::size_t wanted = std::bit_ceil(std::clamp<std::size_t>(entries, 64, cells_max));
    if (wanted > cells_.size()) {
      cells_.assign(wanted, Cell());
    }
  }

  /// Expert 0 would evict `first`, expert 1 `second`. Requires: `allow` was called.
  void note(std::uint64_t first, std::uint64_t second, std::uint64_t now,
            std::uint64_t patience) noexcept {
    const std::size_t cell = cell_of(first);
    const std::size_t partner = cell_of(second);
    if (cell != partner && vacant(cell, now, patience) && vacant(partner, now, patience)) {
      clear(cell);
      clear(partner);
      cells_[cell] = {first, now, static_cast<std::uint32_t>(partner), 0, true};
      cells_[partner] = {second, now, static_cast<std::uint32_t>(cell), 1, true};
    }
  }

  /// `hash` is asked for: the expert who would have evicted it, if there is one.
  [[nodiscard]] std::optional<std::size_t> settle(std::uint64_t hash, std::uint64_t now,
                                                  std::uint64_t patience) noexcept {
    if (cells_.empty()) {
      return std::nullopt;
    }
    const std::size_t at = cell_of(hash);
    if (!cells_[at].taken || cells_[at].hash != hash) {
      return std::nullopt;
    }
    const bool in_time = !vacant(at, now, patience);
    const std::size_t expert = cells_[at].expert;
    clear(at);
    return in_time ? std::optional(expert) : std::nullopt;
  }

 private:
  static constexpr std::size_t cells_max = 1 << 14;
  struct Cell {
    std::uint64_t hash = 0;
    std::uint64_t noted_at = 0;
    std::uint32_t partner = 0;
    std::uint8_t expert = 0;
    bool taken = false;
  };

  [[nodiscard]] std::size_t cell_of(std::uint64_t hash) const noexcept {
    return hash & (cells_.size() - 1);
  }
  [[nodiscard]] bool vacant(std::size_t at, std::uint64_t now,
                            std::uint64_t patience) const noexcept {
    return !cells_[at].taken || now - cells_[at].noted_at > patience;
  }
  void clear(std::size_t at) noexcept {
    if (cells_[at].taken) {
      cells_[cells_[at].partner] = Cell();
      cells_[at] = Cell();
    }
  }

  std::vector<Cell> cells_;  ///< a power of two
};

}  // namespace strata::cache::detail
