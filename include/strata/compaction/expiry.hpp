// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Dropping the oldest tables whole, because there are too many bytes or they are too old.
///
/// Tables go in the reverse of the order in which readers look: the deepest level first, within a
/// deeper level the one whose newest entry is oldest, of level 0 the last. What is dropped is thus
/// always all of the oldest end, which is closed under "older and shares keys" by construction.
///
/// A level that another policy built, or `compact()`, is younger than its oldest entries: a table
/// counts as old as its *newest* entry. A time that is not known (0) never expires.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/core/entry.hpp>

namespace strata::compaction {

struct Limits {
  std::uint64_t bytes_max = 0;    ///< 0: any number
  std::uint64_t ttl_seconds = 0;  ///< 0: any age
};

[[nodiscard]] inline bool is_expired(const FileView& file, std::uint64_t ttl_seconds,
                                     const Conditions& now) {
  return ttl_seconds != 0 && file.newest_seconds != 0 && now.unix_seconds >= ttl_seconds &&
         file.newest_seconds <= now.unix_seconds - ttl_seconds;
}

/// The tables of a level, the first to go first.
[[nodiscard]] inline std::vector<FileView> from_the_oldest(const Levels& levels, unsigned level) {
  std::vector<FileView> files = levels[level];
  if (level == 0) {
    std::reverse(files.begin(), files.end());
  } else {
    std::stable_sort(files.begin(), files.end(), [](const FileView& a, const FileView& b) {
      return std::pair(a.newest_seconds, a.largest_sequence) <
             std::pair(b.newest_seconds, b.largest_sequence);
    });
  }
  return files;
}

/// A job that drops what is over `limits`. None: nothing is, a running job has the oldest table, or
/// a snapshot lives, which might see it.
[[nodiscard]] inline std::optional<Job> drop_oldest(const Levels& levels, const Conditions& now,
                                                    const Limits& limits) {
  if (now.oldest_snapshot != sequence_max) {
    return std::nullopt;
  }
  std::uint64_t bytes = 0;
  for (const auto& level : levels) {
    for (const FileView& file : level) {
      bytes += file.size_bytes;
    }
  }
  Job job{.action = Action::drop};
  bool done = false;
  for (unsigned level = static_cast<unsigned>(levels.size()); level-- > 0 && !done;) {
    Input input{.level = level};
    for (const FileView& file : from_the_oldest(levels, level)) {
      const bool over = limits.bytes_max != 0 && bytes > limits.bytes_max;
      done = file.busy || !(over || is_expired(file, limits.ttl_seconds, now));
      if (done) {
        break;
      }
      bytes -= file.size_bytes;
      input.files.push_back(file.number);
    }
    if (!input.files.empty()) {
      job.inputs.insert(job.inputs.begin(), std::move(input));
    }
  }
  return job.inputs.empty() ? std::nullopt : std::optional<Job>(std::move(job));
}

}  // namespace strata::compaction
