// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A B+-tree memtable whose readers never wait: the default.
///
/// Nodes hold up to 15 slots, filled in order of arrival; one atomic word a node, the
/// *permutation*, says how many slots count and in which order they sort (Mao et al., "Cache
/// Craftiness for Fast Multicore Key-Value Storage", EuroSys 2012). An insert writes a free slot
/// and publishes a new permutation with one release store: a reader sees the node before or after,
/// never between.
///
/// A full node is replaced by two copies. The old one stays in the arena, unchanged from then on:
/// a reader that stands in it has every entry that existed when it looked. The parent learns of
/// the right copy first, of the left one second. A reader that reads one before and one after sees
/// that the parent's permutation has changed, and looks again; one that reads both in between comes
/// to the old node by its left copy's separators, and finds more in it than these promise. There
/// are no sibling links to keep right: separators *are* the first entries to their right, so a
/// cursor that leaves a node knows where to go on.
///
/// Slots carry the first eight bytes of the key, so that most comparisons are between registers.
/// Appends to the right end leave full nodes behind. Writers exclude each other.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/core/arena.hpp>
#include <strata/core/entry.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/permutation.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable {

struct BTree {
  using policy_slot = memtable_slot;
  struct Options {};
  static constexpr std::string_view name = "btree";

  template <class Comparator>
  class type {
    using Record = detail::Record;
    using Permutation = detail::Permutation;
    using Place = detail::Place<Comparator>;
    static constexpr unsigned capacity = Permutation::capacity;
    static constexpr unsigned depth_max = 32;  // 8^32 entries
    /// What a reader looks for: what is before a place, or what is at or behind it.
    enum class Side : bool {
      before,
      at_or_behind
    };

    /// `records` are the entries of a leaf, or the separators of an inner node.
    struct Node {
      explicit Node(unsigned l) noexcept : level(l) {}
      std::atomic<std::uint64_t> permutation{0};
      unsigned level;  ///< 0: a leaf
      std::uint64_t heads[capacity];
      const Record* records[capacity];

      [[nodiscard]] Permutation order() const noexcept {
        return Permutation(permutation.load(std::memory_order_acquire));
      }
      template <Side side>
      [[nodiscard]] bool is_left(unsigned slot, const Place& place) const noexcept {
        return side == Side::before ? place.is_behind(heads[slot], *records[slot])
                                    : place.is_at_or_behind(heads[slot], *records[slot]);
      }
      /// How many of its records sort before `place`, or up to it.
      template <Side side = Side::before>
      [[nodiscard]] unsigned rank_of(Permutation order, const Place& place) const noexcept {
        unsigned low = 0;
        unsigned high = order.count();
        while (low < high) {
          const unsigned middle = (low + high) / 2;
          if (is_left<side>(order.slot(middle), place)) {
            low = middle + 1;
          } else {
            high = middle;
          }
        }
        return low;
      }
      void set(unsigned slot, std::uint64_t head, const Record* record) noexcept {
        heads[slot] = head;
        records[slot] = record;
      }
    };
    struct Inner : Node {
      explicit Inner(unsigned l) noexcept : Node(l) {}
      /// children[0] is left of all separators, children[slot + 1] right of that slot's.
      std::atomic<Node*> children[capacity + 1];
    };

    /// Where a descent went: the child `child` of `inner`, which stood at `rank`.
    struct Step {
      Inner* inner;
      unsigned child;
      unsigned rank;
    };

   public:
    explicit type(const Options& = {}) : root_(arena_.create<Node>(0U)) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      const detail::SpinGuard guard(writing_);
      const Record* const record = Record::create(arena_, key, trailer, value);
      const Place place(record->key(), trailer);
      Step path[depth_max];
      Node* node = root_.load(std::memory_order_relaxed);
      unsigned depth = 0;
      bool is_rightmost = true;
      while (node->level > 0) {
        auto* const inner = static_cast<Inner*>(node);
        const Permutation order = inner->order();
        const unsigned rank = inner->rank_of(order, place);
        const unsigned child = rank == 0 ? 0 : order.slot(rank - 1) + 1;
        is_rightmost = is_rightmost && rank == order.count();
        path[depth++] = {inner, child, rank};
        node = inner->children[child].load(std::memory_order_relaxed);
      }
      const Permutation order = node->order();
      const unsigned rank = node->rank_of(order, place);
      if (order.count() < capacity) {
        node->set(order.count(), place.head, record);
        node->permutation.store(order.with_insert(rank).word(), std::memory_order_release);
      } else if (is_rightmost && rank == capacity) {
        Node* const right = arena_.create<Node>(0U);
        right->set(0, place.head, record);
        right->permutation.store(Permutation::identity(1).word(), std::memory_order_relaxed);
        install(path, depth, nullptr, right, place.head, record);
      } else {
        split_leaf(*node, order, rank, place.head, record, path, depth);
      }
      entry_count_.store(entry_count() + 1, std::memory_order_relaxed);
    }

