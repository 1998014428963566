// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Lazy leveling (Dayan and Idreos, "Dostoevsky", SIGMOD 2018), with a size ratio that follows the
/// mix of reads and writes.
///
/// The last level is one sorted run and holds most of the bytes; all above it are runs of level 0
/// in tiers. A tier collects T runs before they become one of the next tier. Merges above the last
/// level are thus lazy, while a look-up still finds nearly everything in one place: most of what
/// leveling pays for its merges buys only the little that the upper levels hold.
///
/// The last level is merged with all above it once they hold
///
///     max(T * run_bytes, bytes of the last level * T / last_ratio)
///
/// bytes, so it is rewritten `last_ratio / T` times while it takes in its own size, and what is
/// stored twice is at most about T / last_ratio of it. In the paper one T governs the width of a
/// tier and the size of the last level alike, which makes a larger T dearer to write at the last
/// level. Here the last level's share grows with T (the bounds K and Z of the paper's Fluid
/// LSM-tree say as much), so that a larger T always means fewer writes, and more runs to look
/// through.
///
/// T lies between `ratio_min` and `ratio_max`. With w, the smoothed share of writes among writes
/// and point look-ups (`ReadWriteMix`), it strives for
///
///     T* = ratio_min + (ratio_max - ratio_min) * w
///
/// and moves by at most 1 a sample, and only while T* is more than 1 away: a mix that trembles
/// moves nothing.
///
/// Trigger: runs in a tier, bytes above the last level. Layout: tiered, the last level leveled.
/// Granularity: whole runs. Movement: by age. A table of the last level that is left with more than
/// `tombstone_ratio` of tombstones, because a snapshot lived, is rewritten once they can go.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/option_check.hpp>
#include <strata/compaction/read_write_mix.hpp>
#include <strata/compaction/runs.hpp>
#include <strata/compaction/tombstones.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata::compaction {

class LazyLeveled {
 public:
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "lazy_leveled";
  static constexpr bool follows_reads = true;

  struct Options {
    unsigned ratio_min = 4;            ///< T where there are only reads; at least 2
    unsigned ratio_max = 20;           ///< ... only writes
    double last_ratio = 40;            ///< above `ratio_max`
    std::uint64_t run_bytes = 64_MiB;  ///< about what a flush writes
    std::uint64_t file_bytes = 64_MiB;
    std::uint64_t sample_operations = 100'000;  ///< after which T may move
    double tombstone_ratio = 0.5;               ///< of tables of the last level; 0: they stay
    double smoothing = 0.25;                    ///< of the share of writes: 1 forgets at once
  };

  /// Requires: `check` takes them.
  explicit LazyLeveled(Options options)
      : options_(options),
        mix_(options_.sample_operations, options_.smoothing, 0.5),
        ratio_((options_.ratio_min + options_.ratio_max) / 2) {}

  /// Errors: invalid_argument, which names the field.
  [[nodiscard]] static Result<void> check(const Options& o) {
    return OptionCheck("LazyLeveled")
        .expect(o.ratio_min >= 2, "ratio_min", "give at least 2: one run has no other")
        .expect(o.ratio_max >= o.ratio_min, "ratio_max", "give at least ratio_min")
        .expect(o.last_ratio >= o.ratio_max && std::isfinite(o.last_ratio), "last_ratio",
                "give at least ratio_max")
        .expect(o.run_bytes > 0, "run_bytes", "give at least 1")
        .expect(o.file_bytes > 0, "file_bytes", "give at least 1")
        .expect(o.sample_operations > 0, "sample_operations", "give at least 1")
        .expect(o.smoothing > 0 && o.smoothing <= 1, "smoothing", "give more than 0, at most 1")
        .share(o.tombstone_ratio, "tombstone_ratio")
        .done();
  }
  /// What was learnt of reads and writes stays; T comes within the new bounds.
  void set_options(const Options& options) {
    options_ = options;
    mix_.set_sampling(options_.sample_operations, options_.smoothing);
    ratio_ = std::clamp(ratio_, options_.ratio_min, options_.ratio_max);
  }

  [[nodiscard]] std::optional<Job> pick(const Levels& levels, const Conditions& now) {
    follow(now);
    const Runs runs = runs_of(levels);
    if (auto job = pick_last(runs)) {
      return job;
    }
    for (const Tier& tier : upper_tiers(levels, runs, idle_runs(runs))) {
      if (tier.width() >= ratio_) {
        return merge_of_runs(runs, tier.from, tier.to, 0, UINT64_MAX);
      }
    }
    return rewrite_erased(levels, level_count - 1, options_.tombstone_ratio, options_.file_bytes,
                          now);
  }

  /// A tier that holds twice what starts a merge is behind.
  [[nodiscard]] Pressure pressure(const Levels& levels) const {
    const Runs runs = runs_of(levels);
    std::size_t widest = 0;
    for (const Tier& tier : upper_tiers(levels, runs, runs.size())) {
      widest = std::max(widest, tier.width());
    }
    const double over = static_cast<double>(widest) / (2.0 * options_.ratio_max);
    return {over < 1 ? 0 : std::min(2.0, over)};
  }

  /// T as it stands.
  [[nodiscard]] unsigned ratio() const noexcept { return ratio_; }

 private:
  void follow(const Conditions& now) {
    if (!mix_.note(now)) {
      return;
    }
    const double wanted =
        options_.ratio_min + (options_.ratio_max - options_.ratio_min) * mix_.write_share();
    if (wanted > ratio_ + 1.0) {
      ++ratio_;
    } else if (wanted < ratio_ - 1.0) {
      --ratio_;
    }
  }

  [[nodiscard]] std::optional<Job> pick_last(const Runs& runs) const {
    if (runs.empty() || idle_runs(runs) < runs.size()) {
      return std::nullopt;
    }
    const bool has_last = runs.back().level == level_count - 1;
    const std::size_t upper = runs.size() - (has_last ? 1 : 0);
    const double last_bytes = has_last ? static_cast<double>(runs.back().size_bytes) : 0;
    const double due = std::max(static_cast<double>(options_.run_bytes) * ratio_,
                                last_bytes * ratio_ / options_.last_ratio);
    if (upper == 0 || static_cast<double>(bytes_of_runs(runs, 0, upper)) < due) {
      return std::nullopt;
    }
    return merge_of_runs(runs, 0, runs.size(), options_.file_bytes);
  }
  /// Those of level 0. What another policy left in levels between waits for the last level.
  [[nodiscard]] std::vector<Tier> upper_tiers(const Levels& levels, const Runs& runs,
                                              std::size_t idle) const {
    return tiers_of(runs, 0, std::min(idle, levels[0].size()), options_.run_bytes, ratio_);
  }

  Options options_;
  ReadWriteMix mix_;
  unsigned ratio_;
};

static_assert(CompactionPolicy<LazyLeveled>);

}  // namespace strata::compaction
