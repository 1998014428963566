// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Queues of entries that are gone: of each its hash and what it weighed. Unlike the `Ghost` of
/// S3-FIFO they know their exact order, size and weight, which ARC decides by, for 64 bytes each.
///
/// There is never a ghost more than `allow` has allowed: the oldest goes for a new one. Two keys
/// with one 64-bit hash are taken for each other, which only costs a place in a queue. Every
/// operation is O(1). Threads: none; the owner's lock guards it. (Tested by
/// tests/cache/arc_test.cpp.)

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include <strata/cache/detail/queue.hpp>

namespace strata::cache::detail {

class GhostQueues {
 public:
  static constexpr std::size_t ghost_bytes = sizeof(Links) + 3 * sizeof(void*);

  /// Room for `count` ghosts, if it is not there yet. What this throws changes nothing.
  void allow(std::size_t count) {
    if (count > heads_.size()) {
      rehash(std::bit_ceil(std::max<std::size_t>(count, 16)));
    }
    while (ghosts_.size() < count) {
      spare_ = &ghosts_.emplace_back(spare_);
    }
  }

  [[nodiscard]] const Queue& queue(std::uint8_t number) const noexcept { return queues_[number]; }

  /// `number` of the queue is its `queue`; null where `hash` is not remembered.
  [[nodiscard]] Links* find(std::uint64_t hash) const noexcept {
    if (heads_.empty()) {
      return nullptr;
    }
    Ghost* ghost = heads_[hash & (heads_.size() - 1)];
    while (ghost != nullptr && hash_of(*ghost) != hash) {
      ghost = ghost->next;
    }
    return ghost;
  }

  /// Requires: `hash` is not remembered; `allow` was called.
  void add(std::uint8_t number, std::uint64_t hash, std::size_t bytes) noexcept {
    if (spare_ == nullptr) {
      const Queue& other = queues_[number == 0 ? 1 : 0];
      forget((queues_[number].empty() ? other : queues_[number]).oldest());
    }
    assert(spare_ != nullptr);
    Ghost& ghost = *std::exchange(spare_, spare_->next);
    ghost.hash.store(hash, std::memory_order_relaxed);
    ghost.charge_bytes = bytes;
    ghost.queue = number;
    ghost.next = std::exchange(head_of(ghost), &ghost);
    queues_[number].push(ghost);
  }

  void forget(Links& remembered) noexcept {
    Ghost& ghost = static_cast<Ghost&>(remembered);
    Ghost** link = &head_of(ghost);
    while (*link != &ghost) {
      link = &(*link)->next;
    }
    *link = ghost.next;
    queues_[ghost.queue].remove(ghost);
    ghost.next = std::exchange(spare_, &ghost);
  }

 private:
  struct Ghost : Links {
    explicit Ghost(Ghost* following) noexcept : next(following) {}
    Ghost* next;  ///< in its chain, or of the spare ones
  };

  static std::uint64_t hash_of(const Ghost& ghost) noexcept {
    return ghost.hash.load(std::memory_order_relaxed);
  }
  Ghost*& head_of(const Ghost& ghost) noexcept {
    return heads_[hash_of(ghost) & (heads_.size() - 1)];
  }

  void rehash(std::size_t size) {
    std::vector<Ghost*> smaller(size);
    smaller.swap(heads_);
    for (Ghost* ghost : smaller) {
      while (ghost != nullptr) {
        Ghost* const following = ghost->next;
        ghost->next = std::exchange(head_of(*ghost), ghost);
        ghost = following;
      }
    }
  }

  std::deque<Ghost> ghosts_;
  std::vector<Ghost*> heads_;  ///< a power of two
  Ghost* spare_ = nullptr;
  std::array<Queue, 2> queues_;
};

}  // namespace strata::cache::detail
