// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Sharded: N caches of any policy that act as one, so that threads meet in one of them 1/N as
/// often.
///
///     Sharded<MyCache, 8>         a cache of one's own behind one lock becomes eight behind eight
///
/// strata's own orders of eviction are sharded inside already (`ShardedOptions::shards`) and gain
/// nothing here. The hash of a key chooses its cache, by other bits than strata's caches choose
/// their shards and chains by. Each has an equal part of the budget and of the reserve, to the
/// byte; so no value larger than a part is kept. `capacity_bytes` in the options is that of all.
/// Threads: as the policy, which promises everything of its cache to be concurrent.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <strata/cache/concept.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

template <CachePolicy P, std::size_t N>
struct Sharded {
  static_assert(N > 0, "strata: cache::Sharded<P, N> needs at least one shard");

  using policy_slot = cache_slot;
  using Options = options_of_t<P>;

 private:
  static constexpr auto name_letters = [] {
    constexpr std::string_view prefix = "sharded_";
    constexpr std::string_view inner = P::name;
    std::array<char, prefix.size() + inner.size()> letters{};
    std::copy(inner.begin(), inner.end(), std::copy(prefix.begin(), prefix.end(), letters.begin()));
    return letters;
  }();

 public:
  static constexpr std::string_view name{name_letters.data(), name_letters.size()};

  template <class Key, class Value, class Hash>
  class type {
    using Cache = typename P::template type<Key, Value, Hash>;

   public:
    using Handle = typename Cache::Handle;

    explicit type(const Options& options) {
      for (auto& cache : caches_) {
        cache = std::make_unique<Cache>(options);
      }
      set_capacity(caches_.front()->capacity_bytes());
    }
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() = default;

    Handle find(const Key& key) { return cache_of(key).find(key); }
    Handle insert(const Key& key, Value&& value, std::size_t bytes) {
      return cache_of(key).insert(key, std::move(value), bytes);
    }
    void erase(const Key& key) { cache_of(key).erase(key); }
    void clear() {
      for (auto& cache : caches_) {
        cache->clear();
      }
    }

    void reserve(std::ptrdiff_t bytes) {
      const std::lock_guard lock(budget_mutex_);
      const std::ptrdiff_t before = std::exchange(reserved_bytes_, reserved_bytes_ + bytes);
      for (std::size_t i = 0; i < N; ++i) {
        caches_[i]->reserve(part(reserved_bytes_, i) - part(before, i));
      }
    }

    void set_capacity(std::size_t bytes) {
      const std::lock_guard lock(budget_mutex_);
      for (std::size_t i = 0; i < N; ++i) {
        caches_[i]->set_capacity(part(bytes, i));
      }
    }

    [[nodiscard]] std::size_t used_bytes() const {
      std::size_t sum = 0;
      for (const auto& cache : caches_) {
        sum += cache->used_bytes();
      }
      return sum;
    }
    [[nodiscard]] std::size_t capacity_bytes() const {
      std::size_t sum = 0;
      for (const auto& cache : caches_) {
        sum += cache->capacity_bytes();
      }
      return sum;
    }

    [[nodiscard]] Stats stats() const {
      Stats sum;
      for (const auto& cache : caches_) {
        const Stats stats = cache->stats();
        sum.hits += stats.hits;
        sum.misses += stats.misses;
        sum.inserts += stats.inserts;
        sum.evictions += stats.evictions;
      }
      return sum;
    }

   private:
    /// The `i`th of N parts, which add up to `whole` and differ by 1 at most.
    template <class Integer>
    static Integer part(Integer whole, std::size_t i) noexcept {
      constexpr auto parts = static_cast<Integer>(N);
      return whole / parts + (static_cast<Integer>(i) < whole % parts ? 1 : 0);
    }

    Cache& cache_of(const Key& key) noexcept {
      constexpr std::uint64_t other_bits = 0x9e3779b97f4a7c15;
      return *caches_[mix64(Hash{}(key) ^ other_bits) % N];
    }

    std::array<std::unique_ptr<Cache>, N> caches_;
    std::mutex budget_mutex_;
    std::ptrdiff_t reserved_bytes_ = 0;
  };
};

}  // namespace strata::cache
