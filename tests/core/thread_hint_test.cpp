// SPDX-License-Identifier: BSL-1.0
#include <strata/core/thread_hint.hpp>

#include <array>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

TEST_CASE("A thread keeps its hint, and threads that run together mostly differ") {
  CHECK(strata::thread_hint() == strata::thread_hint());
  std::array<std::size_t, 16> hints{};
  std::array<std::thread, 16> threads;
  // Each waits for the next, so that all are alive at once.
  for (std::size_t i = threads.size(); i-- > 0;) {
    threads[i] = std::thread([i, &hints, &threads] {
      hints[i] = strata::thread_hint();
      if (i + 1 < threads.size()) {
        threads[i + 1].join();
      }
    });
  }
  threads[0].join();
  std::set<std::size_t> stripes;
  for (const std::size_t hint : hints) {
    stripes.insert(hint % 8);
  }
  CHECK(std::set<std::size_t>(hints.begin(), hints.end()).size() > 8);
  CHECK(stripes.size() >= 3);
}
