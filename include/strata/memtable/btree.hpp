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
/// to the old node by its left copy's separators, and finds more in it than these promise. A node
/// that is replaced by one copy (memtable/btree_split.hpp) is left to its readers in the same way.
/// There are no sibling links to keep right: separators *are* the first entries to their right, so
/// a cursor that leaves a node knows where to go on.
///
/// Comparisons are most often between registers (memtable/btree_node.hpp). Where keys come in
/// order, full nodes are left behind full. Reads of one key ask two tables of hashes before they
/// search (memtable/growing_bloom.hpp, memtable/latest_records.hpp). Writers exclude each other.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <strata/core/arena.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/large_pages.hpp>
#include <strata/memtable/btree_cursor.hpp>
#include <strata/memtable/btree_node.hpp>
#include <strata/memtable/btree_split.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/growing_bloom.hpp>
#include <strata/memtable/latest_records.hpp>
#include <strata/memtable/permutation.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable {

struct BTree {
  using policy_slot = memtable_slot;
  struct Options {
    /// Reads of a key that is absent, or was written of late, need no search then; some fifteen
    /// bytes an entry.
    bool hashes_keys = true;
  };
  static constexpr std::string_view name = "btree";

  template <class ComparatorType>
  class type {
    using Comparator = ComparatorType;
    using Record = detail::Record;
    using Permutation = detail::Permutation;
    using Place = detail::Place<Comparator>;
    using Node = detail::BTreeNode<Comparator>;
    using Inner = detail::BTreeInner<Comparator>;
    using Path = detail::BTreePath<Comparator>;
    using Side = detail::Side;
    static constexpr unsigned capacity = Node::capacity;
    friend class detail::BTreeCursor<type>;

   public:
    type() : type(Options()) {}
    /// `pages`: where large pages come from and go to; null: the system.
    explicit type(const Options& options, std::shared_ptr<LargePagePool> pages = nullptr)
        : arena_(std::move(pages)),
          root_(arena_.create<Node>(0U, 0U)),
          hashes_keys_(options.hashes_keys) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    /// Where an insert will go.
    struct Aim {
      Path path;
      Node* leaf = nullptr;
      std::uint64_t hash = 0;
      std::uint64_t splits = 0;  ///< when it was found
      bool is_rightmost = false;
    };
    /// The first half of an insert: finds the place, and asks for what the second half will touch.
    /// Requires: nobody inserts meanwhile.
    void aim(std::string_view key, Aim& to) const noexcept {
      find_place(key, Trailer::seek(sequence_max), to);
    }
    /// The second half, with any inserts in between. Requires: `aim` is of `key`, and no version of
    /// it here is newer.
    void insert(Aim& aim, std::string_view key, Trailer trailer, std::string_view value) {
      const detail::SpinGuard guard(writing_);
      if (aim.splits != splits_) [[unlikely]] {
        find_place(key, trailer, aim);
      }
      insert_at(aim, key, trailer, value);
    }
    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      const detail::SpinGuard guard(writing_);
      Aim aim;
      find_place(key, trailer, aim);
      insert_at(aim, key, trailer, value);
    }

