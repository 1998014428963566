// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Key ranges of tables: what pickers, trivial moves and installs ask about overlap.

#include <algorithm>
#include <string_view>
#include <vector>

#include <strata/compaction/concept.hpp>

namespace strata::compaction {

/// The user keys that a set of tables may hold.
struct KeyRange {
  std::string_view smallest;
  std::string_view largest;
  bool largest_exclusive = false;
  bool empty = true;

  void widen(const FileView& file, Compare compare) {
    if (empty || compare(file.smallest, smallest) < 0) {
      smallest = file.smallest;
    }
    const int order = empty ? 1 : compare(file.largest, largest);
    if (order > 0 || (order == 0 && largest_exclusive)) {
      largest = file.largest;
      largest_exclusive = file.largest_exclusive;
    }
    empty = false;
  }
};

/// Whether a range that ends at `largest` lies wholly before `key`.
[[nodiscard]] inline bool ends_before(std::string_view largest, bool exclusive,
                                      std::string_view key, Compare compare) {
  const int order = compare(largest, key);
  return order < 0 || (order == 0 && exclusive);
}

[[nodiscard]] inline bool overlaps(const FileView& file, const KeyRange& range, Compare compare) {
  return !range.empty &&
         !ends_before(file.largest, file.largest_exclusive, range.smallest, compare) &&
         !ends_before(range.largest, range.largest_exclusive, file.smallest, compare);
}

/// The files of a level that share a key with `range`. O(files).
[[nodiscard]] inline std::vector<const FileView*> overlapping(const std::vector<FileView>& level,
                                                              const KeyRange& range,
                                                              Compare compare) {
  std::vector<const FileView*> found;
  for (const FileView& file : level) {
    if (overlaps(file, range, compare)) {
      found.push_back(&file);
    }
  }
  return found;
}

[[nodiscard]] inline bool any_busy(const std::vector<const FileView*>& files) {
  return std::any_of(files.begin(), files.end(), [](const FileView* f) { return f->busy; });
}

}  // namespace strata::compaction
