// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a family keeps in memory before a flush: a memtable and the range erases beside it.
///
/// One writer at a time (the commit leader), any number of readers. Range erases are rare and
/// must not cost when absent: readers look at one atomic count; the fragmented set is rebuilt by
/// the first reader after a change. Tested through the engine: tests/lsm/engine_test.cpp.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/large_pages.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/memtable/concept.hpp>

namespace strata::lsm {

template <class Memtable, class Comparator>
class MemSegment {
 public:
  using Table = typename Memtable::template type<Comparator>;
  using Ranges = RangeEraseSet<Comparator>;

  template <class MemtableOptions>
  explicit MemSegment(const MemtableOptions& options, std::uint64_t created_seconds = 0,
                      const std::shared_ptr<LargePagePool>& pages = nullptr)
      : table_(make(options, pages)), created_seconds_(created_seconds) {}

  void insert(std::string_view key, Trailer trailer, std::string_view value) {
    note(trailer.sequence());
    table_.insert(key, trailer, value);
  }

  /// What a memtable knows of an insert that is to come; nothing where it does not aim.
  using Aim = typename memtable::aim_of<Table>::type;
  /// See memtable/concept.hpp.
  void aim([[maybe_unused]] std::string_view key, [[maybe_unused]] Aim& to) const noexcept {
    if constexpr (memtable::Aiming<Table>) {
      table_.aim(key, to);
    }
  }
  void insert([[maybe_unused]] Aim& aim, std::string_view key, Trailer trailer,
              std::string_view value) {
    if constexpr (memtable::Aiming<Table>) {
      note(trailer.sequence());
      table_.insert(aim, key, trailer, value);
    } else {
      insert(key, trailer, value);
    }
  }

  void erase_range(std::string_view first, std::string_view last, Sequence sequence) {
    note(sequence);
    const std::lock_guard lock(ranges_mutex_);
    ranges_.push_back({std::string(first), std::string(last), sequence});
    range_bytes_.fetch_add(first.size() + last.size() + sizeof(RangeErase),
                           std::memory_order_relaxed);
    built_.reset();
    range_count_.store(ranges_.size(), std::memory_order_release);
  }

  [[nodiscard]] const Table& table() const noexcept { return table_; }

  [[nodiscard]] bool has_ranges() const noexcept {
    return range_count_.load(std::memory_order_acquire) != 0;
  }
  [[nodiscard]] std::shared_ptr<const Ranges> ranges() const {
    const std::lock_guard lock(ranges_mutex_);
    if (!built_) {
      built_ = std::make_shared<const Ranges>(ranges_);
    }
    return built_;
  }
  [[nodiscard]] std::vector<RangeErase> range_list() const {
    const std::lock_guard lock(ranges_mutex_);
    return ranges_;
  }

  [[nodiscard]] bool empty() const noexcept { return first_sequence() == 0; }
  /// 0 while empty.
  [[nodiscard]] Sequence first_sequence() const noexcept {
    return first_sequence_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] Sequence last_sequence() const noexcept {
    return last_sequence_.load(std::memory_order_relaxed);
  }
  /// Unix seconds: nothing in here was written sooner, unless it was replayed from a log.
  [[nodiscard]] std::uint64_t created_seconds() const noexcept { return created_seconds_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return table_.memory_bytes() + range_bytes_.load(std::memory_order_relaxed);
  }

 private:
  /// A memtable need not know of pools.
  template <class MemtableOptions>
  [[nodiscard]] static Table make(const MemtableOptions& options,
                                  const std::shared_ptr<LargePagePool>& pages) {
    if constexpr (std::is_constructible_v<Table, const MemtableOptions&,
                                          const std::shared_ptr<LargePagePool>&>) {
      return Table(options, pages);
    } else {
      return Table(options);
    }
  }

  void note(Sequence sequence) noexcept {
    if (first_sequence_.load(std::memory_order_relaxed) == 0) {
      first_sequence_.store(sequence, std::memory_order_relaxed);
    }
    last_sequence_.store(sequence, std::memory_order_relaxed);
  }

  Table table_;
  std::uint64_t created_seconds_;
  std::atomic<Sequence> first_sequence_{0};
  std::atomic<Sequence> last_sequence_{0};

  mutable std::mutex ranges_mutex_;
  std::vector<RangeErase> ranges_;
  mutable std::shared_ptr<const Ranges> built_;
  std::atomic<std::size_t> range_count_{0};
  std::atomic<std::size_t> range_bytes_{0};
};

}  // namespace strata::lsm