    [[nodiscard]] std::optional<Found> find(std::string_view key,
                                            Sequence sequence) const noexcept {
      if (hashes_keys_) {
        const std::uint64_t hash = hash64(key);
        const Record* const latest = latest_.find(hash);
        if (latest != nullptr && latest->key() == key && latest->trailer.sequence() <= sequence) {
          return Found{latest->trailer, latest->value()};
        }
        if (!filter_.may_contain(hash)) {
          return std::nullopt;
        }
      }
      const Place place(key, Trailer::seek(sequence));
      const Record* behind = nullptr;  // what comes first in the next leaf
      const Node* const leaf = descend<Side::at_or_behind>(
          place, [&](const Inner& inner, Permutation order, unsigned rank) {
            behind = rank < order.count() ? inner.records[order.slot(rank)] : behind;
          });
      const Permutation order = leaf->order();
      const unsigned rank = leaf->rank_of(order, place);
      if (rank < order.count() && !leaf->may_be(order.slot(rank), key)) {
        return std::nullopt;
      }
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

    using Cursor = detail::BTreeCursor<type>;

   private:
    void find_place(std::string_view key, Trailer trailer, Aim& to) const noexcept {
      to.hash = hashes_keys_ ? hash64(key) : 0;
      if (hashes_keys_) {
        filter_.prefetch(to.hash);
        latest_.prefetch(to.hash);
      }
      const Place place(key, trailer);
      to.splits = splits_;
      to.path.depth = 0;
      to.is_rightmost = true;
      to.leaf = root_.load(std::memory_order_relaxed);
      // Not while nodes have levels: the leaf, which is still on its way, would be waited for.
      for (unsigned level = to.leaf->level; level > 0; --level) {
        auto* const inner = static_cast<Inner*>(to.leaf);
        const Permutation order = inner->order();
        const unsigned rank = rank_for(*inner, order, place, to.is_rightmost);
        const unsigned child = Inner::child_of(order, rank);
        to.path.steps[to.path.depth++] = {inner, child, rank};
        to.leaf = inner->children[child].load(std::memory_order_relaxed);
        inner->prefetch_child(to.leaf);
      }
    }
    /// Requires: under the lock, with a place that still is one.
    void insert_at(const Aim& at, std::string_view key, Trailer trailer, std::string_view value) {
      const Record* const record = Record::create(arena_, key, trailer, value);
      if (hashes_keys_) {
        filter_.add(at.hash, arena_);
        latest_.note(at.hash, *record, arena_);
      }
      const Permutation order = at.leaf->order();
      bool is_rightmost = at.is_rightmost;
      const unsigned rank = rank_for(*at.leaf, order, Place(key, trailer), is_rightmost);
      if (order.count() < capacity) {
        at.leaf->set(order.count(), record);
        at.leaf->permutation.store(order.with_insert(rank).word(), std::memory_order_release);
      } else {
        ++splits_;
        detail::BTreeSplit<Comparator>(arena_, root_, at.path)
            .split_leaf(*at.leaf, order, rank, record, is_rightmost);
      }
      entry_count_.store(entry_count() + 1, std::memory_order_relaxed);
    }

    /// The leaf with the last entry before `place`, or the one where the first at or behind it
    /// would lie: where a separator equals `place`, these are two. Calls `visit(inner, order,
    /// rank)` on the way: it goes on to the child at `rank`.
    template <Side side, class Visit>
    [[nodiscard]] const Node* descend(const Place& place, Visit visit) const noexcept {
      return walk_down(
          [&](const Inner& inner, Permutation order) {
            return inner.template rank_of<side>(order, place);
          },
          visit);
    }
    /// The first or the last leaf.
    template <class Visit>
    [[nodiscard]] const Node* edge(bool last, Visit visit) const noexcept {
      return walk_down([last](const Inner&, Permutation order) { return last ? order.count() : 0; },
                       visit);
    }
    template <class Choose, class Visit>
    [[nodiscard]] const Node* walk_down(Choose choose, Visit& visit) const noexcept {
      const Node* node = root_.load(std::memory_order_acquire);
      while (node->level > 0) {
        const auto& inner = static_cast<const Inner&>(*node);
        const Permutation order = inner.order();
        const unsigned rank = choose(inner, order);
        const Node* const child = inner.child_at(order, rank);
        inner.prefetch_child(child);
        if (inner.order().word() != order.word()) [[unlikely]] {
          continue;  // the child may be the left half of what it was
        }
        visit(inner, order, rank);
        node = child;
      }
      return node;
    }

    /// The rank of `place`, which most often is the last one where keys come in order.
    /// `is_rightmost` stays true as long as nothing is behind `place`.
    template <class AnyNode>
    [[nodiscard]] static unsigned rank_for(const AnyNode& node, Permutation order,
                                           const Place& place, bool& is_rightmost) noexcept {
      is_rightmost = is_rightmost && node.is_before(order, place);
      return is_rightmost ? order.count() : node.rank_of(order, place);
    }

    Arena arena_;
    std::atomic<Node*> root_;
    std::atomic<std::uint64_t> entry_count_{0};
    std::atomic<bool> writing_{false};
    std::uint64_t splits_ = 0;  ///< of leaves; the writers'
    const bool hashes_keys_;
    detail::GrowingBloom filter_;  ///< keys that are not in it are not here
    detail::LatestRecords latest_;
  };
};

static_assert(MemtablePolicy<BTree>);

}  // namespace strata::memtable
