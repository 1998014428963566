// SPDX-License-Identifier: BSL-1.0

/// Reads of one key from a table that is whole, and from the same cut in partitions of index and
/// filter: a table of 100 MiB in memory, all of it in the cache, present keys in random order; the
/// forms in turns of one run. `pinned`: memory that stays taken while the table is open.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include <strata/cache/lru.hpp>
#include <strata/compression/none.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/io/memory.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/index.hpp>
#include <strata/table/reader.hpp>

namespace {

using namespace strata;

struct Spec {
  using FileSystem = io::Memory;
  using Comparator = comparator::Bytewise;
  using Filter = filter::Bloom;
  using Index = index::Binary;
  using Compression = compression::None;
  using Checksum = checksum::Crc32c;
};
using Cache = cache::Lru::type<table::BlockKey, table::Block, table::BlockKeyHash>;
using Reader = table::Reader<Spec, Cache>;

constexpr std::uint64_t keys = 800'000;

std::string key_of(std::uint64_t i) {
  return "user" + std::to_string(100'000'000'000 + i * 7);
}

struct Table {
  explicit Table(std::size_t partition_bytes) {
    table::Builder<Spec>::Options options;
    options.partition_bytes = partition_bytes;
    (void)fs.create_directory("db");
    auto builder = table::Builder<Spec>::create(fs, "db/1.table", 1, options);
    for (std::uint64_t i = 0; i < keys; ++i) {
      (void)builder->add(key_of(i), Trailer(i + 1, EntryKind::put), std::string(100, 'v'));
    }
    (void)builder->finish();
    reader = *Reader::open(fs, "db/1.table", {.number = 1}, cache);
  }

  io::Memory fs{};
  Cache cache{{.capacity_bytes = 1_GiB}};
  std::unique_ptr<Reader> reader;
};

bool get(const Reader& reader, std::string_view key) {
  std::size_t bytes = 0;
  const auto read = reader.get(key, sequence_max, filter::Probe<filter::Bloom>(key), {},
                               [&bytes](Trailer, std::string_view value) {
                                 bytes = value.size();
                                 return false;
                               });
  return read && bytes == 100;
}

void partitions(benchmark::State& state) {
  const std::size_t kib[] = {0, 512, 128, 32};
  std::vector<std::unique_ptr<Table>> tables;
  for (const std::size_t size : kib) {
    tables.push_back(std::make_unique<Table>(size == 0 ? SIZE_MAX : size * 1'024));
  }
  std::mt19937_64 random(1);
  std::vector<std::string> targets(50'000);
  for (std::string& target : targets) {
    target = key_of(random() % keys);
  }
  double seconds[4] = {};
  while (state.KeepRunning()) {
    for (std::size_t form = 0; form < tables.size(); ++form) {
      const auto start = std::chrono::steady_clock::now();
      for (const std::string& target : targets) {
        if (!get(*tables[form]->reader, target)) {
          state.SkipWithError("a key is not found");
          return;
        }
      }
      const auto end = std::chrono::steady_clock::now();
      seconds[form] += std::chrono::duration<double>(end - start).count();
    }
  }
  const double done = static_cast<double>(state.iterations()) * static_cast<double>(targets.size());
  for (std::size_t form = 0; form < tables.size(); ++form) {
    const std::string name = kib[form] == 0 ? "whole" : std::to_string(kib[form]) + "KiB";
    state.counters[name + "_ns"] = seconds[form] / done * 1e9;
    state.counters[name + "_pinned"] = static_cast<double>(tables[form]->reader->pinned_bytes());
  }
}
BENCHMARK(partitions)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
