// SPDX-License-Identifier: BSL-1.0
#pragma once

/// SIEVE: one queue, and a hand that sifts it (Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V.
/// Rashmi, "SIEVE is simpler than LRU", NSDI 2024).
///
///     insert --> newest ......... hand ......... oldest
///                        <- unsifted | sifted: was used when the hand went by
///
/// The hand goes from the oldest to the newest entry and around. It wipes the mark of what was
/// used since its last visit, and leaves it in its place; it evicts the first entry without one. So
/// new entries are sifted soon after they came, and what is in use is not moved: no lock, no list
/// on a hit, one mark in the entry itself.

#include <atomic>
#include <cstddef>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/cache/detail/sharded.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

namespace detail {

class SieveEviction {
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
  void remove(Links& entry) noexcept {
    if (hand_ == &entry) {
      hand_ = queue_.newer_than(entry);
    }
    queue_.remove(entry);
  }

  /// Amortised O(1): a mark is wiped for each entry that is passed over.
  [[nodiscard]] Links* evict(std::size_t) noexcept {
    if (queue_.empty()) {
      return nullptr;
    }
    // Readers may mark faster than the hand wipes; it does not race them for ever.
    std::size_t patience = queue_.count();
    Links* victim = at_hand();
    while (patience > 0 && victim->uses.load(std::memory_order_relaxed) != 0) {
      --patience;
      victim->uses.store(0, std::memory_order_relaxed);
      hand_ = queue_.newer_than(*victim);
      victim = at_hand();
    }
    hand_ = victim;
    remove(*victim);
    return victim;
  }

 private:
  Links* at_hand() const noexcept { return hand_ == nullptr ? &queue_.oldest() : hand_; }

  Queue queue_;
  Links* hand_ = nullptr;  ///< looked at next; null: the oldest, whichever it will be
};

}  // namespace detail

struct Sieve {
  using policy_slot = cache_slot;
  using Options = ShardedOptions;
  using Eviction = detail::SieveEviction;
  static constexpr std::string_view name = "sieve";

  template <class Key, class Value, class Hash>
  using type = detail::Sharded<Key, Value, Hash, Sieve>;
};

static_assert(CachePolicy<Sieve>);

}  // namespace strata::cache
