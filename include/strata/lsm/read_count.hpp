// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How often a family was read, for compaction policies that follow the mix of reads and writes, or
/// what its scans cost (lsm/detour_count.hpp); nothing at all for those that do not.
///
/// Threads: everything is concurrent; counts land in stripes, so that readers do not meet.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <strata/core/thread_hint.hpp>

namespace strata::lsm {

template <bool Counted>
class ReadCount {
 public:
  /// Answers what this thread's stripe held before.
  std::uint64_t add(std::uint64_t count = 1) noexcept {
    return stripes_[thread_hint() % stripes_.size()].count.fetch_add(count,
                                                                     std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t sum = 0;
    for (const Stripe& stripe : stripes_) {
      sum += stripe.count.load(std::memory_order_relaxed);
    }
    return sum;
  }

 private:
  struct alignas(64) Stripe {
    std::atomic<std::uint64_t> count{0};
  };
  std::array<Stripe, 8> stripes_;
};

template <>
class ReadCount<false> {
 public:
  static std::uint64_t add(std::uint64_t = 1) noexcept { return 0; }
  [[nodiscard]] static std::uint64_t total() noexcept { return 0; }
};

}  // namespace strata::lsm
