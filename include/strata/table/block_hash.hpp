// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A hash table over the keys of a block, for reads of one key: where its versions begin, or that
/// there are none, without a search.
///
///     slots   u8 * n: the number of the first entry of a key, or 255 for an empty slot
///
/// A key stands in the slot that its hash falls to, or in the first empty one behind, round the
/// end: with two slots a key, a present key is met after 1.5 steps, an absent one is denied after
/// 2.5. RocksDB's data block hash index marks a slot that two keys fall to and goes back to its
/// binary search there. Blocks of more than `hashed_entries_most` entries have no table.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/hash.hpp>

namespace strata::table {

inline constexpr std::uint32_t hashed_entries_most = 255;

/// Over `slots` bytes. Does not own them, and does not trust them.
class BlockHash {
 public:
  static constexpr std::uint8_t empty = 255;

  [[nodiscard]] static std::size_t slots_for(std::size_t keys) noexcept { return 2 * keys; }

  BlockHash() = default;
  explicit BlockHash(std::string_view slots) noexcept : slots_(slots) {}

  [[nodiscard]] bool exists() const noexcept { return !slots_.empty(); }

  /// The entry of the key's slot for which `is_key(entry)`; `none` if it is in no slot.
  template <class IsKey>
  [[nodiscard]] std::uint32_t find(std::string_view key, std::uint32_t none,
                                   IsKey is_key) const noexcept {
    std::size_t at = slot_of(key, slots_.size());
    for (std::size_t step = 0; step < slots_.size(); ++step) {
      const auto entry = static_cast<std::uint8_t>(slots_[at]);
      if (entry == empty) {
        return none;
      }
      if (is_key(std::uint32_t{entry})) {
        return entry;
      }
      at = at + 1 == slots_.size() ? 0 : at + 1;
    }
    return none;
  }
  /// Every slot is empty or names one of `entries`.
  [[nodiscard]] bool is_within(std::uint32_t entries) const noexcept {
    for (const char slot : slots_) {
      const auto entry = static_cast<std::uint8_t>(slot);
      if (entry != empty && entry >= entries) {
        return false;
      }
    }
    return true;
  }

  /// Requires: an empty slot, an entry below 255, and a key that is not there.
  static void insert(std::string& slots, std::string_view key, std::uint32_t entry) {
    std::size_t at = slot_of(key, slots.size());
    while (static_cast<std::uint8_t>(slots[at]) != empty) {
      at = at + 1 == slots.size() ? 0 : at + 1;
    }
    slots[at] = static_cast<char>(entry);
  }

 private:
  [[nodiscard]] static std::size_t slot_of(std::string_view key, std::size_t slots) noexcept {
    return static_cast<std::size_t>((hash64(key) >> 32) * slots >> 32);
  }

  std::string_view slots_;
};

}  // namespace strata::table
