// SPDX-License-Identifier: BSL-1.0
#pragma once

/// ARC: divides its room between what was used once and what was used again, and learns the
/// division from its own mistakes (N. Megiddo, D. S. Modha, "ARC: a self-tuning, low overhead
/// replacement cache", FAST 2003).
///
///     insert --> once  --used--> again <-'used: newest again
///                  |oldest         |oldest
///                  v               v
///           ghosts of once   ghosts of again --comes back--> again
///
/// Both queues are in the order of use. A key that comes back among the ghosts of one of them shows
/// that this one was too short: its target grows by the key's weight, times the number by which
/// the other ghosts outweigh these. `once` and its ghosts weigh a full cache at most; all four
/// queues two; and there are no more ghosts than there have been entries, in 64 bytes each, which
/// the budget counts. With entries of one size this is the paper's algorithm to the last hit. A hit
/// moves its entry, and so takes the lock of its shard.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/ghost_queues.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/cache/detail/sharded.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

namespace detail {

class ArcEviction {
 public:
  static constexpr bool hit_needs_lock = true;
  static constexpr std::size_t entry_overhead_bytes = GhostQueues::ghost_bytes;

  void prepare() { ghosts_.allow(queues_[once].count() + queues_[again].count() + 1); }

  void announce(Links& entry, std::size_t room_bytes) noexcept {
    room_bytes_ = room_bytes;
    target_bytes_ = std::min(target_bytes_, static_cast<double>(room_bytes));
    Links* const ghost = ghosts_.find(entry.hash.load(std::memory_order_relaxed));
    entry.queue = ghost == nullptr ? once : again;
    returns_to_again_ = ghost != nullptr && ghost->queue == again;
    if (ghost != nullptr) {
      learn(ghost->queue, static_cast<double>(entry.charge_bytes));
      ghosts_.forget(*ghost);
    }
  }

  void insert(Links& entry) noexcept {
    queues_[entry.queue].push(entry);
    returns_to_again_ = false;
    bound_ghosts();
  }
  void hit(Links& entry) noexcept {
    remove(entry);
    entry.queue = again;
    queues_[again].push(entry);
  }
  void remove(Links& entry) noexcept { queues_[entry.queue].remove(entry); }

  [[nodiscard]] Links* evict(std::size_t) noexcept {
    Queue& queue = queue_to_shorten();
    if (queue.empty()) {
      return nullptr;
    }
    Links& victim = queue.pop();
    ghosts_.add(victim.queue, victim.hash.load(std::memory_order_relaxed), victim.charge_bytes);
    return &victim;
  }

 private:
  static constexpr std::uint8_t once = 0;
  static constexpr std::uint8_t again = 1;

  /// The paper's REPLACE.
  Queue& queue_to_shorten() noexcept {
    const auto bytes = static_cast<double>(queues_[once].bytes());
    const bool too_long = returns_to_again_ ? bytes >= target_bytes_ : bytes > target_bytes_;
    const bool shorten_once = queues_[again].empty() || (too_long && !queues_[once].empty());
    return queues_[shorten_once ? once : again];
  }

  /// An entry left `queue` too early.
  void learn(std::uint8_t queue, double charge_bytes) noexcept {
    const auto these = static_cast<double>(std::max<std::size_t>(ghosts_.queue(queue).bytes(), 1));
    const auto others = static_cast<double>(ghosts_.queue(queue == once ? again : once).bytes());
    const double step = charge_bytes * std::max(1.0, others / these);
    target_bytes_ = queue == once ? std::min(static_cast<double>(room_bytes_), target_bytes_ + step)
                                  : std::max(0.0, target_bytes_ - step);
  }

  /// The paper makes place before it inserts; here an entry may need that of several.
  void bound_ghosts() noexcept {
    const Queue& of_once = ghosts_.queue(once);
    const Queue& of_again = ghosts_.queue(again);
    while (!of_once.empty() && queues_[once].bytes() + of_once.bytes() > room_bytes_) {
      ghosts_.forget(of_once.oldest());
    }
    const std::size_t others = queues_[once].bytes() + of_once.bytes() + queues_[again].bytes();
    while (!of_again.empty() && others + of_again.bytes() > 2 * room_bytes_) {
      ghosts_.forget(of_again.oldest());
    }
  }

  std::array<Queue, 2> queues_;
  GhostQueues ghosts_;
  double target_bytes_ = 0;        ///< of `once`; the rest of the room is for `again`
  bool returns_to_again_ = false;  ///< what is announced was a ghost of `again`
  std::size_t room_bytes_ = 0;     ///< when an entry was last announced
};

}  // namespace detail

struct Arc {
  using policy_slot = cache_slot;
  using Options = ShardedOptions;
  using Eviction = detail::ArcEviction;
  static constexpr std::string_view name = "arc";

  template <class Key, class Value, class Hash>
  using type = detail::Sharded<Key, Value, Hash, Arc>;
};

static_assert(CachePolicy<Arc>);

}  // namespace strata::cache
