// SPDX-License-Identifier: BSL-1.0
#pragma once

/// When flushes and compactions run, who waits for them, and what becomes of their errors. What a
/// job does: lsm/jobs.hpp.
///
/// Flushes and compactions have a lane each, in which a task runs jobs until none is wanted. Who
/// picks a compaction himself runs it here too (`run_compaction`), with the automatic ones paused.
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
#include <utility>
#include <vector>

#include <strata/compaction/overlap.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/executor.hpp>
#include <strata/lsm/jobs.hpp>
#include <strata/observe/concept.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// `Host` (the engine) offers what `Jobs` asks for.
template <class Host, class Executor, class Metrics, class Clock>
class Background {
 public:
  /// `subcompactions`: parts of a merge at once; 0: as many as the executor has threads for them.
  Background(Host& host, const typename Executor::Options& options, unsigned subcompactions)
      : host_(host),
        jobs_(host, mutex_, subcompactions != 0 ? subcompactions : threads_of(options)),
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
  [[nodiscard]] double pressure() const noexcept { return jobs_.pressure(); }

  // Scheduling.

  void submit(Lane lane, void (*run)(void*), void* argument) {
    executor_.submit(lane, run, argument);
  }
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
    return jobs_.between_edits(std::forward<Action>(action));
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
    auto done = jobs_.compact(
        tree, picked, [this] { executor_.submit(Lane::compaction, &Background::help_task, this); });
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
    auto added = jobs_.add(tree, place, tables, std::move(files), sequence);
    {
      const std::lock_guard lock(mutex_);
      --pauses_;
      changed_.notify_all();
    }
    schedule_compaction();
    return added;
  }

  /// Requires: under `mutex`.
  void refresh_pressure() { jobs_.refresh_pressure(); }

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
  static void help_task(void* self) { static_cast<Background*>(self)->jobs_.help(); }
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
    auto done = jobs_.flush(tree, *segment);
    const std::lock_guard lock(mutex_);
    tree.flushing = false;
    changed_.notify_all();
    if (!done) {
      return propagate(std::move(done));
    }
    disk_full_.store(false, std::memory_order_release);
    return true;
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
  Host& host_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Error> error_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> disk_full_{false};
  unsigned compacting_ = 0;
  unsigned pauses_ = 0;
  bool stopping_ = false;
  Jobs<Host, Metrics, Clock> jobs_;
  typename Executor::type executor_;
};

}  // namespace strata::lsm
