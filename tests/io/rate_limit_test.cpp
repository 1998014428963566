// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/rate_limit.hpp>

#include "manual_clock.hpp"

using namespace strata;
using test::ManualClock;
using Limit = io::RateLimit<ManualClock>;

namespace {

/// Microseconds that pass while `body` runs.
template <class Body>
std::uint64_t elapsed_us(const Body& body) {
  const std::uint64_t before = ManualClock::now_us;
  body();
  return ManualClock::now_us - before;
}

}  // namespace

TEST_CASE("a limit of 0 never waits") {
  Limit limit;
  CHECK(elapsed_us([&] { limit.acquire(std::uint64_t{1} << 60); }) == 0);
  CHECK(limit.wait_us(limit.reserve(1)) == 0);
  CHECK(limit.waited_us() == 0);
}

TEST_CASE("a burst passes at once, what follows at the rate") {
  Limit limit(1'000'000, 1'000);
  CHECK(elapsed_us([&] { limit.acquire(1'000); }) == 0);
  const std::uint64_t took = elapsed_us([&] { limit.acquire(500'000); });
  CHECK(took >= 500'000);
  CHECK(took < 501'000);
  CHECK(limit.waited_us() == took);
}

TEST_CASE("idle time saves up one burst and no more") {
  Limit limit(1'000'000, 1'000);
  limit.acquire(1'000);
  ManualClock::sleep_us(60'000'000);
  CHECK(elapsed_us([&] { limit.acquire(1'000); }) == 0);
  CHECK(elapsed_us([&] { limit.acquire(1'000); }) >= 1'000);
}

TEST_CASE("who came first goes first") {
  Limit limit(1'000'000, 100);
  limit.acquire(100);
  const std::uint64_t first = limit.reserve(100);
  const std::uint64_t second = limit.reserve(1);
  const std::uint64_t third = limit.reserve(100);
  const std::uint64_t first_us = limit.wait_us(first);
  CHECK(first_us > 0);
  CHECK(limit.wait_us(second) > first_us);
  CHECK(limit.wait_us(third) > limit.wait_us(second));
  ManualClock::sleep_us(first_us);
  CHECK(limit.wait_us(first) == 0);
  CHECK(limit.wait_us(third) > 0);  // small or late: nobody overtakes
}

TEST_CASE("a large request is cut into bursts, so that others come between") {
  Limit limit(1'000'000, 100);
  limit.acquire(100);
  const std::uint64_t before = limit.reserve(0);
  limit.acquire(250);
  CHECK(limit.reserve(0) == before + 250);
  // A reservation between two of its pieces waits for the first of them only.
  const std::uint64_t small = limit.reserve(10);
  CHECK(limit.wait_us(small) <= 11);
}

TEST_CASE("a new rate counts for those who wait already") {
  Limit limit(1'000, 1'000);
  limit.acquire(1'000);
  const std::uint64_t ticket = limit.reserve(1'000);
  CHECK(limit.wait_us(ticket) > 900'000);
  limit.set_bytes_per_second(1'000'000);
  CHECK(limit.bytes_per_second() == 1'000'000);
  CHECK(limit.wait_us(ticket) <= 1'001);
  limit.set_bytes_per_second(10);
  CHECK(limit.wait_us(ticket) > 90'000'000);
  limit.set_bytes_per_second(0);
  CHECK(limit.wait_us(ticket) == 0);
}

TEST_CASE("time that passed without a limit is not saved up") {
  Limit limit(1'000'000, 100);
  limit.acquire(100);
  limit.set_bytes_per_second(0);
  limit.acquire(1'000'000);
  ManualClock::sleep_us(1'000'000);
  limit.set_bytes_per_second(1'000'000);
  CHECK(elapsed_us([&] { limit.acquire(100); }) == 0);
  CHECK(elapsed_us([&] { limit.acquire(100); }) >= 100);
}

TEST_CASE("threads together get the rate, and each gets its bytes") {
  Limit limit(1'000'000, 500);
  const std::uint64_t before_us = ManualClock::now_us;
  std::atomic<std::uint64_t> passed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        limit.acquire(100);
        passed += 100;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(passed == 80'000);
  const std::uint64_t took_us = ManualClock::now_us - before_us;
  CHECK(passed <= 500 + took_us);  // one byte a microsecond
}
