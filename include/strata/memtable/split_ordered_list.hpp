// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A hash table that many threads insert into, and that grows, without a lock.
///
/// All entries are on one list, sorted by the bits of their hash in reverse; a bucket is a node of
/// that list in front of its entries. Where the table doubles, each bucket's entries are in two
/// halves already, and a new node goes between them: entries never move (O. Shalev and N. Shavit,
/// "Split-Ordered Lists: Lock-Free Extensible Hash Tables", JACM 2006; without its deletions).
///
/// A bucket whose node is not on the list yet is part of the one that it splits from; the first who
/// inserts into it puts it there, and nobody waits for that. Readers write nothing.
///
/// | bytes | field | of a node: meaning                                              |
/// |-------|-------|-----------------------------------------------------------------|
/// | 8     | next  | the next one on the list                                        |
/// | 8     | order | the hash reversed; its last bit is set, and clear for a bucket's|
///
/// Buckets of the table's first size, and of each doubling, are in an array of their own.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include <strata/memtable/shared_arena.hpp>

namespace strata::memtable::detail {

/// The last bit to the first place, and so on.
[[nodiscard]] constexpr std::uint64_t reverse_bits(std::uint64_t word) noexcept {
  word = (word >> 1 & 0x5555555555555555) | (word & 0x5555555555555555) << 1;
  word = (word >> 2 & 0x3333333333333333) | (word & 0x3333333333333333) << 2;
  word = (word >> 4 & 0x0f0f0f0f0f0f0f0f) | (word & 0x0f0f0f0f0f0f0f0f) << 4;
  return __builtin_bswap64(word);
}

class SplitOrderedList {
 public:
  struct Node {
    std::atomic<Node*> next{nullptr};
    std::uint64_t order = 0;
  };

  [[nodiscard]] static std::uint64_t order_of(std::uint64_t hash) noexcept {
    return reverse_bits(hash) | 1;
  }

  explicit SplitOrderedList(SharedArena& arena) : arena_(arena) {
    arrays_[0].store(create_buckets(first_count), std::memory_order_relaxed);
    bucket_at(0)->state.store(State::linked, std::memory_order_relaxed);
  }
  SplitOrderedList(const SplitOrderedList&) = delete;
  SplitOrderedList& operator=(const SplitOrderedList&) = delete;

  /// Puts `node`, whose order is that of `hash`, behind all nodes of a lesser order and before all
  /// of a greater. Among its equals it goes behind those for which `is_before` says so.
  template <class IsBefore>
  void insert(Node& node, std::uint64_t hash, const IsBefore& is_before) noexcept {
    link(bucket_for_insert(hash), node, is_before);
  }

  /// The first node with the order of `hash` for which `is_before` does not hold; null: none.
  template <class IsBefore>
  [[nodiscard]] const Node* find(std::uint64_t hash, const IsBefore& is_before) const noexcept {
    const std::uint64_t order = order_of(hash);
    const Node* const node = skip(linked_bucket(wanted(hash))->node, order, is_before).after;
    return node != nullptr && node->order == order ? node : nullptr;
  }

  /// Doubles the table if there are more than two of `entry_count` entries for each bucket.
  void grow_for(std::uint64_t entry_count) {
    const std::size_t count = bucket_count();
    if (entry_count <= 2 * count || growing_.exchange(true, std::memory_order_acquire)) {
      return;
    }
    if (count == bucket_count()) {
      arrays_[array_of(count)].store(create_buckets(count), std::memory_order_release);
      bucket_count_.store(2 * count, std::memory_order_release);
    }
    growing_.store(false, std::memory_order_release);
  }
  [[nodiscard]] std::size_t bucket_count() const noexcept {
    return bucket_count_.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t first_count = 64;
  static constexpr std::size_t array_count = 40;

  enum class State : std::uint8_t {
    alone,
    taken,  ///< by a thread that puts it on the list
    linked
  };
  struct Bucket {
    Node node;
    std::atomic<State> state{State::alone};
  };
  struct Gap {
    Node* before;
    Node* after;  ///< null: none
  };

  [[nodiscard]] Bucket* create_buckets(std::size_t count) {
    auto* const buckets = reinterpret_cast<Bucket*>(arena_.allocate(count * sizeof(Bucket)));
    for (std::size_t i = 0; i < count; ++i) {
      new (buckets + i) Bucket;
    }
    return buckets;
  }
  /// The first array has `first_count` buckets, each other as many as all before it.
  [[nodiscard]] static unsigned array_of(std::size_t index) noexcept {
    return static_cast<unsigned>(std::bit_width(index / first_count));
  }
  [[nodiscard]] Bucket* bucket_at(std::size_t index) const noexcept {
    const unsigned array = array_of(index);
    const std::size_t offset = array == 0 ? 0 : first_count << (array - 1);
    return arrays_[array].load(std::memory_order_acquire) + (index - offset);
  }
  [[nodiscard]] std::size_t wanted(std::uint64_t hash) const noexcept {
    return static_cast<std::size_t>(hash) & (bucket_count() - 1);
  }
  /// The bucket `index`, or the nearest of those it splits from. The first is always there.
  [[nodiscard]] Bucket* linked_bucket(std::size_t index) const noexcept {
    for (;; index &= ~std::bit_floor(index)) {
      Bucket* const bucket = bucket_at(index);
      if (bucket->state.load(std::memory_order_acquire) == State::linked) {
        return bucket;
      }
    }
  }
  [[nodiscard]] Node& bucket_for_insert(std::uint64_t hash) noexcept {
    const std::size_t index = wanted(hash);
    Bucket* const linked = linked_bucket(index);
    Bucket* const bucket = bucket_at(index);
    State state = State::alone;
    if (bucket == linked ||
        !bucket->state.compare_exchange_strong(state, State::taken, std::memory_order_relaxed)) {
      return linked->node;
    }
    bucket->node.order = reverse_bits(index);
    link(linked->node, bucket->node, [](const Node&) { return false; });
    bucket->state.store(State::linked, std::memory_order_release);
    return bucket->node;
  }

  /// The gap for (`order`, what `is_before` says), behind `from`.
  template <class IsBefore>
  [[nodiscard]] static Gap skip(Node& from, std::uint64_t order,
                                const IsBefore& is_before) noexcept {
    Gap gap{&from, nullptr};
    for (;;) {
      gap.after = gap.before->next.load(std::memory_order_acquire);
      if (gap.after == nullptr || gap.after->order > order ||
          (gap.after->order == order && !is_before(*gap.after))) {
        return gap;
      }
      gap.before = gap.after;
    }
  }
  template <class IsBefore>
  static void link(Node& from, Node& node, const IsBefore& is_before) noexcept {
    Gap gap{&from, nullptr};
    do {
      gap = skip(*gap.before, node.order, is_before);
      node.next.store(gap.after, std::memory_order_relaxed);
    } while (!gap.before->next.compare_exchange_strong(gap.after, &node, std::memory_order_release,
                                                       std::memory_order_relaxed));
  }

  SharedArena& arena_;
  std::array<std::atomic<Bucket*>, array_count> arrays_{};
  std::atomic<std::size_t> bucket_count_{first_count};
  std::atomic<bool> growing_{false};
};

}  // namespace strata::memtable::detail
