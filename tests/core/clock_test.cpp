// SPDX-License-Identifier: BSL-1.0
#include <ctime>

#include <catch2/catch.hpp>
#include <strata/core/clock.hpp>

TEST_CASE("the steady clock never goes back") {
  const std::uint64_t before = strata::clock::Steady::now_ns();
  strata::clock::Steady::sleep_us(1);
  CHECK(strata::clock::Steady::now_ns() >= before);
}

TEST_CASE("the time of day is the system's") {
  const auto before = static_cast<std::uint64_t>(std::time(nullptr));
  const std::uint64_t now = strata::clock::Steady::unix_seconds();
  CHECK(now + 1 >= before);
  CHECK(now <= static_cast<std::uint64_t>(std::time(nullptr)) + 1);
}

TEST_CASE("the frozen clock stands still") {
  const std::uint64_t before = strata::clock::Frozen::now_ns();
  strata::clock::Frozen::sleep_us(1'000'000'000'000);
  CHECK(strata::clock::Frozen::now_ns() == before);
  CHECK(strata::clock::Frozen::unix_seconds() == 0);
}
