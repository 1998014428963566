// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What every cache is but its order of eviction: shards, budget, pins, statistics.
///
/// The hash of a key chooses its shard, which has its own lock, its own share of the budget and
/// its own queues. A look-up takes no lock: it walks a chain, pins the entry and tells the
/// policy. Inserting makes room first, so nothing evicts what was just put in, and each eviction
/// is O(1). Values are destroyed outside the lock, by whoever lets go of them last.
///
/// `Policy::Eviction` is the order, one for a shard. It sees `Links`, under the shard's lock:
///
/// | expression                  | result   | meaning                                          |
/// |-----------------------------|----------|--------------------------------------------------|
/// | `E::hit_needs_lock`         | `bool`   | false: `hit` is called by many readers at once    |
/// | `e.prepare()`               |          | may allocate what one more entry needs           |
/// | `e.insert(entry)`           |          | has a hash and a charge                           |
/// | `e.hit(entry)`              |          | was found                                         |
/// | `e.remove(entry)`           |          | erased or replaced                                |
/// | `e.evict(room_bytes)`       | `Links*` | removes what should go first; null: holds nothing |
///
/// More is for those who want it:
///
/// | expression                      | meaning                                                   |
/// |---------------------------------|-----------------------------------------------------------|
/// | `e.configure(options)`          | comes first; the options have what `ShardedOptions` has   |
/// | `e.announce(entry, room_bytes)` | `evict` is about to make room for it, then `insert` comes |
/// | `E::entry_overhead_bytes`       | what the order itself spends on an entry                  |
/// | `E::Entry`                      | derives from `Links`, which are all of this type then     |
///
/// Threads: everything is concurrent.

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/cache/concept.hpp>
#include <strata/cache/detail/chains.hpp>
#include <strata/cache/detail/node.hpp>
#include <strata/cache/detail/queue.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/thread_hint.hpp>

namespace strata::cache {

struct ShardedOptions {
  std::size_t capacity_bytes = 256_MiB;
  /// A power of two. More let more threads insert at once; each gets an equal part of the
  /// budget, and a value larger than that is not kept, so a small cache wants few.
  unsigned shards = 16;
  /// Adds to each charge what the cache itself spends on an entry. Without, `capacity_bytes` is
  /// in whatever unit the caller charges: 1 for each entry, say.
  bool count_overhead = true;
};

namespace detail {

template <class Eviction>
struct EntryOf {
  using type = Links;
};
template <class Eviction>
requires std::derived_from<typename Eviction::Entry, Links>
struct EntryOf<Eviction> {
  using type = typename Eviction::Entry;
};

template <class Key, class Value, class Hash, class Policy>
class Sharded {
  using Eviction = typename Policy::Eviction;
  using Base = typename EntryOf<Eviction>::type;
  using N = Node<Key, Value, Base>;
  static_assert(std::is_nothrow_move_constructible_v<Value> &&
                    std::is_nothrow_destructible_v<Value>,
                "strata: a cached value needs a move constructor and a destructor that do not "
                "throw");

 public:
  /// Pins one value; see strata/cache/concept.hpp.
  class [[nodiscard]] Handle {
   public:
    Handle() = default;
    Handle(Handle&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
      Handle gone(std::move(other));
      std::swap(node_, gone.node_);
      return *this;
    }
    ~Handle() {
      if (node_ != nullptr) {
        node_->unpin();
      }
    }

    explicit operator bool() const noexcept { return node_ != nullptr; }
    const Value& operator*() const noexcept {
      assert(node_ != nullptr);
      return node_->entry->second;
    }
    const Value* operator->() const noexcept { return &**this; }

   private:
    friend class Sharded;
    explicit Handle(N* pinned) noexcept : node_(pinned) {}

    N* node_ = nullptr;
  };

  /// A node that may be vacant or another's by now: its pin and its key tell. Nodes never leave
  /// their pools, so it can be asked as long as the cache lives.
  class Hint {
   public:
    void prefetch() const noexcept {
      if (const N* const node = node_.load(std::memory_order_relaxed)) {
        node->prefetch();
      }
    }

   private:
    friend class Sharded;
    std::atomic<N*> node_{nullptr};
  };

