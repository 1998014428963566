// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A hash table for reads of single keys, which can be put in order when it must be.
///
/// Keys are hashed by their first `prefix_bytes`, or whole; the entries of one prefix are a
/// *group*, sorted as everywhere (detail::SplitOrderedList). `find` looks at one group, in a time
/// that does not depend on the number of entries. The idea is that of RocksDB's hash linked list
/// memtable; its table does not grow.
///
/// Where bytes order the keys, a group is a range of them. A cursor that finds what it seeks in a
/// group walks there until the group ends; and so it does through the versions of one key whatever
/// the order. Any other way a cursor goes needs all entries in order: then those that have come
/// since this was needed last are sorted (detail::SortedRuns), n log n for the first.
///
/// | bytes  | field  | meaning                                                     |
/// |--------|--------|-------------------------------------------------------------|
/// | 16     | node   | link and order in the list                                  |
/// | 8      | older  | the entry that came before                                  |
/// | 16 + n | record | lengths and trailer, then the key and the value             |
///
/// beside it 12 to 24 bytes an entry for buckets, and once sorted 16. Many threads insert at once;
/// inserts and finds in a group take as long as it has entries: a few hundred are too many.

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
#include <strata/memtable/sorted_runs.hpp>
#include <strata/memtable/split_ordered_list.hpp>

namespace strata::memtable {

struct HashIndex {
  using policy_slot = memtable_slot;
  struct Options {
    /// How much of a key is hashed; 0: all of it, as of keys that are shorter.
    std::size_t prefix_bytes = 0;
  };
  static constexpr std::string_view name = "hash_index";

  template <class Comparator>
  class type {
    using Runs = detail::SortedRuns<Comparator>;
    using Node = detail::SplitOrderedList::Node;
    struct Entry {
      Node node;  ///< the first member: an entry is found by it
      detail::Arrival arrival;
    };

   public:
    type() : type(Options()) {}
    /// `pages`: where large pages come from and go to; null: the system.
    explicit type(const Options& options, std::shared_ptr<LargePagePool> pages = nullptr)
        : prefix_bytes_(options.prefix_bytes), arena_(std::move(pages)), groups_(arena_) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      const std::uint64_t hash = hash64(prefix_of(key));
      Entry& entry = create_entry(hash, key, trailer, value);
      groups_.insert(entry.node, hash, is_before(key, trailer));
      runs_.push(entry.arrival);
      groups_.grow_for(runs_.entry_count());
    }

    [[nodiscard]] std::optional<Found> find(std::string_view key,
                                            Sequence sequence) const noexcept {
      const Entry* const entry = first_in_group(key, sequence);
      if (entry == nullptr || record_of(*entry).key() != key) {
        return std::nullopt;
      }
      return Found{record_of(*entry).trailer, record_of(*entry).value()};
    }

    [[nodiscard]] std::size_t memory_bytes() const noexcept {
      return arena_.memory_bytes() + runs_.memory_bytes();
    }
    [[nodiscard]] std::uint64_t entry_count() const noexcept { return runs_.entry_count(); }

    class Cursor {
     public:
      explicit Cursor(const type& table) noexcept : table_(&table) {}

      [[nodiscard]] bool valid() const noexcept {
        return entry_ != nullptr || (sorted_ && sorted_->valid());
      }
      [[nodiscard]] std::string_view key() const noexcept {
        return entry_ != nullptr ? record_of(*entry_).key() : sorted_->key();
      }
      [[nodiscard]] Trailer trailer() const noexcept {
        return entry_ != nullptr ? record_of(*entry_).trailer : sorted_->trailer();
      }
      [[nodiscard]] std::string_view value() const noexcept {
        return entry_ != nullptr ? record_of(*entry_).value() : sorted_->value();
      }

      void seek_to_first() { sorted().seek_to_first(); }
      void seek_to_last() { sorted().seek_to_last(); }
      void seek(std::string_view key, Sequence sequence = sequence_max) {
        entry_ = table_->groups_are_ranges() ? table_->first_in_group(key, sequence) : nullptr;
        if (entry_ == nullptr) {
          sorted().seek(key, sequence);
        }
      }
      void seek_for_prev(std::string_view key) { sorted().seek_for_prev(key); }
      void next() {
        if (entry_ == nullptr) {
          sorted_->next();
          return;
        }
        const detail::Record& here = record_of(*entry_);
        entry_ = table_->next_in_group(*entry_);
        if (entry_ == nullptr) {
          seek_sorted(here);
          if (stands_on(here)) {
            sorted_->next();
          }
        }
      }
      void prev() {
        if (entry_ != nullptr) {
          seek_sorted(record_of(*entry_));
          if (!sorted_->valid()) {
            sorted_->seek_to_last();
            return;
          }
        }
        sorted_->prev();
      }

