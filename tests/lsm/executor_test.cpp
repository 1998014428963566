// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/executor.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using strata::Lane;
namespace executor = strata::executor;

TEST_CASE("threads run every task once") {
  std::atomic<int> runs{0};
  executor::Threads::type threads({.flush_threads = 1, .compaction_threads = 2});
  for (int i = 0; i < 100; ++i) {
    threads.submit(
        static_cast<Lane>(i % static_cast<int>(strata::lane_count)),
        [](void* argument) { ++*static_cast<std::atomic<int>*>(argument); }, &runs);
  }
  while (runs < 100) {
    std::this_thread::yield();
  }
  threads.stop();
  CHECK(runs == 100);
}

TEST_CASE("a blocked compaction lane does not hold back flushes, nor the log's work") {
  struct State {
    std::atomic<bool> release{false};
    std::atomic<bool> flushed{false};
    std::atomic<bool> logged{false};
  } state;
  executor::Threads::type threads({.flush_threads = 1, .compaction_threads = 1});
  threads.submit(
      Lane::compaction,
      [](void* argument) {
        while (!static_cast<State*>(argument)->release) {
          std::this_thread::yield();
        }
      },
      &state);
  threads.submit(
      Lane::flush, [](void* argument) { static_cast<State*>(argument)->flushed = true; }, &state);
  threads.submit(
      Lane::log, [](void* argument) { static_cast<State*>(argument)->logged = true; }, &state);
  while (!state.flushed || !state.logged) {
    std::this_thread::yield();
  }
  state.release = true;
  threads.stop();
  CHECK(state.flushed);
}

TEST_CASE("after stop nothing runs") {
  std::atomic<int> runs{0};
  executor::Threads::type threads({});
  threads.stop();
  threads.submit(
      Lane::flush, [](void* argument) { ++*static_cast<std::atomic<int>*>(argument); }, &runs);
  CHECK(runs == 0);
}

TEST_CASE("inline work is done when submit returns, nested work after what submitted it") {
  struct State {
    executor::Inline::type inline_executor{{}};
    std::vector<int> order;
  } state;
  state.inline_executor.submit(
      Lane::flush,
      [](void* argument) {
        auto& s = *static_cast<State*>(argument);
        s.inline_executor.submit(
            Lane::compaction, [](void* inner) { static_cast<State*>(inner)->order.push_back(2); },
            argument);
        s.order.push_back(1);
      },
      &state);
  CHECK(state.order == std::vector<int>{1, 2});
}
