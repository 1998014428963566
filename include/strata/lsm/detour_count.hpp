// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How often the cursors of a family went to a table of level 0 (`Conditions::detours`), for
/// compaction policies that let scans pay for merges.
///
/// A cursor counts for itself and tells when it goes. From time to time that asks for a look at
/// what the policy makes of it: whoever makes the next cursor passes that on.
///
/// Threads: everything is concurrent.

#include <atomic>
#include <cstdint>

#include <strata/lsm/read_count.hpp>

namespace strata::lsm {

class DetourCount {
 public:
  /// After so many detours of a stripe, mostly of a thread, a policy is asked again: some
  /// milliseconds of scans.
  static constexpr std::uint64_t detours_a_look = 65'536;

  void add(std::uint64_t detours) noexcept {
    if (detours == 0) {
      return;
    }
    const std::uint64_t before = count_.add(detours);
    if (before / detours_a_look != (before + detours) / detours_a_look) {
      asks_.store(true, std::memory_order_relaxed);
    }
  }
  [[nodiscard]] std::uint64_t total() const noexcept { return count_.total(); }

  /// True once after each time that a look was asked for.
  [[nodiscard]] bool take_ask() noexcept {
    return asks_.load(std::memory_order_relaxed) &&
           asks_.exchange(false, std::memory_order_relaxed);
  }

 private:
  ReadCount<true> count_;
  std::atomic<bool> asks_{false};
};

}  // namespace strata::lsm
