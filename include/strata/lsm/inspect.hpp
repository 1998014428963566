// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How an engine is examined from outside: verify, stats, health, properties.

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/lsm/stats.hpp>
#include <strata/lsm/value_files.hpp>

namespace strata::lsm {

/// Checks every table of a pinned version, so that running flushes and compactions are no matter.
template <class Core>
[[nodiscard]] Result<void> verify(Core& core) {
  Result<void> outcome;
  core.for_each_tree([&](auto& tree) {
    const auto view = tree.pin();
    for (const auto& level : view->tables->levels) {
      for (const auto& file : level) {
        if (outcome) {
          outcome = file->reader().verify();
        }
        if constexpr (std::remove_reference_t<decltype(tree)>::Values::separates) {
          outcome = outcome ? verify_values(view->tables->values, *file) : outcome;
        }
      }
    }
    if constexpr (std::remove_reference_t<decltype(tree)>::Values::separates) {
      for (const auto& file : view->tables->values.list()) {
        outcome = outcome ? file->reader().check() : outcome;
      }
    }
  });
  return outcome;
}

template <class Tree>
[[nodiscard]] FamilyStats family_stats(const Tree& tree, std::string_view name) {
  FamilyStats stats;
  stats.name = name;
  const auto view = tree.pin();
  stats.memtable_bytes = view->active->memory_bytes();
  stats.memtable_entries = view->active->table().entry_count();
  stats.immutables = view->immutables.size();
  for (const auto& segment : view->immutables) {
    stats.memtable_bytes += segment->memory_bytes();
  }
  for (const auto& level : view->tables->levels) {
    LevelStats sum;
    for (const auto& file : level) {
      ++sum.files;
      sum.bytes += file->metadata().size_bytes;
      sum.entries += file->metadata().entries;
      sum.tombstones += file->metadata().tombstones + file->metadata().range_erases;
    }
    stats.levels.push_back(sum);
  }
  if constexpr (Tree::Values::separates) {
    const auto used = shares_of(view->tables->levels);
    for (const auto& file : view->tables->values.list()) {
      ++stats.value_files;
      stats.value_bytes += file->value_bytes();
      stats.value_garbage_bytes += file->value_bytes() - share_of(used, file->number());
    }
  }
  return stats;
}

template <class Core>
[[nodiscard]] Stats stats(Core& core) {
  Stats stats;
  stats.composition = core.composition();
  stats.last_sequence = core.visible().load();
  stats.live_snapshots = core.live_snapshots();
  std::tie(stats.log_bytes, stats.log_segments) = core.log_size();
  stats.cache_used_bytes = core.cache().used_bytes();
  stats.cache_capacity_bytes = core.cache().capacity_bytes();
  stats.cache_hit_ratio = core.cache().stats().hit_ratio();
  stats.pressure = core.pressure();
  core.for_each_tree([&](auto& tree) {
    stats.families.push_back(family_stats(tree, core.family_name(tree.id().value)));
  });
  stats.metrics = core.metrics().snapshot();
  const auto looked_up = core.cache().stats();
  stats.metrics.set(metrics::Counter::cache_hits, looked_up.hits);
  stats.metrics.set(metrics::Counter::cache_misses, looked_up.misses);
  return stats;
}

template <class Core>
[[nodiscard]] Health health(Core& core) {
  Health health;
  if (core.is_closed()) {
    health.worsen(HealthState::unhealthy, "the database is closed");
    return health;
  }
  if (auto error = core.background_error(); !error) {
    health.worsen(HealthState::unhealthy, "writes are refused since: " + error.error().message());
  }
  if (core.disk_full()) {
    health.worsen(HealthState::unhealthy, "the disk is full: flushes wait for space");
  }
  if (core.pressure() >= 2) {
    health.worsen(HealthState::unhealthy, "writers are stopped until compaction catches up");
  } else if (core.pressure() >= 1) {
    health.worsen(HealthState::degraded, "writers are slowed down: compaction is behind");
  }
  if (auto free = core.file_system().free_bytes(core.path());
      free && *free < 2 * core.limits().write_buffer_bytes.load()) {
    health.worsen(HealthState::degraded, "less than two write buffers of disk space are left: " +
                                             std::to_string(*free) + " bytes");
  }
  return health;
}

namespace detail {

[[nodiscard]] inline std::string levels_text(const Stats& stats) {
  std::string text;
  for (const FamilyStats& family : stats.families) {
    text += family.name + ":";
    for (std::size_t level = 0; level < family.levels.size(); ++level) {
      const LevelStats& l = family.levels[level];
      if (l.files != 0) {
        text += " L" + std::to_string(level) + "=" + std::to_string(l.files) + " tables/" +
                std::to_string(l.bytes) + " bytes";
      }
    }
    text += "\n";
  }
  return text;
}

[[nodiscard]] inline std::string memory_text(const Stats& stats) {
  std::string text;
  for (const FamilyStats& family : stats.families) {
    text += family.name + ": memtables " + std::to_string(family.memtable_bytes) + " bytes, " +
            std::to_string(family.immutables) + " waiting for a flush\n";
  }
  return text;
}

}  // namespace detail

template <class Core>
[[nodiscard]] Result<std::string> property(Core& core, std::string_view name) {
  const Stats now = stats(core);
  if (name == "levels") {
    return detail::levels_text(now);
  }
  if (name == "memory") {
    return detail::memory_text(now);
  }
  if (name == "log") {
    return std::to_string(now.log_bytes) + " bytes in " + std::to_string(now.log_segments) +
           " segments";
  }
  if (name == "cache") {
    return std::to_string(now.cache_used_bytes) + " of " +
           std::to_string(now.cache_capacity_bytes) + " bytes";
  }
  if (name == "composition") {
    return now.composition;
  }
  if (name == "sequence") {
    return std::to_string(now.last_sequence);
  }
  return fail(ErrorCode::invalid_argument, "no property is called '", name,
              "'; there are: levels, memory, log, cache, composition, sequence");
}

}  // namespace strata::lsm
