// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which table to write again so that a value file with too much garbage empties.
///
/// Compactions move the values that they pass in such files. Where the rest of a file is referred
/// to by tables that no compaction passes any more, nothing would; so when the policy has no job,
/// such a table is written again where it is, which moves its values out of every such file. One
/// table at a time: its neighbours may belong to other jobs meanwhile.
///
/// Each job leaves one table fewer that refers to those files. A value that is damaged can not
/// move; a table that is left with one is marked `stuck`, and not chosen again.
///
/// Threads: calls need the engine's lock. Tested through the engine: tests/lsm/value_log_test.cpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/table/value_pointer.hpp>

namespace strata::lsm {

/// Whether a table refers to one of `files`, which ascend.
[[nodiscard]] inline bool refers_to(const table::ValueShares& shares,
                                    const std::vector<std::uint64_t>& files) {
  return std::any_of(shares.begin(), shares.end(), [&](const table::ValueShare& share) {
    return std::binary_search(files.begin(), files.end(), share.file);
  });
}

/// `wasteful`: the value files that are to empty, by ascending number. None: nothing can be done.
template <class File>
[[nodiscard]] std::optional<compaction::Job> collection_job(
    const TableVersion<File>& tables, const std::vector<std::uint64_t>& wasteful,
    std::uint64_t file_bytes) {
  for (unsigned level = 0; level < tables.levels.size() && !wasteful.empty(); ++level) {
    for (const auto& file : tables.levels[level]) {
      if (!file->busy && !file->stuck && refers_to(file->metadata().values, wasteful)) {
        return compaction::Job{.inputs = {{level, {file->metadata().number}}},
                               .output_level = level,
                               .output_file_bytes = level == 0 ? UINT64_MAX : file_bytes};
      }
    }
  }
  return std::nullopt;
}

}  // namespace strata::lsm
