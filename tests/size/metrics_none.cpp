// SPDX-License-Identifier: BSL-1.0
// A component that counts and times, composed without metrics: no counter, no clock, no atomic.
// absent: strata::metrics::Counters
// absent: strata::clock::|clock_gettime
#include <string_view>

#include <strata/observe/counters.hpp>
#include <strata/observe/none.hpp>
#include <strata/observe/timer.hpp>

#ifdef COMPOSED
using Metrics = strata::metrics::Counters;
#else
using Metrics = strata::metrics::None;
#endif
using strata::metrics::Counter;
using strata::metrics::Latency;

std::string_view lookup(std::string_view key);

std::string_view counted_lookup(Metrics::type& recorder, std::string_view key) {
#ifdef PLAIN
  static_cast<void>(recorder);
  return lookup(key);
#else
  const strata::metrics::Timer<Metrics, strata::clock::Steady> timer(recorder, Latency::get);
  recorder.add(Counter::reads, 1);
  const std::string_view value = lookup(key);
  recorder.add(Counter::write_bytes, value.size());
  return value;
#endif
}
