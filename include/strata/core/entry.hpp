// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the engine stores for a user key: a version, numbered and typed.
///
/// `Sequence` orders every write of a database (invariant 1). `Trailer` packs the sequence and
/// the kind into one word, so that one integer comparison orders the versions of a key. The
/// order of entries everywhere is: key ascending, then trailer *descending* (newest first).

#include <compare>
#include <cstdint>

namespace strata {

using Sequence = std::uint64_t;

/// Sequences use 56 bits: 2,000 years at a million writes a second.
inline constexpr Sequence sequence_max = (Sequence{1} << 56) - 1;

/// Stored on disk: values are never reused.
enum class EntryKind : std::uint8_t {
  erase = 0,          ///< A tombstone: the key is absent from here down.
  put = 1,            ///< The value.
  merge = 2,          ///< An operand for the family's merge operator.
  erase_range = 3,    ///< In batches and range blocks only: [key, value) is absent from here down.
  value_pointer = 4,  ///< In tables only: where the value lies, table/value_pointer.hpp.
};

class Trailer {
 public:
  Trailer() = default;
  constexpr Trailer(Sequence sequence, EntryKind kind) noexcept
      : packed_((sequence << 8) | static_cast<std::uint8_t>(kind)) {}
  [[nodiscard]] static constexpr Trailer from_packed(std::uint64_t packed) noexcept {
    Trailer trailer;
    trailer.packed_ = packed;
    return trailer;
  }
  /// Sorts before every version that a reader at `sequence` may see, and after all newer ones.
  [[nodiscard]] static constexpr Trailer seek(Sequence sequence) noexcept {
    return from_packed((sequence << 8) | 0xff);
  }

  [[nodiscard]] constexpr Sequence sequence() const noexcept { return packed_ >> 8; }
  [[nodiscard]] constexpr EntryKind kind() const noexcept {
    return static_cast<EntryKind>(packed_ & 0xff);
  }
  [[nodiscard]] constexpr std::uint64_t packed() const noexcept { return packed_; }

  friend constexpr auto operator<=>(Trailer, Trailer) noexcept = default;

 private:
  std::uint64_t packed_ = 0;
};

}  // namespace strata
