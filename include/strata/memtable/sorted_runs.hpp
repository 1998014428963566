// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Entries in the order they came, and sorted for those who ask.
///
/// Writers push entries on a stack that nobody pops from: one compare-and-swap, and who sees an
/// entry sees all that came before it (R. K. Treiber's stack, 1986, without its removals). A reader
/// who finds entries on it that are not sorted yet sorts these into a run of their own, and merges
/// runs until each is at least four times as long as the next, as an LSM tree does: n entries are
/// in at most log4(n) runs, and each is merged about as often, however reads and writes mix. A
/// table that is read only once it is full is sorted once.
///
/// | bytes  | field  | of an arrival: meaning                    |
/// |--------|--------|-------------------------------------------|
/// | 8      | older  | the entry that came before                |
/// | 16 + n | record | lengths and trailer, key and value        |
///
/// | bytes  | field  | of a slot of a run: meaning               |
/// |--------|--------|-------------------------------------------|
/// | 8      | head   | the first eight bytes of the key          |
/// | 8      | record | where it is                               |
///
/// Runs are immutable, and shared by all who read them. Readers never wait for writers, but one
/// that has to sort makes those wait that would have to do the same.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/memtable/merging_cursor.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

/// The start of an entry in the arena; key and value lie behind it.
struct Arrival {
  const Arrival* older;
  Record record;
};

template <class Comparator>
class SortedRuns {
  using Place = detail::Place<Comparator>;
  struct Slot {
    std::uint64_t head;
    const Record* record;
  };
  using Run = std::vector<Slot>;
  using SharedRun = std::shared_ptr<const Run>;

  /// All entries up to `newest`, the longest run first.
  struct State {
    const Arrival* newest = nullptr;
    std::vector<SharedRun> runs;
  };

 public:
  /// The part of the table that lies in one run.
  class RunCursor {
   public:
    explicit RunCursor(const Run& run) noexcept : run_(&run), at_(run.size()) {}
    [[nodiscard]] bool valid() const noexcept { return at_ < run_->size(); }
    [[nodiscard]] std::string_view key() const noexcept { return record().key(); }
    [[nodiscard]] Trailer trailer() const noexcept { return record().trailer; }
    [[nodiscard]] std::string_view value() const noexcept { return record().value(); }
    void seek_to_first() noexcept { at_ = 0; }
    void seek_to_last() noexcept { at_ = run_->size() - 1; }
    void seek(std::string_view key, Sequence sequence) noexcept {
      at_ = rank_of(*run_, Place(key, Trailer::seek(sequence)));
    }
    void seek_for_prev(std::string_view key) noexcept {
      // The least trailer: behind all versions of the key.
      at_ = rank_of(*run_, Place(key, Trailer())) - 1;
    }
    void next() noexcept { ++at_; }
    void prev() noexcept { --at_; }

   private:
    [[nodiscard]] const Record& record() const noexcept { return *(*run_)[at_].record; }

    const Run* run_;
    std::size_t at_;  ///< the run's size or more: nowhere
  };

  class Cursor : public MergingCursor<Comparator, RunCursor> {
   public:
    explicit Cursor(const SortedRuns& runs) : Cursor(runs.sorted()) {}

   private:
    explicit Cursor(std::shared_ptr<const State> state)
        : MergingCursor<Comparator, RunCursor>(cursors_of(*state)), state_(std::move(state)) {}
    [[nodiscard]] static std::vector<RunCursor> cursors_of(const State& state) {
      std::vector<RunCursor> cursors;
      cursors.reserve(state.runs.size());
      for (const SharedRun& run : state.runs) {
        cursors.emplace_back(*run);
      }
      return cursors;
    }

    std::shared_ptr<const State> state_;  ///< keeps the runs
  };

  void push(Arrival& arrival) noexcept {
    const Arrival* newest = newest_.load(std::memory_order_relaxed);
    do {
      arrival.older = newest;
    } while (!newest_.compare_exchange_weak(newest, &arrival, std::memory_order_release,
                                            std::memory_order_relaxed));
    entry_count_.fetch_add(1, std::memory_order_relaxed);
  }

  [[nodiscard]] std::optional<Found> find(std::string_view key, Sequence sequence) const {
    const Place place(key, Trailer::seek(sequence));
    const Record* newest = nullptr;
    const std::shared_ptr<const State> state = sorted();
    for (const SharedRun& run : state->runs) {
      const std::size_t rank = rank_of(*run, place);
      const Record* const record = rank < run->size() ? (*run)[rank].record : nullptr;
      if (record != nullptr && record->key() == key &&
          (newest == nullptr || record->trailer > newest->trailer)) {
        newest = record;
      }
    }
    return newest == nullptr ? std::nullopt
                             : std::optional(Found{newest->trailer, newest->value()});
  }

