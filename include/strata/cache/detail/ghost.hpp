// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Remembers which keys were evicted lately, in eight bytes each.
///
/// A set-associative table of (fingerprint, stamp): the stamp counts evictions, so a key is
/// remembered while fewer than `limit` others followed it, and nothing is ever deleted for age.
/// A set is one cache line; a full one forgets its oldest. Two keys with one 32-bit fingerprint
/// are taken for each other: once in some billions, and it only costs a place in a queue.
/// Threads: none; the owner's lock guards it. (Tested by tests/cache/s3_fifo_test.cpp.)

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace strata::cache::detail {

class Ghost {
 public:
  /// Room for `limit` keys.
  void reserve(std::size_t limit) {
    while (sets_.size() * ways < 2 * limit) {
      grow();
    }
  }

  /// Remembers `hash`. Requires: `reserve` was called.
  void add(std::uint64_t hash) noexcept {
    assert(!sets_.empty());
    ++now_;
    now_ += now_ == 0 ? 1 : 0;  // 0 means vacant
    place({fingerprint(hash), now_});
  }

  /// Whether `hash` is among the last `limit`; forgets it then.
  [[nodiscard]] bool take(std::uint64_t hash, std::size_t limit) noexcept {
    if (sets_.empty()) {
      return false;
    }
    const std::uint32_t wanted = fingerprint(hash);
    for (Slot& slot : set_of(wanted)) {
      if (slot.fingerprint == wanted && slot.stamp != 0) {
        const bool recent = now_ - slot.stamp < limit;
        slot = {};
        return recent;
      }
    }
    return false;
  }

 private:
  static constexpr std::size_t ways = 8;
  struct Slot {
    std::uint32_t fingerprint = 0;
    std::uint32_t stamp = 0;  ///< 0: vacant
  };
  struct alignas(64) Set : std::array<Slot, ways> {};

  /// Bits that choose neither the shard nor, mostly, the chain.
  static std::uint32_t fingerprint(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 16);
  }
  Set& set_of(std::uint32_t fingerprint) noexcept {
    return sets_[fingerprint & (sets_.size() - 1)];
  }

  void place(Slot added) noexcept {
    Set& set = set_of(added.fingerprint);
    Slot* place = &set[0];
    for (Slot& slot : set) {
      if (slot.fingerprint == added.fingerprint || slot.stamp == 0) {
        place = &slot;
        break;
      }
      place = now_ - slot.stamp > now_ - place->stamp ? &slot : place;
    }
    *place = added;
  }

  void grow() {
    std::vector<Set> smaller(sets_.empty() ? 1 : sets_.size() * 2);
    smaller.swap(sets_);
    for (const Set& set : smaller) {
      for (const Slot& slot : set) {
        if (slot.stamp != 0) {
          place(slot);
        }
      }
    }
  }

  std::vector<Set> sets_;
  std::uint32_t now_ = 0;
};

}  // namespace strata::cache::detail
