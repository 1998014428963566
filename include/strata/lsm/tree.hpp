// SPDX-License-Identifier: BSL-1.0
#pragma once

/// One family of a database: its memtables, its tables, and the jobs that turn the first into the
/// second. A tree knows nothing of the log, the manifest or other families; the engine drives it.
///
/// Threads: readers call `get` and `cursor` at any time. Only the commit leader calls `apply` and
/// `switch_memtable`. Everything that replaces the view (`switch_memtable`, `install_*`) or looks
/// at busy flags needs the engine's lock, which the engine holds around those calls.
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
#include <strata/core/large_pages.hpp>
#include <strata/lsm/build_tables.hpp>
#include <strata/lsm/cursor.hpp>
#include <strata/lsm/key_span.hpp>
#include <strata/lsm/level_cursor.hpp>
#include <strata/lsm/live_compaction.hpp>
#include <strata/lsm/mem_segment.hpp>
#include <strata/lsm/merging_cursor.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/picked_compaction.hpp>
#include <strata/lsm/read_count.hpp>
#include <strata/lsm/read_view.hpp>
#include <strata/lsm/scan_bounds.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/table_output.hpp>
#include <strata/lsm/table_writer.hpp>
#include <strata/lsm/tree_files.hpp>
#include <strata/lsm/tree_types.hpp>
#include <strata/lsm/value_collection.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/version/edit.hpp>

namespace strata::lsm {

template <class TypesOf>
class Tree : public TreeFiles<TypesOf> {
 public:
  using Types = TypesOf;
  using Comparator = typename Types::Comparator;
  using Merge = typename Types::Merge;
  using Filter = typename Types::Filter;
  using FileSystem = typename Types::FileSystem;
  using Segment = typename Types::Segment;
  using File = typename Types::File;
  using View = ReadView<Segment, File>;
  using Version = TableVersion<File>;
  using Files = typename Version::Files;
  using Values = typename Types::Values;
  using Opened = typename TreeFiles<TypesOf>::Opened;
  using Merging = MergingCursor<Comparator, typename Types::MemCursor, typename Types::TableCursor,
                                LevelCursor<File>>;
  using Pin = std::shared_ptr<const View>;
  using UserCursor = Cursor<Comparator, Merge, Merging, Pin>;
  using Bounds = ScanBounds<Comparator, Filter>;
  using Picked = PickedCompaction<File>;
  using Options = typename Types::Options;
  using CompactionOptions = options_of_t<typename Types::Compaction>;
  /// Whether a compaction may drop what nothing else would.
  static constexpr bool filters_compactions =
      !std::is_same_v<typename Types::CompactionFilter, compaction_filter::None>;

