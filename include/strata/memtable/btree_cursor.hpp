// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Walks a B+-tree memtable while it grows, both ways.
///
/// A cursor stands in a leaf as it was when it came there, and knows the leaf's parent: the next
/// leaf is most often the parent's next child. A parent that was replaced meanwhile still leads to
/// every entry that was there when the cursor found it; one that has got another separator since is
/// left for a descent from the root. Either way, whatever was inserted before a seek is seen by it
/// and by the steps behind it; what was inserted later may be.
///
/// Belongs to one thread; the tree must outlive it. Tested through the memtable:
/// tests/memtable/btree_test.cpp.

#include <cstdint>
#include <string_view>

#include <strata/core/entry.hpp>
#include <strata/core/prefetch.hpp>
#include <strata/memtable/btree_node.hpp>
#include <strata/memtable/permutation.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

template <class Tree>
class BTreeCursor {
  using Comparator = typename Tree::Comparator;
  using Place = detail::Place<Comparator>;
  using Node = BTreeNode<Comparator>;
  using Inner = BTreeInner<Comparator>;

 public:
  explicit BTreeCursor(const Tree& tree) noexcept : tree_(&tree) {}

  [[nodiscard]] bool valid() const noexcept { return leaf_ != nullptr; }
  [[nodiscard]] std::string_view key() const noexcept { return record().key(); }
  [[nodiscard]] Trailer trailer() const noexcept { return record().trailer; }
  [[nodiscard]] std::string_view value() const noexcept { return record().value(); }

  void seek_to_first() noexcept {
    forget_way();
    const Node* const leaf = tree_->edge(false, way());
    stand(leaf, leaf->order(), 0);
  }
  void seek_to_last() noexcept {
    forget_way();
    const Node* const leaf = tree_->edge(true, way());
    const Permutation order = leaf->order();
    stand(leaf, order, order.count() - 1);  // wraps in an empty tree
  }
  void seek(std::string_view key, Sequence sequence = sequence_max) noexcept {
    go_to(Place(key, Trailer::seek(sequence)));
  }
  void seek_for_prev(std::string_view key) noexcept {
    // The least trailer: behind all versions of the key.
    go_before(Place(key, Trailer()));
  }
  void next() noexcept {
    if (++rank_ < order_.count()) {
      prefetch(rank_ + 3);
      return;
    }
    if (behind_ == nullptr) {
      leaf_ = nullptr;
      return;
    }
    const Record& last = *leaf_->records[order_.slot(rank_ - 1)];
    const Place behind(*behind_);
    if (!behind.is_behind(last)) {
      // A leaf that was being split, as it was before: `behind_` starts its right copy.
      go_to(Place(last));
      next();
    } else if (!enter_next_leaf()) {
      go_to(behind);
    }
  }
  /// As `next`, past the other versions of the key. There are as many of them as the key was
  /// written to: after a few steps a search is shorter.
  void next_key() noexcept {
    const Record& left = record();
    const Node* const leaf = leaf_;
    const std::uint64_t head = leaf->heads[order_.slot(rank_)];
    unsigned steps = 0;
    do {
      if (++steps == steps_before_search) {
        seek(left.key(), 0);  // one of sequence 0 may be behind it
      } else {
        next();
      }
      if (leaf_ == leaf && leaf->heads[order_.slot(rank_)] != head) {
        return;
      }
    } while (valid() && key() == left.key());
  }
  void prev() noexcept {
    if (rank_ > 0) {
      --rank_;
    } else {
      go_before(Place(record()));
    }
  }

 private:
  static constexpr unsigned steps_before_search = 8;

  [[nodiscard]] const Record& record() const noexcept {
    return *leaf_->records[order_.slot(rank_)];
  }
  /// Records lie anywhere: who steps over them would wait for one after the other.
  void prefetch(unsigned rank) const noexcept {
    if (rank < order_.count()) {
      strata::prefetch(leaf_->records[order_.slot(rank)], 128);
    }
  }
  void prefetch_first() const noexcept {
    for (unsigned ahead = 0; ahead <= 3; ++ahead) {
      prefetch(rank_ + ahead);
    }
  }

  void forget_way() noexcept {
    behind_ = nullptr;
    parent_ = nullptr;
  }
  /// What a descent that begins now tells of its way.
  [[nodiscard]] auto way() noexcept {
    return [this](const Inner& inner, Permutation order, unsigned rank) {
      parent_ = &inner;
      parent_order_ = order;
      parent_rank_ = rank;
      behind_parent_ = behind_;
      if (rank < order.count()) {
        behind_ = inner.records[order.slot(rank)];
        prefetch_sibling();
      }
    };
  }
  /// The leaf that comes next, while this one is walked.
  void prefetch_sibling() const noexcept {
    if (parent_->level == 1 && parent_rank_ < parent_order_.count()) {
      parent_->prefetch_child(parent_->child_at(parent_order_, parent_rank_ + 1));
    }
  }
  /// False: the leaf was its parent's last, or the parent has changed since. Requires: no entry of
  /// the leaf is at or behind `behind_`.
  [[nodiscard]] bool enter_next_leaf() noexcept {
    if (parent_ == nullptr || parent_rank_ >= parent_order_.count()) {
      return false;
    }
    const Node* const next = parent_->child_at(parent_order_, parent_rank_ + 1);
    if (parent_->order().word() != parent_order_.word()) [[unlikely]] {
      return false;  // it may be the left half of what it was
    }
    ++parent_rank_;
    behind_ = parent_rank_ < parent_order_.count()
                  ? parent_->records[parent_order_.slot(parent_rank_)]
                  : behind_parent_;
    prefetch_sibling();
    stand(next, next->order(), 0);
    prefetch_first();
    return true;
  }

  /// `order`: the one that `rank` was found in, as the leaf may have another by now. Nowhere if it
  /// has no such rank.
  void stand(const Node* leaf, Permutation order, unsigned rank) noexcept {
    order_ = order;
    rank_ = rank;
    leaf_ = rank < order.count() ? leaf : nullptr;
  }
  void go_to(const Place& place) noexcept {
    forget_way();
    const Node* const leaf = tree_->template descend<Side::at_or_behind>(place, way());
    order_ = leaf->order();
    rank_ = leaf->rank_of(order_, place);
    leaf_ = leaf;
    if (rank_ == order_.count()) {
      --rank_;
      next();
      return;
    }
    prefetch_first();
  }
  void go_before(const Place& place) noexcept {
    forget_way();
    const Node* const leaf = tree_->template descend<Side::before>(place, way());
    const Permutation order = leaf->order();
    stand(leaf, order, leaf->rank_of(order, place) - 1);  // wraps where nothing is before
  }

  const Tree* tree_;
  const Node* leaf_ = nullptr;
  Permutation order_;
  unsigned rank_ = 0;
  const Record* behind_ = nullptr;  ///< the first entry behind this leaf; null: none
  const Inner* parent_ = nullptr;   ///< null: the tree was one leaf
  Permutation parent_order_;
  unsigned parent_rank_ = 0;               ///< of this leaf
  const Record* behind_parent_ = nullptr;  ///< the first entry behind all that it leads to
};

}  // namespace strata::memtable::detail
