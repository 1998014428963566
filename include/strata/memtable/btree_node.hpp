// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The nodes of the B+-tree memtable.
///
/// A node knows how many bytes all keys between its bounds share, its *prefix*, and holds of each
/// key the *head*: the eight bytes behind that prefix, as a number. So most comparisons are between
/// registers also where keys begin alike ("user:0000..."), as heads do in a prefix B-tree (Bayer
/// and Unterauer, TODS 1977). The bounds are the separators around a node; whoever descends comes
/// only to nodes whose bounds hold the key, and need not compare its first bytes.
///
/// The outermost nodes have one bound or none. Leaves among them have no prefix. Inner ones are
/// *open*: their prefix is what their own separators share, less some bytes, and a key that has
/// another one is before all of them, or behind. So whoever comes there compares the prefix first.
///
/// Slots are filled in order of arrival; a permutation says how many count and how they sort
/// (memtable/permutation.hpp). Slots never change once it counts them.

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/prefetch.hpp>
#include <strata/memtable/head_search.hpp>
#include <strata/memtable/permutation.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

/// The records that a node lies between: from `low` on, and before `high`. Null: no bound.
struct NodeBounds {
  const Record* low = nullptr;
  const Record* high = nullptr;

  template <class Comparator>
  [[nodiscard]] std::uint32_t shared_bytes() const noexcept {
    if (!Comparator::is_bytewise || low == nullptr || high == nullptr) {
      return 0;
    }
    return static_cast<std::uint32_t>(common_prefix(low->key(), high->key()));
  }
};

/// What a reader looks for: what is before a place, or what is at or behind it.
enum class Side : bool {
  before,
  at_or_behind
};

/// `records` are the entries of a leaf, or the separators of an inner node.
template <class Comparator>
struct BTreeNode {
  using Place = detail::Place<Comparator>;
  static constexpr unsigned capacity = Permutation::capacity;

  BTreeNode(unsigned node_level, std::uint32_t shared, bool open = false) noexcept
      : level(static_cast<std::uint16_t>(node_level)), is_open(open), prefix_bytes(shared) {}

  std::atomic<std::uint64_t> permutation{0};
  std::uint16_t level;         ///< 0: a leaf
  bool is_open;                ///< an inner node without a bound on one side or on both
  std::uint32_t prefix_bytes;  ///< that all keys between its bounds share; if open, its separators
  std::uint64_t heads[capacity];
  const Record* records[capacity];

