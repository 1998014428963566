// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How a B+-tree memtable grows: full nodes are replaced by two copies, and their parents learn of
/// it; an open node whose prefix a new separator has not is replaced by one. What readers may meet
/// meanwhile: memtable/btree.hpp.
///
/// Tested through the memtable: tests/memtable/btree_test.cpp.

#include <atomic>

#include <strata/core/arena.hpp>
#include <strata/memtable/btree_node.hpp>
#include <strata/memtable/permutation.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

/// The inner nodes between the root and a leaf.
template <class Comparator>
struct BTreePath {
  using Inner = BTreeInner<Comparator>;
  static constexpr unsigned depth_max = 32;  // 8^32 entries

  /// Where a descent went: the child `child` of `inner`, which stood at `rank`.
  struct Step {
    Inner* inner;
    unsigned child;
    unsigned rank;
  };
  Step steps[depth_max];
  unsigned depth = 0;

  /// The bounds of the node that the first `count` steps lead to.
  [[nodiscard]] NodeBounds bounds(unsigned count) const noexcept {
    NodeBounds found;
    while (count > 0 && (found.low == nullptr || found.high == nullptr)) {
      const Step& step = steps[--count];
      const Permutation order = step.inner->order();
      if (found.low == nullptr && step.rank > 0) {
        found.low = step.inner->records[order.slot(step.rank - 1)];
      }
      if (found.high == nullptr && step.rank < order.count()) {
        found.high = step.inner->records[order.slot(step.rank)];
      }
    }
    return found;
  }
};

/// The split of one leaf, and of its parents up to one that has room. Throws std::bad_alloc; then
/// all nodes are as they were.
template <class Comparator>
class BTreeSplit {
  using Node = BTreeNode<Comparator>;
  using Inner = BTreeInner<Comparator>;
  using Path = BTreePath<Comparator>;
  using Step = typename Path::Step;
  using Bounds = NodeBounds;
  static constexpr unsigned capacity = Node::capacity;

 public:
  /// `path` leads to the leaf.
  BTreeSplit(Arena& arena, std::atomic<Node*>& root, const Path& path) noexcept
      : arena_(arena), root_(root), path_(path) {}

  /// Splits `full`, whose order is `order`, with `record` at `rank`. `is_rightmost`: nothing in the
  /// tree is behind it.
  void split_leaf(const Node& full, Permutation order, unsigned rank, const Record* record,
                  bool is_rightmost) {
    // Where the next ones come behind them, all go left.
    const unsigned share = is_rightmost ? capacity : (capacity + 1) / 2;
    const auto record_at = [&](unsigned i) {
      return i == rank ? record : full.records[order.slot(i < rank ? i : i - 1)];
    };
    const Record* const separator = record_at(share);
    const Bounds bounds = path_.bounds(path_.depth);
    Node* const left = arena_.create<Node>(0U, full.prefix_within(Bounds{bounds.low, separator}));
    Node* const right = arena_.create<Node>(0U, full.prefix_within(Bounds{separator, bounds.high}));
    for (unsigned i = 0; i <= capacity; ++i) {
      Node& to = i < share ? *left : *right;
      const unsigned slot = i < share ? i : i - share;
      if (i == rank) {
        to.set(slot, record);
      } else {
        to.copy(slot, full, order.slot(i < rank ? i : i - 1));
      }
    }
    left->permutation.store(Permutation::identity(share).word(), std::memory_order_relaxed);
    right->permutation.store(Permutation::identity(capacity + 1 - share).word(),
                             std::memory_order_relaxed);
    install(path_.depth, left, right, separator, share);
  }

 private:
  /// Puts `left` in the place of the child that the last of the first `depth` steps went to, and
  /// `right` behind it.
  void install(unsigned depth, Node* left, Node* right, const Record* separator, unsigned share) {
    if (depth == 0) {
      Inner* const root = arena_.create<Inner>(
          left->level + 1U, Inner::open_prefix(left->lowest(), *separator), true);
      root->children[0].store(left, std::memory_order_relaxed);
      root->children[1].store(right, std::memory_order_relaxed);
      root->set(0, separator);
      root->permutation.store(Permutation::identity(1).word(), std::memory_order_relaxed);
      root_.store(root, std::memory_order_release);
      return;
    }
    const Step& step = path_.steps[depth - 1];
    Inner& parent = *step.inner;
    const Permutation order = parent.order();
    const unsigned slot = order.count();
    if (slot == capacity) {
      split_inner(depth, left, right, separator, share);
    } else if (parent.fits(order, *separator)) {
      parent.set(slot, separator);
      parent.children[slot + 1].store(right, std::memory_order_relaxed);
      parent.permutation.store(order.with_insert(step.rank).word(), std::memory_order_release);
      parent.children[step.child].store(left, std::memory_order_release);
    } else {
      install_anew(depth, left, right, separator);
    }
  }

