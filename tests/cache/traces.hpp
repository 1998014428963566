// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Sequences of requests, and the simplest simulations of what a cache makes of them, written
/// without any part of the library.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <list>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <strata/cache/concept.hpp>

namespace traces {

using Trace = std::vector<std::uint64_t>;

struct Hash {
  std::uint64_t operator()(std::uint64_t key) const noexcept { return key; }
};

/// Key k of `keys` comes with a frequency like 1/(k+1).
inline Trace zipf(std::size_t requests, std::size_t keys, std::uint64_t seed) {
  std::vector<double> below(keys);
  double sum = 0;
  for (std::size_t k = 0; k < keys; ++k) {
    sum += 1 / static_cast<double>(k + 1);
    below[k] = sum;
  }
  std::mt19937_64 random(seed);
  Trace trace(requests);
  for (std::uint64_t& key : trace) {
    const double at = static_cast<double>(random() >> 11) * 0x1p-53 * sum;
    key = static_cast<std::uint64_t>(std::lower_bound(below.begin(), below.end(), at) -
                                     below.begin());
  }
  return trace;
}

/// A real trace of requests, big-endian int32 each, from the directory that STRATA_DATA names;
/// empty, after a warning, without it.
inline Trace real(const std::string& name) {
  const char* directory = std::getenv("STRATA_DATA");
  if (directory == nullptr) {
    WARN("SKIPPED: cache/" << name << ".be32 is not read, as STRATA_DATA is not set");
    return {};
  }
  std::ifstream file(std::string(directory) + "/cache/" + name + ".be32", std::ios::binary);
  REQUIRE(file.good());
  Trace trace;
  char bytes[4] = {};
  while (file.read(bytes, 4)) {
    std::uint64_t key = 0;
    for (const char byte : bytes) {
      key = key << 8 | static_cast<unsigned char>(byte);
    }
    trace.push_back(key);
  }
  return trace;
}

inline std::size_t lru_hits(const Trace& trace, std::size_t entries) {
  std::list<std::uint64_t> order;
  std::map<std::uint64_t, std::list<std::uint64_t>::iterator> where;
  std::size_t hits = 0;
  for (const std::uint64_t key : trace) {
    const auto found = where.find(key);
    if (found != where.end()) {
      ++hits;
      order.erase(found->second);
    } else if (order.size() == entries) {
      where.erase(order.front());
      order.pop_front();
    }
    where[key] = order.insert(order.end(), key);
  }
  return hits;
}

inline std::size_t fifo_hits(const Trace& trace, std::size_t entries) {
  std::deque<std::uint64_t> order;
  std::set<std::uint64_t> present;
  std::size_t hits = 0;
  for (const std::uint64_t key : trace) {
    if (present.contains(key)) {
      ++hits;
      continue;
    }
    if (order.size() == entries) {
      present.erase(order.front());
      order.pop_front();
    }
    order.push_back(key);
    present.insert(key);
  }
  return hits;
}

/// The paper's algorithm 1, with as many ghosts as there are entries.
inline std::size_t s3_fifo_hits(const Trace& trace, std::size_t entries) {
  std::deque<std::uint64_t> small;
  std::deque<std::uint64_t> main;
  std::map<std::uint64_t, int> uses;           // of what is cached
  std::map<std::uint64_t, std::size_t> ghost;  // key -> number of its eviction
  std::size_t evictions = 0;
  std::size_t hits = 0;
  const auto evict = [&] {
    for (;;) {
      const bool from_small = main.empty() || small.size() > entries / 10;
      std::deque<std::uint64_t>& queue = from_small ? small : main;
      const std::uint64_t key = queue.front();
      queue.pop_front();
      if (from_small && uses[key] < 2) {
        ghost[key] = ++evictions;
        uses.erase(key);
        return;
      }
      if (!from_small && uses[key] == 0) {
        uses.erase(key);
        return;
      }
      uses[key] = from_small ? 0 : uses[key] - 1;
      main.push_back(key);
    }
  };
  for (const std::uint64_t key : trace) {
    const auto found = uses.find(key);
    if (found != uses.end()) {
      ++hits;
      found->second = std::min(found->second + 1, 3);
      continue;
    }
    if (small.size() + main.size() == entries) {
      evict();
    }
    const auto returning = ghost.find(key);
    const bool recent =
        returning != ghost.end() && evictions - returning->second < small.size() + main.size();
    ghost.erase(key);
    (recent ? main : small).push_back(key);
    uses[key] = 0;
  }
  return hits;
}

/// One entry a key, each of size 1, found or else inserted.
template <strata::CachePolicy P>
std::size_t hits(const Trace& trace, std::size_t entries, typename P::Options options = {}) {
  options.capacity_bytes = entries;
  options.shards = 1;
  options.count_overhead = false;
  typename P::template type<std::uint64_t, int, Hash> cache(options);
  for (const std::uint64_t key : trace) {
    if (!cache.find(key)) {
      (void)cache.insert(key, 0, 1);
    }
  }
  return cache.stats().hits;
}

}  // namespace traces