    [[nodiscard]] std::optional<Found> find(std::string_view key,
                                            Sequence sequence) const noexcept {
      const Place place(key, Trailer::seek(sequence));
      const Record* behind = nullptr;
      const Node* const leaf = descend<Side::at_or_behind>(place, behind);
      const Permutation order = leaf->order();
      const unsigned rank = leaf->rank_of(order, place);
      const Record* const record = rank < order.count() ? leaf->records[order.slot(rank)] : behind;
      if (record == nullptr || record->key() != key) {
        return std::nullopt;
      }
      return Found{record->trailer, record->value()};
    }

    [[nodiscard]] std::size_t memory_bytes() const noexcept { return arena_.memory_bytes(); }
    [[nodiscard]] std::uint64_t entry_count() const noexcept {
      return entry_count_.load(std::memory_order_relaxed);
    }

    class Cursor {
     public:
      explicit Cursor(const type& tree) noexcept : tree_(&tree) {}

      [[nodiscard]] bool valid() const noexcept { return leaf_ != nullptr; }
      [[nodiscard]] std::string_view key() const noexcept { return record().key(); }
      [[nodiscard]] Trailer trailer() const noexcept { return record().trailer; }
      [[nodiscard]] std::string_view value() const noexcept { return record().value(); }

      void seek_to_first() noexcept {
        behind_ = nullptr;
        stand(tree_->edge(false, behind_), 0);
      }
      void seek_to_last() noexcept {
        const Node* const leaf = tree_->edge(true, behind_);
        stand(leaf, leaf->order().count() - 1);
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
          return;
        }
        if (behind_ == nullptr) {
          leaf_ = nullptr;
          return;
        }
        const unsigned last = order_.slot(rank_ - 1);
        const Place behind(*behind_);
        if (behind.is_behind(leaf_->heads[last], *leaf_->records[last])) {
          go_to(behind);
        } else {
          // A leaf that was being split, as it was before: `behind_` starts its right copy.
          go_to(Place(*leaf_->records[last]));
          next();
        }
      }
      void prev() noexcept {
        if (rank_ > 0) {
          --rank_;
        } else {
          go_before(Place(record()));
        }
      }

     private:
      [[nodiscard]] const Record& record() const noexcept {
        return *leaf_->records[order_.slot(rank_)];
      }
      void stand(const Node* leaf, unsigned rank) noexcept {
        leaf_ = leaf;
        order_ = leaf->order();
        rank_ = rank;
        if (rank_ >= order_.count()) {
          leaf_ = nullptr;
        }
      }
      void go_to(const Place& place) noexcept {
        behind_ = nullptr;
        const Node* const leaf = tree_->template descend<Side::at_or_behind>(place, behind_);
        order_ = leaf->order();
        rank_ = leaf->rank_of(order_, place);
        leaf_ = leaf;
        if (rank_ == order_.count()) {
          --rank_;
          next();
        }
      }
      void go_before(const Place& place) noexcept {
        behind_ = nullptr;
        const Node* const leaf = tree_->template descend<Side::before>(place, behind_);
        order_ = leaf->order();
        rank_ = leaf->rank_of(order_, place) - 1;  // wraps where nothing is before
        leaf_ = rank_ < order_.count() ? leaf : nullptr;
      }

