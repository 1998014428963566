// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A point in commit order that stays readable.
///
/// `SnapshotList` knows every live snapshot of a database, so that flushes and compactions keep
/// what each can see. Registration reads the newest visible sequence under the list's lock; a
/// compaction that collects its list later therefore knows the snapshot, and one that collected
/// it earlier only drops versions that the snapshot can not see (see compaction/retention.hpp).

#include <atomic>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>

namespace strata {

class SnapshotList {
 public:
  /// Registers and returns the value of `visible` (the newest readable sequence).
  [[nodiscard]] Sequence acquire(const std::atomic<Sequence>& visible) {
    const std::lock_guard lock(mutex_);
    return *live_.insert(visible.load(std::memory_order_acquire));
  }
  void release(Sequence sequence) noexcept {
    const std::lock_guard lock(mutex_);
    live_.erase(live_.find(sequence));
  }
  /// Live snapshots, ascending, without duplicates.
  [[nodiscard]] std::vector<Sequence> sequences() const {
    const std::lock_guard lock(mutex_);
    std::vector<Sequence> distinct;
    for (const Sequence sequence : live_) {
      if (distinct.empty() || distinct.back() != sequence) {
        distinct.push_back(sequence);
      }
    }
    return distinct;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return live_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::multiset<Sequence> live_;
};

/// RAII: the snapshot lives as long as this object, which must not outlive its database.
class Snapshot {
 public:
  Snapshot(SnapshotList& list, Sequence sequence) noexcept : list_(&list), sequence_(sequence) {}
  Snapshot(Snapshot&& other) noexcept
      : list_(std::exchange(other.list_, nullptr)), sequence_(other.sequence_) {}
  Snapshot& operator=(Snapshot&& other) noexcept {
    std::swap(list_, other.list_);
    std::swap(sequence_, other.sequence_);
    return *this;
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    if (list_ != nullptr) {
      list_->release(sequence_);
    }
  }

  [[nodiscard]] Sequence sequence() const noexcept { return sequence_; }

 private:
  SnapshotList* list_;
  Sequence sequence_;
};

}  // namespace strata
