// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A hash table of nodes that is read without a lock.
///
/// Chained, because a chain can be changed under its readers' feet: they follow `next` whatever
/// becomes of the node they stand on, and trust only a node that they have pinned. A node that is
/// reused, or a table that grows, may lead a reader into another chain: it then misses an entry
/// that a later look would have found, which for a cache is no error. Single-threaded use never
/// misses. Tables that were outgrown are kept for their readers: as many bytes again as the current
/// one has.
///
/// Threads: `find_pinned` is for everyone, the rest for the holder of the shard's lock.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <strata/cache/detail/node.hpp>
#include <strata/cache/detail/queue.hpp>

namespace strata::cache::detail {

template <class Key, class Value, class Base = Links>
class Chains {
  using N = Node<Key, Value, Base>;

 public:
  Chains() { grow_to(16); }

  /// The entry of `key`, with a pin, or null.
  [[nodiscard]] N* find_pinned(std::uint64_t hash, const Key& key) const noexcept {
    const Table& table = *table_.load(std::memory_order_acquire);
    N* node = table.head(hash).load(std::memory_order_acquire);
    for (; node != nullptr; node = node->next.load(std::memory_order_acquire)) {
      node->prefetch();
      if (node->hash.load(std::memory_order_relaxed) == hash && node->pin_for(key)) {
        return node;
      }
    }
    return nullptr;
  }

  [[nodiscard]] N* find(std::uint64_t hash, const Key& key) const noexcept {
    N* node = tables_.back()->head(hash).load(std::memory_order_relaxed);
    while (node != nullptr &&
           !(node->hash.load(std::memory_order_relaxed) == hash && node->entry->first == key)) {
      node = node->next.load(std::memory_order_relaxed);
    }
    return node;
  }

  /// Room for one more entry. Half of the heads at most have an entry on average: each entry that a
  /// look-up passes is a cache line to wait for.
  void prepare() {
    if (2 * count_ == tables_.back()->size()) {
      grow_to(4 * count_);
    }
  }
  void link(N& node) noexcept {
    ++count_;
    push(*tables_.back(), node);
  }

  void unlink(N& node) noexcept {
    --count_;
    auto* link = &tables_.back()->head(node.hash.load(std::memory_order_relaxed));
    while (link->load(std::memory_order_relaxed) != &node) {
      link = &link->load(std::memory_order_relaxed)->next;
    }
    link->store(node.next.load(std::memory_order_relaxed), std::memory_order_release);
  }

 private:
  class Table {
   public:
    explicit Table(std::size_t size) : heads_(size) {}
    [[nodiscard]] std::size_t size() const noexcept { return heads_.size(); }
    [[nodiscard]] std::atomic<N*>& head(std::uint64_t hash) const noexcept {
      return heads_[hash & (heads_.size() - 1)];
    }
    [[nodiscard]] auto& heads() noexcept { return heads_; }

   private:
    mutable std::vector<std::atomic<N*>> heads_;
  };

  static void push(const Table& table, N& node) noexcept {
    std::atomic<N*>& head = table.head(node.hash.load(std::memory_order_relaxed));
    node.next.store(head.load(std::memory_order_relaxed), std::memory_order_release);
    head.store(&node, std::memory_order_release);
  }

  void grow_to(std::size_t size) {
    tables_.push_back(std::make_unique<Table>(size));
    Table& larger = *tables_.back();
    if (tables_.size() > 1) {
      for (std::atomic<N*>& head : tables_[tables_.size() - 2]->heads()) {
        N* node = head.load(std::memory_order_relaxed);
        while (node != nullptr) {
          N* const following = node->next.load(std::memory_order_relaxed);
          push(larger, *node);
          node = following;
        }
      }
    }
    table_.store(&larger, std::memory_order_release);
  }

  std::vector<std::unique_ptr<Table>> tables_;  ///< the last is in use
  std::atomic<const Table*> table_{nullptr};
  std::size_t count_ = 0;
};

}  // namespace strata::cache::detail
