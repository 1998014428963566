// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An entry that readers pin without a lock, and the pool that its memory never leaves.
///
/// `state` is one word: two flags, and the number of pins below them.
///
///     vacant --fill, publish--> alive --retire--> doomed --last pin gone--> vacant
///
/// A reader adds a pin first and looks at the flags afterwards. If the entry was alive then it
/// holds: key and value stay put until the pin is gone. If not, it takes the pin back and has seen
/// nothing. This is sound because a node's memory stays a node as long as its pool lives, and
/// because whoever finds "doomed, no pins" must win a compare-and-swap to empty the node, so that
/// exactly one thread does. (HyperClockCache of RocksDB, P. Dillinger, pins slots the same way.)

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <strata/cache/detail/queue.hpp>
#include <strata/core/arena.hpp>
#include <strata/core/prefetch.hpp>

namespace strata::cache::detail {

template <class Key, class Value, class Base>
class Pool;

/// `Base` is `Links`, or what an order of eviction makes of them.
template <class Key, class Value, class Base = Links>
struct Node : Base {
  static constexpr std::uint32_t alive = std::uint32_t{1} << 31;
  static constexpr std::uint32_t doomed = std::uint32_t{1} << 30;

  explicit Node(Pool<Key, Value, Base>& pool) noexcept : home(&pool) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() { assert((state.load(std::memory_order_acquire) & (doomed - 1)) == 0); }

  /// Asks for all its cache lines at once: a pin, being atomic, would have the others wait for the
  /// first.
  void prefetch() const noexcept {
    strata::prefetch(this, std::min<std::size_t>(sizeof(Node), 256));
  }
  /// Adds a pin where the entry is alive.
  [[nodiscard]] bool pin() noexcept {
    if ((state.fetch_add(1, std::memory_order_acquire) & alive) != 0) {
      return true;
    }
    unpin();
    return false;
  }
  /// Adds a pin where the entry is alive and that of `key`.
  [[nodiscard]] bool pin_for(const Key& key) noexcept {
    if (!pin()) {
      return false;
    }
    if (entry->first == key) {
      return true;
    }
    unpin();
    return false;
  }
  /// Takes a pin back; the last one of a doomed entry destroys key and value.
  void unpin() noexcept {
    if (state.fetch_sub(1, std::memory_order_release) == doomed + 1) {
      std::uint32_t expected = doomed;
      if (state.compare_exchange_strong(expected, 0, std::memory_order_acq_rel)) {
        entry.reset();
        home->give_back(*this);
      }
    }
  }
  /// Vacant to alive, with one pin. The flags are added, not stored: a reader that came too early
  /// may hold a pin which it is about to take back.
  void publish() noexcept { state.fetch_add(alive + 1, std::memory_order_release); }
  /// Vacant to doomed, with one pin: an entry that its handle alone keeps.
  void publish_doomed() noexcept { state.fetch_add(doomed + 1, std::memory_order_release); }
  /// Alive to doomed, with one more pin, which the caller takes back.
  void retire() noexcept { state.fetch_sub(alive - doomed - 1, std::memory_order_acq_rel); }

  [[nodiscard]] bool is_alive() const noexcept {
    return (state.load(std::memory_order_relaxed) & alive) != 0;
  }

  std::atomic<std::uint32_t> state{0};
  std::atomic<Node*> next{nullptr};  ///< in its chain, or in the pool
  Pool<Key, Value, Base>* home;
  std::optional<std::pair<Key, Value>> entry;
};

/// Where all shards have their nodes from: side by side they come to fill large pages.
/// Any number of threads.
class NodeMemory {
 public:
  [[nodiscard]] char* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    return arena_.allocate(bytes);
  }

 private:
  std::mutex mutex_;
  Arena arena_;
};

/// Nodes of one shard. `spare` and `take_spare` are for the holder of the shard's lock;
/// `give_back` is for everyone.
template <class Key, class Value, class Base = Links>
class Pool {
  using N = Node<Key, Value, Base>;

 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (N* const node : nodes_) {
      std::destroy_at(node);
    }
  }

  /// A vacant node, which stays in the pool until `take_spare`. `memory` outlives the pool.
  [[nodiscard]] N& spare(NodeMemory& memory) {
    if (spares_ == nullptr) {
      // All at once: a node popped singly could be back with another successor (ABA).
      spares_ = returned_.exchange(nullptr, std::memory_order_acquire);
    }
    if (spares_ == nullptr) {
      static_assert(alignof(N) <= 8, "what an arena aligns to");
      nodes_.push_back(new (memory.allocate(sizeof(N))) N(*this));
      spares_ = nodes_.back();
    }
    return *spares_;
  }
  void take_spare() noexcept { spares_ = spares_->next.load(std::memory_order_relaxed); }

  void give_back(N& node) noexcept {
    N* head = returned_.load(std::memory_order_relaxed);
    do {
      node.next.store(head, std::memory_order_relaxed);
    } while (!returned_.compare_exchange_weak(head, &node, std::memory_order_release,
                                              std::memory_order_relaxed));
  }

 private:
  std::vector<N*> nodes_;
  N* spares_ = nullptr;
  std::atomic<N*> returned_{nullptr};
};

}  // namespace strata::cache::detail
