// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Leveled compaction (O'Neil et al., 1996; LevelDB's and RocksDB's default).
///
/// Level 0 holds flushed tables, which overlap; each deeper level is one sorted run, `multiplier`
/// times the size of the one above. The level with the highest score goes first: for level 0 the
/// number of tables over its trigger, for others bytes over their target. From level 0 all tables
/// go at once, with what they overlap in level 1 (closed under overlap by construction); from a
/// deeper level the one table that drags in the least overlap per byte, ties to the one with the
/// most tombstones. Inputs of a running job are never taken again.
///
/// When no level has a job, level 0 goes, too, once scans have paid for it: once cursors went to
/// its tables, since it was merged last, `scan_patience` times as often as there are entries to
/// merge, `job_entries` more for the job itself. That is renting until the rent would have bought
/// the house (Karlin, Manasse, Rudolph and Sleator, 1988): what merges cost stays in proportion to
/// what scans have cost before. LevelDB has its `allowed_seeks` to a like end.
///
/// Then tables of the deeper levels with more than `tombstone_ratio` of tombstones go, the worst
/// first (`compaction/tombstones.hpp`).
///
/// Trigger: a level's size, then scans, then tombstones. Layout: one run a level, but for level 0.
/// Granularity: one table and what it overlaps. Movement: least overlap, then most tombstones.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/option_check.hpp>
#include <strata/compaction/overlap.hpp>
#include <strata/compaction/tombstones.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata::compaction {

class Leveled {
 public:
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "leveled";
  static constexpr bool follows_scans = true;
  /// What a job costs beside its entries, in entries: files that are made and synced, an edit.
  static constexpr std::uint64_t job_entries = 16'384;

  struct Options {
    unsigned level0_trigger = 4;    ///< tables in level 0 that start a compaction
    unsigned level0_slowdown = 16;  ///< ... that slow writers down
    unsigned level0_stop = 32;      ///< ... that stop writers
    std::uint64_t level1_bytes = 256_MiB;
    double multiplier = 10;  ///< target size of a level relative to the one above; above 1
    std::uint64_t file_bytes = 64_MiB;
    /// How often cursors go to a table of level 0, for each entry that its merge would rewrite,
    /// before it is merged for them; 0: that is no reason.
    double scan_patience = 0.25;
    double tombstone_ratio = 0.5;  ///< tables with a larger share of them go; 0: none do
  };

  /// Requires: `check` takes them.
  explicit Leveled(Options options) : options_(options) {}

  /// Errors: invalid_argument, which names the field.
  [[nodiscard]] static Result<void> check(const Options& o) {
    return OptionCheck("Leveled")
        .expect(o.level0_trigger >= 1, "level0_trigger", "give at least 1")
        .expect(o.level0_slowdown >= o.level0_trigger, "level0_slowdown",
                "give at least level0_trigger, or writers are slowed down for nothing")
        .expect(o.level0_stop >= o.level0_slowdown, "level0_stop",
                "give at least level0_slowdown, or writers stop before they are slowed down")
        .expect(o.level1_bytes > 0, "level1_bytes", "give at least 1")
        .expect(o.multiplier > 1 && std::isfinite(o.multiplier), "multiplier", "give more than 1")
        .expect(o.file_bytes > 0, "file_bytes", "give at least 1")
        .expect(o.scan_patience >= 0 && std::isfinite(o.scan_patience), "scan_patience",
                "give at least 0")
        .share(o.tombstone_ratio, "tombstone_ratio")
        .done();
  }

  [[nodiscard]] std::optional<Job> pick(const Levels& levels, const Conditions& now) {
    if (levels.size() < 2) {
      return std::nullopt;
    }
    follow(levels, now);
    const std::vector<unsigned> by_score = levels_by_score(levels);
    for (const unsigned level : by_score) {
      auto job =
          level == 0 ? pick_level0(levels, now.compare) : pick_file(levels, level, now.compare);
      if (job) {
        return job;
      }
    }
    if (auto job = pick_scanned(levels, now)) {
      return job;
    }
    return options_.tombstone_ratio > 0 ? pick_erased(levels, now) : std::nullopt;
  }
  /// What scans paid stays.
  void set_options(const Options& options) { options_ = options; }

  [[nodiscard]] Pressure pressure(const Levels& levels) const {
    const auto files = static_cast<double>(levels.empty() ? 0 : levels[0].size());
    const double slow = options_.level0_slowdown;
    const double stop = options_.level0_stop;
    return {files < slow ? 0 : 1 + std::min(1.0, (files - slow) / std::max(1.0, stop - slow))};
  }

 private:
  [[nodiscard]] static std::uint64_t bytes_of(const std::vector<FileView>& files) {
    std::uint64_t bytes = 0;
    for (const FileView& file : files) {
      bytes += file.busy ? 0 : file.size_bytes;
    }
    return bytes;
  }

