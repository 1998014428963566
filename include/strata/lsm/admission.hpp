// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a commit waits for before it is admitted: a memtable with room, a log within its bound, and
/// background work that keeps up (lsm/throttle.hpp). Every wait is counted.
///
/// Threads: the commit leader's alone.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/throttle.hpp>
#include <strata/observe/concept.hpp>

namespace strata::lsm {

template <class Core, class Background, class Clock>
class Admission {
 public:
  Admission(Core& core, Background& background) : core_(core), background_(background) {}

  /// `committed_bytes`: of all batches since the database was opened.
  /// Errors: `disk_full`, `read_only` where memtables can not be flushed.
  [[nodiscard]] Result<void> admit(std::uint64_t committed_bytes) {
    Result<void> outcome;
    core_.for_each_tree([&](auto& tree) {
      if (outcome && tree.active().memory_bytes() >=
                         core_.limits().write_buffer_bytes.load(std::memory_order_relaxed)) {
        outcome = rotate(tree);
      }
    });
    // A full disk may have been freed since: try again with every write.
    if (flush_wanted_ || background_.disk_full()) [[unlikely]] {
      flush_wanted_ = false;
      background_.schedule_flush();
    }
    const std::size_t log_bytes_max = core_.limits().log_bytes_max.load(std::memory_order_relaxed);
    if (outcome && committed_bytes - log_checked_at_ >= log_bytes_max / 16) [[unlikely]] {
      log_checked_at_ = committed_bytes;
      outcome = bound_log();
    }
    if (outcome && background_.pressure() >= 1) [[unlikely]] {
      slow_down(committed_bytes - admitted_bytes_);
    }
    admitted_bytes_ = committed_bytes;
    return outcome;
  }

 private:
  /// Makes the active memtable of `tree` immutable, after waiting for a place in the queue.
  template <class Tree>
  [[nodiscard]] Result<void> rotate(Tree& tree) {
    const auto has_place = [&] { return tree.immutable_count() < core_.options().immutables_max; };
    if (switch_memtable(tree, has_place)) {
      return {};
    }
    background_.schedule_flush();
    stop_until(has_place);
    if (switch_memtable(tree, has_place)) {
      return {};
    }
    return fail(background_.disk_full() ? ErrorCode::disk_full : ErrorCode::read_only, core_.path(),
                ": memtables can not be flushed; free space on the disk, or reopen");
  }
  template <class Tree, class HasPlace>
  [[nodiscard]] bool switch_memtable(Tree& tree, const HasPlace& has_place) {
    const std::lock_guard lock(background_.mutex());
    if (!has_place()) {
      return false;
    }
    tree.switch_memtable();
    flush_wanted_ = true;
    return true;
  }

  /// Where the log grows beyond its bound, rotates the memtable that keeps its oldest record: a
  /// family that is seldom written must not hold the log of all.
  [[nodiscard]] Result<void> bound_log() {
    if (core_.log_size().first <= core_.limits().log_bytes_max.load(std::memory_order_relaxed)) {
      return {};
    }
    Sequence oldest = 0;
    core_.for_each_tree([&](auto& tree) {
      const Sequence first = tree.active().first_sequence();
      oldest = first != 0 && (oldest == 0 || first < oldest) ? first : oldest;
    });
    Result<void> outcome;
    core_.for_each_tree([&](auto& tree) {
      if (outcome && oldest != 0 && tree.active().first_sequence() == oldest) {
        outcome = rotate(tree);
      }
    });
    return outcome;
  }

  /// `bytes`: what was admitted since the last wait. A commit of a few bytes counts as a page.
  void slow_down(std::uint64_t bytes) {
    core_.metrics().add(metrics::Counter::slowdowns, 1);
    const double pressure = background_.pressure();
    if (pressure >= 2) {
      stop_until([this] { return background_.pressure() < 2; });
      return;
    }
    const std::uint64_t start = Clock::now_ns();
    Clock::sleep_us(throttle_.delay_us(pressure, std::max<std::uint64_t>(bytes, 4096)));
    count_stall(start);
  }
  template <class Condition>
  void stop_until(const Condition& condition) {
    const std::uint64_t start = Clock::now_ns();
    background_.wait(condition);
    core_.metrics().add(metrics::Counter::stops, 1);
    count_stall(start);
  }
  void count_stall(std::uint64_t start_ns) {
    core_.metrics().add(metrics::Counter::stall_micros, (Clock::now_ns() - start_ns) / 1000);
  }

  Core& core_;
  Background& background_;
  bool flush_wanted_ = false;
  std::uint64_t log_checked_at_ = 0;  ///< committed bytes at the last look at the log's size
  std::uint64_t admitted_bytes_ = 0;
  Throttle throttle_;
};

}  // namespace strata::lsm
