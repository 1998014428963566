// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a caller may say with a single read or write. Held by tests/lsm/engine_test.cpp and
/// tests/lsm/cursor_test.cpp.

#include <optional>
#include <string_view>

#include <strata/core/durability.hpp>

namespace strata {

class Snapshot;

struct WriteOptions {
  /// Absent: the database's own default (`Options::wal.durability`).
  std::optional<Durability> durability = std::nullopt;
};

struct ReadOptions {
  /// Read as of this snapshot; null: as of now. The snapshot must outlive the read.
  const Snapshot* snapshot = nullptr;
  /// Check the checksum of each block that comes from disk. A block that was not checked is not
  /// kept in the cache.
  bool verify_checksums = true;
  /// Keep the blocks that were read in the cache; false for one-off scans of everything.
  bool fill_cache = true;
  /// Cursors and scans stay in [lower_bound, upper_bound). The bytes must outlive the cursor.
  std::optional<std::string_view> lower_bound = std::nullopt;
  std::optional<std::string_view> upper_bound = std::nullopt;
};

}  // namespace strata
