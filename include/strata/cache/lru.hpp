// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Evicts the least recently used entry. The yardstick: simple, predictable, and undone by a scan
/// longer than the cache. A hit moves its entry to the end of a queue, and so takes the lock of
/// its shard.

#include <cstddef>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/cache/detail/sharded.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

namespace detail {

class LruEviction {
 public:
  static constexpr bool hit_needs_lock = true;

  void prepare() noexcept {}
  void insert(Links& entry) noexcept { queue_.push(entry); }
  void hit(Links& entry) noexcept {
    queue_.remove(entry);
    queue_.push(entry);
  }
  void remove(Links& entry) noexcept { queue_.remove(entry); }
  [[nodiscard]] Links* evict(std::size_t) noexcept {
    return queue_.empty() ? nullptr : &queue_.pop();
  }

 private:
  Queue queue_;
};

}  // namespace detail

struct Lru {
  using policy_slot = cache_slot;
  using Options = ShardedOptions;
  using Eviction = detail::LruEviction;
  static constexpr std::string_view name = "lru";

  template <class Key, class Value, class Hash>
  using type = detail::Sharded<Key, Value, Hash, Lru>;
};

static_assert(CachePolicy<Lru>);

}  // namespace strata::cache
