// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What memtables are measured beside: ordered maps of others under a mutex, with keys and values
/// in an arena.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include <strata/core/arena.hpp>
#include <strata/core/entry.hpp>

#if __has_include(<absl/container/btree_map.h>)
#include <absl/container/btree_map.h>
#endif

namespace reference {

using strata::Trailer;
using Key = std::pair<std::string_view, Trailer>;

template <class Comparator>
struct Less {
  bool operator()(const Key& a, const Key& b) const noexcept {
    const int order = Comparator::compare(a.first, b.first);
    return order < 0 || (order == 0 && a.second > b.second);
  }
};

/// `Map::map<Less>` under a mutex. `Map::bytes_per_entry` is what it takes for an entry itself.
template <class Map>
struct Locked {
  struct Options {};
  static constexpr std::string_view name = Map::name;

  template <class Comparator>
  class type {
    using Entries = typename Map::template map<Less<Comparator>>;

   public:
    explicit type(const Options&) {}
    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      const std::lock_guard lock(mutex_);
      entries_.emplace(Key(copy(key), trailer), copy(value));
    }
    std::optional<std::string_view> find(std::string_view key, strata::Sequence sequence) const {
      const std::lock_guard lock(mutex_);
      const auto at = entries_.lower_bound({key, Trailer::seek(sequence)});
      return at == entries_.end() || at->first.first != key ? std::nullopt
                                                            : std::optional(at->second);
    }
    std::size_t memory_bytes() const {
      return arena_.memory_bytes() + entries_.size() * Map::bytes_per_entry;
    }

    /// Takes no lock: for one thread.
    class Cursor {
     public:
      explicit Cursor(const type& table) : entries_(&table.entries_) {}
      void seek_to_first() { at_ = entries_->begin(); }
      void next() { ++at_; }
      bool valid() const { return at_ != entries_->end(); }
      std::string_view key() const { return at_->first.first; }

     private:
      const Entries* entries_;
      typename Entries::const_iterator at_;
    };

   private:
    std::string_view copy(std::string_view bytes) {
      char* const to = arena_.allocate(bytes.size());
      std::copy(bytes.begin(), bytes.end(), to);
      return {to, bytes.size()};
    }

    mutable std::mutex mutex_;
    strata::Arena arena_;
    Entries entries_;
  };
};

using Entry = std::pair<const Key, std::string_view>;

struct Std {
  static constexpr std::string_view name = "std_map";
  static constexpr std::size_t bytes_per_entry = sizeof(Entry) + 32;  // a node has four words
  template <class Less>
  using map = std::map<Key, std::string_view, Less>;
};
using StdMap = Locked<Std>;

#if __has_include(<absl/container/btree_map.h>)
struct Absl {
  static constexpr std::string_view name = "absl_btree_map";
  static constexpr std::size_t bytes_per_entry = sizeof(Entry) * 4 / 3;  // three quarters full
  template <class Less>
  using map = absl::btree_map<Key, std::string_view, Less>;
};
using AbslMap = Locked<Absl>;
#endif

}  // namespace reference
