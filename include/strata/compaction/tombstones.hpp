// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Tables that are mostly tombstones, and how their tombstones come to vanish.
///
/// A tombstone is dropped by a merge whose output has nothing older below it, and only once no
/// snapshot lives that is older than it. Until then it costs place and slows scans. So a table of
/// which more than a given share is tombstones is compacted although its level is within its
/// target: while something below shares keys with it, it is merged one step down; where nothing
/// does, it is rewritten in place. The latter only if every one of its tombstones can go, which
/// the oldest snapshot says: no table is rewritten twice for nothing, and a policy comes to rest.
///
/// Tombstones are erased keys. A range erase is not counted.

#include <cstdint>
#include <optional>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/overlap.hpp>

namespace strata::compaction {

[[nodiscard]] inline double tombstone_share(std::uint64_t tombstones, std::uint64_t entries) {
  return entries == 0 ? 0 : static_cast<double>(tombstones) / static_cast<double>(entries);
}
[[nodiscard]] inline double tombstone_share(const FileView& file) {
  return tombstone_share(file.tombstones, file.entries);
}

/// Whether all tombstones of the table go once it is merged with nothing older below.
[[nodiscard]] inline bool tombstones_may_go(const FileView& file, const Conditions& now) {
  return file.largest_sequence <= now.oldest_snapshot;
}

/// Whether a level deeper than `level` shares keys with the table.
[[nodiscard]] inline bool hides_something(const Levels& levels, unsigned level,
                                          const FileView& file, Compare compare) {
  KeyRange range;
  range.widen(file, compare);
  for (std::size_t below = level + 1; below < levels.size(); ++below) {
    if (!overlapping(levels[below], range, compare).empty()) {
      return true;
    }
  }
  return false;
}

[[nodiscard]] inline Job rewrite_in_place(unsigned level, const FileView& file,
                                          std::uint64_t file_bytes) {
  return {
      .inputs = {{level, {file.number}}}, .output_level = level, .output_file_bytes = file_bytes};
}

/// Rewrites the table of `level` with the largest share of tombstones above `ratio`, if they can
/// all go. Requires: a deeper level, the oldest data of the tree.
[[nodiscard]] inline std::optional<Job> rewrite_erased(const Levels& levels, unsigned level,
                                                       double ratio, std::uint64_t file_bytes,
                                                       const Conditions& now) {
  const FileView* best = nullptr;
  for (const FileView& file : levels[level]) {
    const double least = best == nullptr ? ratio : tombstone_share(*best);
    if (!file.busy && tombstone_share(file) > least && tombstones_may_go(file, now)) {
      best = &file;
    }
  }
  return ratio > 0 && best != nullptr ? std::optional(rewrite_in_place(level, *best, file_bytes))
                                      : std::nullopt;
}

}  // namespace strata::compaction
