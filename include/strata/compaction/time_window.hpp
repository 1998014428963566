// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Time windows (Cassandra's TWCS): data that was written together is stored, and dies, together.
///
/// A table belongs to the window of its newest entry: `newest_seconds / window_seconds`. Tables of
/// the newest window are merged by size, `merge_width` of about one size at a time; the tables of
/// an older window are merged once, into one, and rest. With `ttl_seconds`, the oldest tables are
/// dropped whole once their newest entry is that old; nothing is read or written for that. A drop
/// waits while a snapshot lives, and for the next flush: time alone starts no compaction.
///
/// Only neighbours in level 0 are merged, which are ordered by sequence: keys may recur in any
/// window, and a clock that jumps costs a table more, never an answer.
///
/// Trigger: age, then number of tables in a window. Layout: a run a window, the newest tiered.
/// Granularity: a window; of the newest, runs. Movement: by age. Each window adds a run to look
/// through: for series that are read by time, and best with a `ttl_seconds` of some dozen windows.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/expiry.hpp>
#include <strata/compaction/option_check.hpp>
#include <strata/compaction/runs.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata::compaction {

class TimeWindow {
 public:
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "time_window";

  struct Options {
    std::uint64_t window_seconds = std::uint64_t{24} * 60 * 60;
    std::uint64_t ttl_seconds = 0;     ///< 0: any age
    unsigned merge_width = 4;          ///< tables of the newest window that become one; at least 2
    std::uint64_t run_bytes = 64_MiB;  ///< about what a flush writes
  };

  /// Requires: `check` takes them.
  explicit TimeWindow(Options options) : options_(options) {}

  /// Errors: invalid_argument, which names the field.
  [[nodiscard]] static Result<void> check(const Options& o) {
    return OptionCheck("TimeWindow")
        .expect(o.window_seconds > 0, "window_seconds", "give at least 1")
        .expect(o.merge_width >= 2, "merge_width", "give at least 2: one table has no other")
        .expect(o.run_bytes > 0, "run_bytes", "give at least 1")
        .done();
  }

  [[nodiscard]] std::optional<Job> pick(const Levels& levels, const Conditions& now) const {
    if (auto job = drop_oldest(levels, now, {.ttl_seconds = options_.ttl_seconds})) {
      return job;
    }
    const Runs runs = runs_of(levels);
    const auto merges = due(runs, std::min(idle_runs(runs), levels[0].size()));
    if (merges.empty()) {
      return std::nullopt;
    }
    return merge_of_runs(runs, merges.front().from, merges.front().to, 0, UINT64_MAX);
  }

  /// Four times as many tables as a merge takes slow writers down.
  [[nodiscard]] Pressure pressure(const Levels& levels) const {
    const Runs runs = runs_of(levels);
    std::size_t waiting = 0;
    for (const Tier& merge : due(runs, levels[0].size())) {
      waiting = std::max(waiting, merge.width());
    }
    const double over = static_cast<double>(waiting) / (4.0 * options_.merge_width);
    return {over < 1 ? 0 : std::min(2.0, over)};
  }

 private:
  [[nodiscard]] std::uint64_t window_of(const Run& run) const {
    return run.newest_seconds / options_.window_seconds;
  }
  /// Merges that are due among the first `count` runs, those of the newest window first.
  [[nodiscard]] std::vector<Tier> due(const Runs& runs, std::size_t count) const {
    std::uint64_t newest_window = 0;
    for (std::size_t i = 0; i < count; ++i) {
      newest_window = std::max(newest_window, window_of(runs[i]));
    }
    std::vector<Tier> merges;
    for (std::size_t from = 0; from < count;) {
      std::size_t to = from + 1;
      while (to < count && window_of(runs[to]) == window_of(runs[from])) {
        ++to;
      }
      if (window_of(runs[from]) != newest_window) {
        merges.push_back({.from = from, .to = to});
      } else {
        const auto tiers = tiers_of(runs, from, to, options_.run_bytes, options_.merge_width);
        std::copy_if(tiers.begin(), tiers.end(), std::back_inserter(merges),
                     [&](const Tier& tier) { return tier.width() >= options_.merge_width; });
      }
      from = to;
    }
    std::erase_if(merges, [](const Tier& merge) { return merge.width() < 2; });
    return merges;
  }

  Options options_;
};

static_assert(CompactionPolicy<TimeWindow>);

}  // namespace strata::compaction
