// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A clock that goes when somebody sleeps by it, and only then.

#include <atomic>
#include <cstdint>
#include <string_view>

#include <strata/core/policy.hpp>

namespace strata::test {

struct ManualClock {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "manual";
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return now_us * 1'000; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return now_us / 1'000'000; }
  static void sleep_us(std::uint64_t microseconds) noexcept { now_us += microseconds; }

  static inline std::atomic<std::uint64_t> now_us = 0;
};

}  // namespace strata::test
