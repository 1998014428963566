// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/adaptive_score.hpp>

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <strata/cache/detail/duels.hpp>
#include <strata/cache/lru.hpp>
#include <strata/core/hash.hpp>
#include <strata/testing/cache_conformance.hpp>

#include "agreement.hpp"
#include "traces.hpp"

using strata::cache::AdaptiveScore;
using strata::cache::Lru;
using strata::cache::detail::Duels;
using strata::testing::Sentences;

namespace {

/// The order of eviction alone, with as many entries as it is given room for.
class Shelf {
 public:
  using Order = AdaptiveScore::Eviction;

  explicit Shelf(std::size_t capacity, double learning_rate = 0.02) : capacity_(capacity) {
    order_.configure({.learning_rate = learning_rate});
  }

  bool request(std::uint64_t key) {
    if (const auto found = entries_.find(key); found != entries_.end()) {
      order_.hit(*found->second);
      return true;
    }
    order_.prepare();
    auto entry = std::make_unique<Order::Entry>();
    entry->hash = strata::mix64(key);
    entry->charge_bytes = 1;
    order_.announce(*entry, capacity_);
    if (entries_.size() == capacity_) {
      strata::cache::detail::Links* const victim = order_.evict(capacity_);
      for (const auto& [old_key, old] : entries_) {
        if (old.get() == victim) {
          entries_.erase(old_key);
          break;
        }
      }
    }
    order_.insert(*entry);
    entries_.emplace(key, std::move(entry));
    return false;
  }

  [[nodiscard]] bool holds(std::uint64_t key) const { return entries_.count(key) != 0; }
  [[nodiscard]] double weight_of_recency() const { return order_.weight_of_recency(); }

 private:
  std::size_t capacity_;
  Order order_;
  std::map<std::uint64_t, std::unique_ptr<Order::Entry>> entries_;
};

/// Keys are in use for a while, and never again: those just asked for will be asked for again.
void drift(Shelf& shelf, std::uint64_t& newest, std::mt19937_64& random) {
  for (int i = 0; i < 40'000; ++i) {
    newest += i % 4 == 0 ? 1 : 0;
    (void)shelf.request(1'000'000 + newest - random() % 60);
  }
}

/// Few keys for ever, and between them many that never come back.
void skew(Shelf& shelf, std::uint64_t& never_again, std::uint64_t seed) {
  const traces::Trace popular = traces::zipf(40'000, 1000, seed);
  for (const std::uint64_t key : popular) {
    (void)shelf.request(key);
    (void)shelf.request(++never_again + 1'000'000'000);
  }
}

}  // namespace

TEST_CASE("AdaptiveScore keeps the promises of the cache slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::cache_conformance<AdaptiveScore>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_conformance<AdaptiveScore>({.shards = 1}, seed).violations ==
        Sentences{});
}

TEST_CASE("AdaptiveScore keeps its promises among threads") {
  CHECK(strata::testing::cache_thread_conformance<AdaptiveScore>().violations == Sentences{});
  CHECK(strata::testing::cache_thread_conformance<AdaptiveScore>({.shards = 1}).violations ==
        Sentences{});
}

TEST_CASE("The weights of AdaptiveScore follow the workload, and follow it back") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  Shelf shelf(50);
  std::mt19937_64 random(seed);
  std::uint64_t newest = 100;
  std::uint64_t never_again = 0;
  CHECK(shelf.weight_of_recency() == 0.5);
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    skew(shelf, never_again, seed);
    CHECK(shelf.weight_of_recency() < 0.2);
    drift(shelf, newest, random);
    CHECK(shelf.weight_of_recency() > 0.8);
  }
}

