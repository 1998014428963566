// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The archetype of the memtable slot: a `std::map` under a mutex.
///
/// It keeps every promise but one: a reader waits for the writer that is in the map. Nodes of a
/// map never move, so views and the iterators of cursors stay good without the mutex.

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/policy.hpp>
#include <strata/memtable/concept.hpp>

namespace strata::testing::archetype {

struct Memtable {
  using policy_slot = memtable_slot;
  struct Options {};
  static constexpr std::string_view name = "archetype";

  template <class Comparator>
  class type {
    struct Before {
      bool operator()(const auto& a, const auto& b) const noexcept {
        const int order = Comparator::compare(a.first, b.first);
        return order != 0 ? order < 0 : a.second > b.second;
      }
    };
    using Entries = std::map<std::pair<std::string, Trailer>, std::string, Before>;

   public:
    explicit type(const Options&) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      const std::lock_guard lock(mutex_);
      entries_.try_emplace({std::string(key), trailer}, value);
      bytes_ += key.size() + value.size() + sizeof(typename Entries::value_type);
    }
    [[nodiscard]] std::optional<memtable::Found> find(std::string_view key,
                                                      Sequence sequence) const {
      const std::lock_guard lock(mutex_);
      const auto at = entries_.lower_bound({std::string(key), Trailer::seek(sequence)});
      if (at == entries_.end() || at->first.first != key) {
        return std::nullopt;
      }
      return memtable::Found{at->first.second, at->second};
    }
    [[nodiscard]] std::size_t memory_bytes() const {
      const std::lock_guard lock(mutex_);
      return bytes_;
    }
    [[nodiscard]] std::uint64_t entry_count() const {
      const std::lock_guard lock(mutex_);
      return entries_.size();
    }

    class Cursor {
     public:
      explicit Cursor(const type& table) : table_(&table), at_(table.entries_.end()) {}

      void seek_to_first() {
        const std::lock_guard lock(table_->mutex_);
        at_ = entries().begin();
      }
      void seek_to_last() {
        const std::lock_guard lock(table_->mutex_);
        step_back_from(entries().end());
      }
      void seek(std::string_view key, Sequence sequence) {
        const std::lock_guard lock(table_->mutex_);
        at_ = entries().lower_bound({std::string(key), Trailer::seek(sequence)});
      }
      void seek_for_prev(std::string_view key) {
        const std::lock_guard lock(table_->mutex_);
        step_back_from(entries().upper_bound({std::string(key), Trailer()}));
      }
      void next() {
        const std::lock_guard lock(table_->mutex_);
        ++at_;
      }
      void prev() {
        const std::lock_guard lock(table_->mutex_);
        step_back_from(at_);
      }
      [[nodiscard]] bool valid() const { return at_ != entries().end(); }
      [[nodiscard]] std::string_view key() const { return at_->first.first; }
      [[nodiscard]] Trailer trailer() const { return at_->first.second; }
      [[nodiscard]] std::string_view value() const { return at_->second; }

     private:
      using Position = typename Entries::const_iterator;
      [[nodiscard]] const Entries& entries() const { return table_->entries_; }
      void step_back_from(Position at) {
        at_ = at == entries().begin() ? entries().end() : std::prev(at);
      }

      const type* table_;
      Position at_;
    };

   private:
    mutable std::mutex mutex_;
    Entries entries_;
    std::size_t bytes_ = 0;
  };
};

static_assert(MemtablePolicy<Memtable>);

}  // namespace strata::testing::archetype