  /// The same, into a copy of an open node with a shorter prefix.
  void install_anew(unsigned depth, Node* left, Node* right, const Record* separator) {
    const Step& step = path_.steps[depth - 1];
    const Inner& old = *step.inner;
    const Permutation order = old.order();
    const unsigned count = order.count();
    const auto& first = step.rank == 0 ? *separator : *old.records[order.slot(0)];
    const auto& last = step.rank == count ? *separator : *old.records[order.slot(count - 1)];
    Inner* const copy = arena_.create<Inner>(old.level, Inner::open_prefix(first, last), true);
    for (unsigned slot = 0; slot < count; ++slot) {
      copy->copy(slot, old, slot);
    }
    copy->set(count, separator);
    for (unsigned child = 0; child <= count; ++child) {
      copy->children[child].store(
          child == step.child ? left : old.children[child].load(std::memory_order_relaxed),
          std::memory_order_relaxed);
    }
    copy->children[count + 1].store(right, std::memory_order_relaxed);
    copy->permutation.store(order.with_insert(step.rank).word(), std::memory_order_relaxed);
    if (depth == 1) {
      root_.store(copy, std::memory_order_release);
    } else {
      const Step& above = path_.steps[depth - 2];
      above.inner->children[above.child].store(copy, std::memory_order_release);
    }
  }

  void split_inner(unsigned depth, Node* left, Node* right, const Record* separator,
                   unsigned share) {
    const Step& step = path_.steps[depth - 1];
    const Inner& full = *step.inner;
    const Permutation order = full.order();
    const auto child_at = [&](unsigned rank) {
      const unsigned child = Inner::child_of(order, rank);
      return child == step.child ? left : full.children[child].load(std::memory_order_relaxed);
    };
    // Separators with the new one at `step.rank`, each with the child to its right.
    const auto slot_of = [&](unsigned i) { return order.slot(i < step.rank ? i : i - 1); };
    const auto separator_at = [&](unsigned i) {
      return i == step.rank ? separator : full.records[slot_of(i)];
    };
    const Record* const up = separator_at(share);
    const Bounds bounds = path_.bounds(depth - 1);
    Inner* const low = make_part(full, {bounds.low, up}, {separator_at(0), up});
    Inner* const high = make_part(full, {up, bounds.high}, {up, separator_at(capacity)});
    low->children[0].store(child_at(0), std::memory_order_relaxed);
    for (unsigned i = 0; i <= capacity; ++i) {
      const bool is_new = i == step.rank;
      Node* const child = is_new ? right : child_at(i < step.rank ? i + 1 : i);
      if (i == share) {
        high->children[0].store(child, std::memory_order_relaxed);
        continue;
      }
      Inner& to = i < share ? *low : *high;
      const unsigned slot = i < share ? i : i - share - 1;
      if (is_new) {
        to.set(slot, separator);
      } else {
        to.copy(slot, full, slot_of(i));
      }
      to.children[slot + 1].store(child, std::memory_order_relaxed);
    }
    low->permutation.store(Permutation::identity(share).word(), std::memory_order_relaxed);
    high->permutation.store(Permutation::identity(capacity - share).word(),
                            std::memory_order_relaxed);
    install(depth - 1, low, high, up, share);
  }

  /// For the separators of `full` that lie within `bounds`, and between those of `own`.
  [[nodiscard]] Inner* make_part(const Inner& full, const Bounds& bounds, const Bounds& own) {
    if (bounds.low == nullptr || bounds.high == nullptr) {
      return arena_.create<Inner>(full.level, Inner::open_prefix(*own.low, *own.high), true);
    }
    // What an open node takes for its prefix is not one of all keys that it leads to.
    return arena_.create<Inner>(full.level, full.is_open
                                                ? bounds.template shared_bytes<Comparator>()
                                                : full.prefix_within(bounds));
  }

  Arena& arena_;
  std::atomic<Node*>& root_;
  const Path& path_;
};

}  // namespace strata::memtable::detail
