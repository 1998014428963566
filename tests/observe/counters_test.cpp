// SPDX-License-Identifier: BSL-1.0
#include <strata/observe/counters.hpp>

#include <catch2/catch.hpp>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

using strata::metrics::Counter;
using strata::metrics::Counters;
using strata::metrics::Histogram;
using strata::metrics::Latency;

TEST_CASE("A recorder starts at zero and counts each kind by itself") {
  Counters::type recorder;
  auto snapshot = recorder.snapshot();
  for (std::size_t i = 0; i < strata::metrics::counter_count; ++i) {
    CHECK(snapshot[static_cast<Counter>(i)] == 0);
  }
  recorder.add(Counter::reads, 3);
  recorder.add(Counter::reads, 4);
  recorder.add(Counter::background_errors, 1);
  recorder.record(Latency::sync, 1000);
  snapshot = recorder.snapshot();
  CHECK(snapshot[Counter::reads] == 7);
  CHECK(snapshot[Counter::background_errors] == 1);
  CHECK(snapshot[Counter::writes] == 0);
  CHECK(snapshot[Latency::sync].count() == 1);
  CHECK(snapshot[Latency::sync].sum() == 1000);
  CHECK(snapshot[Latency::get].count() == 0);
}

TEST_CASE("What threads record adds up to the last count") {
  Counters::type recorder;
  constexpr std::uint64_t rounds = 20'000;
  std::vector<std::thread> threads;
  for (std::uint64_t id = 0; id < 4; ++id) {
    threads.emplace_back([&recorder, id] {
      for (std::uint64_t i = 0; i < rounds; ++i) {
        recorder.add(Counter::write_bytes, 2);
        recorder.record(Latency::put, i + id);
      }
    });
  }
  std::uint64_t before = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t now = recorder.snapshot()[Counter::write_bytes];
    CHECK(now >= before);
    before = now;
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  Histogram expected;
  for (std::uint64_t id = 0; id < 4; ++id) {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      expected.record(i + id);
    }
  }
  const auto snapshot = recorder.snapshot();
  CHECK(snapshot[Counter::write_bytes] == 8 * rounds);
  CHECK(snapshot[Latency::put] == expected);
}

TEST_CASE("Every counter and latency has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < strata::metrics::counter_count; ++i) {
    names.insert(to_string(static_cast<Counter>(i)));
  }
  for (std::size_t i = 0; i < strata::metrics::latency_count; ++i) {
    names.insert(to_string(static_cast<Latency>(i)));
  }
  CHECK(names.size() == strata::metrics::counter_count + strata::metrics::latency_count);
  CHECK(names.count("") == 0);
  CHECK(to_string(Counter::reads) == "reads");
  CHECK(to_string(Counter::stall_micros) == "stall_micros");
  CHECK(to_string(Counter::background_errors) == "background_errors");
  CHECK(to_string(Latency::sync) == "sync");
}
