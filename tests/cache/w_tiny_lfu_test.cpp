// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/w_tiny_lfu.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <strata/cache/detail/frequency_sketch.hpp>
#include <strata/core/hash.hpp>
#include <strata/testing/cache_conformance.hpp>

#include "agreement.hpp"
#include "traces.hpp"

using strata::mix64;
using strata::cache::WTinyLfu;
using strata::cache::detail::FrequencySketch;
using strata::testing::Sentences;

namespace {

/// What the sketch stands for: every key has a counter of its own.
class Counts {
 public:
  void allow(std::size_t) {}
  void record(std::uint64_t hash, std::size_t entries) {
    unsigned& count = counts_[hash];
    count = std::min(count + 1, 15U);
    if (++records_ >= 10 * entries) {
      for (auto& [of, number] : counts_) {
        number /= 2;
      }
      records_ /= 2;
    }
  }
  unsigned frequency(std::uint64_t hash) const {
    const auto found = counts_.find(hash);
    return found == counts_.end() ? 0 : found->second;
  }

 private:
  std::map<std::uint64_t, unsigned> counts_;
  std::size_t records_ = 0;
};

struct Item {
  std::uint64_t key;
  std::size_t bytes;
};

/// The front was used least lately.
class Segment : public std::deque<Item> {
 public:
  std::size_t sum() const {
    std::size_t sum = 0;
    for (const Item& item : *this) {
      sum += item.bytes;
    }
    return sum;
  }
  /// The item, or one without bytes.
  Item take(std::uint64_t key) {
    const auto found =
        std::find_if(begin(), end(), [key](const Item& item) { return item.key == key; });
    if (found == end()) {
      return {key, 0};
    }
    const Item item = *found;
    erase(found);
    return item;
  }
  Item take_front() { return take(front().key); }
};

/// Window and segmented LRU, with any notion of frequency.
template <class Frequencies>
class Segments {
 public:
  explicit Segments(std::size_t capacity, std::size_t window_percent = 1)
      : capacity_(capacity), window_bytes_(capacity * window_percent / 100) {}

  bool find(std::uint64_t key) {
    const std::size_t entries = window_.size() + probation_.size() + protected_.size();
    if (const Item item = window_.take(key); item.bytes > 0) {
      window_.push_back(item);
    } else if (const Item tried = probation_.take(key); tried.bytes > 0) {
      protected_.push_back(tried);
    } else if (const Item known = protected_.take(key); known.bytes > 0) {
      protected_.push_back(known);
    } else {
      return false;
    }
    frequencies_.record(mix64(key), entries);
    const std::size_t main = capacity_ - window_bytes_;
    while (protected_.sum() > main - main / 5) {
      probation_.push_back(protected_.take_front());
    }
    return true;
  }

  void insert(std::uint64_t key, std::size_t bytes) {
    const std::size_t entries = window_.size() + probation_.size() + protected_.size();
    frequencies_.allow(entries + 1);
    frequencies_.record(mix64(key), std::max<std::size_t>(entries, 1));
    while (used() + bytes > capacity_) {
      evict(bytes);
    }
    window_.push_back({key, bytes});
    while (window_.size() > 1 && window_.sum() > window_bytes_) {
      probation_.push_back(window_.take_front());
    }
  }
  void erase(std::uint64_t key) {
    window_.take(key);
    probation_.take(key);
    protected_.take(key);
  }
  std::size_t used() const { return window_.sum() + probation_.sum() + protected_.sum(); }

 private:
  void evict(std::size_t bytes) {
    Segment& main = probation_.empty() ? protected_ : probation_;
    const bool window_overflows = !window_.empty() && window_.sum() + bytes > window_bytes_;
    if (main.empty()) {
      window_.pop_front();
    } else if (!window_overflows) {
      main.pop_front();
    } else if (frequencies_.frequency(mix64(window_.front().key)) >
               frequencies_.frequency(mix64(main.front().key))) {
      main.pop_front();
      probation_.push_back(window_.take_front());
    } else {
      window_.pop_front();
    }
  }

  std::size_t capacity_, window_bytes_;
  Segment window_, probation_, protected_;
  Frequencies frequencies_;
};

std::size_t hits_with_exact_counts(const traces::Trace& trace, std::size_t entries) {
  Segments<Counts> model(entries);
  std::size_t hits = 0;
  for (const std::uint64_t key : trace) {
    if (model.find(key)) {
      ++hits;
    } else {
      model.insert(key, 1);
    }
  }
  return hits;
}

}  // namespace

TEST_CASE("WTinyLfu keeps the promises of the cache slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found = strata::testing::cache_conformance<WTinyLfu>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_conformance<WTinyLfu>({.shards = 1}, seed).violations ==
        Sentences{});
}

TEST_CASE("WTinyLfu keeps its promises among threads") {
  CHECK(strata::testing::cache_thread_conformance<WTinyLfu>().violations == Sentences{});
  CHECK(strata::testing::cache_thread_conformance<WTinyLfu>({.shards = 1}).violations ==
        Sentences{});
}

TEST_CASE("A scan longer than the cache gets no further than the window of WTinyLfu") {
  agreement::OneShard<WTinyLfu> cache(agreement::one_shard<WTinyLfu>(100));
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t key = 0; key < 90; ++key) {
      if (!cache.find(key)) {
        (void)cache.insert(key, 0, 1);
      }
    }
  }
  for (std::uint64_t key = 1000; key < 1300; ++key) {
    (void)cache.insert(key, 0, 1);
  }
  for (std::uint64_t key = 0; key < 90; ++key) {
    CAPTURE(key);
    CHECK(cache.find(key));
  }
}

