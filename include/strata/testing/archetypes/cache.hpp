// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The archetype of the cache slot: a hash table under a mutex that forgets everything when it is
/// full. A handle is one more owner of the value.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <strata/cache/concept.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/policy.hpp>

namespace strata::testing::archetype {

struct Cache {
  using policy_slot = cache_slot;
  struct Options {
    std::size_t capacity_bytes = 1_MiB;
  };
  static constexpr std::string_view name = "archetype";

  template <class Key, class Value, class Hash>
  class type {
   public:
    class [[nodiscard]] Handle {
     public:
      Handle() = default;
      Handle(Handle&&) noexcept = default;
      Handle& operator=(Handle&&) noexcept = default;
      explicit operator bool() const noexcept { return value_ != nullptr; }
      const Value& operator*() const noexcept { return *value_; }
      const Value* operator->() const noexcept { return value_.get(); }

     private:
      friend class type;
      explicit Handle(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
      std::shared_ptr<const Value> value_;
    };

    explicit type(const Options& options) : capacity_(options.capacity_bytes) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    Handle find(const Key& key) {
      const std::lock_guard lock(mutex_);
      const auto at = entries_.find(key);
      ++(at == entries_.end() ? stats_.misses : stats_.hits);
      return at == entries_.end() ? Handle() : Handle(at->second.value);
    }
    Handle insert(const Key& key, Value&& value, std::size_t bytes) {
      const auto shared = std::make_shared<const Value>(std::move(value));
      const std::lock_guard lock(mutex_);
      remove(key);
      if (bytes > capacity_ || bytes + overhead > capacity_) {
        return Handle(shared);
      }
      make_room(bytes + overhead);
      if (used_ + bytes + overhead <= capacity_) {
        entries_.emplace(key, Entry{shared, bytes + overhead});
        used_ += bytes + overhead;
        ++stats_.inserts;
      }
      return Handle(shared);
    }
    void erase(const Key& key) {
      const std::lock_guard lock(mutex_);
      remove(key);
    }
    void clear() {
      const std::lock_guard lock(mutex_);
      forget_all();
    }
    void reserve(std::ptrdiff_t bytes) {
      const std::lock_guard lock(mutex_);
      reserved_ += static_cast<std::size_t>(bytes);
      used_ += static_cast<std::size_t>(bytes);
      make_room(0);
    }
    void set_capacity(std::size_t bytes) {
      const std::lock_guard lock(mutex_);
      capacity_ = bytes;
      make_room(0);
    }
    [[nodiscard]] std::size_t used_bytes() const {
      const std::lock_guard lock(mutex_);
      return used_;
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
      std::shared_ptr<const Value> value;
      std::size_t bytes;
    };
    static constexpr std::size_t overhead = sizeof(Key) + sizeof(Entry) + 4 * sizeof(void*);

    void remove(const Key& key) {
      if (const auto at = entries_.find(key); at != entries_.end()) {
        used_ -= at->second.bytes;
        entries_.erase(at);
      }
    }
    void make_room(std::size_t bytes) {
      if (used_ + bytes > capacity_) {
        stats_.evictions += entries_.size();
        forget_all();
      }
    }
    void forget_all() {
      entries_.clear();
      used_ = reserved_;
    }

    mutable std::mutex mutex_;
    std::unordered_map<Key, Entry, Hash> entries_;
    std::size_t capacity_;
    std::size_t used_ = 0;  ///< of entries, and the reserve
    std::size_t reserved_ = 0;
    cache::Stats stats_;
  };
};

static_assert(CachePolicy<Cache>);

}  // namespace strata::testing::archetype