     private:
      /// The cursor over all entries, on which this one stands from now on.
      [[nodiscard]] typename Runs::Cursor& sorted() {
        entry_ = nullptr;
        return sorted_ ? *sorted_ : sorted_.emplace(table_->runs_);
      }
      /// To the first of all entries at or behind `place`, which may be younger than they are.
      void seek_sorted(const detail::Record& place) {
        sorted().seek(place.key(), place.trailer.sequence());
        while (sorted_->valid() && sorted_->key() == place.key() &&
               sorted_->trailer() > place.trailer) {
          sorted_->next();  // of another kind with the same sequence
        }
      }
      [[nodiscard]] bool stands_on(const detail::Record& place) const noexcept {
        return sorted_->valid() && sorted_->key() == place.key() &&
               sorted_->trailer() == place.trailer;
      }

      const type* table_;
      const Entry* entry_ = nullptr;  ///< in its group; null: `sorted_` says where, or nowhere
      std::optional<typename Runs::Cursor> sorted_;
    };

   private:
    [[nodiscard]] static const Entry& entry_of(const Node& node) noexcept {
      return reinterpret_cast<const Entry&>(node);
    }
    [[nodiscard]] static const detail::Record& record_of(const Entry& entry) noexcept {
      return entry.arrival.record;
    }
    [[nodiscard]] std::string_view prefix_of(std::string_view key) const noexcept {
      return prefix_bytes_ == 0 ? key : key.substr(0, prefix_bytes_);
    }
    /// Where the order of keys is not known, only versions of one key are certain to be neighbours.
    [[nodiscard]] bool groups_are_ranges() const noexcept {
      return Comparator::is_bytewise || prefix_bytes_ == 0;
    }

    /// The order within a group. Keys that compare equal are equal as bytes (ComparatorPolicy), so
    /// they have the same hash whatever the comparator.
    [[nodiscard]] static auto is_before(std::string_view key, Trailer trailer) noexcept {
      return [key, trailer](const Node& node) noexcept {
        const detail::Record& record = record_of(entry_of(node));
        const int order = Comparator::compare(record.key(), key);
        return order < 0 || (order == 0 && record.trailer > trailer);
      };
    }
    /// The first entry of the key's group that is at or behind the place; null: none.
    [[nodiscard]] const Entry* first_in_group(std::string_view key,
                                              Sequence sequence) const noexcept {
      const std::string_view prefix = prefix_of(key);
      const Node* const node =
          groups_.find(hash64(prefix), is_before(key, Trailer::seek(sequence)));
      return node != nullptr ? if_in_group(*node, prefix) : nullptr;
    }
    [[nodiscard]] const Entry* next_in_group(const Entry& entry) const noexcept {
      const Node* const node = entry.node.next.load(std::memory_order_acquire);
      return node != nullptr && node->order == entry.node.order
                 ? if_in_group(*node, prefix_of(record_of(entry).key()))
                 : nullptr;
    }
    /// Two groups may have the same hash.
    [[nodiscard]] const Entry* if_in_group(const Node& node,
                                           std::string_view prefix) const noexcept {
      const Entry& entry = entry_of(node);
      return prefix_of(record_of(entry).key()) == prefix ? &entry : nullptr;
    }

    [[nodiscard]] Entry& create_entry(std::uint64_t hash, std::string_view key, Trailer trailer,
                                      std::string_view value) {
      constexpr std::size_t before_record =
          offsetof(Entry, arrival) + offsetof(detail::Arrival, record);
      static_assert(before_record + sizeof(detail::Record) == sizeof(Entry));
      char* const at = arena_.allocate(before_record + detail::Record::bytes_for(key, value));
      auto* const entry = new (at) Entry;
      entry->node.order = detail::SplitOrderedList::order_of(hash);
      detail::Record::write(at + before_record, key, trailer, value);
      return *entry;
    }

    const std::size_t prefix_bytes_;
    detail::SharedArena arena_;
    detail::SplitOrderedList groups_;
    Runs runs_;
  };
};

static_assert(MemtablePolicy<HashIndex>);

}  // namespace strata::memtable
