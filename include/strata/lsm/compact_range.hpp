// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compaction on demand: how far down, and how much of it.
///
/// | scope | what is done to the tables that share keys with [first, last]                        |
/// |-------|--------------------------------------------------------------------------------------|
/// | minor | level 0 goes into level 1, whatever the trigger (policies that have one for it);     |
/// |       | then the policy does what it wants, until it rests or newer flushes want more        |
/// | major | they are merged level by level down to the deepest one, where what snapshots held    |
/// |       | back is dropped; done again at once, it finds nothing to do                          |
/// | full  | the same, and every table is written anew: with the filter, the compression and      |
/// |       | the block size that the database was opened with                                     |
///
/// A table is *settled* when it was written with nothing older below it, while no snapshot lived
/// and without a compaction filter: writing it again would drop nothing, so `major` does not. That
/// is known of tables that were written since the database was opened; others are written once.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>

namespace strata {

enum class CompactScope : std::uint8_t {
  minor,
  major,
  full
};

struct CompactOptions {
  CompactScope scope = CompactScope::major;
  /// Keys from `first` to `last`, both included; without a bound all the way.
  std::optional<std::string_view> first = std::nullopt;
  std::optional<std::string_view> last = std::nullopt;
};

namespace lsm {

/// One call. Requires: background compaction is paused, and no other call runs.
template <class Background, class Tree>
class RangeCompaction {
 public:
  /// `next_number`: tables with smaller numbers were there before the call.
  RangeCompaction(Background& background, Tree& tree, const CompactOptions& options,
                  std::uint64_t next_number)
      : background_(background), tree_(tree), options_(options), next_number_(next_number) {}

  [[nodiscard]] Result<void> run() {
    if (options_.scope == CompactScope::minor) {
      return merges_level0() ? merge(0, 1) : Result<void>();
    }
    const unsigned deepest = deepest_level();
    for (unsigned level = 0; level < deepest; ++level) {
      if (auto done = merge(level, level + 1); !done) {
        return done;
      }
    }
    return rewrite(deepest);
  }

 private:
  using Picked = typename Tree::Picked;

  [[nodiscard]] bool merges_level0() const {
    return requires {
      tree_.options().compaction.level0_trigger;
    };
  }
  [[nodiscard]] unsigned deepest_level() {
    const std::lock_guard lock(background_.mutex());
    const auto version = tree_.version();
    unsigned deepest = 1;
    for (unsigned level = 1; level < version->levels.size(); ++level) {
      deepest = version->levels[level].empty() ? deepest : level;
    }
    return deepest;
  }

  [[nodiscard]] Result<void> merge(unsigned level, unsigned output) {
    // Values that lie beside tables move once: when all that refers to garbage is gone.
    const auto ratio = options_.scope == CompactScope::minor ? std::nullopt : std::optional(1.0);
    return run_picked(
        ratio, [&] { return tree_.pick_range(level, output, options_.first, options_.last); });
  }
  /// Writes the tables of `level` again, in runs of neighbours: what lies between is left alone.
  [[nodiscard]] Result<void> rewrite(unsigned level) {
    for (const auto& run : runs_to_rewrite(level)) {
      if (auto done = run_picked(0.0, [&] { return tree_.pick_tables(level, run); }); !done) {
        return done;
      }
    }
    return {};
  }
  [[nodiscard]] std::vector<std::vector<std::uint64_t>> runs_to_rewrite(unsigned level) {
    const std::lock_guard lock(background_.mutex());
    std::vector<std::vector<std::uint64_t>> runs;
    bool goes_on = false;
    const auto version = tree_.version();
    for (const auto& file : version->levels[level]) {
      const bool is_inside = !(options_.first && file->ends_before(*options_.first)) &&
                             !(options_.last && file->starts_after(*options_.last));
      const bool is_wanted = options_.scope == CompactScope::full || !file->settled;
      const bool is_older = file->metadata().number < next_number_;
      if (is_inside && ((is_wanted && is_older) || Tree::Values::separates)) {
        if (!goes_on) {
          runs.emplace_back();
        }
        runs.back().push_back(file->metadata().number);
        goes_on = true;
      } else {
        goes_on = false;
      }
    }
    return runs;
  }

  template <class Pick>
  [[nodiscard]] Result<void> run_picked(std::optional<double> garbage_ratio, Pick pick) {
    std::optional<Picked> picked;
    {
      const std::lock_guard lock(background_.mutex());
      auto found = pick();
      if (!found) {
        return propagate(std::move(found));
      }
      picked = std::move(*found);
    }
    if (!picked) {
      return {};
    }
    picked->trivial_move = false;
    picked->garbage_ratio = garbage_ratio;
    return background_.run_compaction(tree_, *picked);
  }

  Background& background_;
  Tree& tree_;
  const CompactOptions& options_;
  std::uint64_t next_number_;
};

}  // namespace lsm
}  // namespace strata