  explicit Sharded(const typename Policy::Options& options)
      : overhead_bytes_(options.count_overhead ? entry_overhead_bytes : 0),
        capacity_bytes_(options.capacity_bytes),
        shards_(std::bit_ceil(std::max(options.shards, 1U))) {
    assert(std::has_single_bit(options.shards) && options.shards <= 65536);
    if constexpr (requires(Eviction eviction) { eviction.configure(options); }) {
      for (Shard& shard : shards_) {
        shard.eviction.configure(options);
      }
    }
    apply_budget();
  }
  Sharded(const Sharded&) = delete;
  Sharded& operator=(const Sharded&) = delete;
  ~Sharded() = default;

  /// Complexity: one chain, two atomic additions, no lock unless the policy orders hits.
  Handle find(const Key& key) noexcept {
    const std::uint64_t hash = hash_of(key);
    return found(hash, shard_of(hash).chains.find_pinned(hash, key));
  }
  /// As `find(key)`; O(1) without a hash table where the entry is still where the hint says.
  Handle find(const Key& key, Hint& hint) noexcept {
    if (N* const node = hint.node_.load(std::memory_order_acquire); node != nullptr) {
      node->prefetch();
      if (node->pin_for(key)) {
        return found(node->hash.load(std::memory_order_relaxed), node);
      }
    }
    Handle handle = find(key);
    if (handle) {
      hint.node_.store(handle.node_, std::memory_order_release);
    }
    return handle;
  }

  Handle insert(const Key& key, Value&& value, std::size_t charge_bytes) {
    const std::uint64_t hash = hash_of(key);
    Shard& shard = shard_of(hash);
    Retired retired;  // outlives the lock
    const std::lock_guard lock(shard.mutex);
    shard.chains.prepare();
    shard.eviction.prepare();
    N& node = shard.pool.spare(node_memory_);
    node.entry.emplace(key, std::move(value));
    shard.pool.take_spare();  // nothing throws from here on
    node.hash.store(hash, std::memory_order_relaxed);
    node.charge_bytes = std::max(charge_bytes, charge_bytes + overhead_bytes_);
    node.uses.store(0, std::memory_order_relaxed);
    shard.inserts.fetch_add(1, std::memory_order_relaxed);
    if (N* const replaced = shard.chains.find(hash, key)) {
      shard.eviction.remove(*replaced);
      retire(shard, *replaced, retired);
    }
    if (node.charge_bytes > shard.room_bytes) {
      node.publish_doomed();
      return Handle(&node);
    }
    if constexpr (requires { shard.eviction.announce(node, shard.room_bytes); }) {
      shard.eviction.announce(node, shard.room_bytes);
    }
    make_room(shard, shard.room_bytes - node.charge_bytes, retired);
    shard.chains.link(node);
    shard.eviction.insert(node);
    shard.used_bytes.fetch_add(node.charge_bytes, std::memory_order_relaxed);
    node.publish();
    return Handle(&node);
  }

  void erase(const Key& key) {
    const std::uint64_t hash = hash_of(key);
    Shard& shard = shard_of(hash);
    Retired retired;
    const std::lock_guard lock(shard.mutex);
    if (N* const node = shard.chains.find(hash, key)) {
      shard.eviction.remove(*node);
      retire(shard, *node, retired);
    }
  }

  void clear() {
    for (Shard& shard : shards_) {
      Retired retired;
      const std::lock_guard lock(shard.mutex);
      while (Links* const entry = shard.eviction.evict(0)) {
        retire(shard, static_cast<N&>(*entry), retired);
      }
    }
  }

  void reserve(std::ptrdiff_t bytes) {
    reserved_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    apply_budget();
  }

  void set_capacity(std::size_t bytes) {
    capacity_bytes_.store(bytes, std::memory_order_relaxed);
    apply_budget();
  }

  [[nodiscard]] std::size_t used_bytes() const noexcept {
    std::size_t used = reserved_bytes();
    for (const Shard& shard : shards_) {
      used += shard.used_bytes.load(std::memory_order_relaxed);
    }
    return used;
  }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    return capacity_bytes_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] Stats stats() const noexcept {
    Stats stats;
    for (const Lookups& lookups : lookups_) {
      stats.hits += lookups.hits.load(std::memory_order_relaxed);
      stats.misses += lookups.misses.load(std::memory_order_relaxed);
    }
    for (const Shard& shard : shards_) {
      stats.inserts += shard.inserts.load(std::memory_order_relaxed);
      stats.evictions += shard.evictions.load(std::memory_order_relaxed);
    }
    return stats;
  }

