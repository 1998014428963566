// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compaction on demand: a range of keys goes down level by level.
///
/// Tested through the engine: tests/lsm/background_test.cpp.

#include <mutex>
#include <optional>
#include <string_view>

#include <strata/core/error.hpp>

namespace strata::lsm {

/// Merges [first, last] of `tree` down to its deepest level.
/// Requires: background compaction is paused, and no other call runs.
template <class Background, class Tree>
[[nodiscard]] Result<void> compact_range(Background& background, Tree& tree,
                                         std::optional<std::string_view> first,
                                         std::optional<std::string_view> last) {
  unsigned deepest = 1;
  {
    const std::lock_guard lock(background.mutex());
    const auto version = tree.version();
    for (unsigned level = 1; level < version->levels.size(); ++level) {
      deepest = version->levels[level].empty() ? deepest : level;
    }
  }
  for (unsigned level = 0; level <= deepest; ++level) {
    // The last round rewrites the deepest level in place: it drops what only snapshots held.
    const unsigned output = level < deepest ? level + 1 : level;
    std::optional<typename Tree::Picked> picked;
    {
      const std::lock_guard lock(background.mutex());
      auto pick = tree.pick_range(level, output, first, last);
      if (!pick) {
        return propagate(std::move(pick));
      }
      picked = std::move(*pick);
    }
    if (picked) {
      picked->trivial_move = false;
      // Values that lie beside tables move once: when all that refers to garbage is gone.
      picked->garbage_ratio = level < deepest ? 1 : 0;
      if (auto done = background.run_compaction(tree, *picked); !done) {
        return done;
      }
    }
  }
  return {};
}

}  // namespace strata::lsm
