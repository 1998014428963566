// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Keeps a slow fill from bringing back what was written or erased meanwhile.
///
///     reader: begin ----- load (old) --------------------- fill? no: refused
///     writer:                        write ---- change
///
/// Keys share 64 stripes by their hash, each a lock and a version. `begin` tells the version before
/// the load; `change` raises it and `fill` compares it, both under the lock of the stripe, so that
/// what they do to the cache is in one order. A fill that is refused costs a miss later; so do two
/// keys of one stripe, now and then. Threads: everything is concurrent. (Tested by
/// tests/cache/read_ahead_test.cpp.)

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include <strata/core/hash.hpp>

namespace strata::cache::detail {

class FillGuard {
 public:
  using Version = std::uint64_t;

  /// To be called before the value is read from where it is made or kept.
  [[nodiscard]] Version begin(std::uint64_t hash) {
    Stripe& stripe = stripe_of(hash);
    const std::lock_guard lock(stripe.mutex);
    return stripe.version;
  }

  /// Runs `keep` unless a `change` came in between; says whether it ran.
  template <class Keep>
  bool fill(std::uint64_t hash, Version version, Keep&& keep) {
    Stripe& stripe = stripe_of(hash);
    const std::lock_guard lock(stripe.mutex);
    if (stripe.version != version) {
      return false;
    }
    keep();
    return true;
  }

  /// Runs `apply`; fills that began before are refused from now on.
  template <class Apply>
  void change(std::uint64_t hash, Apply&& apply) {
    Stripe& stripe = stripe_of(hash);
    const std::lock_guard lock(stripe.mutex);
    ++stripe.version;
    apply();
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
      stripe.mutex.unlock();
    }
  }

 private:
  struct alignas(64) Stripe {
    std::mutex mutex;
    Version version = 0;
  };

  Stripe& stripe_of(std::uint64_t hash) noexcept { return stripes_[mix64(hash) % stripes_.size()]; }

  std::array<Stripe, 64> stripes_;
};

}  // namespace strata::cache::detail