TEST_CASE("AdaptiveScore makes the same decisions of the same requests") {
  const traces::Trace trace = traces::zipf(20'000, 2000, 7);
  CHECK(traces::hits<AdaptiveScore>(trace, 100) == traces::hits<AdaptiveScore>(trace, 100));
  Shelf one(100);
  Shelf other(100);
  for (const std::uint64_t key : trace) {
    REQUIRE(one.request(key) == other.request(key));
  }
  CHECK(one.weight_of_recency() == other.weight_of_recency());
}

TEST_CASE("A scan longer than the cache does not evict from AdaptiveScore what is used a lot") {
  Shelf shelf(100);
  for (int round = 0; round < 8; ++round) {
    for (std::uint64_t key = 0; key < 50; ++key) {
      (void)shelf.request(key);
    }
    for (std::uint64_t key = 0; key < 300; ++key) {
      (void)shelf.request(1'000'000 + static_cast<std::uint64_t>(round) * 1000 + key);
    }
  }
  std::size_t kept = 0;
  for (std::uint64_t key = 0; key < 50; ++key) {
    kept += shelf.holds(key) ? 1 : 0;
  }
  CHECK(kept == 50);
}

TEST_CASE("AdaptiveScore hits more often than LRU on requests that either expert is good at") {
  const auto seed = GENERATE(1U, 2U, 3U);
  for (const std::size_t entries : {50U, 500U, 5000U}) {
    const traces::Trace trace = traces::zipf(100'000, 20'000, seed);
    CAPTURE(seed, entries);
    CHECK(traces::hits<AdaptiveScore>(trace, entries) > traces::hits<Lru>(trace, entries));
  }
}

TEST_CASE("AdaptiveScore hits more often than LRU on real requests") {
  struct Fact {
    const char* trace;
    std::size_t entries;
    std::size_t at_least;
  };
  for (const Fact& fact :
       {Fact{"web07", 75, 27500}, Fact{"web07", 300, 35600}, Fact{"web07", 1200, 41800},
        Fact{"web12", 75, 34000}, Fact{"web12", 300, 51700}, Fact{"web12", 1200, 68000}}) {
    const traces::Trace trace = traces::real(fact.trace);
    if (!trace.empty()) {
      const std::size_t hits = traces::hits<AdaptiveScore>(trace, fact.entries);
      CAPTURE(fact.trace, fact.entries, hits, trace.size());
      CHECK(hits >= fact.at_least);
      CHECK(fact.at_least > traces::lru_hits(trace, fact.entries));
    }
  }
}

TEST_CASE("The budget of AdaptiveScore covers what it counts by") {
  agreement::OneShard<AdaptiveScore> adaptive(AdaptiveScore::Options{.shards = 1});
  agreement::OneShard<Lru> lru(Lru::Options{.shards = 1});
  (void)adaptive.insert(1, 0, 10);
  (void)lru.insert(1, 0, 10);
  CHECK(adaptive.used_bytes() >= lru.used_bytes() + AdaptiveScore::Eviction::entry_overhead_bytes);
}

TEST_CASE("A duel is lost by the expert whose choice is asked for first, once and in time") {
  Duels duels;
  CHECK(duels.settle(1, 0, 10) == std::nullopt);
  duels.allow(100);
  duels.note(1, 2, 0, 10);
  CHECK(duels.settle(3, 1, 10) == std::nullopt);
  CHECK(duels.settle(2, 1, 10) == 1U);
  CHECK(duels.settle(2, 1, 10) == std::nullopt);
  CHECK(duels.settle(1, 1, 10) == std::nullopt);
  duels.note(1, 2, 5, 10);
  CHECK(duels.settle(1, 15, 10) == 0U);
  duels.note(1, 2, 20, 10);
  CHECK(duels.settle(1, 31, 10) == std::nullopt);
  CHECK(duels.settle(2, 31, 10) == std::nullopt);

  duels.note(1, 2, 40, 10);
  duels.note(1, 3, 41, 10);  // the older pair stays
  CHECK(duels.settle(3, 42, 10) == std::nullopt);
  CHECK(duels.settle(2, 42, 10) == 1U);
  duels.note(4, 5, 50, 10);
  duels.note(4, 6, 70, 10);  // takes the place of one that is too old
  CHECK(duels.settle(5, 71, 10) == std::nullopt);
  CHECK(duels.settle(6, 71, 10) == 1U);
  duels.note(7, 7 + 128, 80, 10);  // one cell is no pair
  CHECK(duels.settle(7, 81, 10) == std::nullopt);
}
