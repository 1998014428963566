// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A skip list that many threads insert into at once without waiting for each other.
///
/// Every entry is on the list of level 0, every fourth of those also on that of level 1, and so on
/// (W. Pugh, "Skip Lists: A Probabilistic Alternative to Balanced Trees", CACM 1990). Nothing is
/// ever removed, so an insert is one compare-and-swap a level (M. Herlihy et al., "A Provably
/// Correct Scalable Concurrent Skip List", OPODIS 2006, without its deletions): from level 0, where
/// it makes the entry part of the table, upwards, where it only makes it faster to reach. One that
/// fails looks again from where it stood. Bottom-up with release stores, so that who comes to a
/// node by any level finds it, and all before it, on level 0.
///
/// A node is one piece of memory, its links to the left of its address:
///
/// | bytes      | field     |                                                     |
/// |------------|-----------|-----------------------------------------------------|
/// | 8 * height | links     | the next node on level height - 1, ..., 1, 0        |
/// | 8          | head      | the first eight bytes of the key (`key_head`)       |
/// | 16 + n     | record    | lengths and trailer, then the key and the value     |
///
/// so that link and head, which a search looks at, mostly share a cache line. The height is a hash
/// of key and trailer: no state to share, and the same writes build the same list. There are no
/// links back: `prev` searches.

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/large_pages.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/record.hpp>
#include <strata/memtable/shared_arena.hpp>

namespace strata::memtable {

struct SkipList {
  using policy_slot = memtable_slot;
  struct Options {};
  static constexpr std::string_view name = "skip_list";

  template <class Comparator>
  class type {
    using Record = detail::Record;
    using Place = detail::Place<Comparator>;
    static constexpr unsigned height_max = 16;  // 4^16 entries

    struct Node {
      using Link = std::atomic<Node*>;
      std::uint64_t head;
      Record record;  ///< the last member: key and value lie behind it

      [[nodiscard]] Link& link(unsigned level) noexcept {
        return *(reinterpret_cast<Link*>(this) - 1 - level);
      }
      [[nodiscard]] Node* next(unsigned level) noexcept {
        return link(level).load(std::memory_order_acquire);
      }
      [[nodiscard]] bool is_before(const Place& place) const noexcept {
        return place.is_behind(head, record);
      }
    };

    /// Two neighbours on a level: the place looked for is behind `before` and not behind `after`.
    struct Gap {
      Node* before;
      Node* after;  ///< null: none
    };

   public:
    /// `pages`: where large pages come from and go to; null: the system.
    explicit type(const Options& = {}, std::shared_ptr<LargePagePool> pages = nullptr)
        : arena_(std::move(pages)), front_(create_node(height_max, {}, Trailer(), {}, 0)) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      const Place place(key, trailer);
      const unsigned height = height_of(key, trailer);
      Node* const node = create_node(height, key, trailer, value, place.head);
      raise_to(height);
      Gap gaps[height_max];
      Gap gap{front_, nullptr};
      for (unsigned level = height_.load(std::memory_order_relaxed); level-- > 0;) {
        gap = narrow(gap, level, place);
        gaps[level] = gap;
      }
      for (unsigned level = 0; level < height; ++level) {
        link(*node, gaps[level], level, place);
      }
      entry_count_.fetch_add(1, std::memory_order_relaxed);
    }

    [[nodiscard]] std::optional<Found> find(std::string_view key,
                                            Sequence sequence) const noexcept {
      const Node* const node = gap_at(Place(key, Trailer::seek(sequence))).after;
      if (node == nullptr || node->record.key() != key) {
        return std::nullopt;
      }
      return Found{node->record.trailer, node->record.value()};
    }

    [[nodiscard]] std::size_t memory_bytes() const noexcept { return arena_.memory_bytes(); }
    [[nodiscard]] std::uint64_t entry_count() const noexcept {
      return entry_count_.load(std::memory_order_relaxed);
    }

    class Cursor {
     public:
      explicit Cursor(const type& list) noexcept : list_(&list) {}

      [[nodiscard]] bool valid() const noexcept { return node_ != nullptr; }
      [[nodiscard]] std::string_view key() const noexcept { return node_->record.key(); }
      [[nodiscard]] Trailer trailer() const noexcept { return node_->record.trailer; }
      [[nodiscard]] std::string_view value() const noexcept { return node_->record.value(); }

