// SPDX-License-Identifier: BSL-1.0
#pragma once

/// First in, first out (RocksDB's FIFO; caches, logs, events): the oldest tables are dropped whole.
///
/// A table is dropped while all tables together hold more than `bytes_max`, or once its newest
/// entry is `ttl_seconds` old. Nothing is read or written for that, and erased keys need no
/// tombstone to reach the bottom. What is dropped is always the oldest end of the tree, so nothing
/// comes back to life. A drop waits while a snapshot lives, and for the next flush: time alone
/// starts no compaction.
///
/// Tables of level 0 are searched one by one. With `merge_width`, neighbours of about one size are
/// merged, that many at a time, as long as what they become is within `merge_bytes_max`: small
/// flushes end in few tables, and each entry is rewritten as often as the logarithm of their ratio
/// says. An older entry then lives as long as the youngest in its table.
///
/// Trigger: bytes, age; merges: number of tables. Layout: level 0 only. Granularity: one table.
/// Movement: none.

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

class Fifo {
 public:
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "fifo";

  struct Options {
    std::uint64_t bytes_max = 1_GiB;  ///< 0: any number
    std::uint64_t ttl_seconds = 0;    ///< 0: any age
    unsigned merge_width = 0;         ///< tables that become one; 0: nothing is merged
    std::uint64_t merge_bytes_max = 64_MiB;
    std::uint64_t run_bytes = 1_MiB;  ///< about what the smallest flushes write
  };

  /// Requires: `check` takes them.
  explicit Fifo(Options options) : options_(options) {}

  /// Errors: invalid_argument, which names the field.
  [[nodiscard]] static Result<void> check(const Options& o) {
    return OptionCheck("Fifo")
        .expect(o.merge_width != 1, "merge_width", "give at least 2, or 0 to merge nothing")
        .expect(o.run_bytes > 0, "run_bytes", "give at least 1")
        .done();
  }

  [[nodiscard]] std::optional<Job> pick(const Levels& levels, const Conditions& now) const {
    if (auto job = drop_oldest(levels, now, {options_.bytes_max, options_.ttl_seconds})) {
      return job;
    }
    const Runs runs = runs_of(levels);
    const auto tiers = mergeable(levels, runs, idle_runs(runs));
    if (tiers.empty()) {
      return std::nullopt;
    }
    const std::size_t to = tiers.front().to;
    return merge_of_runs(runs, to - options_.merge_width, to, 0, UINT64_MAX);
  }

  /// Four times as many mergeable tables as make one slow writers down. Without merging nothing
  /// does: bytes are over their limit only while a snapshot lives, which waiting does not end.
  [[nodiscard]] Pressure pressure(const Levels& levels) const {
    const Runs runs = runs_of(levels);
    std::size_t widest = 0;
    for (const Tier& tier : mergeable(levels, runs, runs.size())) {
      widest = std::max(widest, tier.width());
    }
    const double over = static_cast<double>(widest) / (4.0 * std::max(1U, options_.merge_width));
    return {over < 1 ? 0 : std::min(2.0, over)};
  }

 private:
  /// The tiers, among the first `count` runs, whose oldest tables are to become one.
  [[nodiscard]] std::vector<Tier> mergeable(const Levels& levels, const Runs& runs,
                                            std::size_t count) const {
    const std::size_t width = options_.merge_width;
    if (width == 0) {
      return {};
    }
    auto tiers = tiers_of(runs, 0, std::min(count, levels[0].size()), options_.run_bytes,
                          static_cast<double>(width));
    std::erase_if(tiers, [&](const Tier& tier) {
      return tier.width() < width ||
             bytes_of_runs(runs, tier.to - width, tier.to) > options_.merge_bytes_max;
    });
    return tiers;
  }

  Options options_;
};

static_assert(CompactionPolicy<Fifo>);

}  // namespace strata::compaction
