// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How long a leader that is about to sync waits for more writers to share the sync with.
///
/// Threads that commit in a loop fall into two groups without it: while one group's sync is under
/// way, those of the other, which were woken by the sync before, come back and queue up. Each group
/// is half as large as it could be. When a group leaves, its size and the number of those behind it
/// say how many are at work; the next leader lets them come back first, for half a sync at most.
/// One that waits in vain doubles the number of groups until the next one waits: so writers that
/// come now and then hardly ever do. (PostgreSQL's `commit_delay` and MySQL's
/// `binlog_group_commit_sync_delay` are the same wait, of a length that somebody has to choose.)
///
/// Belongs to the leader of the moment. `Clock` is the engine's, and may stand still.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace strata::lsm {

template <class Clock>
class GroupPatience {
 public:
  /// Calls `count() -> size_t`, the writers that are there, until all who were at work lately are,
  /// or it has taken too long.
  template <class Count>
  void wait(const Count& count) {
    if (expected_ < 2) {
      return;
    }
    if (pause_ > 0) {
      --pause_;
      return;
    }
    const std::uint64_t start_ns = Clock::now_ns();
    const std::uint64_t longest_ns = std::min(sync_ns_ / 2, wait_ns_most);
    const std::size_t there = count();
    std::size_t now_there = there;
    for (unsigned turn = 0;
         turn < turns_most && now_there < expected_ && Clock::now_ns() - start_ns < longest_ns;
         ++turn) {
      std::this_thread::yield();
      now_there = count();
    }
    const bool was_worth_it = 2 * (now_there - there) >= expected_ - std::min(there, expected_);
    failures_ = was_worth_it ? 0 : std::min(failures_ + 1, 6U);
    pause_ = (1U << failures_) - 1;
  }
  /// A group of `size` has synced in `sync_ns`; `behind` more came meanwhile.
  void note(std::size_t size, std::size_t behind, std::uint64_t sync_ns) noexcept {
    expected_ = size + behind;
    sync_ns_ = sync_ns_ == 0 ? sync_ns : sync_ns_ - sync_ns_ / 8 + sync_ns / 8;
  }

 private:
  /// Threads are back much sooner, or not at all, however slow the device is.
  static constexpr std::uint64_t wait_ns_most = 1'000'000;
  /// A clock that only moves when somebody sleeps would never end a wait.
  static constexpr unsigned turns_most = 10'000;

  std::size_t expected_ = 0;   ///< writers at work
  std::uint64_t sync_ns_ = 0;  ///< a moving average
  unsigned failures_ = 0;      ///< one after the other
  unsigned pause_ = 0;         ///< groups that do not wait
};

}  // namespace strata::lsm
