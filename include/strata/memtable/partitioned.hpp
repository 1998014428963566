// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `N` memtables of another policy, each with the keys whose hash says so.
///
/// Threads that insert at once mostly meet in different tables, so that one whose writers exclude
/// each other takes many at once; `find` asks one table, which is smaller. All versions of a key
/// are in one. A cursor merges `N` cursors. ("Hash-partitioned" as in the parallel databases of
/// D. DeWitt and J. Gray, CACM 1992.)
///
/// Each table takes its first chunk of memory before its first entry: 16 KiB times `N` for `BTree`
/// and `SkipList`. Thread safety is that of `M`.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/hash.hpp>
#include <strata/memtable/btree.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/merging_cursor.hpp>

namespace strata::memtable {

template <class M, std::size_t N = 16>
struct Partitioned {
  static_assert(MemtablePolicy<M>, "strata: Partitioned<M, N> needs a memtable policy M");
  static_assert(N > 0 && (N & (N - 1)) == 0, "strata: Partitioned<M, N> needs a power of two N");

  using policy_slot = memtable_slot;
  struct Options {
    typename M::Options partition{};  ///< of each table
  };

 private:
  static constexpr std::string_view prefix = "partitioned_";
  static constexpr auto name_letters = [] {
    constexpr std::string_view partition = M::name;
    std::array<char, prefix.size() + partition.size()> letters{};
    for (std::size_t i = 0; i < letters.size(); ++i) {
      letters[i] = i < prefix.size() ? prefix[i] : partition[i - prefix.size()];
    }
    return letters;
  }();

 public:
  static constexpr std::string_view name{name_letters.data(), name_letters.size()};

  template <class Comparator>
  class type {
    using Table = typename M::template type<Comparator>;
    using TableCursor = typename Table::Cursor;
    /// A cache line apart: writers of one do not slow down those of the next.
    struct alignas(64) Partition {
      Table table;
    };

   public:
    explicit type(const Options& options = {}) : type(options, std::make_index_sequence<N>()) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      partitions_[index_of(key)].table.insert(key, trailer, value);
    }
    [[nodiscard]] std::optional<Found> find(std::string_view key, Sequence sequence) const {
      return partitions_[index_of(key)].table.find(key, sequence);
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
      std::size_t sum = 0;
      for (const Partition& partition : partitions_) {
        sum += partition.table.memory_bytes();
      }
      return sum;
    }
    [[nodiscard]] std::uint64_t entry_count() const noexcept {
      std::uint64_t sum = 0;
      for (const Partition& partition : partitions_) {
        sum += partition.table.entry_count();
      }
      return sum;
    }

    class Cursor : public detail::MergingCursor<Comparator, TableCursor> {
     public:
      explicit Cursor(const type& table)
          : detail::MergingCursor<Comparator, TableCursor>(cursors_of(table)) {}

     private:
      [[nodiscard]] static std::vector<TableCursor> cursors_of(const type& table) {
        std::vector<TableCursor> cursors;
        cursors.reserve(N);
        for (const Partition& partition : table.partitions_) {
          cursors.emplace_back(partition.table);
        }
        return cursors;
      }
    };

   private:
    template <std::size_t... I>
    type(const Options& options, std::index_sequence<I...>)
        : partitions_{{(static_cast<void>(I), Partition{Table(options.partition)})...}} {}

    /// Keys that compare equal are equal as bytes, whatever the comparator.
    [[nodiscard]] static std::size_t index_of(std::string_view key) noexcept {
      return static_cast<std::size_t>(hash64(key)) & (N - 1);
    }

    std::array<Partition, N> partitions_;
  };
};

static_assert(MemtablePolicy<Partitioned<BTree>>);

}  // namespace strata::memtable
