// SPDX-License-Identifier: BSL-1.0
#pragma once

/// CLOCK, or "second chance": nearly the order of LRU, and a hit moves nothing (F. J. Corbato, "A
/// paging experiment with the Multics system", 1968).
///
///     insert --> newest ... oldest --unused--> out
///                  ^                 '--used: as if new, its mark wiped
///                  '-----------------'
///
/// A hit leaves a mark in the entry itself: no lock, no list. Like LRU it is undone by a scan
/// longer than the cache.

#include <atomic>
#include <cstddef>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/cache/detail/sharded.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

namespace detail {

class ClockEviction {
 public:
  static constexpr bool hit_needs_lock = false;

  void prepare() noexcept {}
  void insert(Links& entry) noexcept { queue_.push(entry); }
  static void hit(Links& entry) noexcept {
    // Most hits find the mark: the cache line then stays shared among the readers.
    if (entry.uses.load(std::memory_order_relaxed) == 0) {
      entry.uses.store(1, std::memory_order_relaxed);
    }
  }
  void remove(Links& entry) noexcept { queue_.remove(entry); }

  /// Amortised O(1): a mark is wiped for each entry that is passed over.
  [[nodiscard]] Links* evict(std::size_t) noexcept {
    // Readers may mark faster than this loop wipes; it does not race them for ever.
    std::size_t patience = queue_.count();
    while (!queue_.empty()) {
      Links& entry = queue_.pop();
      if (patience == 0 || entry.uses.load(std::memory_order_relaxed) == 0) {
        return &entry;
      }
      --patience;
      entry.uses.store(0, std::memory_order_relaxed);
      queue_.push(entry);
    }
    return nullptr;
  }

 private:
  Queue queue_;
};

}  // namespace detail

struct Clock {
  using policy_slot = cache_slot;
  using Options = ShardedOptions;
  using Eviction = detail::ClockEviction;
  static constexpr std::string_view name = "clock";

  template <class Key, class Value, class Hash>
  using type = detail::Sharded<Key, Value, Hash, Clock>;
};

static_assert(CachePolicy<Clock>);

}  // namespace strata::cache
