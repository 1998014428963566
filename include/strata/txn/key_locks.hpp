// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Locks that make read-modify-write of keys safe: a gate, and a stripe of mutexes behind it.
///
/// A *single* holder passes the gate shared and owns the stripes of the keys it named; an
/// *exclusive* holder owns the gate, and so everything. Stripes are chosen by hash: two keys may
/// share one, which costs waiting and nothing else.
///
/// No deadlock: the gate comes before the stripes, and a thread only ever waits for a stripe above
/// all those it holds. `Guard::extend` adds stripes later; where one that lies lower is taken, it
/// gives up its stripes and takes them all again in order. It keeps those it ever asked for, so an
/// operation that starts over whenever `extend` says so ends after at most `stripe_count` rounds.
///
/// Threads: all calls concurrent. A guard stays with its thread, and a thread has one at a time.

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/hash.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::txn {

/// What is locked: a key of a family, or any name that the users of the family agree on.
struct LockKey {
  LockKey(FamilyId family, std::string_view key) noexcept : hash(hash64(key, family.value)) {}
  std::uint64_t hash;
};

class KeyLocks {
 public:
  static constexpr std::size_t stripe_count = 1024;

  /// RAII ownership of the gate, shared or exclusive, and of stripes.
  class Guard {
   public:
    Guard(Guard&& other) noexcept
        : locks_(std::exchange(other.locks_, nullptr)),
          stripes_(std::move(other.stripes_)),
          exclusive_(other.exclusive_) {}
    Guard& operator=(Guard&&) = delete;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { release(); }

    [[nodiscard]] bool exclusive() const noexcept { return exclusive_; }

    /// Owns the stripes of `keys` too, after the call. True: nothing was given up on the way, what
    /// was read under this guard still holds. False: others may have run; read again.
    [[nodiscard]] bool extend(std::span<const LockKey> keys);

    void release() noexcept;

   private:
    friend class KeyLocks;
    Guard(KeyLocks& locks, bool exclusive) noexcept : locks_(&locks), exclusive_(exclusive) {}

    void lock_all() {
      for (const auto stripe : stripes_) {
        locks_->stripes_[stripe].mutex.lock();
      }
    }
    void unlock_all() noexcept {
      for (const auto stripe : stripes_) {
        locks_->stripes_[stripe].mutex.unlock();
      }
    }

    KeyLocks* locks_;
    std::vector<std::uint16_t> stripes_;  // ascending, distinct; all of them owned
    bool exclusive_;
  };

  KeyLocks() = default;
  KeyLocks(const KeyLocks&) = delete;
  KeyLocks& operator=(const KeyLocks&) = delete;

  /// Waits for the stripes of `keys`. Runs beside single holders of other stripes.
  [[nodiscard]] Guard single(std::span<const LockKey> keys) {
    if (exclusive_waiting_.load(std::memory_order_relaxed) > 0) [[unlikely]] {
      const std::lock_guard after_those_who_wait(turnstile_);
    }
    gate_.lock_shared();
    Guard guard(*this, false);
    guard.stripes_ = stripes_of(keys);
    guard.lock_all();
    return guard;
  }

  /// Waits until nobody else holds anything. Single holders that come later wait behind it.
  [[nodiscard]] Guard exclusive() {
    exclusive_waiting_.fetch_add(1, std::memory_order_relaxed);
    turnstile_.lock();
    gate_.lock();
    exclusive_waiting_.fetch_sub(1, std::memory_order_relaxed);
    return {*this, true};
  }

 private:
  /// A line of its own for each mutex, so that neighbours do not slow each other down.
  struct alignas(64) Stripe {
    std::mutex mutex;
  };

  [[nodiscard]] static std::vector<std::uint16_t> stripes_of(std::span<const LockKey> keys) {
    std::vector<std::uint16_t> stripes;
    stripes.reserve(keys.size());
    for (const auto& key : keys) {
      stripes.push_back(static_cast<std::uint16_t>(key.hash % stripe_count));
    }
    std::sort(stripes.begin(), stripes.end());
    stripes.erase(std::unique(stripes.begin(), stripes.end()), stripes.end());
    return stripes;
  }

  std::shared_mutex gate_;
  std::mutex turnstile_;  // held by the exclusive holder: shared newcomers queue here, so that a
                          // stream of them can not keep an exclusive one waiting for ever
  std::atomic<int> exclusive_waiting_{0};
  std::vector<Stripe> stripes_ = std::vector<Stripe>(stripe_count);
};

inline bool KeyLocks::Guard::extend(std::span<const LockKey> keys) {
  assert(locks_ != nullptr && "the guard was released");
  if (exclusive_) {
    return true;
  }
  const auto wanted = stripes_of(keys);
  std::vector<std::uint16_t> missing;
  std::set_difference(wanted.begin(), wanted.end(), stripes_.begin(), stripes_.end(),
                      std::back_inserter(missing));
  std::vector<std::uint16_t> all;
  all.reserve(stripes_.size() + missing.size());
  std::merge(stripes_.begin(), stripes_.end(), missing.begin(), missing.end(),
             std::back_inserter(all));
  const std::uint16_t highest = stripes_.empty() ? std::uint16_t{0} : stripes_.back();
  for (std::size_t taken = 0; taken < missing.size(); ++taken) {
    auto& mutex = locks_->stripes_[missing[taken]].mutex;
    if (stripes_.empty() || missing[taken] > highest) {
      mutex.lock();  // in order: waiting is safe
    } else if (!mutex.try_lock()) {
      while (taken-- > 0) {
        locks_->stripes_[missing[taken]].mutex.unlock();
      }
      unlock_all();
      stripes_ = std::move(all);
      lock_all();
      return false;
    }
  }
  stripes_ = std::move(all);
  return true;
}

inline void KeyLocks::Guard::release() noexcept {
  if (locks_ == nullptr) {
    return;
  }
  unlock_all();
  stripes_.clear();
  if (exclusive_) {
    locks_->gate_.unlock();
    locks_->turnstile_.unlock();
  } else {
    locks_->gate_.unlock_shared();
  }
  locks_ = nullptr;
}

}  // namespace strata::txn