TEST_CASE("WTinyLfu forgets what was popular long ago") {
  agreement::OneShard<WTinyLfu> cache(agreement::one_shard<WTinyLfu>(100));
  const auto use = [&cache](std::uint64_t key) {
    if (!cache.find(key)) {
      (void)cache.insert(key, 0, 1);
    }
  };
  for (std::uint64_t i = 0; i < 2000; ++i) {
    use(i % 100);
  }
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    use(1000 + i % 50);
  }
  std::size_t found = 0;
  for (std::uint64_t key = 1000; key < 1050; ++key) {
    found += cache.find(key) ? 1 : 0;
  }
  CHECK(found >= 48);
}

TEST_CASE("A wider window keeps more of what is new") {
  const auto newcomers = [](unsigned window_percent) {
    agreement::OneShard<WTinyLfu> cache(WTinyLfu::Options{.capacity_bytes = 100,
                                                          .shards = 1,
                                                          .count_overhead = false,
                                                          .window_percent = window_percent});
    for (std::uint64_t i = 0; i < 400; ++i) {
      if (!cache.find(i % 100)) {
        (void)cache.insert(i % 100, 0, 1);
      }
    }
    std::size_t kept = 0;
    for (std::uint64_t key = 1000; key < 1200; ++key) {
      (void)cache.insert(key, 0, 1);
    }
    for (std::uint64_t key = 1000; key < 1200; ++key) {
      kept += cache.find(key) ? 1 : 0;
    }
    return kept;
  };
  CHECK(newcomers(1) == 1);
  CHECK(newcomers(20) == 20);
  CHECK(newcomers(99) == 99);
}

TEST_CASE("WTinyLfu does at each step what its three segments do, given its sketch") {
  const auto seed = GENERATE(1U, 2U, 3U);
  agreement::on_random_operations<WTinyLfu, Segments<FrequencySketch>>(seed);
}

TEST_CASE("WTinyLfu hits nearly as often as with exact frequencies") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const traces::Trace trace = traces::zipf(30'000, 3000, seed);
  for (const std::size_t entries : {20U, 100U, 1000U}) {
    const auto exact = static_cast<double>(hits_with_exact_counts(trace, entries));
    const auto measured = static_cast<double>(traces::hits<WTinyLfu>(trace, entries));
    CAPTURE(seed, entries, exact, measured);
    CHECK(std::abs(measured - exact) <= 0.01 * exact);
    CHECK(measured > static_cast<double>(traces::lru_hits(trace, entries)));
  }
}

TEST_CASE("WTinyLfu hits nearly as often on real requests as with exact frequencies") {
  struct Fact {
    const char* trace;
    std::size_t entries;
    unsigned window_percent;
    std::size_t exact;
  };
  for (const Fact& fact :
       {Fact{"web07", 75, 1, 23338}, Fact{"web07", 300, 1, 32942}, Fact{"web07", 1200, 1, 41076},
        Fact{"web12", 75, 1, 25978}, Fact{"web12", 300, 1, 46636}, Fact{"web12", 1200, 1, 66253},
        Fact{"web07", 300, 20, 35560}, Fact{"web12", 300, 20, 51443},
        Fact{"web12", 75, 50, 33563}}) {
    const traces::Trace trace = traces::real(fact.trace);
    if (!trace.empty()) {
      const auto exact = static_cast<double>(fact.exact);
      const auto measured = static_cast<double>(
          traces::hits<WTinyLfu>(trace, fact.entries, {.window_percent = fact.window_percent}));
      CAPTURE(fact.trace, fact.entries, fact.window_percent, exact, measured);
      CHECK(std::abs(measured - exact) <= 0.005 * exact);
    }
  }
}

TEST_CASE("A sketch never counts too few, seldom too many, and ages") {
  FrequencySketch sketch;
  const auto hash = [](std::uint64_t key) { return mix64(key); };
  sketch.allow(10);
  for (std::uint64_t key = 0; key < 10; ++key) {
    sketch.record(hash(key), 1000);
  }
  sketch.allow(1000);  // keeps what it knows
  for (std::uint64_t key = 0; key < 10; ++key) {
    CHECK(sketch.frequency(hash(key)) >= 1);
  }
  std::size_t too_many = 0;
  for (std::uint64_t key = 100; key < 1000; ++key) {
    for (std::uint64_t i = 0; i < key % 8; ++i) {
      sketch.record(hash(key), 1000);
    }
  }
  for (std::uint64_t key = 100; key < 1000; ++key) {
    CAPTURE(key);
    REQUIRE(sketch.frequency(hash(key)) >= key % 8);
    too_many += sketch.frequency(hash(key)) > key % 8 ? 1 : 0;
  }
  CHECK(too_many < 90);
  for (int i = 0; i < 100; ++i) {
    sketch.record(hash(5), 1000);
  }
  CHECK(sketch.frequency(hash(5)) == 15);
  sketch.record(hash(6), 1);  // more than ten for the one entry
  CHECK(sketch.frequency(hash(5)) == 7);
  sketch.record(hash(6), 1);
  CHECK(sketch.frequency(hash(5)) == 3);
}
