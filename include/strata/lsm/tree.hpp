// SPDX-License-Identifier: BSL-1.0
#pragma once

/// One family of a database: what it has (lsm/tree_state.hpp), and the jobs that turn memtables
/// into tables and tables into better ones. A tree knows nothing of the log, the manifest or other
/// families; the engine drives it.
///
/// Threads: whatever looks at busy flags needs the engine's lock, which the engine holds around
/// those calls; `build_*` run without it.
///
/// Tested through the engine: tests/lsm/engine_test.cpp.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/filter.hpp>
#include <strata/core/epoch.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/build_tables.hpp>
#include <strata/lsm/key_span.hpp>
#include <strata/lsm/level_cursor.hpp>
#include <strata/lsm/live_compaction.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/picked_compaction.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/table_output.hpp>
#include <strata/lsm/table_writer.hpp>
#include <strata/lsm/tree_state.hpp>
#include <strata/lsm/tree_types.hpp>
#include <strata/lsm/value_collection.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/version/edit.hpp>

namespace strata::lsm {

template <class TypesOf>
class Tree : public TreeState<TypesOf> {
  using State = TreeState<TypesOf>;

 public:
  using typename State::Comparator;
  using typename State::File;
  using typename State::FileSystem;
  using typename State::Merging;
  using typename State::Options;
  using typename State::Picked;
  using typename State::Pin;
  using typename State::Segment;
  using typename State::Types;
  using typename State::Values;
  using typename State::Version;
  using typename State::View;
  using CompactionOptions = options_of_t<typename Types::Compaction>;
  /// Whether a compaction may drop what nothing else would.
  static constexpr bool filters_compactions =
      !std::is_same_v<typename Types::CompactionFilter, compaction_filter::None>;

  Tree(FamilyId id, FileSystem file_system, std::string directory, const Options& options,
       typename Types::BlockCache& cache, EpochDomain& epochs)
      : State(id, std::move(file_system), std::move(directory), options, cache, epochs),
        picker_(options.compaction) {}

  /// Guarded by the engine's lock: the oldest immutable memtable is being written.
  bool flushing = false;
  /// Set under the engine's lock: its family is gone, and nothing of it is written any more.
  std::atomic<bool> dropped{false};

  [[nodiscard]] compaction::Pressure pressure() const {
    return picker_.pressure(current().tables->view());
  }
  [[nodiscard]] const CompactionOptions& compaction_options() const noexcept {
    return picker_.options();
  }
  void set_compaction_options(const CompactionOptions& options) { picker_.set_options(options); }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return picker_.file_bytes(); }

  // Jobs: `build_*` run without the lock.

  /// Writes `segment` as tables of level 0, all but what no reader can see.
  template <class NextNumber>
  [[nodiscard]] Result<BuiltFiles> build_flush(const Segment& segment,
                                               const std::vector<Sequence>& snapshots,
                                               NextNumber next_number) {
    Merging merging;
    merging.add(typename Types::MemCursor(segment.table()));
    auto ranges = segment.range_list();
    const RangeEraseSet<Comparator> set(ranges);
    const Values none;  // memtables point to no values
    auto built = build_tables<Types>(merging,
                                     {.ranges = &set,
                                      .kept_ranges = std::move(ranges),
                                      .snapshots = snapshots,
                                      .largest_sequence = segment.last_sequence(),
                                      .file_bytes = UINT64_MAX},
                                     {file_system_, directory_, options_, none}, next_number);
    if (built) {
      note_times(built->tables, segment.created_seconds(), Types::Clock::unix_seconds());
    }
    return built;
  }

