// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which table a file is to the database that opens it.
///
/// A table that was made elsewhere and taken in keeps the number it was written under, which its
/// frames are bound to, and stands for one moment of this database: whatever sequence its entries
/// say, they have the one that they were taken in at.

#include <cstdint>

#include <strata/core/entry.hpp>

namespace strata::table {

struct Identity {
  std::uint64_t number = 0;         ///< here; names its blocks in the cache
  std::uint64_t stored_number = 0;  ///< in the file; 0: `number`
  Sequence global_sequence = 0;     ///< of every entry; 0: what it says itself

  [[nodiscard]] std::uint64_t number_in_file() const noexcept {
    return stored_number != 0 ? stored_number : number;
  }
  [[nodiscard]] bool is_visible(Sequence sequence) const noexcept {
    return global_sequence <= sequence;
  }
  /// A stored trailer as the database has it.
  [[nodiscard]] Trailer shown(Trailer stored) const noexcept {
    return global_sequence == 0 ? stored : Trailer(global_sequence, stored.kind());
  }
};

}  // namespace strata::table
