// SPDX-License-Identifier: BSL-1.0
#pragma once

/// S3-FIFO: three queues that pass over what is used once (J. Yang, Y. Zhang, Z. Qiu, Y. Yue,
/// R. Vinayak, "FIFO queues are all you need for cache eviction", SOSP 2023). The default.
///
///     insert --> small (a tenth) --used again--> main --unused--> out
///                      |                          ^ '--used: once more around
///                      '--unused--> ghost --comes back
///
/// New entries wait in the small queue; most are never asked for again and leave from there, so a
/// scan can not push out what is in use. The ghost remembers as many keys as there are entries; one
/// that comes back in time goes to main at once. A hit counts to three in the
/// entry itself and touches nothing else: no lock, no list.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/ghost.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/cache/detail/sharded.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

namespace detail {

class S3FifoEviction {
 public:
  static constexpr bool hit_needs_lock = false;

  void prepare() { ghost_.reserve(count() + 1); }

  void insert(Links& entry) noexcept {
    const bool returns = ghost_.take(entry.hash.load(std::memory_order_relaxed), count());
    push(entry, returns ? in_main : in_small);
  }

  /// Races lose a count at most.
  static void hit(Links& entry) noexcept {
    const std::uint8_t uses = entry.uses.load(std::memory_order_relaxed);
    if (uses < uses_max) {
      entry.uses.store(static_cast<std::uint8_t>(uses + 1), std::memory_order_relaxed);
    }
  }

  void remove(Links& entry) noexcept { queue_of(entry).remove(entry); }

  /// Amortised O(1): an entry goes around once for each of its at most three counted hits.
  [[nodiscard]] Links* evict(std::size_t room_bytes) noexcept {
    // Readers may count faster than this loop does; it does not race them for ever.
    std::size_t patience = (uses_max + 1) * count();
    while (!small_.empty() || !main_.empty()) {
      const bool from_small = main_.empty() || small_.bytes() > room_bytes / 10;
      Links& entry = from_small && !small_.empty() ? small_.pop() : main_.pop();
      const std::uint8_t uses = entry.uses.load(std::memory_order_relaxed);
      const std::uint8_t enough = entry.queue == in_small ? uses_to_stay : 1;
      if (uses < enough || patience == 0) {
        if (entry.queue == in_small) {
          ghost_.add(entry.hash.load(std::memory_order_relaxed));
        }
        return &entry;
      }
      --patience;
      const bool promoted = entry.queue == in_small;
      entry.uses.store(promoted ? 0 : static_cast<std::uint8_t>(uses - 1),
                       std::memory_order_relaxed);
      push(entry, in_main);
    }
    return nullptr;
  }

 private:
  static constexpr std::uint8_t in_small = 0;
  static constexpr std::uint8_t in_main = 1;
  static constexpr std::uint8_t uses_max = 3;
  static constexpr std::uint8_t uses_to_stay = 2;

  [[nodiscard]] std::size_t count() const noexcept { return small_.count() + main_.count(); }
  Queue& queue_of(const Links& entry) noexcept { return entry.queue == in_main ? main_ : small_; }
  void push(Links& entry, std::uint8_t queue) noexcept {
    entry.queue = queue;
    queue_of(entry).push(entry);
  }

  Queue small_;
  Queue main_;
  Ghost ghost_;
};

}  // namespace detail

struct S3Fifo {
  using policy_slot = cache_slot;
  using Options = ShardedOptions;
  using Eviction = detail::S3FifoEviction;
  static constexpr std::string_view name = "s3_fifo";

  template <class Key, class Value, class Hash>
  using type = detail::Sharded<Key, Value, Hash, S3Fifo>;
};

static_assert(CachePolicy<S3Fifo>);

}  // namespace strata::cache
