// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Archetypes of what runs and counts: executor, metrics.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/policy.hpp>
#include <strata/lsm/executor.hpp>
#include <strata/observe/concept.hpp>

namespace strata::testing::archetype {

/// Work is done by whoever submits it. What running work submits is done after it, by the same
/// loop: one thread at a time, and the stack stays flat.
struct Executor {
  using policy_slot = executor_slot;
  struct Options {};
  static constexpr std::string_view name = "archetype";

  class type {
   public:
    static constexpr bool is_inline = true;
    explicit type(const Options&) {}

    void submit(Lane, void (*run)(void*), void* argument) {
      work_.emplace_back(run, argument);
      if (work_.size() > 1) {
        return;
      }
      for (std::size_t i = 0; i < work_.size() && !stopped_; ++i) {
        const auto [function, its_argument] = work_[i];
        function(its_argument);
      }
      work_.clear();
    }
    void stop() { stopped_ = true; }

   private:
    std::vector<std::pair<void (*)(void*), void*>> work_;
    bool stopped_ = false;
  };
};

struct Metrics {
  using policy_slot = metrics_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr bool enabled = true;

  class type {
   public:
    void add(metrics::Counter counter, std::uint64_t n) noexcept {
      const std::lock_guard lock(mutex_);
      sums_.counters[static_cast<std::size_t>(counter)] += n;
    }
    void record(metrics::Latency latency, std::uint64_t nanoseconds) noexcept {
      const std::lock_guard lock(mutex_);
      sums_.latencies[static_cast<std::size_t>(latency)].record(nanoseconds);
    }
    [[nodiscard]] metrics::Snapshot snapshot() const {
      const std::lock_guard lock(mutex_);
      return sums_;
    }

   private:
    mutable std::mutex mutex_;
    metrics::Snapshot sums_;
  };
};

static_assert(ExecutorPolicy<Executor> && MetricsPolicy<Metrics>);

}  // namespace strata::testing::archetype
