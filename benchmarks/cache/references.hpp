// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What eviction policies are measured beside: RocksDB's LRU cache, where it is installed. Its keys
/// are bytes, which it hashes itself, and each of its lookups takes a lock of one shard.

#if __has_include(<rocksdb/cache.h>)

#include <rocksdb/cache.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace reference {

struct RocksLru {
  static constexpr std::string_view name = "rocksdb_lru";

  struct Options {
    std::size_t capacity_bytes = std::size_t{8} << 20;
    unsigned shards = 16;
    bool count_overhead = true;
  };

  template <class Key, class Value, class Hash>
  class type {
   public:
    explicit type(const Options& options)
        : cache_(rocksdb::NewLRUCache(lru_options(options))), count_hits_(options.shards == 1) {}

    /// Inserts no value: who measures does not look at it.
    bool insert(const Key& key, const Value&, std::size_t charge) {
      return cache_->Insert(slice_of(key), nullptr, charge, &forget).ok();
    }
    auto find(const Key& key) {
      rocksdb::Cache::Handle* const handle = cache_->Lookup(slice_of(key));
      if (count_hits_ && handle != nullptr) {
        ++hits_;
      }
      return std::unique_ptr<rocksdb::Cache::Handle, Release>(handle, Release{cache_.get()});
    }
    [[nodiscard]] std::size_t used_bytes() const { return cache_->GetUsage(); }

    /// Of a cache with one shard, which is for one thread.
    struct Stats {
      std::uint64_t hits;
    };
    [[nodiscard]] Stats stats() const { return {hits_}; }

   private:
    struct Release {
      rocksdb::Cache* cache;
      void operator()(rocksdb::Cache::Handle* handle) const { cache->Release(handle); }
    };

    static rocksdb::LRUCacheOptions lru_options(const Options& options) {
      rocksdb::LRUCacheOptions lru;
      lru.capacity = options.capacity_bytes;
      lru.num_shard_bits = std::countr_zero(std::bit_floor(options.shards));
      lru.high_pri_pool_ratio = 0;  // one queue: plain LRU
      lru.metadata_charge_policy = options.count_overhead ? rocksdb::kFullChargeCacheMetadata
                                                          : rocksdb::kDontChargeCacheMetadata;
      return lru;
    }
    static rocksdb::Slice slice_of(const Key& key) {
      return {reinterpret_cast<const char*>(&key), sizeof key};
    }
    static void forget(const rocksdb::Slice&, void*) {}

    std::shared_ptr<rocksdb::Cache> cache_;
    std::uint64_t hits_ = 0;
    bool count_hits_;
  };
};

}  // namespace reference

#endif