  /// None: the policy wants nothing. Error: it wants what would lose something. What live
  /// snapshots see is not dropped: that waits.
  [[nodiscard]] Result<std::optional<Picked>> pick_compaction(
      const std::vector<Sequence>& snapshots) {
    auto now = conditions();
    now.oldest_snapshot = snapshots.empty() ? sequence_max : snapshots.front();
    auto job = picker_.pick(current().tables->view(), now);
    if constexpr (Values::separates && !compaction::only_on_demand<typename Types::Compaction>) {
      if (!job) {
        return pick_collection();
      }
    }
    if (!job || (job->action == compaction::Action::drop && !snapshots.empty())) {
      return std::nullopt;
    }
    return take(std::move(*job));
  }
  /// Whether memory may hold a key of `range`. Range erases count as everywhere.
  [[nodiscard]] bool memory_overlaps(const compaction::KeyRange& range) const {
    const Pin view = State::pin();
    const auto holds = [&](const Segment& segment) {
      if (segment.has_ranges()) {
        return true;
      }
      typename Types::MemCursor cursor(segment.table());
      cursor.seek(range.smallest, sequence_max);
      return cursor.valid() && !compaction::ends_before(range.largest, range.largest_exclusive,
                                                        cursor.key(), &Comparator::compare);
    };
    return holds(*view->active) || std::any_of(view->immutables.begin(), view->immutables.end(),
                                               [&](const auto& s) { return holds(*s); });
  }
  /// The deepest level where tables over `range` hide nothing newer, meet nothing beside them, and
  /// can not meet what a running job writes.
  [[nodiscard]] unsigned level_for(const compaction::KeyRange& range) const {
    const auto view = current().tables->view();
    compaction::KeyRange busy;
    unsigned deepest = 0;
    bool is_free = true;
    for (unsigned level = 0; level < view.size(); ++level) {
      is_free =
          is_free && compaction::overlapping(view[level], range, &Comparator::compare).empty();
      deepest = is_free ? level : deepest;
      for (const auto& file : view[level]) {
        if (file.busy) {
          busy.widen(file, &Comparator::compare);
        }
      }
    }
    const compaction::FileView own{.smallest = range.smallest,
                                   .largest = range.largest,
                                   .largest_exclusive = range.largest_exclusive};
    return compaction::overlaps(own, busy, &Comparator::compare) ? 0 : deepest;
  }
  /// All tables of `level` that overlap [first, last], with what they overlap one level down.
  /// None: nothing there. Requires: no compaction of this tree runs.
  [[nodiscard]] Result<std::optional<Picked>> pick_range(unsigned level, unsigned output_level,
                                                         std::optional<std::string_view> first,
                                                         std::optional<std::string_view> last) {
    auto job = compaction_of_range<Comparator>(*current().tables, level, output_level, first, last);
    if (!job) {
      return std::nullopt;
    }
    job->output_file_bytes = file_bytes();
    return take(std::move(*job));
  }
  /// Tables of a level below 0, neighbours, to be written again.
  [[nodiscard]] Result<std::optional<Picked>> pick_tables(unsigned level,
                                                          std::vector<std::uint64_t> numbers) {
    return take(compaction::Job{.inputs = {{level, std::move(numbers)}},
                                .output_level = level,
                                .output_file_bytes = file_bytes()});
  }
  /// Only the keys of `span`, and only while `cancelled` is not set.
  template <class NextNumber>
  [[nodiscard]] Result<BuiltFiles> build_compaction(const Picked& picked,
                                                    const std::vector<Sequence>& snapshots,
                                                    NextNumber next_number,
                                                    const KeySpan& span = {},
                                                    const std::atomic<bool>* cancelled = nullptr) {
    Merging merging;
    const auto options = options_.cursor(true, false);
    merging.reserve(picked.inputs.front().files.size() + picked.inputs.size());
    std::vector<RangeErase> ranges;
    std::uint64_t oldest_seconds = UINT64_MAX;
    std::uint64_t newest_seconds = 0;
    Sequence largest_sequence = 0;
    for (const auto& input : picked.inputs) {
      if (input.level != 0) {
        merging.add(LevelCursor<File>(input.files, options));
      }
      for (const auto& file : input.files) {
        if (input.level == 0) {
          merging.add(typename Types::TableCursor(file->reader(), options));
        }
        const auto& own = file->reader().range_erases();
        ranges.insert(ranges.end(), own.begin(), own.end());
        oldest_seconds = std::min(oldest_seconds, file->metadata().oldest_seconds);
        newest_seconds = std::max(newest_seconds, file->metadata().newest_seconds);
        largest_sequence = std::max(largest_sequence, file->metadata().largest_sequence);
      }
    }
    const RangeEraseSet<Comparator> set(ranges);
    if (picked.bottommost) {
      // What every reader already misses has nothing left to hide.
      std::erase_if(ranges, [&](const RangeErase& range) {
        return snapshots.empty() || range.sequence <= snapshots.front();
      });
    }
    const Pin view = State::pin();  // holds the values that inputs point to
    auto built = build_tables<Types>(
        merging,
        {.ranges = &set,
         .kept_ranges = std::move(ranges),
         .snapshots = snapshots,
         .bottommost = picked.bottommost,
         .level = picked.job.output_level,
         .largest_sequence = largest_sequence,
         .file_bytes = picked.job.output_file_bytes,
         .span = span,
         .cancelled = cancelled},
        {file_system_, directory_, options_, view->tables->values, wasteful(*view, picked)},
        next_number);
    if (built) {
      note_times(built->tables, oldest_seconds, newest_seconds);
    }
    return built;
  }