  /// Of the runs. Never shrinks: merged, they are as long as before.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return sorted_count_.load(std::memory_order_relaxed) * sizeof(Slot);
  }
  [[nodiscard]] std::uint64_t entry_count() const noexcept {
    return entry_count_.load(std::memory_order_relaxed);
  }
  /// How often an entry was written to a run: what the mix of reads and writes has cost.
  [[nodiscard]] std::uint64_t slots_written() const noexcept {
    return slots_written_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t growth = 4;

  [[nodiscard]] static std::size_t rank_of(const Run& run, const Place& place) noexcept {
    const auto at = std::partition_point(run.begin(), run.end(), [&](const Slot& slot) {
      return place.is_behind(slot.head, *slot.record);
    });
    return static_cast<std::size_t>(at - run.begin());
  }
  [[nodiscard]] static bool is_before(const Slot& a, const Slot& b) noexcept {
    if (a.head != b.head) {
      return a.head < b.head;
    }
    const int order = Comparator::compare(a.record->key(), b.record->key());
    return order < 0 || (order == 0 && a.record->trailer > b.record->trailer);
  }

  /// Runs with every entry that was there when this was called.
  [[nodiscard]] std::shared_ptr<const State> sorted() const {
    std::shared_ptr<const State> state = known();
    if (state->newest == newest_.load(std::memory_order_acquire)) {
      return state;
    }
    const std::lock_guard sorting(sorting_);
    state = known();
    const Arrival* const newest = newest_.load(std::memory_order_acquire);
    if (state->newest != newest) {
      state = std::make_shared<const State>(extended(*state, newest));
      const SpinGuard guard(reading_);
      state_ = state;
    }
    return state;
  }
  [[nodiscard]] std::shared_ptr<const State> known() const {
    const SpinGuard guard(reading_);
    return state_;
  }

  [[nodiscard]] State extended(const State& old, const Arrival* newest) const {
    Run run = sorted_run(newest, old.newest);
    sorted_count_.fetch_add(run.size(), std::memory_order_relaxed);
    std::uint64_t written = run.size();
    State state{newest, old.runs};
    while (!state.runs.empty() && state.runs.back()->size() < growth * run.size()) {
      run = merged(*state.runs.back(), run);
      written += run.size();
      state.runs.pop_back();
    }
    state.runs.push_back(std::make_shared<const Run>(std::move(run)));
    slots_written_.fetch_add(written, std::memory_order_relaxed);
    return state;
  }
  /// The entries from `newest` down to, and without, `known`.
  [[nodiscard]] static Run sorted_run(const Arrival* newest, const Arrival* known) {
    std::size_t count = 0;
    for (const Arrival* arrival = newest; arrival != known; arrival = arrival->older) {
      ++count;
    }
    Run run(count);
    for (const Arrival* arrival = newest; arrival != known; arrival = arrival->older) {
      run[--count].record = &arrival->record;
    }
    sort(run);
    return run;
  }
  /// Keys often start alike. While they are sorted, heads are what comes behind that.
  static void sort(Run& run) {
    const std::string_view prefix = common_prefix(run);
    for (Slot& slot : run) {
      slot.head = Place::head_of(slot.record->key().substr(prefix.size()));
    }
    if (!std::is_sorted(run.begin(), run.end(), is_before)) {  // a load often comes in order
      std::sort(run.begin(), run.end(), is_before);
    }
    if (!prefix.empty()) {
      const std::uint64_t prefix_head = Place::head_of(prefix);
      for (Slot& slot : run) {
        slot.head = prefix_head | (prefix.size() < 8 ? slot.head >> (8 * prefix.size()) : 0);
      }
    }
  }
  [[nodiscard]] static std::string_view common_prefix(const Run& run) noexcept {
    std::string_view prefix = Comparator::is_bytewise ? run.front().record->key() : "";
    for (const Slot& slot : run) {
      const std::string_view key = slot.record->key();
      const std::size_t bytes = std::min(prefix.size(), key.size());
      const auto differ = std::mismatch(prefix.begin(), prefix.begin() + bytes, key.begin());
      prefix = prefix.substr(0, static_cast<std::size_t>(differ.first - prefix.begin()));
    }
    return prefix;
  }
  [[nodiscard]] static Run merged(const Run& a, const Run& b) {
    Run both;
    both.reserve(a.size() + b.size());
    std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both), is_before);
    return both;
  }

  std::atomic<const Arrival*> newest_{nullptr};
  std::atomic<std::uint64_t> entry_count_{0};
  mutable std::mutex sorting_;
  mutable std::atomic<bool> reading_{false};  ///< taken to copy `state_`
  mutable std::shared_ptr<const State> state_ = std::make_shared<const State>();
  mutable std::atomic<std::size_t> sorted_count_{0};
  mutable std::atomic<std::uint64_t> slots_written_{0};
};

}  // namespace strata::memtable::detail
