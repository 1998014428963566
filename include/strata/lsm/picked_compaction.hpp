// SPDX-License-Identifier: BSL-1.0
#pragma once

/// From a job that a compaction policy names by numbers to the tables themselves: pinned, marked
/// busy, and checked. Calls need the engine's lock.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/job_check.hpp>
#include <strata/compaction/overlap.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/read_view.hpp>
#include <strata/version/state.hpp>

namespace strata::lsm {

/// A compaction that was picked: its inputs are marked busy and pinned.
template <class File>
struct PickedCompaction {
  using Files = typename TableVersion<File>::Files;
  struct Input {
    unsigned level = 0;
    Files files{};
  };

  compaction::Job job;
  std::vector<Input> inputs;  ///< from the top down, as in `job`
  bool bottommost = false;    ///< nothing older shares keys with the output
  bool trivial_move = false;  ///< one table, nothing to merge with: only the manifest changes
  /// How much of a value file may be garbage before its values move; none: as the options say.
  std::optional<double> garbage_ratio{};
  /// Value files that the output refers to no more, but for values that are damaged; ascending.
  std::vector<std::uint64_t> emptied{};

  template <class Visit>
  void for_each_file(Visit visit) const {
    for (const Input& input : inputs) {
      for (const auto& file : input.files) {
        visit(file);
      }
    }
  }
  /// Gives the inputs back.
  void release() const noexcept {
    for_each_file([](const auto& file) { file->busy = false; });
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

/// Sorts the tables of level 0: the newest first.
template <class Files>
void sort_by_age(Files& files) {
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return version::is_newer(a->metadata(), b->metadata());
  });
}

/// All tables of `level` that overlap [first, last], with what they overlap in `output_level`.
/// None: nothing there.
template <class Comparator, class File>
[[nodiscard]] std::optional<compaction::Job> compaction_of_range(
    const TableVersion<File>& tables, unsigned level, unsigned output_level,
    std::optional<std::string_view> first, std::optional<std::string_view> last) {
  const auto view = tables.view();
  compaction::Job job;
  job.output_level = output_level;
  compaction::Input upper{.level = level};
  compaction::KeyRange range;
  for (const auto& file : view[level]) {
    const bool before = first && compaction::ends_before(file.largest, file.largest_exclusive,
                                                         *first, &Comparator::compare);
    const bool after = last && Comparator::compare(file.smallest, *last) > 0;
    if (level == 0 || (!before && !after)) {
      upper.files.push_back(file.number);
      range.widen(file, &Comparator::compare);
    }
  }
  if (upper.files.empty()) {
    return std::nullopt;
  }
  job.inputs.push_back(std::move(upper));
  if (output_level != level) {
    compaction::Input lower{.level = output_level};
    for (const auto* file :
         compaction::overlapping(view[output_level], range, &Comparator::compare)) {
      lower.files.push_back(file->number);
    }
    if (!lower.files.empty()) {
      job.inputs.push_back(std::move(lower));
    }
  }
  return job;
}

/// Checks `job`, and marks its inputs busy.
template <class Comparator, class File>
[[nodiscard]] Result<PickedCompaction<File>> take_inputs(compaction::Job job,
                                                         const TableVersion<File>& tables) {
  const auto view = tables.view();
  if (auto right = compaction::check_job(view, job, &Comparator::compare); !right) {
    return propagate(std::move(right));
  }
  PickedCompaction<File> picked;
  picked.bottommost = compaction::is_bottommost(view, job, &Comparator::compare);
  for (const compaction::Input& input : job.inputs) {
    picked.inputs.push_back({input.level, {}});
    for (const auto& file : tables.levels[input.level]) {
      if (std::find(input.files.begin(), input.files.end(), file->metadata().number) !=
          input.files.end()) {
        file->busy = true;
        picked.inputs.back().files.push_back(file);
      }
    }
  }
  picked.trivial_move = job.action == compaction::Action::merge && job.inputs.size() == 1 &&
                        job.inputs.front().files.size() == 1 &&
                        job.inputs.front().level != job.output_level;
  picked.job = std::move(job);
  return picked;
}

}  // namespace strata::lsm
