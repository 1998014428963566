// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/throttle.hpp>

#include <catch2/catch.hpp>

using strata::lsm::Throttle;

TEST_CASE("there is no delay below pressure one") {
  CHECK(Throttle().delay_us(0, 1 << 20) == 0);
  CHECK(Throttle().delay_us(0.999, 1 << 20) == 0);
}

TEST_CASE("the delay grows with pressure, smoothly, and with bytes") {
  const Throttle throttle;
  std::uint64_t before = 0;
  for (double pressure = 1; pressure <= 2; pressure += 0.01) {
    const std::uint64_t delay = throttle.delay_us(pressure, 1 << 20);
    CHECK(delay >= before);
    // A hundredth of pressure never more than adds a tenth: no cliff.
    CHECK((before == 0 || static_cast<double>(delay) <= static_cast<double>(before) * 1.1));
    before = delay;
  }
  CHECK(throttle.delay_us(1.5, 2000) >= 2 * throttle.delay_us(1.5, 1000) - 1);
}

TEST_CASE("the rate at full pressure is the least rate") {
  const Throttle throttle{.rate_most = 64e6, .rate_least = 1e6};
  CHECK(throttle.delay_us(2, 1'000'000) == Approx(1e6).epsilon(0.01));
  CHECK(throttle.delay_us(7, 1'000'000) == Approx(1e6).epsilon(0.01));
}
