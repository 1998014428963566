// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An entry's place as a word of a radix tree: (key, trailer) as a string of symbols.
///
/// | position          | symbol                                                     |
/// |-------------------|------------------------------------------------------------|
/// | 0 to n - 1        | 1 + the byte of the key there; n is the key's size         |
/// | n                 | 0: the end of the key, before all keys that it begins      |
/// | n + 1 to n + 8    | 1 + a byte of the trailer's complement, the highest first  |
///
/// No word begins another, and words sort as entries do: keys ascending, of one key the newest
/// first. So a tree needs no lists of versions, and finds any of a million in eight steps.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/entry.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

class ArtKey {
 public:
  static constexpr unsigned symbol_count = 257;
  static constexpr unsigned end = 0;  ///< the symbol behind a key
  static constexpr std::size_t none = SIZE_MAX;

  ArtKey(std::string_view key, Trailer trailer) noexcept : key_(key), age_(~trailer.packed()) {}
  explicit ArtKey(const Record& record) noexcept : ArtKey(record.key(), record.trailer) {}

  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  /// `end` behind the word, too, where there is nothing to tell apart any more.
  [[nodiscard]] unsigned symbol(std::size_t position) const noexcept {
    if (position < key_.size()) [[likely]] {
      return 1U + static_cast<unsigned char>(key_[position]);
    }
    const std::size_t behind = position - key_.size();
    return behind - 1 < 8 ? 1U + static_cast<unsigned>(age_ >> (64 - 8 * behind) & 0xff) : end;
  }
  /// The eight bytes of the key before `position`, the last one on top; zeros where there are not
  /// as many. Requires: position <= key().size().
  [[nodiscard]] std::uint64_t window(std::size_t position) const noexcept {
    std::uint64_t bytes = 0;
    if (position >= sizeof bytes) [[likely]] {
      std::memcpy(&bytes, key_.data() + position - sizeof bytes, sizeof bytes);
      return bytes;
    }
    for (std::size_t i = 0; i < position; ++i) {
      bytes = bytes >> 8 | std::uint64_t{static_cast<unsigned char>(key_[i])} << 56;
    }
    return bytes;
  }
  /// The first position where the two differ; `none` if they are equal.
  [[nodiscard]] std::size_t mismatch(const ArtKey& other) const noexcept {
    const std::size_t shared = common_prefix(key_, other.key_);
    if (shared < key_.size() || shared < other.key_.size()) {
      return shared;
    }
    const std::uint64_t differing = age_ ^ other.age_;
    return differing == 0 ? none
                          : shared + 1 + static_cast<std::size_t>(std::countl_zero(differing)) / 8;
  }

 private:
  std::string_view key_;
  std::uint64_t age_;  ///< ascends from the newest to the oldest
};

}  // namespace strata::memtable::detail
