// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The metrics slot: what an engine counts and times, and what it costs to do so.
///
/// | expression            | result        | promise                                            |
/// |-----------------------|---------------|----------------------------------------------------|
/// | `P::name`             | `string_view` | shown in stats                                     |
/// | `P::enabled`          | `bool`        | false: callers need not read a clock               |
/// | `P::type()`           | recorder `m`  | zeros; neither copied nor moved                    |
/// | `m.add(counter, n)`   |               | noexcept; cheap enough for every operation         |
/// | `m.record(what, ns)`  |               | noexcept; one latency in nanoseconds               |
/// | `m.snapshot()`        | `Snapshot`    | everything recorded by calls that have returned    |
///
/// Counters only grow; a rate is the difference of two snapshots. Threads: all are concurrent.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/core/policy.hpp>
#include <strata/observe/histogram.hpp>

namespace strata {

namespace metrics {

enum class Counter : std::uint8_t {
  reads,        ///< point look-ups
  read_hits,    ///< ... that found a value
  writes,       ///< entries written
  write_bytes,  ///< of the batches that carried them
  batches,      ///< commits
  wal_bytes,    ///< appended to the log
  wal_syncs,
  flushes,
  flush_bytes,  ///< written to level 0
  compactions,
  value_collections,  ///< ... of them for garbage in value files alone
  compaction_parts,   ///< compactions, counted by the parts in which they ran
  compaction_read_bytes,
  compaction_write_bytes,
  trivial_moves,  ///< tables that changed level without a copy
  cache_hits,     ///< of blocks, indexes and filters
  cache_misses,
  filter_range_useful,  ///< tables that cursors left out because their filter knew no key of a
                        ///< range
  stall_micros,         ///< writers held back, slowed down or stopped
  slowdowns,            ///< groups of writes that were slowed down
  stops,                ///< ... that had to wait for a flush or a compaction
  background_errors,
};
inline constexpr std::size_t counter_count = 22;

enum class Latency : std::uint8_t {
  get,    ///< of one call in 32
  put,    ///< a commit, as its caller saw it; of one call in 32
  write,  ///< the append to log and memtable of a group; of one group in 32
  flush,
  compaction,
  sync,
};
inline constexpr std::size_t latency_count = 6;

/// The name under which a counter is exported: its enumerator.
[[nodiscard]] constexpr std::string_view to_string(Counter counter) noexcept {
  constexpr std::array<std::string_view, counter_count> names = {"reads",
                                                                 "read_hits",
                                                                 "writes",
                                                                 "write_bytes",
                                                                 "batches",
                                                                 "wal_bytes",
                                                                 "wal_syncs",
                                                                 "flushes",
                                                                 "flush_bytes",
                                                                 "compactions",
                                                                 "value_collections",
                                                                 "compaction_parts",
                                                                 "compaction_read_bytes",
                                                                 "compaction_write_bytes",
                                                                 "trivial_moves",
                                                                 "cache_hits",
                                                                 "cache_misses",
                                                                 "filter_range_useful",
                                                                 "stall_micros",
                                                                 "slowdowns",
                                                                 "stops",
                                                                 "background_errors"};
  return names[static_cast<std::size_t>(counter)];
}

[[nodiscard]] constexpr std::string_view to_string(Latency latency) noexcept {
  constexpr std::array<std::string_view, latency_count> names = {"get",   "put",        "write",
                                                                 "flush", "compaction", "sync"};
  return names[static_cast<std::size_t>(latency)];
}

/// A copy of all counters and histograms; of one moment each, not of one moment together.
struct Snapshot {
  std::array<std::uint64_t, counter_count> counters{};
  std::array<Histogram, latency_count> latencies{};

  [[nodiscard]] std::uint64_t operator[](Counter counter) const noexcept {
    return counters[static_cast<std::size_t>(counter)];
  }
  /// For what is counted elsewhere: see `Stats`.
  void set(Counter counter, std::uint64_t value) noexcept {
    counters[static_cast<std::size_t>(counter)] = value;
  }
  [[nodiscard]] const Histogram& operator[](Latency latency) const noexcept {
    return latencies[static_cast<std::size_t>(latency)];
  }
};

}  // namespace metrics

template <class P>
concept MetricsPolicy = std::same_as<typename P::policy_slot, metrics_slot> &&
    std::default_initializable<typename P::type> &&
    requires(typename P::type recorder, const typename P::type constant) {
  { P::name } -> std::convertible_to<std::string_view>;
  { P::enabled } -> std::convertible_to<bool>;
  { recorder.add(metrics::Counter::reads, std::uint64_t{1}) }
  noexcept;
  { recorder.record(metrics::Latency::get, std::uint64_t{1}) }
  noexcept;
  { constant.snapshot() } -> std::same_as<metrics::Snapshot>;
};

}  // namespace strata
