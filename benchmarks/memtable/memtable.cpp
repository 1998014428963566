// SPDX-License-Identifier: BSL-1.0

/// Memtables beside each other and beside ordered maps: 16-byte keys, 100-byte values, one thread
/// unless the name says otherwise. `items_per_second` is operations a second of CPU time, that of
/// all threads together; `bytes/entry` is all memory over the number of entries, after a scan.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <strata/memtable.hpp>

#include "references.hpp"

namespace {

using strata::EntryKind;
using strata::Trailer;

constexpr std::size_t entries = 400'000;  // about a write buffer of 64 MiB

std::vector<std::string> make_keys(bool shuffled) {
  std::vector<std::string> keys(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::string digits = std::to_string(i * 7);
    keys[i] = std::string(16 - digits.size(), '0') + digits;
  }
  if (shuffled) {
    std::shuffle(keys.begin(), keys.end(), std::mt19937_64(42));
  }
  return keys;
}

template <class Policy>
using Table = typename Policy::template type<strata::comparator::Bytewise>;

template <class Policy>
void fill(Table<Policy>& table, const std::vector<std::string>& keys) {
  const std::string value(100, 'v');
  strata::Sequence sequence = 0;
  for (const std::string& key : keys) {
    table.insert(key, Trailer(++sequence, EntryKind::put), value);
  }
}

void per_operation(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries));
}

template <class Policy, bool Shuffled>
void insert(benchmark::State& state) {
  const auto keys = make_keys(Shuffled);
  for (auto _ : state) {
    Table<Policy> table{typename Policy::Options{}};
    fill<Policy>(table, keys);
    benchmark::DoNotOptimize(table.memory_bytes());
  }
  per_operation(state);
}

/// Two threads take turns at the keys.
template <class Policy>
void insert_threads(benchmark::State& state) {
  const auto keys = make_keys(true);
  const std::string value(100, 'v');
  for (auto _ : state) {
    Table<Policy> table{typename Policy::Options{}};
    const auto fill_every_second = [&](std::size_t first) {
      for (std::size_t i = first; i < keys.size(); i += 2) {
        table.insert(keys[i], Trailer(i + 1, EntryKind::put), value);
      }
    };
    std::thread other(fill_every_second, 1U);
    fill_every_second(0);
    other.join();
  }
  per_operation(state);
}

template <class Policy>
std::size_t count(const Table<Policy>& table) {
  typename Table<Policy>::Cursor cursor(table);
  std::size_t seen = 0;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    benchmark::DoNotOptimize(cursor.key().data());
    ++seen;
  }
  return seen;
}

/// What a memtable is there for when nobody reads it: filled, and flushed.
template <class Policy, bool Shuffled>
void fill_and_scan(benchmark::State& state) {
  const auto keys = make_keys(Shuffled);
  std::size_t bytes = 0;
  for (auto _ : state) {
    Table<Policy> table{typename Policy::Options{}};
    fill<Policy>(table, keys);
    benchmark::DoNotOptimize(count<Policy>(table));
    bytes = table.memory_bytes();
  }
  per_operation(state);
  state.counters["bytes/entry"] = static_cast<double>(bytes) / static_cast<double>(entries);
}

/// After each insert of a key one find of another.
template <class Policy>
void insert_and_find(benchmark::State& state) {
  const auto keys = make_keys(true);
  const std::string value(100, 'v');
  for (auto _ : state) {
    Table<Policy> table{typename Policy::Options{}};
    for (std::size_t i = 0; i < keys.size(); ++i) {
      table.insert(keys[i], Trailer(i + 1, EntryKind::put), value);
      benchmark::DoNotOptimize(table.find(keys[i * 7919 % (i + 1)], strata::sequence_max));
    }
  }
  per_operation(state);
}

template <class Policy>
void find(benchmark::State& state) {
  Table<Policy> table{typename Policy::Options{}};
  fill<Policy>(table, make_keys(true));
  auto keys = make_keys(true);
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(7));
  for (auto _ : state) {
    for (const std::string& key : keys) {
      auto found = table.find(key, strata::sequence_max);
      if (!found) {
        state.SkipWithError("a key is missing");
        return;
      }
      benchmark::DoNotOptimize(found);
    }
  }
  per_operation(state);
}

/// A walk when there was one before.
template <class Policy>
void scan(benchmark::State& state) {
  Table<Policy> table{typename Policy::Options{}};
  fill<Policy>(table, make_keys(true));
  benchmark::DoNotOptimize(count<Policy>(table));  // some sort for the first
  for (auto _ : state) {
    if (count<Policy>(table) != entries) {
      state.SkipWithError("a scan saw the wrong number of entries");
      return;
    }
  }
  per_operation(state);
}

template <class Policy>
void add() {
  const auto add_one = [](const char* what, void (*run)(benchmark::State&)) {
    benchmark::RegisterBenchmark((std::string(what) + "/" + std::string(Policy::name)).c_str(), run)
        ->Unit(benchmark::kMillisecond)
        ->MeasureProcessCPUTime();
  };
  add_one("insert_random", insert<Policy, true>);
  add_one("insert_ascending", insert<Policy, false>);
  add_one("insert_random_2_threads", insert_threads<Policy>);
  add_one("fill_and_scan_random", fill_and_scan<Policy, true>);
  add_one("fill_and_scan_ascending", fill_and_scan<Policy, false>);
  add_one("insert_and_find", insert_and_find<Policy>);
  add_one("find_random", find<Policy>);
  add_one("scan", scan<Policy>);
}

}  // namespace

int main(int count, char** arguments) {
  using namespace strata::memtable;
  add<Art>();
  add<BTree>();
  add<HashIndex>();
  add<Partitioned<BTree>>();
  add<Partitioned<SkipList>>();
  add<SkipList>();
  add<Vector>();
  add<reference::StdMap>();
#if __has_include(<absl/container/btree_map.h>)
  add<reference::AbslMap>();
#endif
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
