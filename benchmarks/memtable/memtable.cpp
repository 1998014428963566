// SPDX-License-Identifier: BSL-1.0

/// Memtables beside each other and beside `std::map`: 16-byte keys, 100-byte values, one thread.
/// `items_per_second` is operations; `bytes/entry` is all memory over the number of entries.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/arena.hpp>
#include <strata/memtable/btree.hpp>
#include <strata/memtable/skip_list.hpp>

namespace {

using strata::EntryKind;
using strata::Trailer;

constexpr std::size_t entries = 400'000;  // about a write buffer of 64 MiB

/// The simplest alternative: a tree of nodes that own nothing, keys and values in an arena.
struct StdMap {
  static constexpr std::string_view name = "std_map";
  struct Options {};
  template <class Comparator>
  class type {
    struct Less {
      bool operator()(const std::pair<std::string_view, Trailer>& a,
                      const std::pair<std::string_view, Trailer>& b) const {
        const int order = Comparator::compare(a.first, b.first);
        return order < 0 || (order == 0 && a.second > b.second);
      }
    };
    using Map = std::map<std::pair<std::string_view, Trailer>, std::string_view, Less>;

   public:
    explicit type(const Options&) {}
    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      map_.emplace(std::pair(copy(key), trailer), copy(value));
    }
    std::optional<std::string_view> find(std::string_view key, strata::Sequence sequence) const {
      const auto at = map_.lower_bound({key, Trailer::seek(sequence)});
      return at == map_.end() || at->first.first != key ? std::nullopt : std::optional(at->second);
    }
    /// A node has four words of its own.
    std::size_t memory_bytes() const {
      return arena_.memory_bytes() + map_.size() * (sizeof(typename Map::value_type) + 32);
    }

    class Cursor {
     public:
      explicit Cursor(const type& table) : map_(&table.map_) {}
      void seek_to_first() { at_ = map_->begin(); }
      void next() { ++at_; }
      bool valid() const { return at_ != map_->end(); }
      std::string_view key() const { return at_->first.first; }

     private:
      const Map* map_;
      typename Map::const_iterator at_;
    };

   private:
    std::string_view copy(std::string_view bytes) {
      char* const to = arena_.allocate(bytes.size());
      std::copy(bytes.begin(), bytes.end(), to);
      return {to, bytes.size()};
    }

    strata::Arena arena_;
    Map map_;
  };
};

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
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * entries));
}

template <class Policy, bool Shuffled>
void insert(benchmark::State& state) {
  const auto keys = make_keys(Shuffled);
  std::size_t bytes = 0;
  for (auto _ : state) {
    Table<Policy> table{typename Policy::Options{}};
    fill<Policy>(table, keys);
    bytes = table.memory_bytes();
  }
  per_operation(state);
  state.counters["bytes/entry"] = static_cast<double>(bytes) / static_cast<double>(entries);
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

template <class Policy>
void scan(benchmark::State& state) {
  Table<Policy> table{typename Policy::Options{}};
  fill<Policy>(table, make_keys(true));
  for (auto _ : state) {
    typename Table<Policy>::Cursor cursor(table);
    std::size_t seen = 0;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      benchmark::DoNotOptimize(cursor.key().data());
      ++seen;
    }
    if (seen != entries) {
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
        ->Unit(benchmark::kMillisecond);
  };
  add_one("insert_random", insert<Policy, true>);
  add_one("insert_ascending", insert<Policy, false>);
  add_one("find_random", find<Policy>);
  add_one("scan", scan<Policy>);
}

}  // namespace

int main(int count, char** arguments) {
  add<strata::memtable::BTree>();
  add<strata::memtable::SkipList>();
  add<StdMap>();
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
