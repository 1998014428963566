// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/cache/concept.hpp, checked on any cache policy.
///
/// A cache may forget, so the kit never asks that a value be there, only that what is there be
/// right: the last one inserted, unchanged while pinned, destroyed once, within the budget.
/// `cache_conformance` runs on one thread, `cache_thread_conformance` on several: give the latter
/// to a thread sanitizer too.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <strata/cache/concept.hpp>
#include <strata/core/bytes.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

/// Says which key it belongs to and which of its values it is; counts itself while it lives.
struct CachedProbe {
  CachedProbe(std::uint64_t of_key, std::uint64_t number, std::atomic<int>& living)
      : key(of_key), version(std::make_unique<std::uint64_t>(number)), live(&living) {
    live->fetch_add(1);
  }
  CachedProbe(CachedProbe&& other) noexcept
      : key(other.key),
        version(std::move(other.version)),
        live(std::exchange(other.live, nullptr)) {}
  CachedProbe& operator=(CachedProbe&& other) noexcept {
    std::swap(key, other.key);
    std::swap(version, other.version);
    std::swap(live, other.live);
    return *this;
  }
  ~CachedProbe() {
    if (live != nullptr) {
      live->fetch_sub(1);
    }
  }

  std::uint64_t key;
  std::unique_ptr<std::uint64_t> version;
  std::atomic<int>* live;
};

/// Spreads nothing: a cache must not rely on the quality of its user's hash.
struct PoorHash {
  std::uint64_t operator()(std::uint64_t key) const noexcept { return key * 1000; }
};

template <CachePolicy P>
using ProbedCache = typename P::template type<std::uint64_t, CachedProbe, PoorHash>;

/// Finds, by turns with a hint and without, where the cache gives hints. A hint is shared by two
/// keys: one of them is misled.
template <class Cache>
class Finder {
 public:
  auto operator()(Cache& cache, std::uint64_t key) {
    if constexpr (requires { typename Cache::Hint; }) {
      return turn_.fetch_add(1) % 2 == 0 ? cache.find(key)
                                         : cache.find(key, hints_[key / 2 % hints_.size()]);
    } else {
      return cache.find(key);
    }
  }

 private:
  template <class C>
  struct HintOf {
    struct type {};
  };
  template <class C>
  requires requires { typename C::Hint; }
  struct HintOf<C> {
    using type = typename C::Hint;
  };

  std::array<typename HintOf<Cache>::type, 1500> hints_;
  std::atomic<unsigned> turn_{0};
};

template <CachePolicy P>
void check_handles(Conformance& found, const options_of_t<P>& options) {
  std::atomic<int> live{0};
  {
    ProbedCache<P> cache(options);
    found.expect(!cache.find(1), "an empty cache finds nothing");
    found.expect(cache.stats().hit_ratio() == 0, "the hit ratio without hits is 0");
    auto first = cache.insert(1, CachedProbe(1, 10, live), 100);
    found.expect(first && *first->version == 10, "insert returns the value, pinned");
    auto second = cache.insert(1, CachedProbe(1, 11, live), 100);
    found.expect(*second->version == 11, "insert replaces");
    found.expect(*first->version == 10, "a pinned value survives its replacement");
    if (auto again = cache.find(1)) {
      found.expect(*again->version == 11, "find returns what was inserted last");
    }
    cache.erase(1);
    cache.erase(2);
    found.expect(!cache.find(1), "an erased key is not found");
    found.expect(*second->version == 11, "a pinned value survives erase");
    auto third = cache.insert(3, CachedProbe(3, 12, live), 100);
    cache.clear();
    found.expect(!cache.find(3), "clear leaves nothing");
    found.expect((*third).key == 3, "a pinned value survives clear");
    auto moved = std::move(third);
    found.expect(!third && moved && *moved->version == 12, "moving a handle empties its source");
    moved = std::move(first);
    found.expect(*moved->version == 10, "assigning to a handle lets go of what it held");
    found.expect(live.load() == 2, "a value lives exactly as long as the cache or a handle has it");
  }
  found.expect(live.load() == 0, "no value outlives its cache and handles");
}

