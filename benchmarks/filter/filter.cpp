// SPDX-License-Identifier: BSL-1.0

/// Filters beside each other at ten bits a key: in the first caches (10,000 keys) and out of them
/// (5,000,000). `items_per_second` is keys; of the filter that was built, `bits/key`, and `passed`,
/// the share of absent keys that pass in percent.
///
/// Keys are hashes, as an engine hashes a key once for all its tables. A lookup needs nothing of
/// the one before, so the processor overlaps their accesses, as it does those of several tables.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include <strata/core/hash.hpp>
#include <strata/filter/binary_fuse.hpp>
#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/filter/ribbon.hpp>

#include "references.hpp"

namespace {

constexpr std::uint64_t lookups = 1'000'000;

std::uint64_t hash_of(std::uint64_t i) {
  return strata::mix64((i + 1) * 0x9e3779b97f4a7c15);
}

template <class F>
std::string build_filter(std::uint64_t keys) {
  typename F::Builder builder;
  for (std::uint64_t i = 0; i < keys; ++i) {
    builder.add_hash(hash_of(i));
  }
  std::string filter;
  builder.finish(filter);
  return filter;
}

template <class F>
void build(benchmark::State& state) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  std::string filter;
  for (auto _ : state) {
    filter = build_filter<F>(keys);
    benchmark::DoNotOptimize(filter.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
  state.counters["bits/key"] =
      static_cast<double>(filter.size()) * 8 / static_cast<double>(state.range(0));
}

template <class F, bool Present>
void probe(benchmark::State& state) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  const std::string filter = build_filter<F>(keys);
  std::uint64_t passed = 0;
  std::uint64_t at = 0;
  for (auto _ : state) {
    passed = 0;
    for (std::uint64_t i = 0; i < lookups; ++i) {
      // An odd step, so that the hits are of all keys and in no order the filter knows.
      const std::uint64_t key = Present ? (at += 1'234'577) % keys : keys + ++at;
      passed += F::may_contain_hash(filter, hash_of(key)) ? 1U : 0U;
    }
    benchmark::DoNotOptimize(passed);
  }
  if (Present && passed != lookups) {
    state.SkipWithError("a key is missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(lookups));
  if (!Present) {
    state.counters["passed"] = 100 * static_cast<double>(passed) / lookups;
  }
}

template <class F>
void add() {
  const auto add_one = [](const char* what, void (*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark((std::string(what) + "/" + std::string(F::name)).c_str(), run)
        ->Arg(10'000)
        ->Arg(5'000'000)
        ->Unit(benchmark::kMillisecond);
  };
  add_one("build", build<F>);
  add_one("hit", probe<F, true>);
  add_one("miss", probe<F, false>);
}

}  // namespace

int main(int count, char** arguments) {
  add<strata::filter::Bloom>();
  add<strata::filter::BlockedBloom>();
  add<strata::filter::BinaryFuse>();
  add<strata::filter::Ribbon>();
#if __has_include(<leveldb/filter_policy.h>)
  add<reference::LevelBloom>();
#endif
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
