// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Entries in the order in which they came: the list that eviction policies are made of.
///
/// `Links` is the part of an entry that a policy sees; it knows neither key nor value. A `Queue`
/// threads entries through their links and counts them and their bytes. Every operation is O(1).
/// Threads: the owner's lock guards everything but `hash` and `uses`, which readers touch.
/// (Tested by what is built on it: tests/cache/lru_test.cpp.)

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace strata::cache::detail {

struct Links {
  Links* newer = nullptr;
  Links* older = nullptr;
  std::size_t charge_bytes = 0;
  std::atomic<std::uint64_t> hash{0};
  std::atomic<std::uint8_t> uses{0};  ///< hits since insertion, as far as the policy counts
  std::uint8_t queue = 0;             ///< which of the policy's queues holds the entry
};

class Queue {
 public:
  Queue() noexcept {
    ends_.newer = &ends_;
    ends_.older = &ends_;
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() = default;

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  void push(Links& entry) noexcept {
    join(*ends_.older, entry);
    join(entry, ends_);
    ++count_;
    bytes_ += entry.charge_bytes;
  }
  void remove(Links& entry) noexcept {
    join(*entry.older, *entry.newer);
    --count_;
    bytes_ -= entry.charge_bytes;
  }
  /// Requires: not empty.
  [[nodiscard]] Links& oldest() const noexcept { return *ends_.newer; }
  /// The entry that came after `entry`; null where it is the newest.
  [[nodiscard]] Links* newer_than(const Links& entry) const noexcept {
    return entry.newer == &ends_ ? nullptr : entry.newer;
  }
  Links& pop() noexcept {
    Links& entry = oldest();
    remove(entry);
    return entry;
  }

 private:
  static void join(Links& older, Links& newer) noexcept {
    older.newer = &newer;
    newer.older = &older;
  }

  Links ends_;  ///< closes the ring: newer than it is the oldest entry, older than it the newest
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace strata::cache::detail
