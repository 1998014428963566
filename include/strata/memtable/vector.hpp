// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A memtable for bulk loads: entries are appended, and sorted when they are read.
///
/// An insert copies the entry and puts it on a stack, without a look at another, so it costs the
/// same however many there are; many threads insert at once. `find` and cursors sort what has come
/// since the last of them (detail::SortedRuns): a flush sorts once, and a load that came in order
/// is only checked. The idea is that of RocksDB's vector memtable, which sorts all of it for each
/// cursor, and of the runs of an LSM tree.
///
/// A `find` after each insert sorts a little each time, and looks at several runs: use another
/// memtable where reads and writes mix. Readers share the work of sorting, one at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/large_pages.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/record.hpp>
#include <strata/memtable/shared_arena.hpp>
#include <strata/memtable/sorted_runs.hpp>

namespace strata::memtable {

struct Vector {
  using policy_slot = memtable_slot;
  struct Options {};
  static constexpr std::string_view name = "vector";

  template <class Comparator>
  class type {
    using Runs = detail::SortedRuns<Comparator>;

   public:
    /// `pages`: where large pages come from and go to; null: the system.
    explicit type(const Options& = {}, std::shared_ptr<LargePagePool> pages = nullptr)
        : arena_(std::move(pages)) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    void insert(std::string_view key, Trailer trailer, std::string_view value) {
      using detail::Arrival;
      using detail::Record;
      static_assert(offsetof(Arrival, record) + sizeof(Record) == sizeof(Arrival));
      char* const at = arena_.allocate(offsetof(Arrival, record) + Record::bytes_for(key, value));
      auto* const arrival = new (at) Arrival;
      Record::write(at + offsetof(Arrival, record), key, trailer, value);
      runs_.push(*arrival);
    }
    [[nodiscard]] std::optional<Found> find(std::string_view key, Sequence sequence) const {
      return runs_.find(key, sequence);
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
      return arena_.memory_bytes() + runs_.memory_bytes();
    }
    [[nodiscard]] std::uint64_t entry_count() const noexcept { return runs_.entry_count(); }

    class Cursor : public Runs::Cursor {
     public:
      explicit Cursor(const type& table) : Runs::Cursor(table.runs_) {}
    };

   private:
    detail::SharedArena arena_;
    Runs runs_;
  };
};

static_assert(MemtablePolicy<Vector>);

}  // namespace strata::memtable
