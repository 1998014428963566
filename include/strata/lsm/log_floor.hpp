// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What an edit says of the log: how far back it is still needed. The *floor* is the last sequence
/// that no memtable holds alone.
///
/// Tested through the engine: tests/lsm/engine_test.cpp, tests/crash/.

#include <algorithm>
#include <cstdint>

#include <strata/core/entry.hpp>
#include <strata/version/edit.hpp>
#include <strata/version/state.hpp>

namespace strata::lsm {

/// The first segment with something behind `floor`; the last one if none has. 0: there is none.
template <class Log>
[[nodiscard]] std::uint64_t first_needed_segment(const Log& log, Sequence floor) {
  for (const auto& segment : log.segments()) {
    if (segment.last_sequence > floor) {
      return segment.id;
    }
  }
  return log.segments().empty() ? 0 : log.segments().back().id;
}

/// Says of families that `edit` does not speak of that they need nothing up to `floor`: replay must
/// know how far back the log need not reach.
inline void note_idle_families(version::VersionEdit& edit, const version::State& state,
                               Sequence floor) {
  for (const auto& family : state.families) {
    const bool is_in_edit =
        std::any_of(edit.families.begin(), edit.families.end(),
                    [&](const auto& other) { return other.family == family.id; });
    if (!is_in_edit && family.flushed_through < floor) {
      auto& idle = edit.families.emplace_back();
      idle.family = family.id;
      idle.flushed_through = floor;
    }
  }
}

}  // namespace strata::lsm
