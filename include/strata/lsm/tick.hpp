// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What time alone makes due, in a database that nobody writes to:
///
/// - a memtable older than `Options::flush_age_seconds` is flushed, so that the log can shrink and
///   tables know when their entries were written;
/// - every compaction policy is asked again: ages, time windows and paces have moved, and what
///   waited for a snapshot to go may be dropped.
///
/// Executors with threads call it every `Options::tick_seconds`; with `executor::Inline`, or one of
/// your own without `every`, call `db.tick()` from your loop. A compaction filter is no reason to
/// compact: what it would forget goes when its tables are merged for another one.
///
/// A tick never waits for writers, nor for the flushes and compactions that it asks for: it runs
/// among them. While a write commits, memtables are left to the next tick. Any thread may call it.

#include <cstdint>
#include <mutex>
#include <type_traits>

#include <strata/core/error.hpp>

namespace strata::lsm {

/// Requires: in commit order.
template <class Core>
void switch_aged_memtables(Core& core) {
  const std::uint64_t age = core.options().flush_age_seconds;
  const std::uint64_t now = Core::Clock::unix_seconds();
  const std::lock_guard lock(core.background().mutex());
  core.for_each_tree([&](auto& tree) {
    const auto& active = tree.active();
    const bool is_aged = now >= age && active.created_seconds() <= now - age;
    if (is_aged && tree.immutable_count() < core.options().immutables_max) {
      (void)tree.switch_memtable();
    }
  });
}

template <class Core>
[[nodiscard]] Result<void> tick(Core& core) {
  if (core.options().flush_age_seconds != 0) {
    auto done = core.committer().try_exclusively([&]() -> Result<void> {
      switch_aged_memtables(core);
      return {};
    });
    if (!done) {
      return done;
    }
    core.background().schedule_flush();
  }
  core.background().schedule_compaction();
  return core.background_error();
}

}  // namespace strata::lsm
