// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/arc.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <strata/cache/lru.hpp>
#include <strata/testing/cache_conformance.hpp>

#include "agreement.hpp"
#include "traces.hpp"

using strata::cache::Arc;
using strata::cache::Lru;
using strata::testing::Sentences;

namespace {

struct Page {
  std::uint64_t key;
  std::size_t bytes;
};

/// One of the paper's four lists; its front is the least recently used.
class List : public std::deque<Page> {
 public:
  std::size_t sum() const {
    std::size_t sum = 0;
    for (const Page& page : *this) {
      sum += page.bytes;
    }
    return sum;
  }
  bool has(std::uint64_t key) const {
    return std::any_of(begin(), end(), [key](const Page& page) { return page.key == key; });
  }
  /// Takes the page out; no bytes and false where it is not there.
  bool take(std::uint64_t key, std::size_t* bytes = nullptr) {
    const auto found =
        std::find_if(begin(), end(), [key](const Page& page) { return page.key == key; });
    if (found == end()) {
      return false;
    }
    if (bytes != nullptr) {
      *bytes = found->bytes;
    }
    erase(found);
    return true;
  }
};

/// Figure 4 of the paper, for pages of any size: where it says 1 this says the page's bytes, and
/// lists that hold more than they may are cut afterwards.
class FourLists {
 public:
  explicit FourLists(std::size_t c) : c_(c) {}

  bool find(std::uint64_t key) {
    std::size_t bytes = 0;
    if (t1_.take(key, &bytes) || t2_.take(key, &bytes)) {
      t2_.push_back({key, bytes});
      return true;
    }
    return false;
  }

  void insert(std::uint64_t key, std::size_t bytes) {
    ghosts_max_ = std::max(ghosts_max_, t1_.size() + t2_.size() + 1);
    const auto ratio = [](const List& a, const List& b) {
      return std::max(1.0, static_cast<double>(a.sum()) / static_cast<double>(b.sum()));
    };
    const auto weight = static_cast<double>(bytes);
    const bool in_b1 = b1_.has(key);
    const bool in_b2 = b2_.has(key);
    if (in_b1) {
      p_ = std::min(static_cast<double>(c_), p_ + weight * ratio(b2_, b1_));
      b1_.take(key);
    } else if (in_b2) {
      p_ = std::max(0.0, p_ - weight * ratio(b1_, b2_));
      b2_.take(key);
    }
    while (used() + bytes > c_) {
      replace(in_b2);
    }
    (in_b1 || in_b2 ? t2_ : t1_).push_back({key, bytes});
    while (!b1_.empty() && t1_.sum() + b1_.sum() > c_) {
      b1_.pop_front();
    }
    while (!b2_.empty() && used() + b1_.sum() + b2_.sum() > 2 * c_) {
      b2_.pop_front();
    }
  }

  void erase(std::uint64_t key) {
    if (!t1_.take(key)) {
      t2_.take(key);
    }
  }
  std::size_t used() const { return t1_.sum() + t2_.sum(); }

 private:
  void replace(bool in_b2) {
    const auto t1 = static_cast<double>(t1_.sum());
    const bool first = !t1_.empty() && ((in_b2 && t1 >= p_) || t1 > p_ || t2_.empty());
    List& list = first ? t1_ : t2_;
    List& ghosts = first ? b1_ : b2_;
    if (b1_.size() + b2_.size() == ghosts_max_) {
      (ghosts.empty() ? first ? b2_ : b1_ : ghosts).pop_front();
    }
    ghosts.push_back(list.front());
    list.pop_front();
  }

  std::size_t c_;
  List t1_, t2_, b1_, b2_;
  double p_ = 0;
  std::size_t ghosts_max_ = 0;
};

}  // namespace

TEST_CASE("Arc keeps the promises of the cache slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::cache_conformance<Arc>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_conformance<Arc>({.shards = 1}, seed).violations == Sentences{});
}

TEST_CASE("Arc keeps its promises among threads") {
  CHECK(strata::testing::cache_thread_conformance<Arc>().violations == Sentences{});
  CHECK(strata::testing::cache_thread_conformance<Arc>({.shards = 1}).violations == Sentences{});
}

TEST_CASE("A scan longer than the cache does not evict from Arc what was used again") {
  agreement::OneShard<Arc> cache(agreement::one_shard<Arc>(100));
  for (std::uint64_t key = 0; key < 50; ++key) {
    (void)cache.insert(key, 0, 1);
    CHECK(cache.find(key));
  }
  for (std::uint64_t key = 1000; key < 2000; ++key) {
    (void)cache.insert(key, 0, 1);
  }
  for (std::uint64_t key = 0; key < 50; ++key) {
    CAPTURE(key);
    CHECK(cache.find(key));
  }
}

TEST_CASE("Arc does at each step what the paper's four lists do") {
  const auto seed = GENERATE(1U, 2U, 3U);
  agreement::on_random_operations<Arc, FourLists>(seed);
}

TEST_CASE("Arc hits as often on real requests as others have counted") {
  struct Fact {
    const char* trace;
    std::size_t entries;
    std::size_t hits;
  };
  for (const Fact& fact :
       {Fact{"web07", 75, 26100}, Fact{"web07", 300, 33956}, Fact{"web07", 1200, 41334},
        Fact{"web12", 75, 32178}, Fact{"web12", 300, 49155}, Fact{"web12", 1200, 66350}}) {
    const traces::Trace trace = traces::real(fact.trace);
    if (!trace.empty()) {
      CAPTURE(fact.trace, fact.entries);
      CHECK(traces::hits<Arc>(trace, fact.entries) == fact.hits);
    }
  }
}

TEST_CASE("The budget of Arc covers its ghosts") {
  agreement::OneShard<Arc> arc(Arc::Options{.shards = 1});
  agreement::OneShard<Lru> lru(Lru::Options{.shards = 1});
  (void)arc.insert(1, 0, 10);
  (void)lru.insert(1, 0, 10);
  CHECK(arc.used_bytes() == lru.used_bytes() + strata::cache::detail::GhostQueues::ghost_bytes);
}

TEST_CASE("Ghosts are found until they are forgotten, and the oldest goes for one too many") {
  strata::cache::detail::GhostQueues ghosts;
  CHECK(ghosts.find(1) == nullptr);
  ghosts.allow(100);
  for (std::uint64_t hash = 0; hash < 150; ++hash) {
    ghosts.add(0, hash, 10);
  }
  CHECK(ghosts.queue(0).count() == 100);
  CHECK(ghosts.queue(0).bytes() == 1000);
  CHECK(ghosts.find(49) == nullptr);
  ghosts.add(1, 150, 7);  // queue 1 has none to give
  CHECK(ghosts.find(50) == nullptr);
  REQUIRE(ghosts.find(150) != nullptr);
  CHECK(ghosts.find(150)->queue == 1);
  ghosts.allow(1000);
  for (std::uint64_t hash = 51; hash <= 150; ++hash) {
    REQUIRE(ghosts.find(hash) != nullptr);
    ghosts.forget(*ghosts.find(hash));
    CHECK(ghosts.find(hash) == nullptr);
  }
  CHECK(ghosts.queue(0).empty());
  CHECK(ghosts.queue(1).bytes() == 0);
}
