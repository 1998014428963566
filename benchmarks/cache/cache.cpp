// SPDX-License-Identifier: BSL-1.0

/// Eviction policies beside each other: what a hit and what a miss with its insert cost, alone and
/// among threads, and how often each policy hits. `items_per_second` is requests of all threads.
///
///     hit/<policy>                  keys of a Zipf distribution, all of them in the cache
///     miss_insert/<policy>          keys never seen before; each insert evicts
///     hit_ratio_zipf/<policy>/p     the cache holds p thousandths of the keys
///     hit_ratio_zipf_scan/<policy>/p  after each 200'000 requests one pass over 100'000 keys that
///                                   never come back; the ratio is that of the others

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <strata/cache.hpp>
#include <strata/core/hash.hpp>

#include "references.hpp"

namespace {

using Key = std::uint64_t;

constexpr std::size_t keys = 500'000;
constexpr std::size_t throughput_entries = 50'000;
constexpr unsigned threads_max = 2;

struct Hash {
  std::uint64_t operator()(Key key) const noexcept { return key; }
};

template <class Policy>
using Cache = typename Policy::template type<Key, int, Hash>;

/// Key k of `key_count` comes with a frequency like 1/(k+1)^0.99, but is shuffled among the others.
std::vector<Key> zipf(std::size_t requests, std::size_t key_count, std::uint64_t seed) {
  std::vector<double> below(key_count);
  double sum = 0;
  for (std::size_t k = 0; k < key_count; ++k) {
    sum += std::pow(static_cast<double>(k + 1), -0.99);
    below[k] = sum;
  }
  std::mt19937_64 random(seed);
  std::vector<Key> names(key_count);
  for (std::size_t k = 0; k < key_count; ++k) {
    names[k] = k;
  }
  std::shuffle(names.begin(), names.end(), random);
  std::vector<Key> trace(requests);
  for (Key& key : trace) {
    const double at = static_cast<double>(random() >> 11) * 0x1p-53 * sum;
    const auto found = std::lower_bound(below.begin(), below.end(), at);
    key = names[static_cast<std::size_t>(found - below.begin())];
  }
  return trace;
}

template <class Policy>
typename Policy::Options room_for(std::size_t entries, unsigned shards) {
  return {.capacity_bytes = entries, .shards = shards, .count_overhead = false};
}

/// What the budget counts for an entry besides what the caller charges.
template <class Policy>
double overhead_bytes() {
  Cache<Policy> cache{typename Policy::Options{}};
  (void)cache.insert(1, 1, 0);
  return static_cast<double>(cache.used_bytes());
}

template <class Policy>
void hit(benchmark::State& state) {
  static std::unique_ptr<Cache<Policy>> cache;
  if (state.thread_index() == 0) {
    cache = std::make_unique<Cache<Policy>>(room_for<Policy>(2 * throughput_entries, 16));
    for (Key key = 0; key < throughput_entries; ++key) {
      (void)cache->insert(key, 0, 1);
    }
  }
  const auto trace = zipf(std::size_t{1} << 18, throughput_entries,
                          static_cast<std::uint64_t>(state.thread_index()));
  std::size_t at = 0;
  std::uint64_t missing = 0;
  for (auto _ : state) {
    const auto found = cache->find(trace[at++ % trace.size()]);
    missing += found ? 0 : 1;
    benchmark::DoNotOptimize(found);
  }
  if (missing > 0) {
    state.SkipWithError("a key is missing");
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    state.counters["overhead_bytes/entry"] = overhead_bytes<Policy>();
  }
}

template <class Policy>
void miss_insert(benchmark::State& state) {
  static std::unique_ptr<Cache<Policy>> cache;
  if (state.thread_index() == 0) {
    cache = std::make_unique<Cache<Policy>>(room_for<Policy>(throughput_entries, 16));
    for (Key key = 0; key < 4 * throughput_entries; ++key) {
      (void)cache->insert(strata::mix64(key), 0, 1);
    }
  }
  Key next = static_cast<Key>(state.thread_index() + 1) << 40;
  for (auto _ : state) {
    const Key key = strata::mix64(++next);
    if (!cache->find(key)) {
      benchmark::DoNotOptimize(cache->insert(key, 0, 1));
    }
  }
  state.SetItemsProcessed(state.iterations());
}

std::vector<Key> with_scans(const std::vector<Key>& trace) {
  std::vector<Key> mixed;
  Key scanned = keys;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    mixed.push_back(trace[i]);
    if (i % 200'000 == 199'999) {
      for (int n = 0; n < 100'000; ++n) {
        mixed.push_back(scanned++);
      }
    }
  }
  return mixed;
}

template <class Policy, bool Scans>
void hit_ratio(benchmark::State& state) {
  static const std::vector<Key> zipfian = zipf(2'000'000, keys, 42);
  const std::vector<Key> trace = Scans ? with_scans(zipfian) : zipfian;
  const std::size_t entries = keys * static_cast<std::size_t>(state.range(0)) / 1000;
  std::uint64_t hits = 0;
  for (auto _ : state) {
    Cache<Policy> cache(room_for<Policy>(entries, 1));
    for (const Key key : trace) {
      if (!cache.find(key)) {
        (void)cache.insert(key, 0, 1);
      }
    }
    hits = cache.stats().hits;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trace.size()));
  state.counters["hit_ratio"] = static_cast<double>(hits) / static_cast<double>(zipfian.size());
}

template <class Policy>
void add() {
  const auto add_one = [](const char* what, void (*run)(benchmark::State&)) {
    const std::string name = std::string(what) + "/" + std::string(Policy::name);
    return benchmark::RegisterBenchmark(name.c_str(), run);
  };
  add_one("hit", hit<Policy>)->ThreadRange(1, threads_max)->UseRealTime();
  add_one("miss_insert", miss_insert<Policy>)->ThreadRange(1, threads_max)->UseRealTime();
  for (const std::int64_t thousandths : {1, 10, 100}) {
    for (auto* ratio : {add_one("hit_ratio_zipf", hit_ratio<Policy, false>),
                        add_one("hit_ratio_zipf_scan", hit_ratio<Policy, true>)}) {
      ratio->Arg(thousandths)->Iterations(1)->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  add<strata::cache::S3Fifo>();
  add<strata::cache::Sieve>();
  add<strata::cache::Clock>();
  add<strata::cache::Lru>();
  add<strata::cache::Arc>();
  add<strata::cache::WTinyLfu>();
  add<strata::cache::AdaptiveScore>();
#if __has_include(<rocksdb/cache.h>)
  add<reference::RocksLru>();
#endif
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
