// SPDX-License-Identifier: BSL-1.0

/// Stages of a write, a read, a scan and a merge that no other benchmark has, each beside the
/// simplest thing that could stand in its place, and the four whole. `./dev bench stages` puts
/// them, and those that others have, beside the budgets of the design.
///
/// `items_per_second` is of the time that one processor spent.

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <strata/core/hash.hpp>
#include <strata/io/posix.hpp>
#include <strata/lsm/merging_cursor.hpp>
#include <strata/wal/writer.hpp>

#include "../report/touch_memory.hpp"
#include "fixtures.hpp"

namespace {

using namespace stages;

void items(benchmark::State& state, std::size_t each) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}

/// Reads a byte of each: entries that nobody looks at cost nothing.
class Look {
 public:
  Look() = default;
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;
  ~Look() { benchmark::DoNotOptimize(sum_); }
  void at(std::string_view key, std::string_view value) {
    sum_ += static_cast<unsigned char>(key.back()) + static_cast<unsigned char>(value.front());
  }

 private:
  std::uint64_t sum_ = 0;
};

// --- log -------------------------------------------------------------------------------------

constexpr std::size_t records = 400'000;
const std::string payload(120, 'p');

void log_append(benchmark::State& state) {
  using Log = wal::Writer<io::Posix, checksum::Crc32c>;
  const Directory directory;
  io::Posix files;
  for (auto _ : state) {
    must(files.create_directory(directory.join("log")));
    {
      Log log = must(Log::create(files, directory.join("log"), {}, {}));
      for (Sequence i = 1; i <= records; ++i) {
        must(log.append(i, 1, payload, checksum::Crc32c::compute(payload)));
      }
    }
    state.PauseTiming();
    for (const std::string& name : must(files.list(directory.join("log")))) {
      must(files.remove(io::join(directory.join("log"), name)));
    }
    must(files.remove_directory(directory.join("log")));
    state.ResumeTiming();
  }
  items(state, records);
}
/// Into a mapped file: no header, no checksum, nothing that a reader could tell records by.
void log_append_memcpy(benchmark::State& state) {
  constexpr std::size_t bytes = records * 152;
  const Directory directory;
  const std::string path = directory.join("log");
  for (auto _ : state) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* const memory = ::ftruncate(file, bytes) != 0
                             ? MAP_FAILED
                             : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) {
      return state.SkipWithError("mmap");
    }
    char* to = static_cast<char*>(memory);
    for (std::size_t i = 0; i < records; ++i, to += 152) {
      std::memcpy(to, payload.data(), payload.size());
      benchmark::ClobberMemory();
    }
    ::munmap(memory, bytes);
    ::close(file);
    state.PauseTiming();
    ::unlink(path.c_str());
    state.ResumeTiming();
  }
  items(state, records);
}

// --- filter ----------------------------------------------------------------------------------

void filter_hash_set(benchmark::State& state) {
  constexpr std::uint64_t keys = 5'000'000;  // as bench_filter has
  std::unordered_set<std::uint64_t> set;
  set.reserve(keys);
  for (std::uint64_t i = 0; i < keys; ++i) {
    set.insert(mix64((i + 1) * 0x9e3779b97f4a7c15));
  }
  constexpr std::size_t lookups = 1'000'000;
  std::uint64_t at = keys;
  for (auto _ : state) {
    for (std::size_t i = 0; i < lookups; ++i) {
      benchmark::DoNotOptimize(set.count(mix64((++at + 1) * 0x9e3779b97f4a7c15)));
    }
  }
  items(state, lookups);
}

// --- tables ----------------------------------------------------------------------------------

void table_build(benchmark::State& state) {
  for (auto _ : state) {
    io::Memory files;
    build_table(files, 1, 0, 2, entries);
  }
  items(state, entries);
}
/// Keys and values behind their lengths, in a file in memory.
void table_build_append(benchmark::State& state) {
  for (auto _ : state) {
    io::Memory files;
    auto file = must(files.create("file"));
    std::string block;
    for (std::size_t i = 0; i < entries; ++i) {
      put_string(block, key_of(2 * i));
      put_string(block, value);
      if (block.size() >= 4_KiB) {
        must(file.append(block));
        block.clear();
      }
    }
  }
  items(state, entries);
}
/// What making the keys of both takes.
void table_build_keys(benchmark::State& state) {
  for (auto _ : state) {
    for (std::size_t i = 0; i < entries; ++i) {
      benchmark::DoNotOptimize(key_of(2 * i));
    }
  }
  items(state, entries);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs sorted_pairs(std::uint64_t first, std::uint64_t step, std::size_t count) {
  Pairs pairs;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.emplace_back(key_of(first + i * step), value);
  }
  return pairs;
}

void cursor_step(benchmark::State& state) {
  const Tables tables(1);
  Reader::Cursor cursor(*tables.readers.front(), {});
  for (auto _ : state) {
    Look look;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      look.at(cursor.key(), cursor.value());
    }
  }
  items(state, entries);
}
void cursor_step_vector(benchmark::State& state) {
  const Pairs pairs = sorted_pairs(0, 2, entries);
  for (auto _ : state) {
    Look look;
    for (const auto& [key, value] : pairs) {
      look.at(key, value);
    }
  }
  items(state, entries);
}

