// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the manifest knows of a table without opening it: enough to find keys, to pick
/// compactions, and to tell how much space is garbage.

#include <cstdint>
#include <string>

#include <strata/core/entry.hpp>
#include <strata/table/value_pointer.hpp>

namespace strata::version {

struct FileMetadata {
  std::uint64_t number = 0;  ///< in the file's name; never reused
  std::uint64_t size_bytes = 0;
  std::string smallest{};  ///< user keys
  std::string largest{};
  bool largest_exclusive = false;  ///< `largest` is the end of a range erase, not a key in here
  Sequence smallest_sequence = 0;
  Sequence largest_sequence = 0;
  std::uint64_t entries = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t range_erases = 0;
  std::uint64_t raw_bytes = 0;  ///< keys and values before compression
  /// When the entries were written, by the database's clock: Unix seconds; 0: not known.
  std::uint64_t oldest_seconds = 0;
  std::uint64_t newest_seconds = 0;
  /// Of a table that was ingested: all its entries have this sequence, whatever they say; 0: no.
  Sequence global_sequence = 0;
  /// The number that the file says it has, where it was written under another; 0: `number`.
  std::uint64_t stored_number = 0;

  /// What its entries refer to in value files.
  table::ValueShares values{};

  friend bool operator==(const FileMetadata&, const FileMetadata&) = default;
};

/// A file of values that tables of a family refer to.
struct ValueFileMetadata {
  std::uint64_t number = 0;  ///< from the same sequence as those of tables
  std::uint64_t size_bytes = 0;
  friend bool operator==(const ValueFileMetadata&, const ValueFileMetadata&) = default;
};

}  // namespace strata::version
