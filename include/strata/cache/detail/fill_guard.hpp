// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Keeps a slow fill from bringing back what was written or erased meanwhile.
///
///     reader: begin ----- load (old) --------------------- fill? no: refused
///     writer:                        write ---- change
///
/// Keys share 64 stripes by their hash, each a lock and a version, which is odd during a change.
/// `begin` tells the version before the load, without a lock; `change` raises it and `fill`
/// compares it, both under the lock of the stripe, so that what they do to the cache is in one
/// order. A fill that began before a change or within it is refused; that costs a miss later, and
/// so do two keys of one stripe, now and then. Threads: everything is concurrent. (Tested by
/// tests/cache/read_ahead_test.cpp and tests/cache/tiered_test.cpp.)

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <strata/core/hash.hpp>

namespace strata::cache::detail {

class FillGuard {
 public:
  using Version = std::uint64_t;

  /// To be called before the value is read from where it is made or kept.
  [[nodiscard]] Version begin(std::uint64_t hash) const noexcept {
    return stripes_[index_of(hash)].version.load(std::memory_order_acquire);
  }

  /// Runs `keep` unless a `change` came in between; says whether it ran.
  template <class Keep>
  bool fill(std::uint64_t hash, Version version, Keep&& keep) {
    Stripe& stripe = stripes_[index_of(hash)];
    const std::lock_guard lock(stripe.mutex);
    if (stripe.version.load(std::memory_order_relaxed) != version) {
      return false;
    }
    keep();
    return true;
  }

  /// Runs `apply`; fills that began before are refused from now on.
  template <class Apply>
  void change(std::uint64_t hash, Apply&& apply) {
    Stripe& stripe = stripes_[index_of(hash)];
    const std::lock_guard lock(stripe.mutex);
    ++stripe.version;
    apply();
    ++stripe.version;
  }

  /// As `change`, of all keys.
  template <class Apply>
  void change_all(Apply&& apply) {
    for (Stripe& stripe : stripes_) {
      stripe.mutex.lock();
      ++stripe.version;
    }
    apply();
    for (Stripe& stripe : stripes_) {
      ++stripe.version;
      stripe.mutex.unlock();
    }
  }

 private:
  static constexpr std::size_t stripe_count = 64;
  struct alignas(64) Stripe {
    std::mutex mutex;
    std::atomic<Version> version{0};
  };

  static std::size_t index_of(std::uint64_t hash) noexcept { return mix64(hash) % stripe_count; }

  std::array<Stripe, stripe_count> stripes_;
};

}  // namespace strata::cache::detail
