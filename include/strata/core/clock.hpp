// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Time, as a policy: durations for statistics and throttling, and the time of day for policies
/// that are about age (time windows, expiry). The order of writes never depends on it.
///
/// | expression                | result     | promise                                   |
/// |---------------------------|------------|-------------------------------------------|
/// | `C::name`                 | `string_view` |                                        |
/// | `C::now_ns()`             | `uint64_t` | monotonic nanoseconds                     |
/// | `C::unix_seconds()`       | `uint64_t` | the time of day                           |
/// | `C::sleep_us(n)`          | `void`     | waits about n microseconds                |
///
/// `Steady` is the machine's. `Frozen` stands still and never waits: simulation.

#include <ctime>

#include <concepts>
#include <cstdint>
#include <string_view>

#include <strata/core/policy.hpp>

namespace strata {

template <class C>
concept ClockPolicy = std::same_as<typename C::policy_slot, clock_slot> && requires {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::now_ns() }
  noexcept->std::same_as<std::uint64_t>;
  { C::unix_seconds() }
  noexcept->std::same_as<std::uint64_t>;
  C::sleep_us(std::uint64_t{1});
};

namespace clock {

struct Steady {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "steady";
  [[nodiscard]] static std::uint64_t now_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
  }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec);
  }
  static void sleep_us(std::uint64_t microseconds) noexcept {
    const timespec span{static_cast<time_t>(microseconds / 1'000'000),
                        static_cast<long>(microseconds % 1'000'000 * 1000)};
    ::nanosleep(&span, nullptr);
  }
};

struct Frozen {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "frozen";
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return 0; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return 0; }
  static void sleep_us(std::uint64_t) noexcept {}
};

static_assert(ClockPolicy<Steady> && ClockPolicy<Frozen>);

}  // namespace clock
}  // namespace strata
