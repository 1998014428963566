// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/sieve.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <strata/testing/cache_conformance.hpp>

#include "agreement.hpp"
#include "traces.hpp"

using strata::cache::Sieve;
using strata::testing::Sentences;

namespace {

/// The paper's algorithm 1. The list begins with its head, where new entries come in.
class Sifted {
 public:
  explicit Sifted(std::size_t capacity) : capacity_(capacity) {}

  bool find(std::uint64_t key) {
    const auto found = at(key);
    if (found != list_.end()) {
      found->visited = true;
    }
    return found != list_.end();
  }
  void insert(std::uint64_t key, std::size_t bytes) {
    while (used() + bytes > capacity_) {
      evict();
    }
    list_.push_front({key, bytes, false});
  }
  void erase(std::uint64_t key) {
    const auto found = at(key);
    if (found != list_.end()) {
      remove(found);
    }
  }
  std::size_t used() const {
    std::size_t sum = 0;
    for (const Object& object : list_) {
      sum += object.bytes;
    }
    return sum;
  }

 private:
  struct Object {
    std::uint64_t key;
    std::size_t bytes;
    bool visited;
  };
  using Place = std::list<Object>::iterator;

  Place at(std::uint64_t key) {
    return std::find_if(list_.begin(), list_.end(),
                        [key](const Object& object) { return object.key == key; });
  }
  /// One step toward the head; no hand beyond it.
  Place step(Place from) { return from == list_.begin() ? list_.end() : std::prev(from); }
  void remove(Place gone) {
    if (hand_ == gone) {
      hand_ = step(gone);
    }
    list_.erase(gone);
  }
  void evict() {
    Place object = hand_ == list_.end() ? std::prev(list_.end()) : hand_;
    while (object->visited) {
      object->visited = false;
      object = step(object);
      object = object == list_.end() ? std::prev(list_.end()) : object;
    }
    hand_ = object;
    remove(object);
  }

  std::size_t capacity_;
  std::list<Object> list_;
  Place hand_ = list_.end();
};

}  // namespace

TEST_CASE("Sieve keeps the promises of the cache slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::cache_conformance<Sieve>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_conformance<Sieve>({.shards = 1}, seed).violations == Sentences{});
}

TEST_CASE("Sieve keeps its promises among threads") {
  CHECK(strata::testing::cache_thread_conformance<Sieve>().violations == Sentences{});
  CHECK(strata::testing::cache_thread_conformance<Sieve>({.shards = 1}).violations == Sentences{});
}

TEST_CASE("Sieve leaves what was used in its place and lets what is new go first") {
  agreement::OneShard<Sieve> cache(agreement::one_shard<Sieve>(3));
  for (std::uint64_t key = 1; key <= 3; ++key) {
    (void)cache.insert(key, 0, 1);
  }
  CHECK(cache.find(1));
  (void)cache.insert(4, 0, 1);  // the hand passes over 1, takes 2, and stays there
  CHECK_FALSE(cache.find(2));
  (void)cache.insert(5, 0, 1);
  CHECK_FALSE(cache.find(3));
  (void)cache.insert(6, 0, 1);
  CHECK_FALSE(cache.find(4));
  CHECK(cache.find(1));  // unlike with a clock, though it was not used again
}

TEST_CASE("The hand of Sieve survives the entry that it points at") {
  agreement::OneShard<Sieve> cache(agreement::one_shard<Sieve>(3));
  for (std::uint64_t key = 1; key <= 4; ++key) {
    (void)cache.insert(key, 0, 1);
  }
  REQUIRE_FALSE(cache.find(1));
  cache.erase(2);
  (void)cache.insert(5, 0, 1);
  (void)cache.insert(6, 0, 1);
  CHECK_FALSE(cache.find(3));
  cache.clear();
  for (std::uint64_t key = 1; key <= 4; ++key) {
    (void)cache.insert(key, 0, 1);
  }
  CHECK_FALSE(cache.find(1));
  CHECK(cache.find(2));
}

TEST_CASE("Sieve does at each step what the paper's algorithm does") {
  const auto seed = GENERATE(1U, 2U, 3U);
  agreement::on_random_operations<Sieve, Sifted>(seed);
}

TEST_CASE("Sieve hits as often on real requests as the paper's algorithm has been counted to") {
  struct Fact {
    const char* trace;
    std::size_t entries;
    std::size_t hits;
  };
  for (const Fact& fact :
       {Fact{"web07", 75, 26167}, Fact{"web07", 300, 34270}, Fact{"web07", 1200, 41497},
        Fact{"web12", 75, 30315}, Fact{"web12", 300, 49558}, Fact{"web12", 1200, 67096}}) {
    const traces::Trace trace = traces::real(fact.trace);
    if (!trace.empty()) {
      CAPTURE(fact.trace, fact.entries);
      CHECK(traces::hits<Sieve>(trace, fact.entries) == fact.hits);
    }
  }
}
