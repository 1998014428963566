// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a repair found and what it could not bring back: for people, who decide whether to restore
/// a backup. Filled by the steps of lsm/repair.hpp; tested there: tests/lsm/repair_test.cpp.

#include <cstdint>
#include <string>
#include <vector>

#include <strata/wal/options.hpp>

namespace strata {

struct RepairReport {
  bool manifest_was_damaged = false;
  std::uint64_t tables_whole = 0;
  std::uint64_t tables_rewritten = 0;  ///< in part
  std::uint64_t tables_lost = 0;
  std::vector<std::string> findings;     ///< a sentence for each damage
  std::vector<wal::LostRange> lost_log;  ///< sequences of which the log has no record any more
  std::uint64_t log_bytes_dropped = 0;

  [[nodiscard]] bool is_clean() const noexcept {
    return !manifest_was_damaged && findings.empty() && lost_log.empty() && log_bytes_dropped == 0;
  }
};

}  // namespace strata
