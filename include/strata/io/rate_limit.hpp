// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A token bucket that threads wait at, first come, first served.
///
///     granted  |--------------------------------|...... grows by the rate, with time
///     reserved |---- a ----|---- b ----|- c -|          grows with each `reserve`
///                                            ^ c goes on once `granted` has come here
///
/// Whoever wants to move bytes takes a *ticket*, the end of its bytes in the row of all that were
/// ever asked for, and waits until as many were granted. So nobody is overtaken, and a new rate
/// is in force for those who wait already. `granted` runs ahead of `reserved` by no more than the
/// burst; nobody may reserve more than that at once, so one large write leaves room for others.
///
/// All threads may call everything. Source: the token bucket of Turner, "New directions in
/// communications (or which way to the information age?)", IEEE Communications Magazine 24 (1986).

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <type_traits>

#include <strata/core/bytes.hpp>
#include <strata/core/clock.hpp>

namespace strata::io {

template <ClockPolicy Clock = clock::Steady>
class RateLimit {
  static_assert(!std::is_same_v<Clock, clock::Frozen>,
                "a rate needs a clock that goes: who waits by clock::Frozen waits forever");

 public:
  /// `bytes_per_second` 0: no limit.
  explicit RateLimit(std::uint64_t bytes_per_second = 0, std::uint64_t burst_bytes = 1_MiB)
      : burst_bytes_(std::max<std::uint64_t>(burst_bytes, 1)),
        granted_(static_cast<double>(burst_bytes_)),
        granted_at_ns_(Clock::now_ns()),
        rate_(bytes_per_second) {}

  [[nodiscard]] std::uint64_t bytes_per_second() const noexcept {
    return rate_.load(std::memory_order_relaxed);
  }
  /// In force within `nap_us` also for those who wait. 0: no limit.
  void set_bytes_per_second(std::uint64_t bytes_per_second) {
    const std::lock_guard guard(mutex_);
    advance();
    rate_.store(bytes_per_second, std::memory_order_relaxed);
  }
  /// The most that may pass at once.
  [[nodiscard]] std::uint64_t burst_bytes() const noexcept { return burst_bytes_; }
  /// How long all threads together have waited.
  [[nodiscard]] std::uint64_t waited_us() const noexcept {
    return waited_us_.load(std::memory_order_relaxed);
  }

  /// Returns once `bytes` may pass.
  void acquire(std::uint64_t bytes) {
    while (bytes != 0 && bytes_per_second() != 0) {
      const std::uint64_t piece = std::min(bytes, burst_bytes_);
      wait(reserve(piece));
      bytes -= piece;
    }
  }

  /// A place in the row for `bytes`, at most a burst: a ticket for `wait_us`.
  [[nodiscard]] std::uint64_t reserve(std::uint64_t bytes) {
    const std::lock_guard guard(mutex_);
    advance();
    return reserved_ += bytes;
  }
  /// How long the bytes of `ticket` have to wait yet, if the rate stays; 0: they may pass.
  [[nodiscard]] std::uint64_t wait_us(std::uint64_t ticket) {
    const std::lock_guard guard(mutex_);
    advance();
    const double missing = static_cast<double>(ticket) - granted_;
    const std::uint64_t rate = bytes_per_second();
    if (rate == 0 || missing <= 0) {
      return 0;
    }
    return 1 + static_cast<std::uint64_t>(missing / static_cast<double>(rate) * 1e6);
  }

  /// Nobody sleeps longer without a look at the rate.
  static constexpr std::uint64_t nap_us = 10'000;

 private:
  void wait(std::uint64_t ticket) {
    while (const std::uint64_t left_us = wait_us(ticket)) {
      const std::uint64_t nap = std::min(left_us, nap_us);
      waited_us_.fetch_add(nap, std::memory_order_relaxed);
      Clock::sleep_us(nap);
    }
  }

  /// Grants what has become due since the last time. Requires: the mutex.
  void advance() {
    const std::uint64_t now_ns = Clock::now_ns();
    const std::uint64_t rate = bytes_per_second();
    const double granted_most = static_cast<double>(reserved_ + burst_bytes_);
    if (rate == 0) {
      granted_ = granted_most;
    } else if (now_ns > granted_at_ns_) {
      const double seconds = static_cast<double>(now_ns - granted_at_ns_) * 1e-9;
      granted_ = std::min(granted_most, granted_ + seconds * static_cast<double>(rate));
    }
    granted_at_ns_ = std::max(granted_at_ns_, now_ns);
  }

  const std::uint64_t burst_bytes_;
  std::mutex mutex_;
  std::uint64_t reserved_ = 0;
  double granted_;
  std::uint64_t granted_at_ns_;
  std::atomic<std::uint64_t> rate_;
  std::atomic<std::uint64_t> waited_us_ = 0;
};

}  // namespace strata::io
