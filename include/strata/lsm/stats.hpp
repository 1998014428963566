// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What an engine says about itself: numbers (`Stats`) and a verdict (`Health`).
///
/// Tested through the engine: tests/lsm/inspect_test.cpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/observe/concept.hpp>

namespace strata {

struct LevelStats {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t tombstones = 0;
};

struct FamilyStats {
  std::string name;
  std::uint64_t memtable_bytes = 0;    ///< active and immutable
  std::uint64_t memtable_entries = 0;  ///< active
  std::uint64_t immutables = 0;        ///< waiting for a flush
  std::vector<LevelStats> levels;
  std::uint64_t value_files = 0;
  std::uint64_t value_bytes = 0;          ///< in value files, garbage included
  std::uint64_t value_garbage_bytes = 0;  ///< that no table refers to
};

struct Stats {
  std::string composition;
  Sequence last_sequence = 0;
  std::uint64_t live_snapshots = 0;
  std::uint64_t log_bytes = 0;
  std::uint64_t log_segments = 0;
  std::uint64_t cache_used_bytes = 0;
  std::uint64_t cache_capacity_bytes = 0;
  double cache_hit_ratio = 0;  ///< 0 before the first look-up
  double pressure = 0;         ///< 1: writers are slowed down; 2: stopped
  std::vector<FamilyStats> families;
  metrics::Snapshot metrics;

  [[nodiscard]] std::uint64_t table_bytes() const {
    std::uint64_t bytes = 0;
    for (const FamilyStats& family : families) {
      for (const LevelStats& level : family.levels) {
        bytes += level.bytes;
      }
    }
    return bytes;
  }
  /// Bytes written to tables for each byte that was flushed; 1 before the first compaction.
  [[nodiscard]] double write_amplification() const {
    const auto flushed = static_cast<double>(metrics[metrics::Counter::flush_bytes]);
    const auto compacted = static_cast<double>(metrics[metrics::Counter::compaction_write_bytes]);
    return flushed == 0 ? 1 : (flushed + compacted) / flushed;
  }
};

enum class HealthState : std::uint8_t {
  healthy,
  degraded,
  unhealthy
};

[[nodiscard]] constexpr std::string_view to_string(HealthState state) noexcept {
  switch (state) {
    case HealthState::healthy: return "healthy";
    case HealthState::degraded: return "degraded";
    case HealthState::unhealthy: return "unhealthy";
  }
  return "unknown";
}

struct Health {
  HealthState state = HealthState::healthy;
  std::vector<std::string> reasons;  ///< a sentence each; empty when healthy

  void worsen(HealthState to, std::string reason) {
    state = to > state ? to : state;
    reasons.push_back(std::move(reason));
  }
};

}  // namespace strata
