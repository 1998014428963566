// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The commit order: one leader at a time commits a group of waiting writers.
///
/// Writers link themselves into a list with one atomic exchange. Whoever finds the list empty is
/// the leader and enters the critical section without waiting (an uncontended writer takes no
/// queue). While it works, later writers pile up behind it; the next leader takes them all, so
/// that they share one log append and one sync. Followers spin briefly, unless they wait for a
/// device, then sleep on a futex.
/// (The idea of LevelDB's writer queue with RocksDB's lock-free list.)
///
/// Usage: `join` returns true for a leader, which then calls `gather`, works, and calls `leave`.
/// For a follower `join` returns false once its work was done by a leader.

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include <strata/core/error.hpp>

namespace strata::lsm {

/// A waiting write. Lives on the stack of its thread, which waits in `join` until `result` is set.
struct QueuedWrite {
  enum State : std::uint32_t {
    waiting,
    leader,
    done
  };

  Result<void> result;
  bool exclusive = false;  ///< forms a group of its own (flush, sync, checkpoint)
  bool is_slow = false;    ///< waits for a device: it sleeps, without spinning first

  QueuedWrite* older = nullptr;  ///< towards the head; set at join
  QueuedWrite* newer = nullptr;  ///< filled in by leaders
  std::atomic<std::uint32_t> state{waiting};
};

class WriteQueue {
 public:
  /// True: the caller leads, from `write` on. False: a leader has done the work.
  [[nodiscard]] bool join(QueuedWrite& write) noexcept {
    QueuedWrite* newest = newest_.load(std::memory_order_relaxed);
    do {
      write.older = newest;
    } while (!newest_.compare_exchange_weak(newest, &write, std::memory_order_acq_rel,
                                            std::memory_order_relaxed));
    if (newest == nullptr) {
      return true;
    }
    return wait(write) == QueuedWrite::leader;
  }

  /// True: nobody else writes, and the caller leads. Never waits.
  [[nodiscard]] bool try_join(QueuedWrite& write) noexcept {
    QueuedWrite* expected = nullptr;
    return newest_.compare_exchange_strong(expected, &write, std::memory_order_acq_rel,
                                           std::memory_order_relaxed);
  }

  /// How many wait behind `write` and could share its group: those behind an exclusive one can not.
  /// Requires: the caller leads, from `write` on or up to it. O(n).
  [[nodiscard]] std::size_t count_behind(const QueuedWrite& write) const noexcept {
    std::size_t count = 0;
    for (const QueuedWrite* at = newest_.load(std::memory_order_acquire); at != &write;
         at = at->older) {
      count = at->exclusive ? 0 : count + 1;
    }
    return count;
  }

  /// The last writer of the leader's group: those waiting now, at most `group_max`, up to the
  /// first exclusive one. Walk from `first` to it along `newer`.
  [[nodiscard]] QueuedWrite& gather(QueuedWrite& first, std::size_t group_max) noexcept {
    link_newer(newest_.load(std::memory_order_acquire), &first);
    QueuedWrite* last = &first;
    if (first.exclusive) {
      return *last;
    }
    for (std::size_t size = 1; size < group_max && last->newer != nullptr; ++size) {
      if (last->newer->exclusive) {
        break;
      }
      last = last->newer;
    }
    return *last;
  }

  /// Hands leadership on and wakes the group. Every result must be set before.
  void leave(QueuedWrite& first, QueuedWrite& last) noexcept {
    QueuedWrite* expected = &last;
    if (!newest_.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel)) {
      link_newer(expected, &last);
      QueuedWrite* next = last.newer;
      next->older = nullptr;
      wake(*next, QueuedWrite::leader);
    }
    // A woken follower may return and die at once: read its link first. The leader goes last, and
    // needs no waking.
    for (QueuedWrite* write = &last; write != &first;) {
      QueuedWrite* const older = write->older;
      wake(*write, QueuedWrite::done);
      write = older;
    }
  }

 private:
  /// Fills in `newer` from `newest` back to `stop`, or to where an earlier leader has filled it.
  static void link_newer(QueuedWrite* newest, QueuedWrite* stop) noexcept {
    for (QueuedWrite* write = newest; write != stop;) {
      QueuedWrite* const older = write->older;
      assert(older != nullptr);
      if (older->newer == write) {
        return;
      }
      older->newer = write;
      write = older;
    }
  }

  static std::uint32_t wait(QueuedWrite& write) noexcept {
    const int spins = write.is_slow ? 0 : 200;
    for (int spin = 0; spin < spins; ++spin) {
      const std::uint32_t state = write.state.load(std::memory_order_acquire);
      if (state != QueuedWrite::waiting) {
        return state;
      }
      __builtin_ia32_pause();
    }
    write.state.wait(QueuedWrite::waiting, std::memory_order_acquire);
    return write.state.load(std::memory_order_acquire);
  }
  static void wake(QueuedWrite& write, QueuedWrite::State state) noexcept {
    write.state.store(state, std::memory_order_release);
    write.state.notify_one();
  }

  std::atomic<QueuedWrite*> newest_{nullptr};
};

}  // namespace strata::lsm