  Tree(FamilyId id, FileSystem file_system, std::string directory, const Options& options,
       typename Types::BlockCache& cache, EpochDomain& epochs)
      : TreeFiles<TypesOf>(id, std::move(file_system), std::move(directory), options, cache),
        epochs_(epochs),
        picker_(options.compaction) {
    auto view = std::make_shared<View>();
    view->active = make_segment();
    view->tables = std::make_shared<Version>();
    active_ = view->active.get();
    view_.store(new Pin(std::move(view)), std::memory_order_seq_cst);
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { delete view_.load(); }

  /// Guarded by the engine's lock: the oldest immutable memtable is being written.
  bool flushing = false;
  /// Set under the engine's lock: its family is gone, and nothing of it is written any more.
  std::atomic<bool> dropped{false};

  // Reading.

  /// The current view, pinned for as long as the pointer lives.
  [[nodiscard]] Pin pin() const {
    const auto guard = epochs_.enter();
    return *view_.load(std::memory_order_seq_cst);
  }

  /// As of `snapshot`, or of `visible` if null. The view is taken before the sequence, so that no
  /// compaction can have dropped what the sequence must see.
  template <class Visit>
  [[nodiscard]] Result<bool> get(std::string_view key, const Snapshot* snapshot,
                                 const std::atomic<Sequence>& visible,
                                 const table::ReadOptions& options, Visit& visit) const {
    reads_.add();
    const auto guard = epochs_.enter();
    const View& view = **view_.load(std::memory_order_seq_cst);
    const Sequence sequence =
        snapshot != nullptr ? snapshot->sequence() : visible.load(std::memory_order_acquire);
    return Lookup<Comparator, Filter, Merge, View, Visit>(view, key, sequence, options, visit)
        .run();
  }

  /// Adds to `ruled_out` the tables that are left out on their filter's word.
  [[nodiscard]] UserCursor cursor(const ReadOptions& read, const std::atomic<Sequence>& visible,
                                  std::uint64_t& ruled_out) const {
    Pin view = pin();
    Sequence sequence = 0;
    if (read.snapshot != nullptr) {
      sequence = read.snapshot->sequence();
    } else {
      // All writes up to `sequence` must be in `view`: a switch in between would hide some.
      for (sequence = visible.load(std::memory_order_acquire);;
           sequence = visible.load(std::memory_order_acquire)) {
        Pin again = pin();
        if (again == view) {
          break;
        }
        view = std::move(again);
      }
    }
    auto merging = std::make_unique<Merging>();
    const auto options = options_.cursor(read.verify_checksums, read.fill_cache);
    Bounds bounds(read.lower_bound, read.upper_bound);
    add_sources(*merging, *view, options, bounds);
    ruled_out += bounds.ruled_out();
    auto ranges = ranges_of(*view);
    return UserCursor(std::move(view), std::move(merging), std::move(ranges), sequence, read);
  }

  // Writing: the commit leader only.

  void apply(const BatchOperation& operation, Sequence sequence) {
    if (operation.kind == EntryKind::erase_range) {
      active_->erase_range(operation.key, operation.value, sequence);
    } else {
      active_->insert(operation.key, Trailer(sequence, operation.kind), operation.value);
    }
  }
  /// The same in two steps, for two operations at once: see lsm/aimed_batch.hpp.
  void aim(const BatchOperation& operation, unsigned slot) noexcept {
    if (operation.kind != EntryKind::erase_range) {
      active_->aim(operation.key, aims_[slot]);
    }
  }
  void apply_aimed(const BatchOperation& operation, Sequence sequence, unsigned slot) {
    if (operation.kind == EntryKind::erase_range) {
      apply(operation, sequence);
    } else {
      active_->insert(aims_[slot], operation.key, Trailer(sequence, operation.kind),
                      operation.value);
    }
  }
  [[nodiscard]] const Segment& active() const noexcept { return *active_; }

  // View changes: under the engine's lock.

  /// Makes the active memtable immutable and starts an empty one. No-op while it is empty.
  /// The commit leader only.
  bool switch_memtable() {
    const View& now = current();
    if (now.active->empty()) {
      return false;
    }
    auto next = std::make_shared<View>(now);
    next->immutables.insert(next->immutables.begin(), now.active);
    next->active = make_segment();
    active_ = next->active.get();
    publish(std::move(next));
    return true;
  }
  [[nodiscard]] std::size_t immutable_count() const { return current().immutables.size(); }
  [[nodiscard]] std::size_t immutable_bytes() const {
    std::size_t bytes = 0;
    for (const auto& segment : current().immutables) {
      bytes += segment->memory_bytes();
    }
    return bytes;
  }
  [[nodiscard]] std::shared_ptr<Segment> oldest_immutable() const {
    return current().immutables.empty() ? nullptr : current().immutables.back();
  }
  /// The first sequence that only memtables but `except` hold; 0 if there is none.
  [[nodiscard]] Sequence first_unflushed(const Segment* except = nullptr) const {
    const View& now = current();
    for (auto it = now.immutables.rbegin(); it != now.immutables.rend(); ++it) {
      if (it->get() != except) {
        return (*it)->first_sequence();
      }
    }
    return now.active->first_sequence();
  }
  [[nodiscard]] std::uint64_t flushed_entries() const noexcept { return flushed_entries_; }
  [[nodiscard]] std::shared_ptr<const Version> version() const { return current().tables; }
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
    const Pin view = pin();
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
    const Pin view = pin();  // holds the values that inputs point to
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

  void install_flush(const Segment& segment, const Opened& added) {
    for (const auto& file : added.tables) {
      flushed_entries_ += file->metadata().entries;
    }
    auto next = std::make_shared<View>(current());
    std::erase_if(next->immutables, [&](const auto& s) { return s.get() == &segment; });
    auto tables = std::make_shared<Version>(*next->tables);
    tables->levels[0].insert(tables->levels[0].begin(), added.tables.begin(), added.tables.end());
    update_values(*tables, added.values);
    next->tables = std::move(tables);
    publish(std::move(next));
  }
  /// Error: the job does not fit the tree any more. That is a bug of ours or of a policy, and is
  /// found before anything is lost (RocksDB 6.11, 11.1).
  [[nodiscard]] Result<void> install_compaction(const Picked& picked, const Opened& added) {
    auto tables = std::make_shared<Version>(*current().tables);
    for (const auto& input : picked.inputs) {
      for (const auto& file : input.files) {
        if (std::erase(tables->levels[input.level], file) != 1) {
          return fail(ErrorCode::corruption, file->path(),
                      ": input of a compaction is gone from its level; reopen the database");
        }
      }
    }
    Files& output = tables->levels[picked.job.output_level];
    output.insert(output.end(), added.tables.begin(), added.tables.end());
    if (picked.job.output_level == 0) {
      sort_by_age(output);
    } else if (auto sorted = sort_level<Comparator>(output); !sorted) {
      return sorted;
    }
    update_values(*tables, added.values);
    auto next = std::make_shared<View>(current());
    next->tables = std::move(tables);
    publish(std::move(next));
    return {};
  }
  /// At open: the tables and value files that the manifest names.
  [[nodiscard]] Result<void> install_levels(std::vector<Files> levels,
                                            const typename Values::List& values) {
    auto tables = std::make_shared<Version>();
    if constexpr (Values::separates) {
      tables->values.add(values);
    }
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (level > 0) {
        if (auto sorted = sort_level<Comparator>(levels[level]); !sorted) {
          return sorted;
        }
      }
      tables->levels[level] = std::move(levels[level]);
    }
    auto next = std::make_shared<View>(current());
    next->tables = std::move(tables);
    publish(std::move(next));
    return {};
  }

