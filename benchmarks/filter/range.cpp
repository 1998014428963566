// SPDX-License-Identifier: BSL-1.0

/// Short scans between keys of an engine with 200,000 of them, in memory: with a filter that
/// knows of ranges and without. `items_per_second` is scans, `blocks` the blocks a scan looks at.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include <strata/filter/bloom.hpp>
#include <strata/filter/range.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>

namespace {

using strata::metrics::Counter;

std::string key_of(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "key%010llu", static_cast<unsigned long long>(number));
  return text;
}

template <class Filter>
void empty_scans(benchmark::State& state) {
  using Db = strata::LsmTree<strata::io::Memory, Filter>;
  auto db = Db::open("/db", {});
  constexpr std::uint64_t keys = 200'000;
  bool written = db.has_value();
  for (std::uint64_t i = 0; written && i < keys; ++i) {
    written = db->put(key_of(i * 1'234'577 % keys * 100), std::string(50, 'v')).has_value();
  }
  if (!written || !db->flush()) {
    state.SkipWithError("the database can not be filled");
    return;
  }
  const auto blocks = [&] {
    const auto counters = db->stats().metrics;
    return counters[Counter::cache_hits] + counters[Counter::cache_misses];
  };
  const std::uint64_t before = blocks();
  std::uint64_t at = 0;
  for (auto _ : state) {
    at = (at + 1'234'577) % keys;
    const std::string first = key_of(at * 100 + 10);
    const std::string last = key_of(at * 100 + 60);
    auto cursor = db->cursor({.lower_bound = first, .upper_bound = last});
    cursor.seek_to_first();
    if (cursor.valid()) {
      state.SkipWithError("there is a key");
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["blocks"] =
      static_cast<double>(blocks() - before) / static_cast<double>(state.iterations());
}

}  // namespace

BENCHMARK_TEMPLATE(empty_scans, strata::filter::Bloom)->Iterations(50000);
BENCHMARK_TEMPLATE(empty_scans, strata::filter::Range)->Iterations(50000);

BENCHMARK_MAIN();
