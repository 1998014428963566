// SPDX-License-Identifier: BSL-1.0
#include <strata/observe/timer.hpp>

#include <catch2/catch.hpp>
#include <strata/observe/counters.hpp>
#include <strata/observe/none.hpp>

namespace {

int clock_reads = 0;

/// A second passes between one look and the next.
struct Ticking {
  using policy_slot = strata::clock_slot;
  static constexpr std::string_view name = "ticking";
  static std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(++clock_reads) * 1'000'000'000;
  }
  static std::uint64_t unix_seconds() noexcept { return 0; }
  static void sleep_us(std::uint64_t) noexcept {}
};

}  // namespace

using strata::metrics::Latency;
using strata::metrics::Timer;

TEST_CASE("A timer records how long its scope took") {
  strata::metrics::Counters::type recorder;
  {
    const Timer<strata::metrics::Counters, Ticking> timer(recorder, Latency::flush);
    CHECK(recorder.snapshot()[Latency::flush].count() == 0);
  }
  CHECK(recorder.snapshot()[Latency::flush].count() == 1);
  CHECK(recorder.snapshot()[Latency::flush].sum() == 1'000'000'000);
}

TEST_CASE("A timer of no metrics reads no clock") {
  clock_reads = 0;
  strata::metrics::None::type recorder;
  { const Timer<strata::metrics::None, Ticking> timer(recorder, Latency::flush); }
  CHECK(clock_reads == 0);
}

TEST_CASE("A sampled timer reads the clock for one scope in 32 of each kind") {
  using Sampled = strata::metrics::SampledTimer<strata::metrics::Counters, Ticking>;
  strata::metrics::Counters::type recorder;
  clock_reads = 0;
  for (std::uint32_t i = 0; i < 10 * Sampled::period; ++i) {
    const Sampled outer(recorder, Latency::put);
    const Sampled inner(recorder, Latency::write);
  }
  CHECK(recorder.snapshot()[Latency::put].count() == 10);
  CHECK(recorder.snapshot()[Latency::write].count() == 10);
  CHECK(clock_reads == 40);
}
