// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/observe/concept.hpp, checked on any metrics policy: nothing is lost that
/// threads count at once; and a policy that is not enabled says zero.

#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <type_traits>

#include <strata/observe/concept.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

template <MetricsPolicy P>
[[nodiscard]] Conformance metrics_conformance() {
  using metrics::Counter;
  using metrics::Latency;
  constexpr std::uint64_t rounds = 5000;
  Conformance found;
  typename P::type recorder;
  static_assert(!std::is_copy_constructible_v<typename P::type> &&
                !std::is_move_constructible_v<typename P::type>);
  const metrics::Snapshot before = recorder.snapshot();
  for (std::size_t i = 0; i < metrics::counter_count; ++i) {
    found.expect(before.counters[i] == 0, "a new recorder counts from zero");
  }
  const auto work = [&] {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      recorder.add(Counter::reads, 1);
      recorder.add(Counter::background_errors, 3);
      recorder.record(Latency::get, 100);
      recorder.record(Latency::sync, i);
    }
  };
  std::array<std::thread, 3> threads;
  for (std::thread& thread : threads) {
    thread = std::thread(work);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::uint64_t calls = P::enabled ? rounds * threads.size() : 0;
  const metrics::Snapshot after = recorder.snapshot();
  found.expect(after[Counter::reads] == calls, "every addition of every thread is counted");
  found.expect(after[Counter::background_errors] == 3 * calls, "a counter grows by what is added");
  found.expect(after[Counter::writes] == 0, "counters do not mix");
  found.expect(after[Latency::get].count() == calls, "every latency is recorded");
  found.expect(after[Latency::sync].count() == calls, "latencies from zero up are recorded");
  found.expect(after[Latency::flush].count() == 0, "latencies do not mix");
  found.expect(before[Counter::reads] == 0, "a snapshot does not change");
  return found;
}

}  // namespace strata::testing
