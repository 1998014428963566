// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/read_ahead.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <strata/cache/lru.hpp>
#include <strata/cache/s3_fifo.hpp>
#include <strata/testing/cache_conformance.hpp>
#include <thread>
#include <vector>

#include "traces.hpp"

using strata::ErrorCode;
using strata::Result;
using strata::cache::Loaded;
using strata::cache::Lru;
using strata::cache::Predicted;
using strata::cache::ReadAhead;
using strata::cache::S3Fifo;

namespace {

using Cache = ReadAhead<Lru>::type<std::uint64_t, std::uint64_t, traces::Hash>;
using Options = ReadAhead<Lru>::Options;

Options entries(std::size_t count) {
  return {.cache = {.capacity_bytes = count, .shards = 1, .count_overhead = false}};
}

std::vector<std::uint64_t> keys_of(const Predicted& predicted) {
  std::vector<std::uint64_t> keys;
  for (std::uint32_t i = 0; i < predicted.size(); ++i) {
    keys.push_back(predicted[i]);
  }
  return keys;
}

/// A file of `size` blocks; counts what is read.
struct Source {
  std::uint64_t size = UINT64_MAX;
  std::vector<std::uint64_t> reads{};

  Result<Loaded<std::uint64_t>> operator()(std::uint64_t key) {
    reads.push_back(key);
    if (key >= size) {
      return strata::fail(ErrorCode::not_found, "no such block");
    }
    return Loaded<std::uint64_t>{key * 3, 1};
  }
};

std::uint64_t observe_all(Cache& cache, const std::vector<std::uint64_t>& keys) {
  for (const std::uint64_t key : keys) {
    (void)cache.observe(key);
  }
  return cache.read_ahead().prefetched;
}

}  // namespace

TEST_CASE("A sequence is predicted from its fourth key on, in windows that grow to a bound") {
  Cache cache(entries(1000));
  using Keys = std::vector<std::uint64_t>;
  CHECK(cache.observe(10).empty());
  CHECK(cache.observe(11).empty());
  CHECK(cache.observe(12).empty());
  CHECK(keys_of(cache.observe(13)) == Keys{14, 15});
  CHECK(keys_of(cache.observe(14)) == Keys{16, 17, 18});
  CHECK(cache.observe(15).empty());
  std::uint64_t last = 18;
  std::uint64_t longest = 0;
  for (std::uint64_t key = 16; key < 1000; ++key) {
    const Keys keys = keys_of(cache.observe(key));
    for (const std::uint64_t predicted : keys) {
      CHECK(predicted == ++last);
    }
    longest = std::max<std::uint64_t>(longest, last - key);
    CHECK(last > key);
  }
  CHECK(longest == 32);
  const auto stats = cache.read_ahead();
  CHECK(stats.used == 999 - 13);
  CHECK(stats.wasted == 0);
  CHECK(stats.prefetched == stats.used + (last - 999));
}

TEST_CASE("Strides are predicted, forwards and backwards") {
  const auto stride = GENERATE(std::int64_t{1}, 7, 4096, -1, -13, -4096);
  CAPTURE(stride);
  Cache cache(entries(1000));
  std::uint64_t expected = 0;
  for (std::int64_t i = 0; i < 100; ++i) {
    const auto key = static_cast<std::uint64_t>(1'000'000 + i * stride);
    const Predicted predicted = cache.observe(key);
    if (!predicted.empty()) {
      CHECK(predicted.stride == static_cast<std::uint64_t>(stride));
      expected += predicted.size();
    }
  }
  CHECK(cache.read_ahead().prefetched == expected);
  CHECK(cache.read_ahead().used == 96);
}

TEST_CASE("A stride longer than the longest one is not a sequence") {
  Options options = entries(1000);
  options.stride_max = 100;
  Cache cache(options);
  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK(cache.observe(i * 101).empty());
  }
}

TEST_CASE("No sequence is predicted across the ends of the number line") {
  Cache cache(entries(1000));
  for (std::uint64_t left = 20; left > 0; --left) {
    for (const std::uint64_t key : keys_of(cache.observe(UINT64_MAX - left))) {
      CHECK(key > UINT64_MAX - left);
    }
  }
  for (std::uint64_t left = 200; left > 0; left -= 10) {
    for (const std::uint64_t key : keys_of(cache.observe(left))) {
      CHECK(key < left);
    }
  }
}