  /// Writes `sorted`, pairs of key and value, as tables with sequence 0. Errors: invalid_argument
  /// where keys do not ascend.
  template <class Range, class NextNumber>
  [[nodiscard]] Result<std::vector<version::FileMetadata>> build_sorted(Range&& sorted,
                                                                        NextNumber next_number) {
    const auto builder_options = options_.deepest_builder();
    TableOutput<FileSystem, typename Types::Builder, std::remove_const_t<decltype(builder_options)>,
                Comparator, NextNumber>
        output(file_system_, directory_, builder_options, file_bytes(), {}, next_number);
    Ascending<Comparator> order;
    const std::uint64_t start_seconds = Types::Clock::unix_seconds();
    for (auto&& [key, value] : sorted) {
      auto added = check_entry(key, value);
      added = added ? order.pass(key) : added;
      added = added ? output.add(key, Trailer(0, EntryKind::put), value) : added;
      if (!added) {
        return propagate(std::move(added));
      }
    }
    auto tables = output.finish();
    if (tables) {
      note_times(*tables, start_seconds, Types::Clock::unix_seconds());
    }
    return tables;
  }

 private:
  [[nodiscard]] compaction::Conditions conditions() const {
    return {.compare = &Comparator::compare,
            .unix_seconds = Types::Clock::unix_seconds(),
            .writes = State::flushed_entries(),
            .reads = State::reads(),
            .detours = State::detours()};
  }
  /// None: no value file has too much garbage, or nothing can be done.
  [[nodiscard]] Result<std::optional<Picked>> pick_collection() {
    const Version& tables = *current().tables;
    auto wasteful = tables.values.wasteful(tables.levels, options_.value_separation.garbage_ratio);
    auto job = collection_job(tables, wasteful, file_bytes());
    auto picked = job ? take(std::move(*job)) : std::nullopt;
    if (picked && *picked) {
      (*picked)->emptied = std::move(wasteful);
    }
    return picked;
  }
  [[nodiscard]] Result<std::optional<Picked>> take(compaction::Job job) {
    auto picked = take_inputs<Comparator>(std::move(job), *current().tables);
    if (!picked) {
      return propagate(std::move(picked));
    }
    return std::optional<Picked>(std::move(*picked));
  }
  /// Value files whose values the job is to move.
  [[nodiscard]] std::vector<std::uint64_t> wasteful(const View& view, const Picked& picked) const {
    if constexpr (Values::separates) {
      return view.tables->values.wasteful(
          view.tables->levels,
          picked.garbage_ratio.value_or(options_.value_separation.garbage_ratio));
    } else {
      return {};
    }
  }
  static void note_times(std::vector<version::FileMetadata>& tables, std::uint64_t oldest_seconds,
                         std::uint64_t newest_seconds) {
    for (version::FileMetadata& table : tables) {
      table.oldest_seconds = oldest_seconds;
      table.newest_seconds = newest_seconds;
    }
  }

  using State::current;
  using State::directory_;
  using State::file_system_;
  using State::options_;
  LiveCompaction<typename Types::Compaction> picker_;
};

}  // namespace strata::lsm
