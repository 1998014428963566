// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Size-tiered compaction ("universal" in RocksDB; Cassandra's and Bigtable's default).
///
/// The tree is a list of sorted runs from new to old: each table of level 0, then each deeper level
/// that holds anything. Nothing happens below `runs_trigger` runs. Then, the first that applies:
///
/// 1. All runs but the oldest hold more than `space_amplification_percent` of the bytes of the
///    oldest: they are all merged into one.
/// 2. Runs of similar sizes are merged: from the newest on, a run is taken as long as the next one
///    is at most `size_ratio_percent` larger than all that were taken together.
/// 3. There are more than `runs_trigger` runs: the newest ones are merged, until there are not.
///
/// Only neighbours are merged. What they become goes to the deepest level above the next older run
/// and is cut there by `file_bytes`, or stays in level 0 as one table.
///
/// Otherwise a deeper level with more than `tombstone_ratio` of tombstones is merged with the next
/// older run, and such tables of the oldest run are rewritten (`compaction/tombstones.hpp`).
///
/// Trigger: number of runs, then space, then sizes. Layout: tiered. Granularity: whole runs.
/// Movement: by age. Each byte is written about as often as the logarithm of the size says; while
/// all is merged, the database takes twice its place.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/option_check.hpp>
#include <strata/compaction/runs.hpp>
#include <strata/compaction/tombstones.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata::compaction {

class SizeTiered {
 public:
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "size_tiered";

  struct Options {
    unsigned runs_trigger = 4;    ///< fewer runs are left alone; at least 2
    unsigned runs_slowdown = 20;  ///< as many runs slow writers down
    unsigned runs_stop = 36;      ///< ... stop writers
    unsigned merge_width_min = 2;
    unsigned merge_width_max = UINT32_MAX;
    unsigned size_ratio_percent = 1;
    unsigned space_amplification_percent = 200;
    std::uint64_t file_bytes = 64_MiB;
    double tombstone_ratio = 0.5;  ///< runs with a larger share of them go; 0: none do
  };

  /// Requires: `check` takes them.
  explicit SizeTiered(Options options) : options_(options) {}

  /// Errors: invalid_argument, which names the field.
  [[nodiscard]] static Result<void> check(const Options& o) {
    return OptionCheck("SizeTiered")
        .expect(o.runs_trigger >= 2, "runs_trigger", "give at least 2: one run has no other")
        .expect(o.runs_slowdown > o.runs_trigger, "runs_slowdown",
                "give more than runs_trigger, or writers are slowed down for nothing")
        .expect(o.runs_stop >= o.runs_slowdown, "runs_stop",
                "give at least runs_slowdown, or writers stop before they are slowed down")
        .expect(o.merge_width_min >= 2, "merge_width_min", "give at least 2")
        .expect(o.merge_width_max >= o.merge_width_min, "merge_width_max",
                "give at least merge_width_min")
        .expect(o.file_bytes > 0, "file_bytes", "give at least 1")
        .share(o.tombstone_ratio, "tombstone_ratio")
        .done();
  }

  [[nodiscard]] std::optional<Job> pick(const Levels& levels, const Conditions& now) const {
    const Runs runs = runs_of(levels);
    const std::size_t idle = idle_runs(runs);
    if (runs.size() >= options_.runs_trigger) {
      if (auto job = pick_all(runs, idle)) {
        return job;
      }
      if (auto job = pick_similar(runs, idle)) {
        return job;
      }
      if (auto job = pick_newest(runs, idle)) {
        return job;
      }
    }
    return options_.tombstone_ratio > 0 ? pick_erased(levels, runs, idle, now) : std::nullopt;
  }

  [[nodiscard]] Pressure pressure(const Levels& levels) const {
    const auto runs = static_cast<double>(runs_of(levels).size());
    const double slow = options_.runs_slowdown;
    const double stop = options_.runs_stop;
    return {runs < slow ? 0 : 1 + std::min(1.0, (runs - slow) / std::max(1.0, stop - slow))};
  }

 private:
  [[nodiscard]] std::optional<Job> pick_all(const Runs& runs, std::size_t idle) const {
    const double oldest = static_cast<double>(runs.back().size_bytes);
    const double newer = static_cast<double>(bytes_of_runs(runs, 0, runs.size() - 1));
    if (idle < runs.size() || newer * 100 < oldest * options_.space_amplification_percent) {
      return std::nullopt;
    }
    return merge_of_runs(runs, 0, runs.size(), options_.file_bytes);
  }
  [[nodiscard]] std::optional<Job> pick_similar(const Runs& runs, std::size_t idle) const {
    const double slack = 1 + options_.size_ratio_percent / 100.0;
    for (std::size_t from = 0; from + options_.merge_width_min <= idle; ++from) {
      double taken = static_cast<double>(runs[from].size_bytes);
      std::size_t to = from + 1;
      while (to < idle && to - from < options_.merge_width_max &&
             static_cast<double>(runs[to].size_bytes) <= taken * slack) {
        taken += static_cast<double>(runs[to].size_bytes);
        ++to;
      }
      if (to - from >= options_.merge_width_min) {
        return merge_of_runs(runs, from, to, options_.file_bytes);
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<Job> pick_newest(const Runs& runs, std::size_t idle) const {
    const std::size_t too_many = runs.size() - options_.runs_trigger;
    const std::size_t to =
        std::min({too_many + 1, idle, static_cast<std::size_t>(options_.merge_width_max)});
    if (to < 2) {
      return std::nullopt;
    }
    return merge_of_runs(runs, 0, to, options_.file_bytes);
  }
  [[nodiscard]] std::optional<Job> pick_erased(const Levels& levels, const Runs& runs,
                                               std::size_t idle, const Conditions& now) const {
    for (std::size_t i = 0; i + 1 < idle; ++i) {
      if (runs[i].level > 0 &&
          tombstone_share(runs[i].tombstones, runs[i].entries) > options_.tombstone_ratio) {
        return merge_of_runs(runs, i, i + 2, options_.file_bytes);
      }
    }
    if (runs.empty() || runs.back().level == 0) {
      return std::nullopt;
    }
    return rewrite_erased(levels, runs.back().level, options_.tombstone_ratio, options_.file_bytes,
                          now);
  }

  Options options_;
};

static_assert(CompactionPolicy<SizeTiered>);

}  // namespace strata::compaction