 private:
  /// A node, at most eight places in hash tables (cache/detail/chains.hpp), its place in a ghost.
  static constexpr std::size_t entry_overhead_bytes = [] {
    std::size_t bytes = sizeof(N) + 8 * sizeof(void*) + 16;
    if constexpr (requires { Eviction::entry_overhead_bytes; }) {
      bytes += Eviction::entry_overhead_bytes;
    }
    return bytes;
  }();

  struct alignas(64) Shard {
    Chains<Key, Value, Base> chains;
    Pool<Key, Value, Base> pool;
    std::mutex mutex;
    Eviction eviction;
    std::size_t room_bytes = 0;
    std::atomic<std::size_t> used_bytes{0};
    std::atomic<std::uint64_t> inserts{0};
    std::atomic<std::uint64_t> evictions{0};
  };

  struct alignas(64) Lookups {
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> misses{0};
  };

  /// Nodes that left their shard, each pinned once, to be let go after the lock is released.
  class Retired {
   public:
    Retired() = default;
    Retired(const Retired&) = delete;
    Retired& operator=(const Retired&) = delete;
    ~Retired() {
      while (!nodes_.empty()) {
        static_cast<N&>(nodes_.pop()).unpin();
      }
    }
    void add(N& node) noexcept { nodes_.push(node); }

   private:
    Queue nodes_;
  };

  static std::uint64_t hash_of(const Key& key) noexcept { return mix64(Hash{}(key)); }
  Shard& shard_of(std::uint64_t hash) noexcept {
    return shards_[(hash >> 48) & (shards_.size() - 1)];
  }

  [[nodiscard]] std::size_t reserved_bytes() const noexcept {
    const std::ptrdiff_t reserved = reserved_bytes_.load(std::memory_order_relaxed);
    assert(reserved >= 0);
    return reserved < 0 ? 0 : static_cast<std::size_t>(reserved);
  }

  /// Counts a look-up that ended at `node`, pinned, or nowhere.
  Handle found(std::uint64_t hash, N* node) noexcept {
    Lookups& lookups = lookups_[thread_hint() % lookups_.size()];
    if (node == nullptr) {
      lookups.misses.fetch_add(1, std::memory_order_relaxed);
      return Handle();
    }
    lookups.hits.fetch_add(1, std::memory_order_relaxed);
    if constexpr (Eviction::hit_needs_lock) {
      Shard& shard = shard_of(hash);
      const std::lock_guard lock(shard.mutex);
      if (node->is_alive()) {
        shard.eviction.hit(*node);
      }
    } else {
      shard_of(hash).eviction.hit(*node);
    }
    return Handle(node);
  }

  /// The policy has let go of `node` already.
  void retire(Shard& shard, N& node, Retired& retired) noexcept {
    shard.chains.unlink(node);
    shard.used_bytes.fetch_sub(node.charge_bytes, std::memory_order_relaxed);
    node.retire();
    retired.add(node);
  }

  void make_room(Shard& shard, std::size_t limit_bytes, Retired& retired) noexcept {
    while (shard.used_bytes.load(std::memory_order_relaxed) > limit_bytes) {
      Links* const victim = shard.eviction.evict(shard.room_bytes);
      assert(victim != nullptr);
      shard.evictions.fetch_add(1, std::memory_order_relaxed);
      retire(shard, static_cast<N&>(*victim), retired);
    }
  }

  /// Gives each shard its part of what capacity and reserve leave.
  void apply_budget() {
    const std::lock_guard budget_lock(budget_mutex_);
    const std::size_t capacity = capacity_bytes();
    const std::size_t room = (capacity - std::min(capacity, reserved_bytes())) / shards_.size();
    for (Shard& shard : shards_) {
      Retired retired;
      const std::lock_guard lock(shard.mutex);
      shard.room_bytes = room;
      make_room(shard, room, retired);
    }
  }

  const std::size_t overhead_bytes_;
  std::mutex budget_mutex_;
  std::atomic<std::size_t> capacity_bytes_;
  std::atomic<std::ptrdiff_t> reserved_bytes_{0};
  std::array<Lookups, 8> lookups_;
  NodeMemory node_memory_;
  std::vector<Shard> shards_;
};

}  // namespace detail
}  // namespace strata::cache
