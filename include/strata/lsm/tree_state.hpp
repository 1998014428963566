// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a family has: its memtables and its tables, as readers see them and as writers and jobs
/// change them.
///
/// All of it at one moment is a view, which never changes; whoever changes something publishes
/// another one. Readers take the current view in an epoch, or pin it.
///
/// Threads: readers call `get` and `cursor` at any time. Only the commit leader calls `apply` and
/// `switch_memtable`. Everything that replaces the view (`switch_memtable`, `install_*`) needs the
/// engine's lock, which the engine holds around those calls.
///
/// Tested through the engine: tests/lsm/engine_test.cpp.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/core/epoch.hpp>
#include <strata/core/error.hpp>
#include <strata/core/large_pages.hpp>
#include <strata/lsm/cursor.hpp>
#include <strata/lsm/detour_count.hpp>
#include <strata/lsm/level_cursor.hpp>
#include <strata/lsm/mem_segment.hpp>
#include <strata/lsm/merging_cursor.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/picked_compaction.hpp>
#include <strata/lsm/read_count.hpp>
#include <strata/lsm/read_view.hpp>
#include <strata/lsm/scan_bounds.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/tree_files.hpp>
#include <strata/lsm/tree_types.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::lsm {

template <class TypesOf>
class TreeState : public TreeFiles<TypesOf> {
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

  TreeState(FamilyId id, FileSystem file_system, std::string directory, const Options& options,
            typename Types::BlockCache& cache, EpochDomain& epochs)
      : TreeFiles<TypesOf>(id, std::move(file_system), std::move(directory), options, cache),
        epochs_(epochs) {
    auto view = std::make_shared<View>();
    view->active = make_segment();
    view->tables = std::make_shared<Version>();
    view->detours = detours_;
    active_ = view->active.get();
    view_.store(new Pin(std::move(view)), std::memory_order_seq_cst);
  }
  TreeState(const TreeState&) = delete;
  TreeState& operator=(const TreeState&) = delete;

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

  /// Whether scans paid so much that the compaction policy is to be asked. True once each time.
  [[nodiscard]] bool scans_ask() const { return detours_ && detours_->take_ask(); }

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

  // What jobs made.

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

 protected:
  ~TreeState() { delete view_.load(); }

  using TreeFiles<TypesOf>::options_;

  [[nodiscard]] const View& current() const noexcept {
    return **view_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint64_t reads() const { return reads_.total(); }
  [[nodiscard]] std::uint64_t detours() const { return detours_ ? detours_->total() : 0; }

 private:
  [[nodiscard]] std::shared_ptr<Segment> make_segment() const {
    return std::make_shared<Segment>(options_.memtable, Types::Clock::unix_seconds(), pages_);
  }
  static void update_values(Version& tables, const typename Values::List& added) {
    if constexpr (Values::separates) {
      tables.values.add(added);
      tables.values.drop_unused(tables.levels);
    }
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
        merging.add_detour(typename Types::TableCursor(file->reader(), options));
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

  EpochDomain& epochs_;
  /// One memtable's memory is the next one's but one.
  const std::shared_ptr<LargePagePool> pages_ = std::make_shared<LargePagePool>();
  std::uint64_t flushed_entries_ = 0;  ///< guarded by the engine's lock
  mutable ReadCount<compaction::follows_reads<typename Types::Compaction>> reads_;
  const std::shared_ptr<DetourCount> detours_ =
      compaction::follows_scans<typename Types::Compaction> ? std::make_shared<DetourCount>()
                                                            : nullptr;
  std::atomic<const Pin*> view_{nullptr};
  /// Of the current view, which keeps it. The leader's own way there: it neither holds the lock nor
  /// an epoch, so a view that a flush replaces may go while the leader would look at it.
  Segment* active_ = nullptr;
  typename Segment::Aim aims_[2];  ///< the commit leader's
};

}  // namespace strata::lsm