template <CachePolicy P>
void check_budget(Conformance& found, const options_of_t<P>& options) {
  std::atomic<int> live{0};
  ProbedCache<P> cache(options);
  cache.set_capacity(64_KiB);
  const auto within = [&] { return cache.used_bytes() <= cache.capacity_bytes(); };
  auto pinned = cache.insert(0, CachedProbe(0, 1, live), 1000);
  bool always = true;
  for (std::uint64_t key = 1; key < 5000; ++key) {
    (void)cache.insert(key, CachedProbe(key, 1, live), key % 2000);
    always = always && (within() || cache.capacity_bytes() == 0);
  }
  found.expect(always, "used_bytes never exceeds capacity_bytes");
  found.expect(live.load() <= 64 * 1024, "what is evicted is destroyed");
  found.expect(*pinned->version == 1, "a pinned value survives eviction");

  auto huge = cache.insert(7, CachedProbe(7, 2, live), SIZE_MAX);
  found.expect(huge && *huge->version == 2, "a value too large to keep is handed back pinned");
  found.expect(within() || cache.capacity_bytes() == 0, "a value too large to keep is not counted");
  if (auto kept = cache.find(7)) {
    found.expect(*kept->version == 2, "a value too large to keep still replaces the older one");
  }

  const std::size_t before = cache.used_bytes();
  cache.reserve(32 * 1024);
  found.expect(within() || cache.capacity_bytes() == 0, "the reserve takes room from entries");
  cache.reserve(-32 * 1024);
  found.expect(cache.used_bytes() <= before, "a reserve can be given back");

  cache.set_capacity(cache.capacity_bytes() / 4);
  found.expect(within() || cache.capacity_bytes() == 0, "a smaller capacity holds at once");
  cache.clear();
  found.expect(cache.used_bytes() == 0, "an empty cache uses nothing");
  cache.reserve(1000);
  found.expect(cache.used_bytes() == 1000, "the reserve counts as used");
  cache.reserve(-1000);
  found.expect(cache.used_bytes() == 0, "what is given back counts no more");
  cache.set_capacity(0);
  auto last = cache.insert(1, CachedProbe(1, 3, live), 1);
  found.expect(last && *last->version == 3, "a cache without room still returns what it is given");
}

/// Random operations against a map: what is found is what the map has.
template <CachePolicy P>
void check_model(Conformance& found, const options_of_t<P>& options, std::uint64_t seed) {
  std::atomic<int> live{0};
  ProbedCache<P> cache(options);
  cache.set_capacity(256_KiB);
  Finder<ProbedCache<P>> find;
  std::map<std::uint64_t, std::uint64_t> model;
  std::mt19937_64 random(seed);
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  for (std::uint64_t step = 0; step < 50000; ++step) {
    const std::uint64_t key = random() % (step % 3 == 0 ? 100 : 3000);
    const std::uint64_t dice = random() % 10;
    if (dice < 4) {
      (void)cache.insert(key, CachedProbe(key, step, live), 10 + random() % 500);
      model[key] = step;
    } else if (dice < 5) {
      cache.erase(key);
      model.erase(key);
    } else {
      const auto handle = find(cache, key);
      hits += handle ? 1 : 0;
      misses += handle ? 0 : 1;
      const auto expected = model.find(key);
      found.expect(!handle || expected != model.end(), "nothing is found that was never there");
      found.expect(!handle || expected == model.end() ||
                       (handle->key == key && *handle->version == expected->second),
                   "what is found is what was inserted last");
    }
  }
  found.expect(cache.stats().hits == hits, "stats count the hits");
  found.expect(cache.stats().misses <= misses, "stats count no more misses than there were");
}

}  // namespace detail

template <CachePolicy P>
[[nodiscard]] Conformance cache_conformance(const options_of_t<P>& options = {},
                                            std::uint64_t seed = 1) {
  Conformance found;
  detail::check_handles<P>(found, options);
  detail::check_budget<P>(found, options);
  detail::check_model<P>(found, options, seed);
  return found;
}

/// Threads find, insert, erase and hold on to few keys in little room, while one changes the
/// capacity and clears.
template <CachePolicy P>
[[nodiscard]] Conformance cache_thread_conformance(const options_of_t<P>& options = {},
                                                   unsigned threads = 4, unsigned steps = 20000,
                                                   std::uint64_t seed = 1) {
  Conformance found;
  std::atomic<int> live{0};
  std::atomic<unsigned> wrong{0};
  {
    detail::ProbedCache<P> cache(options);
    cache.set_capacity(32_KiB);
    detail::Finder<detail::ProbedCache<P>> find;
    const auto work = [&](unsigned id) {
      std::mt19937_64 random(seed * 1000 + id);
      std::vector<decltype(cache.find(0))> held(4);
      for (unsigned step = 0; step < steps; ++step) {
        const std::uint64_t key = random() % 300;
        const std::uint64_t dice = random() % 100;
        auto& slot = held[random() % held.size()];
        if (slot && *slot->version != slot->key * 7) {
          ++wrong;
        }
        slot = dice < 70 ? find(cache, key) : decltype(cache.find(0))();
        if (!slot && dice < 90) {
          slot = cache.insert(key, detail::CachedProbe(key, key * 7, live), 50 + key);
        } else if (!slot) {
          cache.erase(key);
        }
        if (slot && slot->key != key) {
          ++wrong;
        }
        if (id == 0 && step % 1000 == 999) {
          cache.set_capacity(step % 2000 == 999 ? 8_KiB : 32_KiB);
          cache.clear();
        }
      }
    };
    std::vector<std::thread> workers;
    for (unsigned id = 0; id < threads; ++id) {
      workers.emplace_back(work, id);
    }
    for (std::thread& worker : workers) {
      worker.join();
    }
    found.expect(wrong.load() == 0, "a pinned value is the one asked for, and does not change");
    found.expect(cache.capacity_bytes() == 0 || cache.used_bytes() <= cache.capacity_bytes(),
                 "used_bytes is within capacity_bytes after threads have met");
    cache.clear();
    found.expect(cache.used_bytes() == 0, "an empty cache uses nothing after threads have met");
    found.expect(live.load() == 0, "every value that threads let go of is destroyed");
  }
  return found;
}

}  // namespace strata::testing