      void seek_to_first() noexcept { node_ = list_->front_->next(0); }
      void seek_to_last() noexcept { stand_on(list_->last()); }
      void seek(std::string_view key, Sequence sequence = sequence_max) noexcept {
        node_ = list_->gap_at(Place(key, Trailer::seek(sequence))).after;
      }
      void seek_for_prev(std::string_view key) noexcept {
        // The least trailer: behind all versions of the key.
        stand_on(list_->gap_at(Place(key, Trailer())).before);
      }
      void next() noexcept { node_ = node_->next(0); }
      void prev() noexcept { stand_on(list_->gap_at(Place(node_->record)).before); }

     private:
      void stand_on(Node* node) noexcept { node_ = node == list_->front_ ? nullptr : node; }

      const type* list_;
      Node* node_ = nullptr;
    };

   private:
    /// 1 in three of four cases, 2 in three of four others, ...
    [[nodiscard]] static unsigned height_of(std::string_view key, Trailer trailer) noexcept {
      const std::uint64_t bits = hash64(key, trailer.packed());
      constexpr std::uint64_t stop = std::uint64_t{1} << (2 * (height_max - 1));
      return 1 + static_cast<unsigned>(std::countr_zero(bits | stop)) / 2;
    }

    [[nodiscard]] Node* create_node(unsigned height, std::string_view key, Trailer trailer,
                                    std::string_view value, std::uint64_t head) {
      using Link = typename Node::Link;
      static_assert(sizeof(Link) == 8 && offsetof(Node, record) + sizeof(Record) == sizeof(Node));
      char* const links = arena_.allocate(height * sizeof(Link) + offsetof(Node, record) +
                                          Record::bytes_for(key, value));
      for (unsigned i = 0; i < height; ++i) {
        new (links + i * sizeof(Link)) Link(nullptr);
      }
      char* const at = links + height * sizeof(Link);
      new (at) std::uint64_t(head);
      Record::write(at + offsetof(Node, record), key, trailer, value);
      return reinterpret_cast<Node*>(at);
    }

    /// Searches start at the greatest height. One that misses a raise is slower, and as right.
    void raise_to(unsigned height) noexcept {
      unsigned seen = height_.load(std::memory_order_relaxed);
      while (seen < height &&
             !height_.compare_exchange_weak(seen, height, std::memory_order_relaxed)) {
      }
    }

    /// The gap of `place` on `level`, within one of the level above it.
    [[nodiscard]] static Gap narrow(Gap gap, unsigned level, const Place& place) noexcept {
      Node* const known_behind = gap.after;
      for (;;) {
        gap.after = gap.before->next(level);
        if (gap.after == nullptr || gap.after == known_behind || !gap.after->is_before(place)) {
          return gap;
        }
        gap.before = gap.after;
      }
    }
    [[nodiscard]] Gap gap_at(const Place& place) const noexcept {
      Gap gap{front_, nullptr};
      for (unsigned level = height_.load(std::memory_order_relaxed); level-- > 0;) {
        gap = narrow(gap, level, place);
      }
      return gap;
    }
    /// Its front where the list is empty.
    [[nodiscard]] Node* last() const noexcept {
      Node* node = front_;
      for (unsigned level = height_.load(std::memory_order_relaxed); level-- > 0;) {
        while (Node* const next = node->next(level)) {
          node = next;
        }
      }
      return node;
    }

    static void link(Node& node, Gap gap, unsigned level, const Place& place) noexcept {
      for (;;) {
        node.link(level).store(gap.after, std::memory_order_relaxed);
        if (gap.before->link(level).compare_exchange_strong(
                gap.after, &node, std::memory_order_release, std::memory_order_relaxed)) {
          return;
        }
        gap = narrow({gap.before, nullptr}, level, place);
      }
    }

    detail::SharedArena arena_;
    Node* const front_;  ///< before all entries
    std::atomic<unsigned> height_{1};
    std::atomic<std::uint64_t> entry_count_{0};
  };
};

static_assert(MemtablePolicy<SkipList>);

}  // namespace strata::memtable
