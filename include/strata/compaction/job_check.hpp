// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whether a job keeps the order of versions: the one rule that every compaction policy obeys.
///
/// Readers look from new to old: through level 0 from its newest table, then level by level, and
/// the first answer stands (invariant 6). A job lifts its inputs out of that order and puts what
/// they become in one place. So no table that shares keys with the inputs may lie between the
/// newest of them and that place; and what is dropped may leave nothing older behind, which it
/// would bring back to life. Checked against the hull of all inputs, because the tables that are
/// written may span the gaps between them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/overlap.hpp>
#include <strata/core/error.hpp>

namespace strata::compaction {

namespace detail {

/// Where a reader meets a table: smaller is sooner. Tables of a deeper level share one place.
[[nodiscard]] inline std::size_t place_of(const Levels& levels, unsigned level, std::size_t at) {
  return level == 0 ? at : levels[0].size() + level;
}

struct JobShape {
  KeyRange hull;
  std::size_t newest = SIZE_MAX;  ///< place of the newest input
  std::size_t oldest = 0;
};

[[nodiscard]] inline tl::unexpected<Error> refused(std::string_view what) {
  return fail(ErrorCode::invalid_argument, "the compaction policy picked a wrong job: ", what);
}

[[nodiscard]] inline bool takes(const Job& job, unsigned level, std::uint64_t number) {
  return std::any_of(job.inputs.begin(), job.inputs.end(), [&](const Input& input) {
    return input.level == level &&
           std::find(input.files.begin(), input.files.end(), number) != input.files.end();
  });
}

[[nodiscard]] inline Result<JobShape> shape_of(const Levels& levels, const Job& job,
                                               Compare compare) {
  JobShape shape;
  unsigned next_level = 0;
  for (const Input& input : job.inputs) {
    if (input.level < next_level || input.level >= levels.size() || input.files.empty()) {
      return refused("its input levels are not in order, or one is empty");
    }
    next_level = input.level + 1;
    for (std::size_t i = 0; i < input.files.size(); ++i) {
      const auto& level = levels[input.level];
      const auto file = std::find_if(level.begin(), level.end(),
                                     [&](const FileView& f) { return f.number == input.files[i]; });
      const auto same = std::count(input.files.begin(), input.files.end(), input.files[i]);
      if (file == level.end() || file->busy || same != 1) {
        return refused("table " + std::to_string(input.files[i]) + " is not on level " +
                       std::to_string(input.level) + ", is taken by another job, or twice");
      }
      shape.hull.widen(*file, compare);
      const std::size_t place =
          place_of(levels, input.level, static_cast<std::size_t>(file - level.begin()));
      shape.newest = std::min(shape.newest, place);
      shape.oldest = std::max(shape.oldest, place);
    }
  }
  if (shape.hull.empty) {
    return refused("it has no inputs");
  }
  return shape;
}

}  // namespace detail

/// Error `invalid_argument`: the job would lose or resurrect something. O(tables).
[[nodiscard]] inline Result<void> check_job(const Levels& levels, const Job& job, Compare compare) {
  const auto shape = detail::shape_of(levels, job, compare);
  if (!shape) {
    return tl::unexpected<Error>(shape.error());
  }
  const bool drops = job.action == Action::drop;
  if (!drops && (job.output_level >= levels.size() || job.inputs.back().level > job.output_level)) {
    return detail::refused("its output level lies above an input, or does not exist");
  }
  // The last place that must be free of others: where the output goes, or the very end.
  const std::size_t end = drops                   ? SIZE_MAX
                          : job.output_level == 0 ? shape->oldest
                                                  : detail::place_of(levels, job.output_level, 0);
  for (unsigned level = 0; level < levels.size(); ++level) {
    for (std::size_t i = 0; i < levels[level].size(); ++i) {
      const FileView& file = levels[level][i];
      const std::size_t place = detail::place_of(levels, level, i);
      const bool in_the_way = place > shape->newest && place <= end;
      const bool beside = !drops && level > 0 && level == job.output_level;
      if ((in_the_way || beside) && overlaps(file, shape->hull, compare) &&
          !detail::takes(job, level, file.number)) {
        return detail::refused("table " + std::to_string(file.number) + " of level " +
                               std::to_string(level) +
                               (drops ? " is older than a dropped one that shares keys with it"
                                      : " lies between the inputs and the output"));
      }
    }
  }
  return {};
}

/// Whether nothing older than the output of `job` can hold a key of it. Requires: `check_job`.
[[nodiscard]] inline bool is_bottommost(const Levels& levels, const Job& job, Compare compare) {
  const auto shape = detail::shape_of(levels, job, compare);
  const std::size_t end =
      job.output_level == 0 ? shape->oldest : detail::place_of(levels, job.output_level, 0);
  for (unsigned level = 0; level < levels.size(); ++level) {
    for (std::size_t i = 0; i < levels[level].size(); ++i) {
      if (detail::place_of(levels, level, i) > end &&
          overlaps(levels[level][i], shape->hull, compare)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace strata::compaction
