// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An adaptive radix tree: keys are found by their bytes, not by comparisons, by many threads that
/// insert at once and readers that never wait.
///
/// A path from the root spells a key; nodes have room for as many bytes as they branch at, and
/// where keys do not differ there are none (Leis et al., "The Adaptive Radix Tree: ARTful Indexing
/// for Main-Memory Databases", ICDE 2013). See art_key.hpp for how versions and ends of keys are
/// symbols like others, and art_node.hpp and art_node_kinds.hpp for what lies where.
///
/// An insert does one of two things, and both are one store that readers see or do not see:
///
/// - it adds a child to a node; to a full one by putting a larger copy in its place;
/// - where a key leaves the path between two nodes, it puts a node of two children in between.
///
/// Writers exclude each other in single nodes: the one they change, and the one above if that is
/// replaced (ROWEX: Leis et al., "The ART of Practical Synchronization", DaMoN 2016). Readers stand
/// in what was replaced until the memtable dies: less than half of the bytes of the nodes in place.
///
/// Keys sort by their bytes; there is no other order of this tree.

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/large_pages.hpp>
#include <strata/memtable/art_cursor.hpp>
#include <strata/memtable/art_key.hpp>
#include <strata/memtable/art_node.hpp>
#include <strata/memtable/art_node_kinds.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/record.hpp>
#include <strata/memtable/shared_arena.hpp>

namespace strata::memtable {

struct Art {
  using policy_slot = memtable_slot;
  struct Options {};
  static constexpr std::string_view name = "art";

  template <class Comparator>
  class type {
    static_assert(Comparator::is_bytewise,
                  "strata: memtable::Art sorts keys by their bytes; a family with another "
                  "comparator takes memtable::BTree or memtable::SkipList");
    using Record = detail::Record;
    using Key = detail::ArtKey;
    using Node = detail::ArtNode;
    using Child = detail::ArtChild;

    /// A child as it was seen, and where. The root has no parent.
    struct Edge {
      Node* parent;
      unsigned symbol;
      Child child;
    };

   public:
    /// `pages`: where large pages come from and go to; null: the system.
    explicit type(const Options& = {}, std::shared_ptr<LargePagePool> pages = nullptr)
        : arena_(std::move(pages)), root_(Node::create(arena_, Node::Kind::node256, 0, nullptr)) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      const Record& record =
          *Record::write(arena_.allocate(Record::bytes_for(key, value)), key, trailer, value);
      const Key place(record);
      while (!try_insert(place, record)) {
      }
      entry_count_.fetch_add(1, std::memory_order_relaxed);
    }

    [[nodiscard]] std::optional<Found> find(std::string_view key,
                                            Sequence sequence) const noexcept {
      const Trailer newest = Trailer::seek(sequence);
      const Key place(key, newest);
      const Node* node = &root_;
      while (node->depth() <= key.size()) {
        const Child child = node->find(place.symbol(node->depth()));
        if (!child) {
          return std::nullopt;
        }
        if (child.is_record()) {
          return found_if(child.record(), key, newest);
        }
        node = &child.node();
      }
      // Several versions, or longer keys.
      Cursor cursor(*this);
      cursor.seek(key, sequence);
      return cursor.valid() ? found_if(cursor.record(), key, newest) : std::nullopt;
    }

    /// Of all memory taken from the system, used or not.
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return arena_.memory_bytes(); }
    [[nodiscard]] std::uint64_t entry_count() const noexcept {
      return entry_count_.load(std::memory_order_relaxed);
    }

    class Cursor : public detail::ArtCursor {
     public:
      explicit Cursor(const type& tree) noexcept : ArtCursor(tree.root_) {}
    };

   private:
    [[nodiscard]] static std::optional<Found> found_if(const Record& record, std::string_view key,
                                                       Trailer newest) noexcept {
      if (record.key() != key || record.trailer > newest) {
        return std::nullopt;
      }
      return Found{record.trailer, record.value()};
    }

    /// Fails where another writer was faster: then the tree is not what it was.
    [[nodiscard]] bool try_insert(const Key& place, const Record& record) {
      const auto [depth, near] = detail::part(root_, place);
      assert(depth != Key::none);
      const Edge edge = edge_at(place, depth);
      if (edge.child.is_record() || edge.child.node().depth() > depth) {
        return put_between(edge, depth, *near, record);
      }
      return add(edge, place.symbol(depth), Child(record));
    }

    /// The edge to the first node at or behind `depth` on the path of `place`.
    [[nodiscard]] Edge edge_at(const Key& place, std::size_t depth) noexcept {
      Edge edge{nullptr, 0, Child(root_)};
      while (!edge.child.is_record() && edge.child.node().depth() < depth) {
        Node& node = edge.child.node();
        const unsigned symbol = place.symbol(node.depth());
        edge = {&node, symbol, node.find(symbol)};
      }
      return edge;
    }

    [[nodiscard]] bool put_between(const Edge& edge, std::size_t depth, const Record& below,
                                   const Record& record) {
      const typename Node::Hold hold(*edge.parent);
      if (!hold || edge.parent->find(edge.symbol) != edge.child) {
        return false;
      }
      Node& node = Node::create(arena_, Node::Kind::node4, depth, &below);
      node.add(Key(below).symbol(depth), edge.child);
      node.add(Key(record).symbol(depth), Child(record));
      edge.parent->replace(edge.symbol, Child(node));
      return true;
    }

    [[nodiscard]] bool add(const Edge& edge, unsigned symbol, Child child) {
      Node& node = edge.child.node();
      {
        const typename Node::Hold hold(node);
        if (!hold || node.find(symbol)) {
          return false;
        }
        if (node.has_room_for(symbol)) {
          node.add(symbol, child);
          return true;
        }
      }
      // From above: who holds two nodes took the upper one first.
      const typename Node::Hold hold_above(*edge.parent);
      if (!hold_above || edge.parent->find(edge.symbol) != edge.child) {
        return false;
      }
      typename Node::Hold hold(node);
      if (node.find(symbol)) {
        return false;
      }
      Node& larger = node.grown(arena_);
      larger.add(symbol, child);
      edge.parent->replace(edge.symbol, Child(larger));
      hold.retire();
      return true;
    }

    detail::SharedArena arena_;
    Node& root_;  ///< has room for all, so it is never replaced
    std::atomic<std::uint64_t> entry_count_{0};
  };
};

static_assert(MemtablePolicy<Art>);

}  // namespace strata::memtable
