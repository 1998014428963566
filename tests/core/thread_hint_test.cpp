// SPDX-License-Identifier: BSL-1.0
#include <strata/core/thread_hint.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <latch>
#include <set>
#include <thread>

TEST_CASE("A thread keeps its hint, and threads that run together mostly differ") {
  CHECK(strata::thread_hint() == strata::thread_hint());
  std::array<std::size_t, 16> hints{};
  std::array<std::thread, 16> threads;
  std::latch all_are_alive(16);  // a thread that has ended gives its number to another
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread([i, &hints, &all_are_alive] {
      hints[i] = strata::thread_hint();
      all_are_alive.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::set<std::size_t> stripes;
  for (const std::size_t hint : hints) {
    stripes.insert(hint % 8);
  }
  CHECK(std::set<std::size_t>(hints.begin(), hints.end()).size() > 8);
  CHECK(stripes.size() >= 3);
}