TEST_CASE("Interleaved sequences are told apart") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  Cache cache(entries(10'000));
  std::mt19937_64 random(seed);
  struct Reader {
    std::uint64_t next;
    std::uint64_t stride;
  };
  std::vector<Reader> readers = {
      {1000, 1}, {1500, 3}, {900'000, 8}, {1'700'000, static_cast<std::uint64_t>(-5)}, {50, 2}};
  for (int i = 0; i < 3000; ++i) {
    Reader& reader = readers[random() % readers.size()];
    (void)cache.observe(reader.next);
    reader.next += reader.stride;
  }
  const auto stats = cache.read_ahead();
  CHECK(stats.used > 2900);
  CHECK(stats.wasted < 60);
}

TEST_CASE("Sequences are found among random keys") {
  Cache cache(entries(10'000));
  std::mt19937_64 random(5);
  std::uint64_t next = 1'000'000;
  for (int i = 0; i < 3000; ++i) {
    (void)cache.observe(i % 2 == 0 ? random() : next++);
  }
  CHECK(cache.read_ahead().used > 1450);
  CHECK(cache.read_ahead().wasted < 20);
}

TEST_CASE("Random requests cause nearly no prefetch") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const auto space = GENERATE(std::uint64_t{100'000'000}, 100'000, 1000);
  CAPTURE(seed, space);
  Cache cache(entries(100));
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> keys(50'000);
  for (std::uint64_t& key : keys) {
    key = random() % space;
  }
  CHECK(observe_all(cache, keys) <= keys.size() / 100);
}

TEST_CASE("Popular keys, asked for over and over, are no sequence") {
  Cache cache(entries(100));
  CHECK(observe_all(cache, std::vector<std::uint64_t>(1000, 5)) == 0);
  const traces::Trace trace = traces::zipf(50'000, 100'000, 3);
  CHECK(observe_all(cache, trace) <= trace.size() / 50);
}

TEST_CASE("Sequences that break off are believed less, and those that go on again") {
  Cache cache(entries(100));
  const auto needed = [&cache](std::uint64_t first) {
    std::uint64_t key = first;
    while (cache.observe(key).empty()) {
      ++key;
    }
    return key - first + 1;
  };
  const std::uint64_t at_first = needed(0);
  std::uint64_t start = 0;
  for (int i = 0; i < 40; ++i) {
    (void)needed(start += 10'000'000);
  }
  const std::uint64_t after_breaks = needed(start += 10'000'000);
  CHECK(at_first == 4);
  CHECK(after_breaks >= 15);
  CHECK(cache.read_ahead().wasted >= 2 * 20);
  for (int i = 0; i < 60; ++i) {
    start += 10'000'000;
    for (std::uint64_t key = start; key < start + 1000; ++key) {
      (void)cache.observe(key);
    }
  }
  CHECK(needed(start + 10'000'000) == 4);
}

TEST_CASE("get loads what is missing, once, and what comes next ahead of its use") {
  Cache cache(entries(1000));
  Source source;
  std::uint64_t waits = 0;
  for (std::uint64_t key = 0; key < 500; ++key) {
    waits += cache.find(key) ? 0 : 1;
    const auto value = cache.get(key, source);
    REQUIRE(value);
    CHECK(**value == key * 3);
  }
  CHECK(waits == 4);
  CHECK(std::set<std::uint64_t>(source.reads.begin(), source.reads.end()).size() ==
        source.reads.size());
  CHECK(cache.read_ahead().used == 496);
}

TEST_CASE("The window shrinks while predictions are evicted before their use") {
  Cache cache(entries(8));  // far less than the longest window
  Source source;
  for (std::uint64_t key = 0; key < 2000; ++key) {
    REQUIRE(cache.get(key, source));
  }
  const auto stats = cache.read_ahead();
  CHECK(stats.used > 1500);
  CHECK(stats.wasted > 0);
  CHECK(stats.wasted < 400);
}

TEST_CASE("The end of a sequence is met once and is no error") {
  Cache cache(entries(1000));
  Source source{.size = 100};
  for (std::uint64_t key = 0; key < 100; ++key) {
    REQUIRE(cache.get(key, source));
  }
  const auto beyond = std::count_if(source.reads.begin(), source.reads.end(),
                                    [](std::uint64_t key) { return key >= 100; });
  CHECK(beyond == 1);
  const auto stats = cache.read_ahead();
  CHECK(stats.prefetched == 96);
  CHECK(stats.used == 96);
  CHECK(stats.wasted == 0);
  const auto absent = cache.get(100, source);
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code() == ErrorCode::not_found);
}

TEST_CASE("A narrow key is not read ahead of past its last value") {
  ReadAhead<Lru>::type<std::uint8_t, int, traces::Hash> cache({.cache = {.shards = 1}});
  std::set<int> loaded;
  for (int key = 200; key < 256; ++key) {
    REQUIRE(cache.get(static_cast<std::uint8_t>(key), [&](std::uint8_t wanted) {
      loaded.insert(wanted);
      return Result<Loaded<int>>(Loaded<int>{wanted, 1});
    }));
  }
  CHECK(loaded.size() == 56);
}

TEST_CASE("A load that races with a write does not bring the old value back") {
  Cache cache(entries(100));
  const auto slow = [&cache](std::uint64_t key) -> Result<Loaded<std::uint64_t>> {
    (void)cache.insert(key, 2, 1);  // another thread writes 2 after 1 was read
    return Loaded<std::uint64_t>{1, 1};
  };
  const auto got = cache.get(7, slow);
  REQUIRE(got);
  const auto now = cache.find(7);
  CHECK((!now || *now == 2));

  const auto erased = cache.get(8, [&cache](std::uint64_t key) -> Result<Loaded<std::uint64_t>> {
    cache.erase(key);
    return Loaded<std::uint64_t>{1, 1};
  });
  REQUIRE(erased);
  CHECK(**erased == 1);
  CHECK_FALSE(cache.find(8));

  const auto cleared = cache.get(9, [&cache](std::uint64_t) -> Result<Loaded<std::uint64_t>> {
    cache.clear();
    return Loaded<std::uint64_t>{1, 1};
  });
  REQUIRE(cleared);
  CHECK_FALSE(cache.find(9));
}

namespace {

struct BlockOfFile {
  std::uint32_t file;
  std::uint32_t block;
  bool operator==(const BlockOfFile&) const = default;
};
struct BlockHash {
  std::uint64_t operator()(const BlockOfFile& key) const noexcept {
    return std::uint64_t{key.file} << 32 | key.block;
  }
};
struct BlockPosition {
  static std::uint64_t group(const BlockOfFile& key) noexcept { return key.file; }
  static std::uint64_t position(const BlockOfFile& key) noexcept { return key.block; }
  static BlockOfFile at(const BlockOfFile& like, std::uint64_t position) noexcept {
    return {like.file, static_cast<std::uint32_t>(position)};
  }
};

}  // namespace

TEST_CASE("Keys of different groups are no sequence; each group has its own") {
  ReadAhead<S3Fifo>::type<BlockOfFile, int, BlockHash, BlockPosition> cache({});
  for (std::uint32_t i = 0; i < 30; ++i) {
    CHECK(cache.observe({i, i}).empty());
  }
  std::uint64_t predicted = 0;
  for (std::uint32_t i = 0; i < 30; ++i) {
    predicted += cache.observe({100, i}).size();
    predicted += cache.observe({200, i}).size();
  }
  CHECK(predicted >= 2 * 26);
}

TEST_CASE("Threads that read sequences together get their own values") {
  ReadAhead<S3Fifo>::type<std::uint64_t, std::uint64_t, traces::Hash> cache(
      {.cache = {.capacity_bytes = 2000, .shards = 4, .count_overhead = false}});
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t id = 0; id < 4; ++id) {
    threads.emplace_back([&cache, &wrong, id] {
      for (std::uint64_t i = 0; i < 5000; ++i) {
        const std::uint64_t key = (id / 2) * 1'000'000 + i;  // two threads on each sequence
        const auto value = cache.get(key, [](std::uint64_t wanted) {
          return Result<Loaded<std::uint64_t>>(Loaded<std::uint64_t>{wanted * 3, 1});
        });
        wrong += value && **value == key * 3 ? 0 : 1;
        if (i % 100 == 0) {
          cache.erase(key);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong.load() == 0);
  const auto stats = cache.read_ahead();
  CHECK(stats.used + stats.wasted <= stats.prefetched);
}
