// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Records how long a scope took. Reads no clock where the metrics policy keeps nothing.

#include <cstdint>

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

}  // namespace strata::metrics
