// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Keys that a level failed to erase, which it may therefore still have an old value of.
///
/// What is in doubt is not asked for until an erase has succeeded. Where more keys are in doubt
/// than are worth remembering the whole level is, until it has been cleared. Threads: everything is
/// concurrent. (Tested by tests/cache/tiered_test.cpp.)

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace strata::cache::detail {

class Doubts {
 public:
  static constexpr std::size_t keys_max = 4096;

  [[nodiscard]] bool about(std::string_view key) const {
    if (!any_.load(std::memory_order_acquire)) {
      return false;
    }
    const std::lock_guard lock(mutex_);
    return all_ || keys_.count(std::string(key)) != 0;
  }
  [[nodiscard]] bool about_all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

  void add(std::string_view key) {
    const std::lock_guard lock(mutex_);
    any_.store(true, std::memory_order_release);
    ++added_;
    if (keys_.size() < keys_max) {
      keys_.emplace(key);
    } else {
      all_ = true;
    }
  }
  void add_all() {
    const std::lock_guard lock(mutex_);
    any_.store(true, std::memory_order_release);
    ++added_;
    all_ = true;
  }

  /// `key` was erased.
  void settle(std::string_view key) {
    const std::lock_guard lock(mutex_);
    keys_.erase(std::string(key));
    any_.store(all_ || !keys_.empty(), std::memory_order_release);
  }
  /// Clears `level`, and settles everything if that succeeds and nothing new is in doubt by then.
  /// Gives up at once where another thread is about it.
  template <class L>
  bool clear(L& level) {
    const std::unique_lock clearing(clearing_, std::try_to_lock);
    if (!clearing.owns_lock()) {
      return false;
    }
    const std::uint64_t added_before = added();
    const bool cleared = level.clear();
    const std::lock_guard lock(mutex_);
    if (!cleared || added_ != added_before) {
      return false;
    }
    keys_.clear();
    all_ = false;
    any_.store(false, std::memory_order_release);
    return true;
  }

 private:
  [[nodiscard]] std::uint64_t added() const {
    const std::lock_guard lock(mutex_);
    return added_;
  }

  std::mutex clearing_;
  mutable std::mutex mutex_;
  std::atomic<bool> any_{false};
  bool all_ = false;
  std::uint64_t added_ = 0;
  std::unordered_set<std::string> keys_;
};

}  // namespace strata::cache::detail