  /// Levels whose score calls for work, the highest score first.
  [[nodiscard]] std::vector<unsigned> levels_by_score(const Levels& levels) const {
    std::vector<std::pair<double, unsigned>> scores;
    double target = static_cast<double>(options_.level1_bytes);
    for (unsigned level = 0; level + 1 < levels.size(); ++level) {
      double score = 0;
      if (level == 0) {
        score = static_cast<double>(levels[0].size()) / options_.level0_trigger;
      } else {
        score = static_cast<double>(bytes_of(levels[level])) / target;
        target *= options_.multiplier;
      }
      if (score >= 1) {
        scores.emplace_back(score, level);
      }
    }
    std::sort(scores.begin(), scores.end(),
              [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<unsigned> order;
    for (const auto& [score, level] : scores) {
      order.push_back(level);
    }
    return order;
  }

  /// All of level 0 with what it overlaps in level 1, and the entries that it would rewrite.
  struct Level0Merge {
    Job job;
    std::uint64_t entries = 0;
  };
  [[nodiscard]] std::optional<Level0Merge> merge_level0(const Levels& levels,
                                                        Compare compare) const {
    KeyRange range;
    Input upper{.level = 0};
    std::uint64_t entries = 0;
    for (const FileView& file : levels[0]) {
      if (file.busy) {
        return std::nullopt;  // tables of level 0 overlap: one job at a time keeps their order
      }
      range.widen(file, compare);
      upper.files.push_back(file.number);
      entries += file.entries;
    }
    const auto below = overlapping(levels[1], range, compare);
    if (upper.files.empty() || any_busy(below)) {
      return std::nullopt;
    }
    for (const FileView* file : below) {
      entries += file->entries;
    }
    return Level0Merge{job_of(std::move(upper), below), entries};
  }
  [[nodiscard]] std::optional<Job> pick_level0(const Levels& levels, Compare compare) {
    auto merge = merge_level0(levels, compare);
    return merge ? std::optional(started(std::move(merge->job))) : std::nullopt;
  }
  /// Level 0, if scans have paid for it since it was merged last.
  [[nodiscard]] std::optional<Job> pick_scanned(const Levels& levels, const Conditions& now) {
    if (options_.scan_patience == 0 || now.detours == detours_) {
      return std::nullopt;
    }
    auto merge = merge_level0(levels, now.compare);
    if (!merge) {
      return std::nullopt;
    }
    const auto paid = static_cast<double>(now.detours - detours_);
    const auto entries = static_cast<double>(merge->entries + job_entries);
    return paid >= options_.scan_patience * entries ? std::optional(started(std::move(merge->job)))
                                                    : std::nullopt;
  }
  [[nodiscard]] Job started(Job level0_merge) {
    merges_level0_ = true;
    return level0_merge;
  }
  /// Counts anew when level 0 is merged, by whoever it was: what scans paid until then was for
  /// that.
  void follow(const Levels& levels, const Conditions& now) {
    const auto is_busy = [](const FileView& file) { return file.busy; };
    const bool is_merged =
        merges_level0_ && std::none_of(levels[0].begin(), levels[0].end(), is_busy);
    if (is_merged || levels[0].empty() || now.detours < detours_) {
      detours_ = now.detours;
      merges_level0_ = false;
    }
  }

  [[nodiscard]] std::optional<Job> pick_file(const Levels& levels, unsigned level,
                                             Compare compare) const {
    std::optional<Job> best;
    double best_cost = 0;
    std::uint64_t best_tombstones = 0;
    for (const FileView& file : levels[level]) {
      if (file.busy) {
        continue;
      }
      KeyRange range;
      range.widen(file, compare);
      const auto below = overlapping(levels[level + 1], range, compare);
      if (any_busy(below)) {
        continue;
      }
      std::uint64_t overlap_bytes = 0;
      for (const FileView* lower : below) {
        overlap_bytes += lower->size_bytes;
      }
      const double cost = static_cast<double>(overlap_bytes) /
                          static_cast<double>(std::max<std::uint64_t>(1, file.size_bytes));
      if (!best || cost < best_cost || (cost == best_cost && file.tombstones > best_tombstones)) {
        best = job_of({.level = level, .files = {file.number}}, below);
        best_cost = cost;
        best_tombstones = file.tombstones;
      }
    }
    return best;
  }

  [[nodiscard]] std::optional<Job> pick_erased(const Levels& levels, const Conditions& now) const {
    std::optional<Job> best;
    double best_share = options_.tombstone_ratio;
    for (unsigned level = 1; level < levels.size(); ++level) {
      for (const FileView& file : levels[level]) {
        if (file.busy || tombstone_share(file) <= best_share) {
          continue;
        }
        if (auto job = push_tombstones(levels, level, file, now)) {
          best = std::move(job);
          best_share = tombstone_share(file);
        }
      }
    }
    return best;
  }
  /// One step down, or away. None: that has to wait.
  [[nodiscard]] std::optional<Job> push_tombstones(const Levels& levels, unsigned level,
                                                   const FileView& file,
                                                   const Conditions& now) const {
    if (!hides_something(levels, level, file, now.compare)) {
      return tombstones_may_go(file, now)
                 ? std::optional(rewrite_in_place(level, file, options_.file_bytes))
                 : std::nullopt;
    }
    KeyRange range;
    range.widen(file, now.compare);
    const auto below = overlapping(levels[level + 1], range, now.compare);
    return any_busy(below) ? std::nullopt
                           : std::optional(job_of({.level = level, .files = {file.number}}, below));
  }

  [[nodiscard]] Job job_of(Input upper, const std::vector<const FileView*>& below) const {
    Job job{.output_level = upper.level + 1, .output_file_bytes = options_.file_bytes};
    job.inputs.push_back(std::move(upper));
    if (!below.empty()) {
      job.inputs.push_back({.level = job.output_level});
      for (const FileView* file : below) {
        job.inputs.back().files.push_back(file->number);
      }
    }
    return job;
  }

  Options options_;
  std::uint64_t detours_ = 0;  ///< up to when level 0 was merged last
  bool merges_level0_ = false;
};

static_assert(CompactionPolicy<Leveled>);

}  // namespace strata::compaction
