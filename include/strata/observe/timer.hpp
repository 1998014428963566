// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Records how long a scope took. Reads no clock where the metrics policy keeps nothing, and a
/// `SampledTimer` only now and then: two clock readings cost a tenth of a cached look-up.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <strata/core/clock.hpp>
#include <strata/observe/concept.hpp>

namespace strata::metrics {

/// `const Timer<Metrics, Clock> timer(recorder, Latency::flush);`
template <MetricsPolicy Metrics, ClockPolicy Clock>
class [[nodiscard]] Timer {
 public:
  Timer(typename Metrics::type& recorder, Latency latency) noexcept
      : recorder_(recorder), latency_(latency) {
    if constexpr (Metrics::enabled) {
      start_ns_ = Clock::now_ns();
    }
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() {
    if constexpr (Metrics::enabled) {
      recorder_.record(latency_, Clock::now_ns() - start_ns_);
    }
  }

 private:
  typename Metrics::type& recorder_;
  Latency latency_;
  std::uint64_t start_ns_ = 0;
};

/// As `Timer`, for one scope in 32 of each thread.
template <MetricsPolicy Metrics, ClockPolicy Clock>
class [[nodiscard]] SampledTimer {
 public:
  static constexpr std::uint32_t period = 32;

  SampledTimer(typename Metrics::type& recorder, Latency latency) noexcept {
    if constexpr (Metrics::enabled) {
      // One a kind: kinds that follow each other in step would otherwise hide each other.
      thread_local std::array<std::uint32_t, latency_count> ticks{};
      if (ticks[static_cast<std::size_t>(latency)]++ % period == 0) [[unlikely]] {
        timer_.emplace(recorder, latency);
      }
    }
  }

 private:
  std::optional<Timer<Metrics, Clock>> timer_;
};

}  // namespace strata::metrics
