// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What an executor that has `every` promises of it; a part of `executor_conformance`.
///
/// Periods are whole seconds, so this takes some. A promise that something comes is given
/// `patience` before it counts as broken; how soon it came decides nothing.
///
/// Held by tests/testing/kits_test.cpp.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include <strata/lsm/executor.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

template <class Executor>
concept KeepsTime = requires(Executor executor, void (*run)(void*), void* argument) {
  executor.every(std::uint64_t{1}, run, argument);
};

template <class Executor>
class TickProbe {
 public:
  TickProbe(Executor& executor, std::chrono::seconds patience)
      : executor_(executor), patience_(patience) {
    executor_.every(1, &TickProbe::tick, this);
  }

  [[nodiscard]] unsigned ticks() const { return ticks_.load(); }
  /// Whether there are `count` more, in the end.
  [[nodiscard]] bool come(unsigned count) const {
    const unsigned wanted = ticks_.load() + count;
    return comes_true([&] { return ticks_.load() >= wanted; });
  }
  /// All threads of the compaction lane are busy until `release`; what they had before has begun.
  /// False: they never came to it.
  [[nodiscard]] bool block_compactions() {
    for (unsigned i = 0; i < 64; ++i) {
      executor_.submit(Lane::compaction, &TickProbe::block, this);
    }
    return comes_true([&] { return blocking_.load(); });
  }
  void release() {
    blocked_.store(false);
    blocked_.notify_all();
  }
  /// The flush lane always has work, until `rest`.
  void keep_flushing() {
    flushing_.store(true);
    executor_.submit(Lane::flush, &TickProbe::flush, this);
  }
  /// False: the work was lost.
  [[nodiscard]] bool rest() {
    flushing_.store(false);
    return comes_true([&] { return rested_.load(); });
  }

 private:
  static void tick(void* self) { static_cast<TickProbe*>(self)->ticks_.fetch_add(1); }
  static void block(void* argument) {
    auto* const self = static_cast<TickProbe*>(argument);
    self->blocking_.store(true);
    self->blocked_.wait(true);
  }
  static void flush(void* argument) {
    auto* const self = static_cast<TickProbe*>(argument);
    if (self->flushing_.load()) {
      self->executor_.submit(Lane::flush, &TickProbe::flush, self);
    } else {
      self->rested_.store(true);
    }
  }
  template <class Condition>
  [[nodiscard]] bool comes_true(const Condition& condition) const {
    const auto end = std::chrono::steady_clock::now() + patience_;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
  }

  Executor& executor_;
  std::chrono::seconds patience_;
  std::atomic<unsigned> ticks_{0};
  std::atomic<bool> blocking_{false};
  std::atomic<bool> blocked_{true};
  std::atomic<bool> flushing_{false};
  std::atomic<bool> rested_{false};
};

template <ExecutorPolicy E>
requires KeepsTime<typename E::type>
void expect_ticks(Conformance& found, const typename E::Options& options,
                  std::chrono::seconds patience) {
  using Executor = typename E::type;
  {
    Executor executor(options);
    TickProbe<Executor> probe(executor, patience);
    found.expect(probe.come(2), "every: calls again and again");
    probe.keep_flushing();
    found.expect(probe.come(2), "every: calls come among flushes that never end");
    found.expect(probe.rest(), "every: work goes on among the calls");
    if (!Executor::is_inline) {
      // One call may have been waiting among the compactions; a second one may not.
      found.expect(probe.block_compactions() && probe.come(2),
                   "every: calls do not wait for compactions");
      probe.release();
    }
    executor.stop();
    const unsigned seen = probe.ticks();
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    found.expect(probe.ticks() == seen, "every: nothing is called after stop");
  }
  {
    Executor stopped(options);
    stopped.stop();
    const TickProbe<Executor> probe(stopped, patience);
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    found.expect(probe.ticks() == 0, "every: an executor that was stopped calls nothing");
  }
  Executor executor(options);
  executor.every(
      1'000'000, [](void*) {}, nullptr);  // and its destructor does not wait for it
}

}  // namespace strata::testing
