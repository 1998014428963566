// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/core/clock.hpp, checked on any clock. A clock that stands still keeps
/// them: nothing in strata waits for time to pass.

#include <cstdint>

#include <strata/core/clock.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

template <ClockPolicy C>
[[nodiscard]] Conformance clock_conformance() {
  Conformance found;
  const std::uint64_t first = C::now_ns();
  std::uint64_t before = first;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = C::now_ns();
    found.expect(now >= before, "now_ns never goes back");
    before = now;
  }
  C::sleep_us(0);
  C::sleep_us(200);
  const std::uint64_t after = C::now_ns();
  found.expect(after == first || after - before >= 200'000,
               "a clock that moves has moved by as much as was slept");
  found.expect(C::unix_seconds() < UINT64_MAX / 1'000'000'000, "unix_seconds are seconds");
  return found;
}

}  // namespace strata::testing
