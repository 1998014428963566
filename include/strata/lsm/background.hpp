// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Flushes and compactions of all trees of a database, and the edits that make them real.
///
/// A job runs in four steps, and a crash between any two loses nothing (invariant 4): build the
/// tables and sync them; sync the directory; append the edit to the manifest and sync it; install
/// the new view. Edits are appended in the order in which they are installed, one at a time.
///
/// Errors: disk full is a state, not an end: the job is dropped, its tables are removed, and a
/// later write tries again. Anything else is sticky: the database turns read-only (`stop_with`).

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/overlap.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/build_tables.hpp>
#include <strata/lsm/executor.hpp>
#include <strata/lsm/subcompaction.hpp>
#include <strata/lsm/value_collection.hpp>
#include <strata/observe/timer.hpp>
#include <strata/version/edit.hpp>

namespace strata::lsm {

/// `Host` (the engine) offers: `for_each_tree(visit)`, `sync_directory()`, `append_edit(edit)`,
/// `snapshot_sequences()`, `next_file_number()`, `log_floor(tree, segment)`, `forget_log(floor)`,
/// `make_log_durable(sequence)`, `metrics()`.
template <class Host, class Executor, class Metrics, class Clock>
class Background {
  using Timer = metrics::Timer<Metrics, Clock>;

 public:
  /// `subcompactions`: parts of a merge at once; 0: as many as the executor has threads for them.
  Background(Host& host, const typename Executor::Options& options, unsigned subcompactions)
      : host_(host),
        subcompactions_(subcompactions != 0 ? subcompactions : threads_of(options)),
        executor_(options) {}

  /// Guards views, busy flags and everything below.
  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }

  // Errors.

  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  [[nodiscard]] Result<void> error() const {
    const std::lock_guard lock(mutex_);
    return error_ ? Result<void>(tl::unexpected<Error>(*error_)) : Result<void>();
  }
  /// Sticky: the first error stays. Writers are woken to see it.
  void stop_with(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!error_) {
      error_.emplace(error);
      host_.metrics().add(metrics::Counter::background_errors, 1);
    }
    failed_.store(true, std::memory_order_release);
    changed_.notify_all();
  }
  [[nodiscard]] bool disk_full() const noexcept {
    return disk_full_.load(std::memory_order_acquire);
  }
  [[nodiscard]] double pressure() const noexcept {
    return pressure_.load(std::memory_order_relaxed);
  }

  // Scheduling.

  void schedule_flush() { executor_.submit(Lane::flush, &Background::flush_task, this); }
  /// The same, as if the disk had never been full: `wait` then waits for what comes of it.
  void retry_flush() {
    disk_full_.store(false, std::memory_order_release);
    schedule_flush();
  }
  void schedule_compaction() {
    executor_.submit(Lane::compaction, &Background::compaction_task, this);
  }
  /// Calls `run(argument)` from time to time, if the executor keeps time.
  void run_every(std::uint64_t seconds, void (*run)(void*), void* argument) {
    if constexpr (requires { executor_.every(seconds, run, argument); }) {
      executor_.every(seconds, run, argument);
    }
  }
  /// Waits until `done()` holds or the background has failed or hit a full disk. `done` is called
  /// under the lock.
  template <class Done>
  void wait(Done done) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done() || failed() || disk_full() || stopping_; });
  }
  void notify() { changed_.notify_all(); }

  /// No automatic compaction is running or starts while the pause lives.
  class [[nodiscard]] Pause {
   public:
    explicit Pause(Background& background) : background_(background) {
      std::unique_lock lock(background_.mutex_);
      ++background_.pauses_;
      background_.changed_.wait(lock, [&] { return background_.compacting_ == 0; });
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() {
      const std::lock_guard lock(background_.mutex_);
      --background_.pauses_;
      background_.changed_.notify_all();
    }

   private:
    Background& background_;
  };

  /// Returns when no job runs; none starts afterwards.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    executor_.stop();
  }

  /// Runs `action` while no edit is appended or installed: manifest and views agree.
  template <class Action>
  auto between_edits(Action&& action) {
    const std::lock_guard edits(edit_mutex_);
    return action();
  }

  // Jobs.

  /// Flushes the oldest immutable memtable of some tree. False: there was none.
  [[nodiscard]] Result<bool> flush_one() {
    return for_some_tree([this](auto& tree) { return this->flush_tree(tree); });
  }
  /// Runs one compaction that a picker wants. False: none does.
  [[nodiscard]] Result<bool> compact_one() {
    return for_some_tree([this](auto& tree) { return this->compact_tree(tree); });
  }
  /// Runs what the policy of `tree` wants, until it rests and no job runs; or a flush brings new
  /// work, which may never end.
  template <class Tree>
  [[nodiscard]] Result<void> settle(Tree& tree) {
    std::unique_lock lock(mutex_);
    const std::uint64_t flushed = tree.flushed_entries();
    const auto is_over = [&] { return tree.flushed_entries() != flushed || failed() || stopping_; };
    for (;;) {
      lock.unlock();
      auto compacted = compact_tree(tree);
      if (!compacted) {
        return propagate(std::move(compacted));
      }
      lock.lock();
      const auto is_at_rest = [&] { return compacting_ == 0 && pauses_ == 0; };
      if (is_over() || (!*compacted && is_at_rest())) {
        return {};
      }
      if (!*compacted) {
        changed_.wait(lock, [&] { return is_at_rest() || is_over(); });
      }
    }
  }
  /// Runs a job that was picked; releases its inputs whatever happens.
  template <class Tree>
  [[nodiscard]] Result<void> run_compaction(Tree& tree, const typename Tree::Picked& picked) {
    const Timer timer(host_.metrics(), metrics::Latency::compaction);
    auto done = picked.job.action == compaction::Action::drop ? install(tree, picked, {}, {}, true)
                : picked.trivial_move                         ? move_table(tree, picked)
                                                              : merge_tables(tree, picked);
    const std::lock_guard lock(mutex_);
    picked.release();
    changed_.notify_all();
    return done;
  }

  /// Names tables that no job made, at the deepest level that `hull` allows. Requires: in commit
  /// order; memtables hold nothing of `hull`.
  template <class Tree>
  [[nodiscard]] Result<void> add_tables(Tree& tree,
                                        const std::vector<version::FileMetadata>& tables,
                                        typename Tree::Files files,
                                        const compaction::KeyRange& hull, Sequence sequence) {
    typename Tree::Picked place;
    {
      // None starts until the tables are in: it could want what lies around them.
      const std::lock_guard lock(mutex_);
      ++pauses_;
      place.job.output_level = tree.level_for(hull);
    }
    auto added = install(tree, place, {tables, {}}, {std::move(files), {}}, false, sequence);
    {
      const std::lock_guard lock(mutex_);
      --pauses_;
      changed_.notify_all();
    }
    schedule_compaction();
    return added;
  }

  void refresh_pressure() {
    double most = 0;
    host_.for_each_tree([&](auto& tree) {
      const double own = tree.pressure().value;
      most = own > most ? own : most;
    });
    pressure_.store(most, std::memory_order_relaxed);
  }

 private:
  static void flush_task(void* self) { run_task<&Background::flush_all>(self); }
  static void compaction_task(void* self) { run_task<&Background::compact_all>(self); }
  /// A job for which there is no memory ends all of them, not the process.
  template <auto Job>
  static void run_task(void* self) noexcept {
    auto& background = *static_cast<Background*>(self);
    try {
      (background.*Job)();
    } catch (const std::bad_alloc&) {
      background.stop_with(Error(ErrorCode::read_only, "out of memory"));
    }
  }
  static void help_task(void* self) { static_cast<Background*>(self)->crew_.help(); }
  [[nodiscard]] static unsigned threads_of(const typename Executor::Options& options) {
    if constexpr (requires { options.compaction_threads; }) {
      return options.compaction_threads;
    } else {
      return 1;
    }
  }

  /// Tries `job(tree)` until it did something, failed, or every tree was asked.
  template <class Job>
  [[nodiscard]] Result<bool> for_some_tree(Job job) {
    Result<bool> outcome = false;
    host_.for_each_tree([&](auto& tree) {
      if (outcome && !*outcome) {
        outcome = job(tree);
      }
    });
    return outcome;
  }

  void flush_all() {
    bool worked = false;
    while (!failed() && !is_stopping()) {
      auto flushed = flush_one();
      if (!flushed) {
        note(flushed.error());
        break;
      }
      if (!*flushed) {
        break;
      }
      worked = true;
    }
    if (worked) {
      schedule_compaction();
    }
  }
  void compact_all() {
    while (!failed() && !is_stopping()) {
      auto compacted = compact_one();
      if (!compacted) {
        note(compacted.error());
        return;
      }
      if (!*compacted) {
        return;
      }
    }
  }
  [[nodiscard]] bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  void note(const Error& error) {
    if (error.code() == ErrorCode::disk_full) {
      disk_full_.store(true, std::memory_order_release);
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    } else {
      stop_with(error);
    }
  }

  template <class Tree>
  [[nodiscard]] Result<bool> flush_tree(Tree& tree) {
    std::shared_ptr<typename Tree::Segment> segment;
    {
      const std::lock_guard lock(mutex_);
      segment = tree.flushing || tree.dropped ? nullptr : tree.oldest_immutable();
      if (!segment) {
        return false;
      }
      tree.flushing = true;
    }
    auto done = flush_segment(tree, *segment);
    const std::lock_guard lock(mutex_);
    tree.flushing = false;
    changed_.notify_all();
    if (!done) {
      return propagate(std::move(done));
    }
    disk_full_.store(false, std::memory_order_release);
    return true;
  }
  template <class Tree>
  [[nodiscard]] Result<void> flush_segment(Tree& tree, const typename Tree::Segment& segment) {
    const Timer timer(host_.metrics(), metrics::Latency::flush);
    auto built = tree.build_flush(segment, host_.snapshot_sequences(),
                                  [this] { return host_.next_file_number(); });
    if (!built) {
      return propagate(std::move(built));
    }
    auto files = open_built(tree, *built);
    if (!files) {
      return propagate(std::move(files));
    }
    if (auto durable = host_.make_log_durable(segment.last_sequence()); !durable) {
      tree.remove_built(*built);
      return durable;
    }
    count(metrics::Counter::flushes, metrics::Counter::flush_bytes, *built);
    version::FamilyEdit family;
    family.family = tree.id().value;
    family.flushed_through = segment.last_sequence();
    for (const auto& table : built->tables) {
      family.added.push_back({0, table});
    }
    family.added_values = built->values;
    const std::lock_guard edits(edit_mutex_);
    const Sequence floor = host_.log_floor(tree, &segment);
    version::VersionEdit edit;
    edit.families.push_back(std::move(family));
    if (auto appended = host_.append_edit(std::move(edit), floor); !appended) {
      return appended;
    }
    {
      const std::lock_guard lock(mutex_);
      tree.install_flush(segment, std::move(*files));
      refresh_pressure();
    }
    host_.forget_log(floor);
    return {};
  }

  /// A compaction that was counted; no more when this goes.
  class Running {
   public:
    explicit Running(Background& background) : background_(background) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      const std::lock_guard lock(background_.mutex_);
      --background_.compacting_;
      background_.changed_.notify_all();
    }

   private:
    Background& background_;
  };

  template <class Tree>
  [[nodiscard]] Result<bool> compact_tree(Tree& tree) {
    std::optional<typename Tree::Picked> picked;
    {
      const std::lock_guard lock(mutex_);
      if (pauses_ != 0 || stopping_ || tree.dropped) {
        return false;
      }
      auto pick = tree.pick_compaction(host_.snapshot_sequences());
      if (!pick) {
        return propagate(std::move(pick));
      }
      if (!*pick) {
        return false;
      }
      picked = std::move(*pick);
      ++compacting_;
    }
    auto done = [&] {
      const Running running(*this);
      return run_compaction(tree, *picked);
    }();
    if (!done) {
      return propagate(std::move(done));
    }
    // The levels changed: there may be work for the other worker too.
    schedule_compaction();
    return true;
  }
  template <class Tree>
  [[nodiscard]] Result<void> move_table(Tree& tree, const typename Tree::Picked& picked) {
    host_.metrics().add(metrics::Counter::trivial_moves, 1);
    const auto& moved = picked.inputs.front().files;
    return install(tree, picked, {{moved.front()->metadata()}, {}}, {moved, {}}, false);
  }
  template <class Tree>
  [[nodiscard]] Result<void> merge_tables(Tree& tree, const typename Tree::Picked& picked) {
    const auto spans = spans_of<typename Tree::Comparator>(picked, subcompactions_);
    if (!spans) {
      return propagate(spans);
    }
    host_.metrics().add(metrics::Counter::compaction_parts, spans->size());
    const std::vector<Sequence> snapshots = host_.snapshot_sequences();
    const bool is_settled = picked.bottommost && snapshots.empty() && !Tree::filters_compactions;
    auto built = build_in_parts(
        tree, picked, snapshots, *spans, crew_,
        [this] { executor_.submit(Lane::compaction, &Background::help_task, this); },
        [this] { return host_.next_file_number(); });
    if (!built) {
      return propagate(std::move(built));
    }
    auto files = open_built(tree, *built);
    if (!files) {
      return propagate(std::move(files));
    }
    count(metrics::Counter::compactions, metrics::Counter::compaction_write_bytes, *built);
    picked.for_each_file([this](const auto& file) {
      host_.metrics().add(metrics::Counter::compaction_read_bytes, file->metadata().size_bytes);
    });
    host_.metrics().add(metrics::Counter::value_collections, picked.emptied.empty() ? 0 : 1);
    for (const auto& file : files->tables) {
      file->settled = is_settled;
      file->stuck = refers_to(file->metadata().values, picked.emptied);
    }
    return install(tree, picked, *built, *files, true);
  }
  void count(metrics::Counter jobs, metrics::Counter bytes, const BuiltFiles& built) {
    host_.metrics().add(jobs, 1);
    for (const auto& table : built.tables) {
      host_.metrics().add(bytes, table.size_bytes);
    }
    for (const auto& file : built.values) {
      host_.metrics().add(bytes, file.size_bytes);
    }
  }
  template <class Tree>
  [[nodiscard]] Result<void> install(Tree& tree, const typename Tree::Picked& picked,
                                     const BuiltFiles& built, const typename Tree::Opened& files,
                                     bool inputs_end,
                                     std::optional<Sequence> sequence = std::nullopt) {
    version::FamilyEdit family;
    family.family = tree.id().value;
    for (const auto& input : picked.inputs) {
      for (const auto& file : input.files) {
        family.deleted.push_back({input.level, file->metadata().number});
      }
    }
    for (const auto& table : built.tables) {
      family.added.push_back({picked.job.output_level, table});
    }
    family.added_values = built.values;
    const std::lock_guard edits(edit_mutex_);
    version::VersionEdit edit;
    edit.last_sequence = sequence;
    edit.families.push_back(std::move(family));
    if (auto appended = host_.append_edit(std::move(edit), std::nullopt); !appended) {
      return appended;
    }
    const std::lock_guard lock(mutex_);
    if (auto installed = tree.install_compaction(picked, files); !installed) {
      return installed;
    }
    if (inputs_end) {
      picked.for_each_file([](const auto& file) { file->mark_obsolete(); });
    }
    refresh_pressure();
    changed_.notify_all();
    return {};
  }

  /// Makes finished files durable by name and opens them; removes them if that fails.
  template <class Tree>
  [[nodiscard]] Result<typename Tree::Opened> open_built(Tree& tree, const BuiltFiles& built) {
    auto synced = host_.sync_directory();
    auto files = synced ? tree.open_built(built)
                        : Result<typename Tree::Opened>(tl::unexpected<Error>(synced.error()));
    if (!files) {
      tree.remove_built(built);
    }
    return files;
  }

  Host& host_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::mutex edit_mutex_;
  std::optional<Error> error_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> disk_full_{false};
  std::atomic<double> pressure_{0};
  unsigned compacting_ = 0;
  unsigned pauses_ = 0;
  bool stopping_ = false;
  const unsigned subcompactions_;
  Crew crew_;
  typename Executor::type executor_;
};

}  // namespace strata::lsm
