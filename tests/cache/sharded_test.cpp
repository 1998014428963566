// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/sharded.hpp>

#include <catch2/catch.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <strata/cache/lru.hpp>
#include <strata/cache/none.hpp>
#include <strata/cache/s3_fifo.hpp>
#include <strata/testing/cache_conformance.hpp>

#include "traces.hpp"

namespace cache = strata::cache;
using strata::testing::Sentences;

namespace {

/// What a user might write: one list, one lock.
struct OwnFifo {
  using policy_slot = strata::cache_slot;
  struct Options {
    std::size_t capacity_bytes = 1 << 20;
  };
  static constexpr std::string_view name = "own_fifo";

  template <class Key, class Value, class Hash>
  class type {
   public:
    class Handle {
     public:
      Handle() = default;
      explicit Handle(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
      Handle(Handle&&) noexcept = default;
      Handle& operator=(Handle&&) noexcept = default;
      ~Handle() = default;
      explicit operator bool() const { return value_ != nullptr; }
      const Value& operator*() const { return *value_; }
      const Value* operator->() const { return value_.get(); }

     private:
      std::shared_ptr<const Value> value_;
    };

    explicit type(const Options& options) : capacity_(options.capacity_bytes) {}
    Handle find(const Key& key) {
      const std::lock_guard lock(mutex_);
      for (const Entry& entry : entries_) {
        if (entry.key == key) {
          ++stats_.hits;
          return Handle(entry.value);
        }
      }
      ++stats_.misses;
      return Handle();
    }
    Handle insert(const Key& key, Value&& value, std::size_t bytes) {
      auto kept = std::make_shared<const Value>(std::move(value));
      const std::lock_guard lock(mutex_);
      drop(key);
      ++stats_.inserts;
      if (bytes <= capacity_) {
        entries_.push_back({key, kept, bytes});
        entry_bytes_ += bytes;
        make_room();
      }
      return Handle(std::move(kept));
    }
    void erase(const Key& key) {
      const std::lock_guard lock(mutex_);
      drop(key);
    }
    void clear() {
      const std::lock_guard lock(mutex_);
      entries_.clear();
      entry_bytes_ = 0;
    }
    void reserve(std::ptrdiff_t bytes) {
      const std::lock_guard lock(mutex_);
      reserved_ += static_cast<std::size_t>(bytes);
      make_room();
    }
    void set_capacity(std::size_t bytes) {
      const std::lock_guard lock(mutex_);
      capacity_ = bytes;
      make_room();
    }
    [[nodiscard]] std::size_t used_bytes() const {
      const std::lock_guard lock(mutex_);
      return entry_bytes_ + reserved_;
    }
    [[nodiscard]] std::size_t capacity_bytes() const {
      const std::lock_guard lock(mutex_);
      return capacity_;
    }
    [[nodiscard]] cache::Stats stats() const {
      const std::lock_guard lock(mutex_);
      return stats_;
    }

   private:
    struct Entry {
      Key key;
      std::shared_ptr<const Value> value;
      std::size_t bytes;
    };
    void drop(const Key& key) {
      entries_.remove_if([&](const Entry& entry) {
        entry_bytes_ -= entry.key == key ? entry.bytes : 0;
        return entry.key == key;
      });
    }
    void make_room() {
      while (!entries_.empty() && entry_bytes_ + reserved_ > capacity_) {
        entry_bytes_ -= entries_.front().bytes;
        entries_.pop_front();
        ++stats_.evictions;
      }
    }

    mutable std::mutex mutex_;
    std::list<Entry> entries_;
    std::size_t capacity_;
    std::size_t entry_bytes_ = 0;
    std::size_t reserved_ = 0;
    cache::Stats stats_;
  };
};

template <class Policy>
using CacheOf = typename Policy::template type<std::uint64_t, int, traces::Hash>;

}  // namespace

TEST_CASE("Shards of any policy keep the promises of the cache slot") {
  CHECK(strata::testing::cache_conformance<OwnFifo>().violations == Sentences{});
  CHECK(strata::testing::cache_conformance<cache::Sharded<OwnFifo, 5>>().violations == Sentences{});
  CHECK(strata::testing::cache_conformance<cache::Sharded<cache::S3Fifo, 3>>().violations ==
        Sentences{});
  CHECK(strata::testing::cache_conformance<cache::Sharded<cache::None, 2>>().violations ==
        Sentences{});
}

TEST_CASE("Shards keep their promises among threads") {
  using strata::testing::cache_thread_conformance;
  CHECK(cache_thread_conformance<cache::Sharded<OwnFifo, 4>>().violations == Sentences{});
  CHECK(cache_thread_conformance<cache::Sharded<cache::Lru, 2>>().violations == Sentences{});
}

TEST_CASE("Shards are named after what they are made of") {
  CHECK(cache::Sharded<OwnFifo, 4>::name == "sharded_own_fifo");
}

TEST_CASE("The capacity and the reserve of shards add up to the byte") {
  CacheOf<cache::Sharded<OwnFifo, 7>> shards({.capacity_bytes = 1000});
  CHECK(shards.capacity_bytes() == 1000);
  for (const std::ptrdiff_t bytes : {1, 5, 13, -6, 100, -12, -101}) {
    const std::size_t before = shards.used_bytes();
    shards.reserve(bytes);
    CHECK(shards.used_bytes() == before + static_cast<std::size_t>(bytes));
  }
  CHECK(shards.used_bytes() == 0);
  shards.set_capacity(9);
  CHECK(shards.capacity_bytes() == 9);
}

TEST_CASE("Keys are spread evenly over the shards, though their hash be poor") {
  CacheOf<cache::Sharded<OwnFifo, 4>> shards({.capacity_bytes = 4000});
  for (std::uint64_t key = 0; key < 4000; ++key) {
    (void)shards.insert(key, 0, 1);
  }
  // Each part holds 1000, and the fullest has drawn hardly more than that.
  CHECK(shards.used_bytes() > 3850);
  CHECK(shards.used_bytes() <= 4000);
}

TEST_CASE("The statistics of shards are those of all of them") {
  CacheOf<cache::Sharded<OwnFifo, 4>> shards({.capacity_bytes = 40});
  for (std::uint64_t key = 0; key < 100; ++key) {
    (void)shards.insert(key, 0, 1);
    CHECK(shards.find(key));
    CHECK_FALSE(shards.find(key + 1000));
  }
  const cache::Stats stats = shards.stats();
  CHECK(stats.hits == 100);
  CHECK(stats.misses == 100);
  CHECK(stats.inserts == 100);
  CHECK(stats.evictions == 60);
}
