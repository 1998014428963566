// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Who reads as of when: the sequences that live snapshots stand on, and what follows for trimming.
///
/// The *watermark* is the oldest live snapshot, or the last commit where there is none: of each key
/// the newest version at or below it, and all above, must stay. `raise` publishes it before
/// anything is trimmed; a reader without a snapshot of its own learns from `trimmed_to` that
/// versions may have gone under its feet, and reads again.
///
/// Threads: all calls concurrent. The mutex is held for a few instructions, never over waiting.
/// Tested in the store: tests/txn/mvcc_store_test.cpp, tests/txn/mvcc_gc_test.cpp.

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

#include <strata/core/entry.hpp>

namespace strata::mvcc {

class Snapshots {
 public:
  /// RAII: the state at `sequence()` stays readable while a pin on it lives. Movable; any order.
  class [[nodiscard]] Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), sequence_(other.sequence_) {}
    Pin& operator=(Pin&& other) noexcept {
      if (this != &other) {
        release();
        owner_ = std::exchange(other.owner_, nullptr);
        sequence_ = other.sequence_;
      }
      return *this;
    }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin() { release(); }

    [[nodiscard]] Sequence sequence() const noexcept { return sequence_; }

    void release() noexcept {
      if (owner_ != nullptr) {
        std::exchange(owner_, nullptr)->unpin(sequence_);
      }
    }

   private:
    friend class Snapshots;
    Pin(Snapshots& owner, Sequence sequence) noexcept : owner_(&owner), sequence_(sequence) {}
    Snapshots* owner_ = nullptr;
    Sequence sequence_ = 0;
  };

  Snapshots() = default;
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  [[nodiscard]] Sequence last_committed() const noexcept { return last_committed_.load(); }
  /// Makes all versions up to `sequence` visible, at once. The writer's.
  void publish(Sequence sequence) noexcept { last_committed_.store(sequence); }

  Pin pin() {
    const std::lock_guard lock(mutex_);
    const Sequence sequence = last_committed_.load();
    ++live_[sequence];
    return {*this, sequence};
  }

  /// The watermark as of now; no snapshot will be taken below it any more. The writer's.
  [[nodiscard]] Sequence raise() {
    const std::lock_guard lock(mutex_);
    const Sequence watermark = live_.empty() ? last_committed_.load() : live_.begin()->first;
    trimmed_to_.store(watermark);
    return watermark;
  }

  [[nodiscard]] Sequence trimmed_to() const noexcept { return trimmed_to_.load(); }

  [[nodiscard]] std::size_t live() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [sequence, pins] : live_) {
      count += pins;
    }
    return count;
  }

 private:
  void unpin(Sequence sequence) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(sequence);
    if (--at->second == 0) {
      live_.erase(at);
    }
  }

  std::atomic<Sequence> last_committed_{0};
  std::atomic<Sequence> trimmed_to_{0};
  mutable std::mutex mutex_;
  std::map<Sequence, std::size_t> live_;  // how many pins each
};

}  // namespace strata::mvcc
