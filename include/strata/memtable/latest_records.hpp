// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where the newest versions of keys are that were written of late: what a read of a hot key finds
/// without a search.
///
/// A table of slots, each for one key of many: the one that was inserted last has it. So what is
/// found is the newest version of its key; what is not found may be there nevertheless. Where there
/// are twice as many entries as slots, a larger table begins, empty. All this holds while versions
/// come in order: from the first one on that does not, nothing is found. Some ten bytes an entry.
///
/// Threads: one notes, any number asks. Who sees a sign that an entry was inserted, published
/// behind `note`, finds no older version of its key.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include <strata/core/arena.hpp>
#include <strata/core/entry.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

class LatestRecords {
 public:
  /// Asks for what `note` will touch.
  void prefetch(std::uint64_t hash) const noexcept {
    if (const Table* const table = table_.load(std::memory_order_relaxed)) {
      __builtin_prefetch(&table->records[hash & table->mask], 1);
      __builtin_prefetch(&table->tags[hash & table->mask], 1);
    }
  }
  /// `hash`: 64 good bits of its key. Takes memory of `arena`, which outlives all this. Throws
  /// std::bad_alloc; then nothing is noted.
  void note(std::uint64_t hash, const Record& record, Arena& arena) {
    const Sequence sequence = record.trailer.sequence();
    if (!is_ordered_ || (noted_ != 0 && sequence <= newest_)) [[unlikely]] {
      is_ordered_ = false;
      table_.store(nullptr, std::memory_order_release);
      return;
    }
    if (noted_ == grow_at_) [[unlikely]] {
      grow(arena);
    }
    newest_ = sequence;
    ++noted_;
    const Table& table = *table_.load(std::memory_order_relaxed);
    const std::size_t slot = hash & table.mask;
    table.records[slot].store(&record, std::memory_order_release);
    table.tags[slot].store(tag_of(hash), std::memory_order_release);
  }
  /// The newest version of the key with that hash, or of another key, or null.
  [[nodiscard]] const Record* find(std::uint64_t hash) const noexcept {
    const Table* const table = table_.load(std::memory_order_acquire);
    if (table == nullptr) {
      return nullptr;
    }
    const std::size_t slot = hash & table->mask;
    return table->tags[slot].load(std::memory_order_acquire) == tag_of(hash)
               ? table->records[slot].load(std::memory_order_acquire)
               : nullptr;
  }

 private:
  /// Tags lie apart: most questions end at one, and all of them fit in a processor's cache.
  struct Table {
    std::size_t mask;
    std::atomic<std::uint16_t>* tags;
    std::atomic<const Record*>* records;
  };
  static constexpr std::size_t slots_least = 256;

  /// Never 0, which is what a slot has that nobody has.
  [[nodiscard]] static std::uint16_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint16_t>(hash >> 48 | 1);
  }
  template <class T>
  [[nodiscard]] static std::atomic<T>* make_slots(Arena& arena, std::size_t count) {
    auto* const slots =
        reinterpret_cast<std::atomic<T>*>(arena.allocate(count * sizeof(std::atomic<T>)));
    for (std::size_t i = 0; i < count; ++i) {
      new (slots + i) std::atomic<T>(T{});
    }
    return slots;
  }
  void grow(Arena& arena) {
    const Table* const now = table_.load(std::memory_order_relaxed);
    const std::size_t slots = now == nullptr ? slots_least : 4 * (now->mask + 1);
    auto* const records = make_slots<const Record*>(arena, slots);
    auto* const tags = make_slots<std::uint16_t>(arena, slots);
    table_.store(arena.create<Table>(Table{slots - 1, tags, records}), std::memory_order_release);
    grow_at_ = 2 * slots;
  }

  std::atomic<Table*> table_{nullptr};
  std::uint64_t noted_ = 0;
  std::uint64_t grow_at_ = 0;
  Sequence newest_ = 0;
  bool is_ordered_ = true;
};

}  // namespace strata::memtable::detail
