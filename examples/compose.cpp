// SPDX-License-Identifier: BSL-1.0
// A cache policy of our own, plugged into an engine beside policies from the library.
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include <strata/cache/concept.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/lsm/destroy.hpp>
#include <strata/lsm_tree.hpp>

/// First in, first out: evicts what has been here longest, used or not.
struct Fifo {
  using policy_slot = strata::cache_slot;
  struct Options {
    std::size_t capacity_bytes = 8 << 20;
  };
  static constexpr std::string_view name = "fifo";

  template <class Key, class Value, class Hash>
  class type {
   public:
    /// Keeps the value alive, though it be evicted meanwhile.
    class Handle {
     public:
      Handle() = default;
      explicit Handle(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
      Handle(Handle&&) noexcept = default;
      Handle& operator=(Handle&&) noexcept = default;
      explicit operator bool() const { return value_ != nullptr; }
      const Value& operator*() const { return *value_; }
      const Value* operator->() const { return value_.get(); }

     private:
      std::shared_ptr<const Value> value_;
    };

    explicit type(const Options& options) : capacity_(options.capacity_bytes) {}

    Handle find(const Key& key) {
      const std::lock_guard lock(mutex_);
      const auto found = entries_.find(key);
      ++(found != entries_.end() ? stats_.hits : stats_.misses);
      return found != entries_.end() ? Handle(found->second.value) : Handle();
    }
    Handle insert(const Key& key, Value&& value, std::size_t bytes) {
      const std::lock_guard lock(mutex_);
      auto shared = std::make_shared<const Value>(std::move(value));
      drop(key);
      entries_.emplace(key, Entry{shared, bytes});
      order_.push_back(key);
      used_ += bytes;
      ++stats_.inserts;
      make_room();
      return Handle(std::move(shared));
    }
    void erase(const Key& key) {
      const std::lock_guard lock(mutex_);
      drop(key);
    }
    void clear() {
      const std::lock_guard lock(mutex_);
      while (!entries_.empty()) {
        drop(entries_.begin()->first);
      }
      order_.clear();
    }
    void reserve(std::ptrdiff_t bytes) {
      const std::lock_guard lock(mutex_);
      used_ += static_cast<std::size_t>(bytes);
      make_room();
    }
    void set_capacity(std::size_t bytes) {
      const std::lock_guard lock(mutex_);
      capacity_ = bytes;
      make_room();
    }
    std::size_t used_bytes() const { return locked(used_); }
    std::size_t capacity_bytes() const { return locked(capacity_); }
    strata::cache::Stats stats() const { return locked(stats_); }

   private:
    struct Entry {
      std::shared_ptr<const Value> value;
      std::size_t bytes;
    };

    template <class T>
    T locked(const T& member) const {
      const std::lock_guard lock(mutex_);
      return member;
    }
    void drop(const Key& key) {
      if (const auto found = entries_.find(key); found != entries_.end()) {
        used_ -= found->second.bytes;
        entries_.erase(found);
      }
    }
    void make_room() {
      for (; used_ > capacity_ && !order_.empty(); order_.pop_front()) {
        stats_.evictions += entries_.count(order_.front());
        drop(order_.front());
      }
    }

    mutable std::mutex mutex_;
    std::unordered_map<Key, Entry, Hash> entries_;
    std::deque<Key> order_;  // may name what is gone
    std::size_t capacity_;
    std::size_t used_ = 0;
    strata::cache::Stats stats_;
  };
};

// The library says whether that is a cache, in a sentence, before any engine is built on it.
static_assert(strata::CachePolicy<Fifo>);

/// Slots in any order; what is not named is the default.
using Db = strata::LsmTree<Fifo, strata::compression::Lz4>;

int main() {
  (void)strata::destroy("compose.db");
  Db::Options options;
  options.cache.capacity_bytes = 256 << 10;  // the cache's own option
  auto opened = Db::open("compose.db", options);
  if (!opened) {
    std::fprintf(stderr, "%s\n", to_string(opened.error()).c_str());
    return 1;
  }
  Db& db = *opened;
  const auto key_of = [](unsigned i) { return "key" + std::to_string(100'000 + i); };
  bool is_good = true;
  for (unsigned i = 0; i < 20'000; ++i) {
    is_good = is_good && db.put(key_of(i), "value of " + std::to_string(i));
  }
  is_good = is_good && db.flush();
  for (unsigned i = 0; i < 20'000; ++i) {
    const auto value = db.get(key_of(i % 500));  // a hot set that fits
    is_good = is_good && value && *value == "value of " + std::to_string(i % 500);
  }
  const strata::Stats stats = db.stats();
  std::printf("cache=%s in the composition: %s\n", Fifo::name.data(),
              stats.composition.find("cache=fifo") != std::string::npos ? "yes" : "no");
  std::printf("within its budget: %s\n",
              stats.cache_used_bytes <= stats.cache_capacity_bytes ? "yes" : "no");
  std::printf("hot reads that hit: %s\n", stats.cache_hit_ratio > 0.9 ? "over 90 %" : "too few");
  return is_good && db.close() ? 0 : 1;
}