  [[nodiscard]] Permutation order() const noexcept {
    return Permutation(permutation.load(std::memory_order_acquire));
  }
  /// How many of its records sort before `place`, or up to it. Requires: `place` is in its bounds.
  template <Side side = Side::before>
  [[nodiscard]] unsigned rank_of(Permutation order, const Place& place) const noexcept {
    assert(place.key.size() >= prefix_bytes);
    const std::uint64_t head = Place::head_of(place.key, prefix_bytes);
    unsigned low = first_not_below(order, head);
    // Of a key that is written all the time there are only versions here, the newest of them first,
    // and most often that is the one looked for: the others' lines are not waited for.
    if (low == order.count() || !is_left<side>(order.slot(low), head, place)) {
      return low;
    }
    unsigned high = ++low;
    while (high < order.count() && heads[order.slot(high)] == head) {
      ++high;
    }
    while (low < high) {
      const unsigned middle = (low + high) / 2;
      if (is_left<side>(order.slot(middle), head, place)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  /// False: the record in `slot` has another key, for which it need not be looked at.
  [[nodiscard]] bool may_be(unsigned slot, std::string_view key) const noexcept {
    return heads[slot] == Place::head_of(key, prefix_bytes);
  }
  /// Whether all its records sort before `place`.
  [[nodiscard]] bool is_before(Permutation order, const Place& place) const noexcept {
    return order.count() == 0 ||
           is_left<Side::before>(order.slot(order.count() - 1),
                                 Place::head_of(place.key, prefix_bytes), place);
  }
  /// Requires: it has some.
  [[nodiscard]] const Record& lowest() const noexcept { return *records[order().slot(0)]; }
  void set(unsigned slot, const Record* record) noexcept {
    set(slot, Place::head_of(record->key(), prefix_bytes), record);
  }
  /// As `other` has it, whose prefix may be another one.
  void copy(unsigned slot, const BTreeNode& other, unsigned from) noexcept {
    if (other.prefix_bytes == prefix_bytes) {
      set(slot, other.heads[from], other.records[from]);
    } else {
      set(slot, other.records[from]);
    }
  }
  /// The prefix for a part of this node that lies within `bounds`. New heads cost a look at every
  /// key, so a prefix lasts until half of a head is the same for all.
  [[nodiscard]] std::uint32_t prefix_within(const NodeBounds& bounds) const noexcept {
    const std::uint32_t shared = bounds.template shared_bytes<Comparator>();
    return shared >= prefix_bytes + 4 ? shared : prefix_bytes;
  }

 private:
  /// The rank of the first record whose head is not below `head`.
  [[nodiscard]] unsigned first_not_below(Permutation order, std::uint64_t head) const noexcept {
    if constexpr (detail::has_wide_search) {
      return detail::count_below(heads, order.count(), head);
    }
    unsigned low = 0;
    unsigned high = order.count();
    while (low < high) {
      const unsigned middle = (low + high) / 2;
      if (heads[order.slot(middle)] < head) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  template <Side side>
  [[nodiscard]] bool is_left(unsigned slot, std::uint64_t head, const Place& place) const noexcept {
    if (heads[slot] != head) {
      return heads[slot] < head;
    }
    return side == Side::before ? place.is_behind(*records[slot])
                                : place.is_at_or_behind(*records[slot]);
  }
  void set(unsigned slot, std::uint64_t head, const Record* record) noexcept {
    heads[slot] = head;
    records[slot] = record;
  }
};

template <class Comparator>
struct BTreeInner : BTreeNode<Comparator> {
  using Node = BTreeNode<Comparator>;
  using Place = typename Node::Place;
  using Node::Node;

  /// children[0] is left of all separators, children[slot + 1] right of that slot's.
  std::atomic<Node*> children[Node::capacity + 1];

  /// The prefix of an open node whose separators lie between these: four bytes less than they
  /// share, so that those which come later share it, too.
  [[nodiscard]] static std::uint32_t open_prefix(const Record& first, const Record& last) noexcept {
    const auto shared = Comparator::is_bytewise
                            ? static_cast<std::uint32_t>(common_prefix(first.key(), last.key()))
                            : 0U;
    return shared > 4 ? shared - 4 : 0;
  }
  /// Whether its prefix stays what it is with `separator` among the others.
  [[nodiscard]] bool fits(Permutation order, const Record& separator) const noexcept {
    return !this->is_open || (order.count() == 0 ? separator.key_bytes >= this->prefix_bytes
                                                 : side_of_prefix(order, separator.key()) == 0);
  }
  /// Hides that of any node: an open one has a rank for any place.
  template <Side side = Side::before>
  [[nodiscard]] unsigned rank_of(Permutation order, const Place& place) const noexcept {
    if (const int outside = side_of_prefix(order, place.key); outside != 0) {
      return outside < 0 ? 0 : order.count();
    }
    return Node::template rank_of<side>(order, place);
  }
  /// Hides that of any node, for the same reason.
  [[nodiscard]] bool is_before(Permutation order, const Place& place) const noexcept {
    if (!this->is_open) {
      return Node::is_before(order, place);
    }
    return order.count() == 0 || place.is_behind(*this->records[order.slot(order.count() - 1)]);
  }

  [[nodiscard]] static unsigned child_of(Permutation order, unsigned rank) noexcept {
    return rank == 0 ? 0 : order.slot(rank - 1) + 1;
  }
  [[nodiscard]] const Node* child_at(Permutation order, unsigned rank) const noexcept {
    return children[child_of(order, rank)].load(std::memory_order_acquire);
  }
  /// Asks for all cache lines of a child at once, which a search would wait for one by one.
  void prefetch_child(const Node* child) const noexcept {
    prefetch(child, this->level == 1 ? sizeof(Node) : sizeof(BTreeInner));
  }

 private:
  /// 0: `key` has the node's prefix; else whether it is before or behind all that have it. Without
  /// separators nobody knows the prefix, and nothing is in front of a key.
  [[nodiscard]] int side_of_prefix(Permutation order, std::string_view key) const noexcept {
    if (!this->is_open || this->prefix_bytes == 0) {
      return 0;
    }
    if (order.count() == 0) {
      return 1;
    }
    return compare_prefix(key, {this->records[order.slot(0)]->data(), this->prefix_bytes});
  }
};

}  // namespace strata::memtable::detail