 private:
  [[nodiscard]] std::shared_ptr<Segment> make_segment() const {
    return std::make_shared<Segment>(options_.memtable, Types::Clock::unix_seconds(), pages_);
  }
  [[nodiscard]] compaction::Conditions conditions() const {
    return {.compare = &Comparator::compare,
            .unix_seconds = Types::Clock::unix_seconds(),
            .writes = flushed_entries_,
            .reads = reads_.total()};
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
  static void update_values(Version& tables, const typename Values::List& added) {
    if constexpr (Values::separates) {
      tables.values.add(added);
      tables.values.drop_unused(tables.levels);
    }
  }
  static void note_times(std::vector<version::FileMetadata>& tables, std::uint64_t oldest_seconds,
                         std::uint64_t newest_seconds) {
    for (version::FileMetadata& table : tables) {
      table.oldest_seconds = oldest_seconds;
      table.newest_seconds = newest_seconds;
    }
  }
  [[nodiscard]] const View& current() const noexcept {
    return **view_.load(std::memory_order_acquire);
  }
  void publish(std::shared_ptr<View> next) {
    const Pin* old = view_.exchange(new Pin(std::move(next)), std::memory_order_seq_cst);
    epochs_.retire(old);
  }

  void add_sources(Merging& merging, const View& view, const table::ReadOptions& options,
                   Bounds& bounds) const {
    merging.reserve(1 + view.immutables.size() + view.tables->levels[0].size() +
                    compaction::level_count);
    merging.add(typename Types::MemCursor(view.active->table()));
    for (const auto& segment : view.immutables) {
      merging.add(typename Types::MemCursor(segment->table()));
    }
    for (const auto& file : view.tables->levels[0]) {
      if (bounds.may_hold(*file)) {
        merging.add(typename Types::TableCursor(file->reader(), options));
      }
    }
    for (std::size_t level = 1; level < view.tables->levels.size(); ++level) {
      if (const auto files = bounds.within(view.tables->levels[level]); !files.empty()) {
        merging.add(LevelCursor<File>(files, options));
      }
    }
  }
  [[nodiscard]] static std::shared_ptr<const RangeEraseSet<Comparator>> ranges_of(
      const View& view) {
    std::vector<RangeErase> all;
    const auto add = [&](const std::vector<RangeErase>& more) {
      all.insert(all.end(), more.begin(), more.end());
    };
    if (view.active->has_ranges()) {
      add(view.active->range_list());
    }
    for (const auto& segment : view.immutables) {
      add(segment->range_list());
    }
    for (const Files& level : view.tables->levels) {
      for (const auto& file : level) {
        if (!file->ranges().empty()) {
          const auto& own = file->reader().range_erases();
          all.insert(all.end(), own.begin(), own.end());
        }
      }
    }
    return all.empty() ? nullptr
                       : std::make_shared<const RangeEraseSet<Comparator>>(std::move(all));
  }

  using TreeFiles<TypesOf>::file_system_;
  using TreeFiles<TypesOf>::directory_;
  using TreeFiles<TypesOf>::options_;
  EpochDomain& epochs_;
  /// One memtable's memory is the next one's but one.
  const std::shared_ptr<LargePagePool> pages_ = std::make_shared<LargePagePool>();
  LiveCompaction<typename Types::Compaction> picker_;
  std::uint64_t flushed_entries_ = 0;  ///< guarded by the engine's lock
  mutable ReadCount<compaction::follows_reads<typename Types::Compaction>> reads_;
  std::atomic<const Pin*> view_{nullptr};
  /// Of the current view, which keeps it. The leader's own way there: it neither holds the lock nor
  /// an epoch, so a view that a flush replaces may go while the leader would look at it.
  Segment* active_ = nullptr;
  typename Segment::Aim aims_[2];  ///< the commit leader's
};

}  // namespace strata::lsm
