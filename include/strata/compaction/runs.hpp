// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A tree as a list of sorted runs: what tiered layouts (size-tiered, lazily leveled, FIFO, time
/// windows) have in common.
///
/// From new to old, each table of level 0 is a run, and each deeper level that holds anything. A
/// policy that only ever merges neighbours of that list, into the place where they were or below,
/// keeps the order of versions by construction.
///
/// Jobs side by side: where the output of a running job lands is not to be seen. So only runs that
/// are newer than all busy ones (the *idle* ones) are taken, and nothing they become leaves the
/// level of their oldest while older runs are busy.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>

namespace strata::compaction {

struct Run {
  unsigned level = 0;
  std::vector<std::uint64_t> files{};
  std::uint64_t size_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t newest_seconds = 0;
  bool busy = false;

  void add(const FileView& file) {
    files.push_back(file.number);
    size_bytes += file.size_bytes;
    entries += file.entries;
    tombstones += file.tombstones;
    newest_seconds = std::max(newest_seconds, file.newest_seconds);
    busy = busy || file.busy;
  }
};

/// From new to old.
using Runs = std::vector<Run>;

[[nodiscard]] inline Runs runs_of(const Levels& levels) {
  Runs runs;
  for (unsigned level = 0; level < levels.size(); ++level) {
    for (std::size_t i = 0; i < levels[level].size(); ++i) {
      if (level == 0 || i == 0) {
        runs.push_back({.level = level});
      }
      runs.back().add(levels[level][i]);
    }
  }
  return runs;
}

/// How many of the newest runs are newer than all that a running job takes.
[[nodiscard]] inline std::size_t idle_runs(const Runs& runs) {
  const auto busy = std::find_if(runs.begin(), runs.end(), [](const Run& r) { return r.busy; });
  return static_cast<std::size_t>(busy - runs.begin());
}

[[nodiscard]] inline std::uint64_t bytes_of_runs(const Runs& runs, std::size_t from,
                                                 std::size_t to) {
  std::uint64_t bytes = 0;
  for (std::size_t i = from; i < to; ++i) {
    bytes += runs[i].size_bytes;
  }
  return bytes;
}

/// The deepest level that what the runs before `to` become may have: just above the next older
/// run. 0: their place in level 0.
[[nodiscard]] inline unsigned deepest_free_level(const Runs& runs, std::size_t to) {
  if (to == runs.size()) {
    return level_count - 1;
  }
  if (runs[to].busy) {
    return runs[to - 1].level;
  }
  return runs[to].level == 0 ? 0 : runs[to].level - 1;
}

/// Merges the runs [from, to) into `output_level`; a run of level 0 is one table, deeper ones are
/// cut by `file_bytes`. Requires: all are idle, and there are some.
[[nodiscard]] inline Job merge_of_runs(const Runs& runs, std::size_t from, std::size_t to,
                                       unsigned output_level, std::uint64_t file_bytes) {
  Job job{.output_level = output_level,
          .output_file_bytes = output_level == 0 ? UINT64_MAX : file_bytes};
  for (std::size_t i = from; i < to; ++i) {
    if (job.inputs.empty() || job.inputs.back().level != runs[i].level) {
      job.inputs.push_back({.level = runs[i].level});
    }
    auto& files = job.inputs.back().files;
    files.insert(files.end(), runs[i].files.begin(), runs[i].files.end());
  }
  return job;
}

/// ... into the deepest level that is free for them.
[[nodiscard]] inline Job merge_of_runs(const Runs& runs, std::size_t from, std::size_t to,
                                       std::uint64_t file_bytes) {
  return merge_of_runs(runs, from, to, deepest_free_level(runs, to), file_bytes);
}

/// The runs [from, to): neighbours of about one size.
struct Tier {
  std::size_t from = 0;
  std::size_t to = 0;
  unsigned rank = 0;
  [[nodiscard]] std::size_t width() const noexcept { return to - from; }
};

/// Cuts the runs [from, to) into tiers. Those of rank n are about `ratio`^n times `unit_bytes`
/// large; the bounds between ranks lie halfway on a logarithmic scale, since merged runs lose what
/// they had twice. A run among larger ones that are newer counts as one of theirs: ranks rise with
/// age.
[[nodiscard]] inline std::vector<Tier> tiers_of(const Runs& runs, std::size_t from, std::size_t to,
                                                std::uint64_t unit_bytes, double ratio) {
  std::vector<Tier> tiers;
  const double root = std::sqrt(std::max(ratio, 1.5));
  double end = static_cast<double>(std::max<std::uint64_t>(1, unit_bytes)) * root;
  unsigned rank = 0;
  for (std::size_t i = from; i < to; ++i) {
    while (static_cast<double>(runs[i].size_bytes) >= end) {
      end *= root * root;
      ++rank;
    }
    if (tiers.empty() || tiers.back().rank != rank) {
      tiers.push_back({.from = i, .to = i, .rank = rank});
    }
    ++tiers.back().to;
  }
  return tiers;
}

}  // namespace strata::compaction
