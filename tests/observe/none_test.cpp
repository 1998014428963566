// SPDX-License-Identifier: BSL-1.0
#include <strata/observe/none.hpp>

#include <catch2/catch.hpp>
#include <type_traits>

using strata::metrics::Counter;
using strata::metrics::Latency;
using strata::metrics::None;

TEST_CASE("None takes everything, keeps nothing and has no size") {
  static_assert(std::is_empty_v<None::type>);
  static_assert(!None::enabled);
  None::type recorder;
  recorder.add(Counter::reads, 1);
  recorder.record(Latency::get, 1);
  CHECK(recorder.snapshot()[Counter::reads] == 0);
  CHECK(recorder.snapshot()[Latency::get].count() == 0);
}
