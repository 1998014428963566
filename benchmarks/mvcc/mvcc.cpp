// SPDX-License-Identifier: BSL-1.0

/// Compositions of `mvcc::Store` beside a `std::map` under a `std::shared_mutex`: 100,000 keys of
/// 16 bytes, values of 100. `items_per_second` is operations, of all threads together.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <strata/txn/mvcc_store.hpp>

namespace {

namespace mvcc = strata::mvcc;

constexpr std::size_t key_count = 100'000;

const std::vector<std::string>& keys() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made(key_count);
    for (std::size_t i = 0; i < key_count; ++i) {
      const std::string digits = std::to_string(i * 7);
      made[i] = std::string(16 - digits.size(), '0') + digits;
    }
    return made;
  }();
  return all;
}

/// The simplest alternative: no snapshots, no transactions; a long read stops all writes.
class LockedMap {
 public:
  std::optional<std::string> get(std::string_view key) const {
    const std::shared_lock lock(mutex_);
    const auto at = map_.find(key);
    return at == map_.end() ? std::nullopt : std::optional(at->second);
  }
  void put(std::string_view key, std::string_view value) {
    const std::unique_lock lock(mutex_);
    map_.insert_or_assign(std::string(key), std::string(value));
  }
  std::size_t scan_bytes(std::string_view first, std::size_t count) const {
    const std::shared_lock lock(mutex_);
    std::size_t bytes = 0;
    for (auto at = map_.lower_bound(first); at != map_.end() && count > 0; ++at, --count) {
      bytes += at->second.size();
    }
    return bytes;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::string, std::less<>> map_;
};

template <class... Policies>
class Versions {
 public:
  std::optional<std::string> get(std::string_view key) const { return store_.get(key); }
  void put(std::string_view key, std::string_view value) {
    benchmark::DoNotOptimize(store_.put(key, value).has_value());
  }
  std::size_t scan_bytes(std::string_view first, std::size_t count) {
    std::size_t bytes = 0;
    store_.snapshot().scan(first, std::nullopt, [&](std::string_view, std::string_view value) {
      bytes += value.size();
      return --count > 0;
    });
    return bytes;
  }
  /// Reads two keys and writes them, as a transfer does.
  bool transfer(std::string_view from, std::string_view to, std::string_view value) {
    auto transaction = store_.begin();
    return transaction.get(from) && transaction.get(to) && transaction.put(from, value) &&
           transaction.put(to, value) && transaction.commit();
  }

 private:
  mvcc::Store<mvcc::gc::Cooperative, Policies...> store_;
};

template <class Map>
std::unique_ptr<Map> filled() {
  auto map = std::make_unique<Map>();
  const std::string value(100, 'v');
  for (const std::string& key : keys()) {
    map->put(key, value);
  }
  return map;
}

/// One map for all threads of a run, made by the first.
template <class Map>
std::unique_ptr<Map> shared;

template <class Map>
void set_up(const benchmark::State&) {
  shared<Map> = filled<Map>();
}
template <class Map>
void tear_down(const benchmark::State&) {
  shared<Map>.reset();
}

template <class Map, class Fn>
void each(benchmark::State& state, Fn fn) {
  std::mt19937_64 random(static_cast<std::uint64_t>(state.thread_index()) + 1);
  for (auto _ : state) {
    fn(*shared<Map>, [&]() -> const std::string& { return keys()[random() % key_count]; });
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Map>
void get(benchmark::State& state) {
  each<Map>(state,
            [](Map& map, auto&& key) { benchmark::DoNotOptimize(map.get(key()).has_value()); });
}
template <class Map>
void put(benchmark::State& state) {
  const std::string value(100, 'w');
  each<Map>(state, [&](Map& map, auto&& key) { map.put(key(), value); });
}
template <class Map>
void scan_100(benchmark::State& state) {
  each<Map>(state,
            [](Map& map, auto&& key) { benchmark::DoNotOptimize(map.scan_bytes(key(), 100)); });
}
template <class Map>
void transfer(benchmark::State& state) {
  const std::string value(100, 'w');
  each<Map>(state, [&](Map& map, auto&& key) {
    benchmark::DoNotOptimize(map.transfer(key(), key(), value));
  });
}

template <class Map>
void with_threads(const char* name, void (*run)(benchmark::State&), int threads) {
  benchmark::RegisterBenchmark(name, run)
      ->Setup(set_up<Map>)
      ->Teardown(tear_down<Map>)
      ->Threads(threads)
      ->UseRealTime();
}

using Map = LockedMap;
using Ordered = Versions<>;
using OldestFirst = Versions<mvcc::order::OldestFirst>;
using Hashed = Versions<mvcc::index::Hashed>;
using Snapshots = Versions<mvcc::control::FirstCommitterWins>;
using Locks = Versions<mvcc::control::TwoPhase>;

}  // namespace

int main(int argc, char** argv) {
  for (const int threads : {1, 2, 8}) {
    with_threads<Map>("get/std_map", get<Map>, threads);
    with_threads<Ordered>("get/ordered", get<Ordered>, threads);
    with_threads<Hashed>("get/hashed", get<Hashed>, threads);
    with_threads<Map>("put/std_map", put<Map>, threads);
    with_threads<Ordered>("put/ordered", put<Ordered>, threads);
    with_threads<OldestFirst>("put/oldest_first", put<OldestFirst>, threads);
    with_threads<Hashed>("put/hashed", put<Hashed>, threads);
    with_threads<Locks>("put/two_phase", put<Locks>, threads);
    with_threads<Map>("scan_100/std_map", scan_100<Map>, threads);
    with_threads<Ordered>("scan_100/ordered", scan_100<Ordered>, threads);
    with_threads<Ordered>("transfer/ordered", transfer<Ordered>, threads);
    with_threads<Snapshots>("transfer/first_committer_wins", transfer<Snapshots>, threads);
    with_threads<Locks>("transfer/two_phase", transfer<Locks>, threads);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