      const type* tree_;
      const Node* leaf_ = nullptr;
      const Record* behind_ = nullptr;  ///< the first entry behind this leaf; null: none
      Permutation order_;
      unsigned rank_ = 0;
    };

   private:
    /// The leaf with the last entry before `place`, or the one where the first at or behind it
    /// would lie: where a separator equals `place`, these are two. `behind` is the first entry of
    /// the next leaf; what was there before is kept if there is none.
    template <Side side>
    [[nodiscard]] const Node* descend(const Place& place, const Record*& behind) const noexcept {
      const Node* node = root_.load(std::memory_order_acquire);
      while (node->level > 0) {
        const auto& inner = static_cast<const Inner&>(*node);
        const Permutation order = inner.order();
        const unsigned rank = inner.template rank_of<side>(order, place);
        const Node* const child = inner.children[rank == 0 ? 0 : order.slot(rank - 1) + 1].load(
            std::memory_order_acquire);
        if (inner.order().word() != order.word()) [[unlikely]] {
          continue;  // the child may be the left half of what it was
        }
        if (rank < order.count()) {
          behind = inner.records[order.slot(rank)];
        }
        node = child;
      }
      return node;
    }
    [[nodiscard]] const Node* edge(bool last, const Record*& behind) const noexcept {
      behind = nullptr;
      const Node* node = root_.load(std::memory_order_acquire);
      while (node->level > 0) {
        const auto& inner = static_cast<const Inner&>(*node);
        const Permutation order = inner.order();
        const unsigned rank = last ? order.count() : 0;
        const Node* const child = inner.children[rank == 0 ? 0 : order.slot(rank - 1) + 1].load(
            std::memory_order_acquire);
        if (inner.order().word() != order.word()) [[unlikely]] {
          continue;
        }
        if (rank < order.count()) {
          behind = inner.records[order.slot(rank)];
        }
        node = child;
      }
      return node;
    }

    void split_leaf(const Node& full, Permutation order, unsigned rank, std::uint64_t head,
                    const Record* record, Step* path, unsigned depth) {
      Node* const left = arena_.create<Node>(0U);
      Node* const right = arena_.create<Node>(0U);
      constexpr unsigned half = (capacity + 1) / 2;
      for (unsigned i = 0; i <= capacity; ++i) {
        Node& to = i < half ? *left : *right;
        const unsigned slot = i < half ? i : i - half;
        if (i == rank) {
          to.set(slot, head, record);
        } else {
          const unsigned from = order.slot(i < rank ? i : i - 1);
          to.set(slot, full.heads[from], full.records[from]);
        }
      }
      left->permutation.store(Permutation::identity(half).word(), std::memory_order_relaxed);
      right->permutation.store(Permutation::identity(capacity + 1 - half).word(),
                               std::memory_order_relaxed);
      install(path, depth, left, right, right->heads[0], right->records[0]);
    }

    /// Puts `right` behind the child that `path[depth - 1]` went to, and `left` in its place unless
    /// that child stays as it is (null).
    void install(Step* path, unsigned depth, Node* left, Node* right, std::uint64_t head,
                 const Record* separator) {
      if (depth == 0) {
        Node* const old = root_.load(std::memory_order_relaxed);
        Inner* const root = arena_.create<Inner>(old->level + 1);
        root->children[0].store(left != nullptr ? left : old, std::memory_order_relaxed);
        root->children[1].store(right, std::memory_order_relaxed);
        root->set(0, head, separator);
        root->permutation.store(Permutation::identity(1).word(), std::memory_order_relaxed);
        root_.store(root, std::memory_order_release);
        return;
      }
      const Step& step = path[depth - 1];
      Inner& parent = *step.inner;
      const Permutation order = parent.order();
      const unsigned slot = order.count();
      if (slot < capacity) {
        parent.set(slot, head, separator);
        parent.children[slot + 1].store(right, std::memory_order_relaxed);
        parent.permutation.store(order.with_insert(step.rank).word(), std::memory_order_release);
        if (left != nullptr) {
          parent.children[step.child].store(left, std::memory_order_release);
        }
      } else if (left == nullptr && step.rank == capacity) {
        // An append: the full parent stays, too.
        Inner* const next = arena_.create<Inner>(parent.level);
        next->children[0].store(right, std::memory_order_relaxed);
        install(path, depth - 1, nullptr, next, head, separator);
      } else {
        split_inner(path, depth, left, right, head, separator);
      }
    }

    void split_inner(Step* path, unsigned depth, Node* left, Node* right, std::uint64_t head,
                     const Record* separator) {
      const Step& step = path[depth - 1];
      const Inner& full = *step.inner;
      const Permutation order = full.order();
      const auto child_at = [&](unsigned rank) {
        const unsigned child = rank == 0 ? 0 : order.slot(rank - 1) + 1;
        return child == step.child && left != nullptr
                   ? left
                   : full.children[child].load(std::memory_order_relaxed);
      };
      Inner* const low = arena_.create<Inner>(full.level);
      Inner* const high = arena_.create<Inner>(full.level);
      constexpr unsigned middle = (capacity + 1) / 2;
      low->children[0].store(child_at(0), std::memory_order_relaxed);
      std::uint64_t up_head = 0;
      const Record* up = nullptr;
      // Separators with the new one at `step.rank`, each with the child to its right.
      for (unsigned i = 0; i <= capacity; ++i) {
        const bool is_new = i == step.rank;
        const unsigned from = is_new ? 0 : order.slot(i < step.rank ? i : i - 1);
        const std::uint64_t own_head = is_new ? head : full.heads[from];
        const Record* const own = is_new ? separator : full.records[from];
        Node* const child = is_new ? right : child_at(i < step.rank ? i + 1 : i);
        if (i < middle) {
          low->set(i, own_head, own);
          low->children[i + 1].store(child, std::memory_order_relaxed);
        } else if (i == middle) {
          up_head = own_head;
          up = own;
          high->children[0].store(child, std::memory_order_relaxed);
        } else {
          high->set(i - middle - 1, own_head, own);
          high->children[i - middle].store(child, std::memory_order_relaxed);
        }
      }
      low->permutation.store(Permutation::identity(middle).word(), std::memory_order_relaxed);
      high->permutation.store(Permutation::identity(capacity - middle).word(),
                              std::memory_order_relaxed);
      install(path, depth - 1, low, high, up_head, up);
    }

    Arena arena_;
    std::atomic<Node*> root_;
    std::atomic<std::uint64_t> entry_count_{0};
    std::atomic<bool> writing_{false};
  };
};

static_assert(MemtablePolicy<BTree>);

}  // namespace strata::memtable
