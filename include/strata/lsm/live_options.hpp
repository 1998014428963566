// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Options that may change while a database is open: `db.set_options({.cache_bytes = 1_GiB})`.
///
/// What is not given stays as it is. All values are checked before any is taken. Nothing is stored:
/// the next open takes what its `Options` say.
///
/// Options of a compaction policy belong to a family: `set_compaction_options` of
/// lsm/live_compaction.hpp. A limit of the disk changes elsewhere: a database on `io::RateLimited`
/// shares the limiter of the file system that its options were given.
///
/// Threads: any, at any time; a commit sees the old value of each option or the new one.

#include <atomic>
#include <cstddef>
#include <optional>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata {

struct LiveOptions {
  /// The block cache's budget, from now on: where it shrinks, blocks are evicted before the call
  /// returns. What open tables pin stays, and counts.
  std::optional<std::size_t> cache_bytes = std::nullopt;
  /// Of a memtable before it is flushed: the next commit compares with it. At least 4 KiB.
  std::optional<std::size_t> write_buffer_bytes = std::nullopt;
  /// Of the log before the memtable that holds it back is flushed: the log is measured again after
  /// at most a sixteenth of the new limit was written. At least 4 KiB.
  std::optional<std::size_t> log_bytes_max = std::nullopt;
};

namespace lsm {

/// The values in force.
struct LiveLimits {
  std::atomic<std::size_t> write_buffer_bytes;
  std::atomic<std::size_t> log_bytes_max;
};

/// Errors: invalid_argument; nothing is changed then.
template <class Cache>
[[nodiscard]] Result<void> apply_live_options(const LiveOptions& options, LiveLimits& limits,
                                              Cache& cache) {
  if (options.write_buffer_bytes && *options.write_buffer_bytes < 4_KiB) {
    return fail(ErrorCode::invalid_argument,
                "LiveOptions::write_buffer_bytes is below 4 KiB: every few writes would become a "
                "table; give more");
  }
  if (options.log_bytes_max && *options.log_bytes_max < 4_KiB) {
    return fail(ErrorCode::invalid_argument,
                "LiveOptions::log_bytes_max is below 4 KiB: memtables would be flushed all the "
                "time; give more");
  }
  if (options.write_buffer_bytes) {
    limits.write_buffer_bytes.store(*options.write_buffer_bytes, std::memory_order_relaxed);
  }
  if (options.log_bytes_max) {
    limits.log_bytes_max.store(*options.log_bytes_max, std::memory_order_relaxed);
  }
  if (options.cache_bytes) {
    cache.set_capacity(*options.cache_bytes);
  }
  return {};
}

}  // namespace lsm
}  // namespace strata
