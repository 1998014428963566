// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/lru.hpp>

#include <catch2/catch.hpp>
#include <strata/testing/cache_conformance.hpp>
#include <string>

#include "traces.hpp"

using strata::cache::Lru;
using strata::testing::Sentences;

namespace {
using Cache = Lru::type<std::uint64_t, std::string, traces::Hash>;

Cache::Handle put(Cache& cache, std::uint64_t key, std::size_t charge = 1) {
  return cache.insert(key, std::to_string(key), charge);
}
}  // namespace

TEST_CASE("Lru keeps the promises of the cache slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::cache_conformance<Lru>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_conformance<Lru>({.shards = 1}, seed).violations == Sentences{});
}

TEST_CASE("Lru keeps its promises among threads") {
  CHECK(strata::testing::cache_thread_conformance<Lru>().violations == Sentences{});
  CHECK(strata::testing::cache_thread_conformance<Lru>({.shards = 1}).violations == Sentences{});
}

TEST_CASE("Lru evicts what was used longest ago") {
  Cache cache(Lru::Options{.capacity_bytes = 3, .shards = 1, .count_overhead = false});
  (void)put(cache, 1);
  (void)put(cache, 2);
  (void)put(cache, 3);
  CHECK(*cache.find(1) == "1");
  (void)put(cache, 4);
  CHECK_FALSE(cache.find(2));
  CHECK(cache.find(1));
  CHECK(cache.find(3));
  CHECK(cache.find(4));
  CHECK(cache.stats().evictions == 1);
  CHECK(cache.stats().inserts == 4);
  CHECK(cache.stats().hits == 4);
  CHECK(cache.stats().misses == 1);
  CHECK(cache.stats().hit_ratio() == 0.8);
}

TEST_CASE("An entry weighs what it was charged, and evicts as many as it takes") {
  Cache cache(Lru::Options{.capacity_bytes = 10, .shards = 1, .count_overhead = false});
  for (std::uint64_t key = 0; key < 10; ++key) {
    (void)put(cache, key);
  }
  CHECK(cache.used_bytes() == 10);
  (void)put(cache, 100, 4);
  CHECK(cache.used_bytes() == 10);
  CHECK_FALSE(cache.find(3));
  CHECK(cache.find(4));
  (void)put(cache, 100, 1);  // replaced: nothing has to go
  CHECK(cache.used_bytes() == 7);
  CHECK(cache.stats().evictions == 4);
  cache.reserve(6);
  CHECK(cache.used_bytes() == 10);
  CHECK(cache.stats().evictions == 7);
  CHECK(*put(cache, 5, 5) == "5");  // more than is left for entries
  CHECK_FALSE(cache.find(5));
  cache.reserve(-6);
  cache.set_capacity(2);
  CHECK(cache.used_bytes() == 2);
}

TEST_CASE("The budget covers what the cache itself spends on an entry") {
  Cache cache(Lru::Options{.capacity_bytes = 100'000, .shards = 1});
  (void)put(cache, 1, 0);
  CHECK(cache.used_bytes() > sizeof(std::string) + sizeof(std::uint64_t));
  CHECK(cache.used_bytes() < 300);
  for (std::uint64_t key = 0; key < 5000; ++key) {
    (void)put(cache, key, 0);
  }
  CHECK(cache.stats().evictions > 4000);
  CHECK(cache.used_bytes() <= 100'000);
}

TEST_CASE("Shards divide the budget among keys of any pattern") {
  Cache cache(Lru::Options{.capacity_bytes = 16'000, .shards = 16, .count_overhead = false});
  for (std::uint64_t key = 0; key < 12'000; ++key) {
    (void)put(cache, key << 40);
  }
  CHECK(cache.stats().evictions == 0);
  for (std::uint64_t key = 0; key < 12'000; ++key) {
    REQUIRE(cache.find(key << 40));
  }
  CHECK(*put(cache, 7, 1001) == "7");  // a sixteenth is 1000
  CHECK_FALSE(cache.find(7));
}

TEST_CASE("Lru hits as often as a list that is kept in order") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const traces::Trace trace = traces::zipf(30'000, 3000, seed);
  for (const std::size_t entries : {1U, 7U, 100U, 1000U, 5000U}) {
    CAPTURE(seed, entries);
    CHECK(traces::hits<Lru>(trace, entries) == traces::lru_hits(trace, entries));
  }
}

TEST_CASE("Lru hits as often on real requests as others have counted") {
  struct Fact {
    const char* trace;
    std::size_t entries;
    std::size_t hits;
  };
  for (const Fact& fact :
       {Fact{"web07", 75, 23706}, Fact{"web07", 300, 31895}, Fact{"web07", 1200, 39314},
        Fact{"web12", 75, 31769}, Fact{"web12", 300, 46860}, Fact{"web12", 1200, 63917}}) {
    const traces::Trace trace = traces::real(fact.trace);
    if (!trace.empty()) {
      CAPTURE(fact.trace, fact.entries);
      CHECK(traces::hits<Lru>(trace, fact.entries) == fact.hits);
    }
  }
}

TEST_CASE("Keys and values may own memory, and values may be moved only") {
  struct StringHash {
    std::uint64_t operator()(const std::string& key) const noexcept { return strata::hash64(key); }
  };
  Lru::type<std::string, std::unique_ptr<int>, StringHash> cache(Lru::Options{});
  for (int i = 0; i < 1000; ++i) {
    (void)cache.insert("a key too long to be stored in place " + std::to_string(i),
                       std::make_unique<int>(i), 100);
  }
  const auto found = cache.find("a key too long to be stored in place 77");
  REQUIRE(found);
  CHECK(**found == 77);
}