constexpr std::size_t sources = 4;

void merge_step(benchmark::State& state) {
  const Tables tables(sources);
  lsm::MergingCursor<comparator::Bytewise, Reader::Cursor> cursor;
  for (const auto& reader : tables.readers) {
    cursor.add(Reader::Cursor(*reader, {}));
  }
  for (auto _ : state) {
    Look look;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      look.at(cursor.key(), cursor.value());
    }
  }
  items(state, entries);
}
void merge_step_queue(benchmark::State& state) {
  std::vector<Pairs> all;
  for (std::size_t i = 0; i < sources; ++i) {
    all.push_back(sorted_pairs(2 * i, 2 * sources, entries / sources));
  }
  using Place = std::pair<Pairs::const_iterator, Pairs::const_iterator>;
  const auto behind = [](const Place& a, const Place& b) {
    return a.first->first > b.first->first;
  };
  for (auto _ : state) {
    Look look;
    std::priority_queue<Place, std::vector<Place>, decltype(behind)> queue(behind);
    for (const Pairs& pairs : all) {
      queue.push({pairs.begin(), pairs.end()});
    }
    while (!queue.empty()) {
      Place place = queue.top();
      queue.pop();
      look.at(place.first->first, place.first->second);
      if (++place.first != place.second) {
        queue.push(place);
      }
    }
  }
  items(state, entries);
}

// --- the whole -------------------------------------------------------------------------------

/// More than memtable, log, and tables take.
constexpr std::size_t touched_bytes = 1_GiB;

/// About a write buffer of 64 MiB.
void put(benchmark::State& state) {
  constexpr std::size_t writes = 400'000;
  auto keys = shuffled_keys(0);
  keys.erase(keys.begin() + writes, keys.end());
  for (auto _ : state) {
    state.PauseTiming();
    {
      Scratch db;
      report::touch_memory(touched_bytes);
      state.ResumeTiming();
      for (const Key& key : keys) {
        must(db->put(key, value));
      }
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
  items(state, writes);
}
/// Eight tables that overlap, merged into one level.
void compact(benchmark::State& state) {
  const auto keys = shuffled_keys(0);
  for (auto _ : state) {
    state.PauseTiming();
    {
      Scratch db;
      for (std::size_t i = 0; i < entries; ++i) {
        must(db->put(keys[i], value));
        if ((i + 1) % (entries / 8) == 0) {
          must(db->flush());
        }
      }
      report::touch_memory(touched_bytes);
      state.ResumeTiming();
      must(db->compact());
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
  items(state, entries);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(entries * 116));
}

/// One level, its blocks in the cache.
class Compacted {
 public:
  Compacted() {
    for (const Key& key : shuffled_keys(0)) {
      must(db_->put(key, value));
    }
    must(db_->compact());
    auto cursor = db_->cursor();
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    }
  }
  Scratch& db() noexcept { return db_; }

 private:
  Scratch db_;
};

void get_all(benchmark::State& state, std::uint64_t offset, bool expected) {
  Compacted compacted;
  const auto keys = shuffled_keys(offset);
  for (auto _ : state) {
    for (const Key& key : keys) {
      const auto found = compacted.db()->get(
          key, [](std::string_view bytes) { benchmark::DoNotOptimize(bytes.data()); });
      if (must(found) != expected) {
        return state.SkipWithError("a get has the wrong answer");
      }
    }
  }
  items(state, entries);
}
void get(benchmark::State& state) {
  get_all(state, 0, true);
}
void get_missing(benchmark::State& state) {
  get_all(state, 1, false);
}
void scan(benchmark::State& state) {
  Compacted compacted;
  for (auto _ : state) {
    Look look;
    auto cursor = compacted.db()->cursor();
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      look.at(cursor.key(), cursor.value());
    }
  }
  items(state, entries);
}

BENCHMARK(log_append)->Unit(benchmark::kMillisecond);
BENCHMARK(log_append_memcpy)->Unit(benchmark::kMillisecond);
BENCHMARK(filter_hash_set)->Unit(benchmark::kMillisecond);
BENCHMARK(table_build)->Unit(benchmark::kMillisecond);
BENCHMARK(table_build_append)->Unit(benchmark::kMillisecond);
BENCHMARK(table_build_keys)->Unit(benchmark::kMillisecond);
BENCHMARK(cursor_step)->Unit(benchmark::kMillisecond);
BENCHMARK(cursor_step_vector)->Unit(benchmark::kMillisecond);
BENCHMARK(merge_step)->Unit(benchmark::kMillisecond);
BENCHMARK(merge_step_queue)->Unit(benchmark::kMillisecond);
BENCHMARK(put)->Unit(benchmark::kMillisecond);
BENCHMARK(compact)->Unit(benchmark::kMillisecond)->Iterations(2);
BENCHMARK(get)->Unit(benchmark::kMillisecond);
BENCHMARK(get_missing)->Unit(benchmark::kMillisecond);
BENCHMARK(scan)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
