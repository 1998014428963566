// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Random operations on a cache and on a plain model of its policy, which must hit, hold and forget
/// the same at every step. A model is written from the paper, for clarity alone:
///
///     Model(capacity); bool find(key); void insert(key, bytes); void erase(key); size_t used();
///
/// An `insert` finds its key absent, and `bytes` within the capacity.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

#include <catch2/catch.hpp>
#include <strata/cache/concept.hpp>

#include "traces.hpp"

namespace agreement {

template <strata::CachePolicy P>
using OneShard = typename P::template type<std::uint64_t, int, traces::Hash>;

template <strata::CachePolicy P>
typename P::Options one_shard(std::size_t capacity) {
  return {.capacity_bytes = capacity, .shards = 1, .count_overhead = false};
}

/// Keys come as in a trace that a scan breaks now and then.
template <strata::CachePolicy P, class Model>
void on_random_operations(std::size_t capacity, std::size_t bytes_max, std::uint64_t seed) {
  CAPTURE(capacity, bytes_max, seed);
  OneShard<P> cache(one_shard<P>(capacity));
  Model model(capacity);
  std::mt19937_64 random(seed);
  const traces::Trace trace = traces::zipf(20'000, 50 + 4 * capacity / bytes_max, seed);
  std::uint64_t scanned = 1'000'000;
  for (std::size_t step = 0; step < trace.size(); ++step) {
    const bool scans = step % 1000 < 100;
    const std::uint64_t key = scans ? scanned++ : trace[step];
    if (random() % 20 == 0) {
      cache.erase(key);
      model.erase(key);
    } else {
      const bool hit = static_cast<bool>(cache.find(key));
      if (hit != model.find(key)) {
        CAPTURE(step, key, hit);
        FAIL("the cache and its model disagree");
      }
      if (!hit) {
        const std::size_t bytes = std::min<std::size_t>(1 + random() % bytes_max, capacity);
        (void)cache.insert(key, 0, bytes);
        model.insert(key, bytes);
      }
    }
    if (cache.used_bytes() != model.used()) {
      CAPTURE(step, key, cache.used_bytes(), model.used());
      FAIL("the cache and its model hold different amounts");
    }
  }
  CHECK(cache.stats().hits > 0);
}

/// Entries of one size and of many, in much and in little room.
template <strata::CachePolicy P, class Model>
void on_random_operations(std::uint64_t seed) {
  for (const std::size_t capacity : {1U, 2U, 7U, 100U, 1000U}) {
    on_random_operations<P, Model>(capacity, 1, seed);
  }
  for (const std::size_t capacity : {3U, 50U, 1000U, 20'000U}) {
    on_random_operations<P, Model>(capacity, 30, seed);
  }
}

}  // namespace agreement
