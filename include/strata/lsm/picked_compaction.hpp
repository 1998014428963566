// SPDX-License-Identifier: BSL-1.0
#pragma once

/// From a job that a compaction policy names by numbers to the tables themselves: pinned, marked
/// busy, and checked. Calls need the engine's lock.
///
/// Tested through the engine: tests/lsm/background_test.cpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/overlap.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/read_view.hpp>

namespace strata::lsm {

/// A compaction that was picked: its inputs are marked busy and pinned.
template <class File>
struct PickedCompaction {
  compaction::Job job;
  typename TableVersion<File>::Files upper;
  typename TableVersion<File>::Files lower;
  bool bottommost = false;    ///< nothing below the output level overlaps
  bool trivial_move = false;  ///< one table, nothing to merge with: only the manifest changes

  /// Gives the inputs back.
  void release() const noexcept {
    for (const auto* files : {&upper, &lower}) {
      for (const auto& file : *files) {
        file->busy = false;
      }
    }
  }
};

/// Sorts the tables of a level by key. Error: two of them overlap.
template <class Comparator, class Files>
[[nodiscard]] Result<void> sort_level(Files& files) {
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return Comparator::compare(a->metadata().smallest, b->metadata().smallest) < 0;
  });
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (!files[i - 1]->ends_before(files[i]->metadata().smallest)) {
      return fail(ErrorCode::corruption, files[i]->path(), ": overlaps ", files[i - 1]->path(),
                  " in a level that must be disjoint; restore from a backup");
    }
  }
  return {};
}

/// All tables of `level` that overlap [first, last], with what they overlap in `output_level`.
/// None: nothing there.
template <class Comparator, class File>
[[nodiscard]] std::optional<compaction::Job> compaction_of_range(
    const TableVersion<File>& tables, unsigned level, unsigned output_level,
    std::optional<std::string_view> first, std::optional<std::string_view> last) {
  const auto view = tables.view();
  compaction::Job job;
  job.level = level;
  job.output_level = output_level;
  compaction::KeyRange range;
  for (const auto& file : view[level]) {
    const bool before = first && compaction::ends_before(file.largest, file.largest_exclusive,
                                                         *first, &Comparator::compare);
    const bool after = last && Comparator::compare(file.smallest, *last) > 0;
    if (level == 0 || (!before && !after)) {
      job.upper.push_back(file.number);
      range.widen(file, &Comparator::compare);
    }
  }
  if (job.upper.empty()) {
    return std::nullopt;
  }
  if (output_level != level) {
    for (const auto* file :
         compaction::overlapping(view[output_level], range, &Comparator::compare)) {
      job.lower.push_back(file->number);
    }
  }
  return job;
}

/// Marks the inputs of `job` busy.
template <class Comparator, class File>
[[nodiscard]] PickedCompaction<File> take_inputs(compaction::Job job,
                                                 const TableVersion<File>& tables) {
  const auto find = [](const auto& level, const std::vector<std::uint64_t>& numbers) {
    typename TableVersion<File>::Files found;
    for (const auto& file : level) {
      if (std::find(numbers.begin(), numbers.end(), file->metadata().number) != numbers.end()) {
        found.push_back(file);
      }
    }
    return found;
  };
  PickedCompaction<File> picked;
  picked.upper = find(tables.levels[job.level], job.upper);
  picked.lower = find(tables.levels[job.output_level], job.lower);
  compaction::KeyRange range;
  for (const auto* files : {&picked.upper, &picked.lower}) {
    for (const auto& file : *files) {
      file->busy = true;
      range.widen(file->view(), &Comparator::compare);
    }
  }
  picked.bottommost = true;
  for (std::size_t level = job.output_level + 1; level < tables.levels.size(); ++level) {
    for (const auto& file : tables.levels[level]) {
      picked.bottommost =
          picked.bottommost && !compaction::overlaps(file->view(), range, &Comparator::compare);
    }
  }
  picked.trivial_move =
      picked.upper.size() == 1 && picked.lower.empty() && job.level != job.output_level;
  picked.job = std::move(job);
  return picked;
}

}  // namespace strata::lsm
