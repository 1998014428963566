// SPDX-License-Identifier: BSL-1.0
#pragma once

/// W-TinyLFU: keeps what is asked for often, and asks every newcomer for its record (G. Einziger,
/// R. Friedman, B. Manes, "TinyLFU: a highly efficient cache admission policy", ACM ToS 13(4),
/// 2017).
///
///     insert --> window (1 %) --wins--> probation --used--> shielded (4/5 of the rest)
///                   |oldest                |oldest  ^                 |oldest
///                   '---loses---> out <----'        '-----------------'
///
/// Three queues in the order of use, and a sketch of how often each key was used lately, of keys
/// that are gone too. When room is needed the oldest of the window and the oldest on probation are
/// compared, and the one that was used less often goes; a draw is the window's loss. So a scan
/// passes through the window and no further, and what has been popular for long is hard to
/// displace. While there is room the window hands on to probation without a contest. A hit moves
/// its entry, and so takes the lock of its shard.

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/frequency_sketch.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/cache/detail/sharded.hpp>
#include <strata/core/policy.hpp>

namespace strata::cache {

/// As `ShardedOptions`, and the window.
struct WTinyLfuOptions {
  std::size_t capacity_bytes = ShardedOptions{}.capacity_bytes;
  unsigned shards = ShardedOptions{}.shards;
  bool count_overhead = ShardedOptions{}.count_overhead;
  /// 1 to 99. More where keys come in bursts and are then not asked for again: the record of a
  /// newcomer says little there, and a window of 20 or 50 hits more often.
  unsigned window_percent = 1;
};

namespace detail {

class WTinyLfuEviction {
 public:
  static constexpr bool hit_needs_lock = true;

  void configure(const WTinyLfuOptions& options) noexcept {
    assert(options.window_percent > 0 && options.window_percent < 100);
    window_percent_ = options.window_percent;
  }
  void prepare() { sketch_.allow(count() + 1); }

  void announce(Links& entry, std::size_t room_bytes) noexcept {
    room_bytes_ = room_bytes;
    announced_bytes_ = entry.charge_bytes;
    record(entry);
  }

  void insert(Links& entry) noexcept {
    announced_bytes_ = 0;
    push(entry, window);
    while (queues_[window].count() > 1 && queues_[window].bytes() > window_bytes()) {
      push(queues_[window].pop(), probation);
    }
  }

  void hit(Links& entry) noexcept {
    record(entry);
    remove(entry);
    push(entry, entry.queue == window ? window : shielded);
    while (queues_[shielded].bytes() > shielded_bytes()) {
      push(queues_[shielded].pop(), probation);
    }
  }

  void remove(Links& entry) noexcept { queues_[entry.queue].remove(entry); }

  [[nodiscard]] Links* evict(std::size_t room_bytes) noexcept {
    room_bytes_ = room_bytes;
    Queue& newcomers = queues_[window];
    Queue& residents = queues_[queues_[probation].empty() ? shielded : probation];
    if (residents.empty()) {
      return newcomers.empty() ? nullptr : &newcomers.pop();
    }
    if (newcomers.empty() || newcomers.bytes() + announced_bytes_ <= window_bytes()) {
      return &residents.pop();
    }
    if (frequency(newcomers.oldest()) <= frequency(residents.oldest())) {
      return &newcomers.pop();
    }
    Links& loser = residents.pop();
    push(newcomers.pop(), probation);
    return &loser;
  }

 private:
  static constexpr std::uint8_t window = 0;
  static constexpr std::uint8_t probation = 1;
  static constexpr std::uint8_t shielded = 2;

  [[nodiscard]] std::size_t window_bytes() const noexcept {
    return room_bytes_ / 100 * window_percent_ + room_bytes_ % 100 * window_percent_ / 100;
  }
  /// Four fifths of what the window leaves.
  [[nodiscard]] std::size_t shielded_bytes() const noexcept {
    const std::size_t main_bytes = room_bytes_ - window_bytes();
    return main_bytes - main_bytes / 5;
  }
  [[nodiscard]] std::size_t count() const noexcept {
    return queues_[window].count() + queues_[probation].count() + queues_[shielded].count();
  }

  void push(Links& entry, std::uint8_t queue) noexcept {
    entry.queue = queue;
    queues_[queue].push(entry);
  }
  void record(const Links& entry) noexcept {
    sketch_.record(entry.hash.load(std::memory_order_relaxed), std::max<std::size_t>(count(), 1));
  }
  unsigned frequency(const Links& entry) noexcept {
    return sketch_.frequency(entry.hash.load(std::memory_order_relaxed));
  }

  std::array<Queue, 3> queues_;
  FrequencySketch sketch_;
  unsigned window_percent_ = 1;
  std::size_t room_bytes_ = 0;       ///< as last told
  std::size_t announced_bytes_ = 0;  ///< of what room is made for
};

}  // namespace detail

struct WTinyLfu {
  using policy_slot = cache_slot;
  using Options = WTinyLfuOptions;
  using Eviction = detail::WTinyLfuEviction;
  static constexpr std::string_view name = "w_tiny_lfu";

  template <class Key, class Value, class Hash>
  using type = detail::Sharded<Key, Value, Hash, WTinyLfu>;
};

static_assert(CachePolicy<WTinyLfu>);

}  // namespace strata::cache
