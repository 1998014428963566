// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/s3_fifo.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <strata/cache/detail/ghost.hpp>
#include <strata/cache/lru.hpp>
#include <strata/core/hash.hpp>
#include <strata/testing/cache_conformance.hpp>
#include <thread>
#include <vector>

#include "traces.hpp"

using strata::cache::Lru;
using strata::cache::S3Fifo;
using strata::testing::Sentences;

namespace {
using Cache = S3Fifo::type<std::uint64_t, std::uint64_t, traces::Hash>;

S3Fifo::Options entries(std::size_t count) {
  return {.capacity_bytes = count, .shards = 1, .count_overhead = false};
}

Cache::Handle put(Cache& cache, std::uint64_t key) {
  return cache.insert(key, key * 3, 1);
}
}  // namespace

TEST_CASE("S3Fifo keeps the promises of the cache slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::cache_conformance<S3Fifo>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_conformance<S3Fifo>({.shards = 1}, seed).violations == Sentences{});
}

TEST_CASE("S3Fifo keeps its promises among threads") {
  CHECK(strata::testing::cache_thread_conformance<S3Fifo>().violations == Sentences{});
  CHECK(strata::testing::cache_thread_conformance<S3Fifo>({.shards = 1}).violations == Sentences{});
}

TEST_CASE("A scan longer than the cache leaves what is in use where it is") {
  Cache cache(entries(100));
  for (int round = 0; round < 4; ++round) {
    for (std::uint64_t key = 0; key < 50; ++key) {
      if (!cache.find(key)) {
        (void)put(cache, key);
      }
    }
  }
  for (std::uint64_t key = 1000; key < 2000; ++key) {
    (void)put(cache, key);
  }
  for (std::uint64_t key = 0; key < 50; ++key) {
    CAPTURE(key);
    CHECK(cache.find(key));
  }
}

TEST_CASE("What comes back soon after its eviction is kept") {
  Cache cache(entries(10));
  for (std::uint64_t key = 0; key < 15; ++key) {
    (void)put(cache, key);
  }
  REQUIRE_FALSE(cache.find(3));
  (void)put(cache, 3);  // to the main queue, as the ghost remembers it
  for (std::uint64_t key = 100; key < 200; ++key) {
    (void)put(cache, key);
  }
  CHECK(cache.find(3));
  CHECK_FALSE(cache.find(14));
}

TEST_CASE("An entry that is hit all the time does not stop eviction") {
  Cache cache(entries(2));
  (void)put(cache, 1);
  for (std::uint64_t key = 2; key < 1000; ++key) {
    for (int i = 0; i < 5; ++i) {
      (void)cache.find(1);
      (void)cache.find(key - 1);
    }
    CHECK(*put(cache, key) == key * 3);
    CHECK(cache.used_bytes() == 2);
  }
}

TEST_CASE("S3Fifo hits as often as the paper's algorithm, written out") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const traces::Trace trace = traces::zipf(30'000, 3000, seed);
  for (const std::size_t count : {1U, 7U, 100U, 1000U, 5000U}) {
    const auto expected = static_cast<double>(traces::s3_fifo_hits(trace, count));
    const auto measured = static_cast<double>(traces::hits<S3Fifo>(trace, count));
    CAPTURE(seed, count, expected, measured);
    // A set of the ghost that overflows forgets a key early, so not to the last hit.
    CHECK(std::abs(measured - expected) <= 0.002 * expected);
  }
}

TEST_CASE("S3Fifo hits more often than FIFO and mostly LRU on real requests") {
  struct Fact {
    const char* trace;
    std::size_t entries;
    std::size_t at_least;
  };
  for (const Fact& fact :
       {Fact{"web07", 75, 27000}, Fact{"web07", 300, 35300}, Fact{"web07", 1200, 41800},
        Fact{"web12", 75, 30600}, Fact{"web12", 300, 50800}, Fact{"web12", 1200, 67600}}) {
    const traces::Trace trace = traces::real(fact.trace);
    if (!trace.empty()) {
      CAPTURE(fact.trace, fact.entries);
      CHECK(traces::hits<S3Fifo>(trace, fact.entries) >= fact.at_least);
      CHECK(fact.at_least > traces::fifo_hits(trace, fact.entries));
    }
  }
}

TEST_CASE("Readers find what is there while the table grows under them") {
  Cache cache(S3Fifo::Options{.shards = 1});
  std::atomic<std::uint64_t> inserted{0};
  std::atomic<std::uint64_t> wrong{0};
  constexpr std::uint64_t last = 50'000;
  const auto read = [&](std::uint64_t seed) {
    std::uint64_t found = 0;
    while (inserted.load(std::memory_order_acquire) < last) {
      const std::uint64_t known = inserted.load(std::memory_order_acquire);
      seed = strata::mix64(seed + 1);
      const std::uint64_t key = seed % (known + 1);
      if (const auto handle = cache.find(key)) {
        wrong += *handle == key * 3 ? 0 : 1;
        ++found;
      }
    }
    return found;
  };
  std::vector<std::thread> readers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    readers.emplace_back([&read, seed] { (void)read(seed); });
  }
  for (std::uint64_t key = 1; key <= last; ++key) {
    (void)put(cache, key);
    inserted.store(key, std::memory_order_release);
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  CHECK(wrong.load() == 0);
  for (std::uint64_t key = 1; key <= last; ++key) {
    REQUIRE(cache.find(key));
  }
}

TEST_CASE("A ghost remembers the last keys and no others") {
  strata::cache::detail::Ghost ghost;
  const auto hash = [](std::uint64_t key) { return strata::mix64(key); };
  CHECK_FALSE(ghost.take(hash(1), 10));
  std::size_t remembered = 0;
  ghost.reserve(1000);
  for (std::uint64_t key = 0; key < 5000; ++key) {
    ghost.add(hash(key));
  }
  for (std::uint64_t key = 4000; key < 5000; ++key) {
    remembered += ghost.take(hash(key), 1000) ? 1 : 0;
    CHECK_FALSE(ghost.take(hash(key), 1000));
  }
  CHECK(remembered > 970);
  for (std::uint64_t key = 0; key < 4000; ++key) {
    REQUIRE_FALSE(ghost.take(hash(key), 1000));
  }
}
