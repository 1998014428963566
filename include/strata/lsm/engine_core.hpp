// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A running database: trees, log, manifest, cache and workers, wired together.
///
/// `EngineCore` never moves (its threads point at it); `Engine` is the movable handle. Over what
/// `EngineState` holds it is the host of `Committer` and `Background` and adds what spans both:
/// admission of writes, the order of manifest edits, maintenance on demand.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/durability.hpp>
#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/lsm/admission.hpp>
#include <strata/lsm/background.hpp>
#include <strata/lsm/batch_check.hpp>
#include <strata/lsm/committer.hpp>
#include <strata/lsm/compact_range.hpp>
#include <strata/lsm/engine_state.hpp>
#include <strata/lsm/live_options.hpp>
#include <strata/lsm/log_ahead.hpp>
#include <strata/lsm/log_floor.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/stats.hpp>
#include <strata/lsm/tick.hpp>
#include <strata/lsm/tree.hpp>
#include <strata/lsm/tree_types.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/observe/timer.hpp>
#include <strata/version/manifest.hpp>
#include <strata/wal/options.hpp>

namespace strata::lsm {

template <class Composition>
class EngineCore : public EngineState<Composition> {
  using State = EngineState<Composition>;

 public:
  using State::family_count;
  using State::for_each_tree;
  using State::has_dynamic;
  using State::keeps_log;
  using State::with_tree;
  using typename State::Checksum;
  using typename State::Clock;
  using typename State::Db;
  using typename State::FileSystem;
  using typename State::Options;
  using Log = typename Db::Wal::template writer<FileSystem, Checksum>;
  using Manifest = version::Manifest<FileSystem, Checksum>;

  EngineCore(std::string path, Options options)
      : State(std::move(path), std::move(options)),
        background_(*this, options_.executor, options_.subcompactions) {}
  EngineCore(const EngineCore&) = delete;
  EngineCore& operator=(const EngineCore&) = delete;
  /// Where there is not even memory to close, the log has what was acknowledged.
  ~EngineCore() {
    try {
      (void)close();
    } catch (const std::bad_alloc&) {
      background_.stop();
    }
  }

  /// Takes over what recovery found; the database accepts writes from here on.
  void start(std::optional<typename FileSystem::Lock> lock, std::optional<Manifest> manifest,
             std::optional<Log> log, std::uint64_t database_id, Sequence last_sequence) {
    lock_ = std::move(lock);
    manifest_ = std::move(manifest);
    database_id_ = database_id;
    committer_.emplace(*this, last_sequence);
    if (log) {
      committer_->open_log(std::move(*log));
    }
    {
      const std::lock_guard guard(background_.mutex());
      background_.refresh_pressure();
    }
    if (!options_.read_only) {
      if (options_.tick_seconds != 0) {
        background_.run_every(
            options_.tick_seconds, [](void* core) { (void)static_cast<EngineCore*>(core)->tick(); },
            this);
      }
      background_.schedule_compaction();
    }
  }

  [[nodiscard]] Result<void> set_options(const LiveOptions& options) {
    auto writable = check_writable();
    return writable ? apply_live_options(options, limits_, cache_) : writable;
  }
  [[nodiscard]] const std::atomic<Sequence>& visible() const noexcept {
    return committer_->visible();
  }
  /// The parts, for what drives both: see lsm/ingest.hpp.
  [[nodiscard]] auto& committer() noexcept { return *committer_; }
  [[nodiscard]] auto& background() noexcept { return background_; }
  [[nodiscard]] double pressure() const noexcept { return background_.pressure(); }
  [[nodiscard]] bool disk_full() const noexcept { return background_.disk_full(); }
  [[nodiscard]] Result<void> background_error() const { return background_.error(); }
  /// Bytes and number of log segments.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> log_size() {
    if (options_.read_only || is_closed()) {
      return {0, 0};
    }
    return committer_->with_log([](const Log& log) {
      std::uint64_t bytes = 0;
      for (const auto& segment : log.segments()) {
        bytes += segment.bytes;
      }
      return std::pair<std::uint64_t, std::uint64_t>(bytes, log.segments().size());
    });
  }
  [[nodiscard]] Snapshot snapshot() { return {snapshots_, snapshots_.acquire(visible())}; }

  // Writing.

  [[nodiscard]] Result<void> write(const WriteBatch& batch, const WriteOptions& options) {
    if (auto valid = check_batch<Composition>(batch, has_dynamic); !valid) {
      return valid;
    }
    if constexpr (has_dynamic) {
      if (auto valid = check_dynamic(batch); !valid) {
        return valid;
      }
    }
    if (batch.empty()) {
      return {};
    }
    const Durability durability = options.durability.value_or(options_.wal.durability);
    if (durability == Durability::unlogged || !keeps_log) {
      has_unlogged_.store(true, std::memory_order_relaxed);
      if (durability == Durability::synced) [[unlikely]] {
        return fail(ErrorCode::unsupported,
                    "a synced write needs a log; this database is composed with wal::None: compose "
                    "wal::GroupCommit, or flush() after writing");
      }
    }
    metrics_.add(metrics::Counter::writes, batch.count());
    metrics_.add(metrics::Counter::write_bytes, batch.bytes().size());
    const metrics::SampledTimer<typename Db::Metrics, Clock> timer(metrics_, metrics::Latency::put);
    return committer_->commit(batch, durability);
  }
  [[nodiscard]] Result<void> sync() {
    if (auto writable = check_writable(); !writable) {
      return writable;
    }
    return committer_->exclusively([this] { return committer_->sync_log(); });
  }

  // Maintenance.

  /// Everything that was committed before the call is in tables when it returns.
  [[nodiscard]] Result<void> flush() {
    auto writable = check_writable();
    return writable ? flush_memtables() : writable;
  }
  /// The same, with writers waiting. Requires: called by an exclusive action of the committer.
  [[nodiscard]] Result<void> flush_in_commit_order() {
    switch_memtables();
    return drain_memtables();
  }
  /// See lsm/tick.hpp.
  [[nodiscard]] Result<void> tick() {
    auto writable = check_writable();
    return writable ? lsm::tick(*this) : writable;
  }
  /// See lsm/compact_range.hpp.
  template <class TreeT>
  [[nodiscard]] Result<void> compact(TreeT& tree, const CompactOptions& options) {
    if (auto flushed = flush(); !flushed) {
      return flushed;
    }
    Result<void> done;
    {
      const typename BackgroundWork::Pause pause(background_);
      const std::lock_guard one_at_a_time(compact_mutex_);
      done = RangeCompaction(background_, tree, options, next_file_number_.load()).run();
    }
    if (done && options.scope == CompactScope::minor) {
      return background_.settle(tree);
    }
    if constexpr (TreeT::Values::separates) {
      background_.schedule_compaction();  // tables elsewhere may now refer to too much garbage
    }
    return done;
  }

  /// Flushes what the log does not hold, syncs the log, stops the workers, releases the lock.
  /// Later calls report success and do nothing.
  [[nodiscard]] Result<void> close() {
    if (closed_.exchange(true)) {
      return {};
    }
    Result<void> outcome;
    if (committer_ && !options_.read_only) {
      if (has_unlogged_.load() && !background_.failed()) {
        outcome = flush_memtables();
      }
      background_.stop();
      auto error = background_.error();
      auto log_closed = committer_->with_log([](Log& log) { return log.close(); });
      outcome = !outcome ? outcome : (!error ? error : log_closed);
    } else {
      background_.stop();
    }
    if (manifest_) {
      auto manifest_closed = manifest_->close();
      outcome = outcome ? manifest_closed : outcome;
      manifest_.reset();
    }
    lock_.reset();
    return outcome;
  }
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

  /// The manifest's state, and what keeps the tables it names on disk.
  struct PinnedState {
    version::State state;
    std::vector<std::shared_ptr<const void>> pins;
  };
  [[nodiscard]] Result<PinnedState> pin_state() {
    if (auto writable = check_writable(); !writable) {
      return propagate(std::move(writable));
    }
    return background_.between_edits([this] {
      PinnedState pinned{manifest_->state(), {}};
      for_each_tree([&](auto& tree) { pinned.pins.push_back(tree.pin()); });
      return pinned;
    });
  }

  /// Visits the records of the live log after `after`.
  template <class Visit>
  [[nodiscard]] Result<void> replay_log(Sequence after, Visit visit) {
    std::uint64_t first_segment = 0;
    committer_->with_log([&](const Log& log) {
      first_segment = log.segments().empty() ? 0 : log.segments().front().id;
    });
    auto report = Db::Wal::template replay<FileSystem, Checksum>(
        file_system_, path_, options_.wal,
        wal::ReplayOptions{.database_id = database_id_,
                           .first_segment = first_segment,
                           .after_sequence = after,
                           .through_sequence = visible().load(std::memory_order_acquire)},
        visit);
    return report ? Result<void>() : propagate(std::move(report));
  }

  /// Whether a write may be accepted now.
  [[nodiscard]] Result<void> check_writable() const {
    if (is_closed()) [[unlikely]] {
      return fail(ErrorCode::closed, path_, ": the database was closed; open it again");
    }
    if (options_.read_only) [[unlikely]] {
      return fail(ErrorCode::read_only, path_,
                  ": opened read-only; open it without Options::read_only to write");
    }
    if (background_.failed()) [[unlikely]] {
      const auto error = background_.error();
      return fail(ErrorCode::read_only, path_, ": read-only since an error (",
                  error.error().message(), "); reopen the database");
    }
    return {};
  }

  // Host of Committer: called by the commit leader.

  [[nodiscard]] Result<void> prepare_commit() {
    if (auto writable = check_writable(); !writable) {
      return writable;
    }
    auto admitted = admission_.admit(committer_->committed_bytes());
    // What stopped the background meanwhile says more than that nothing is flushed.
    auto why = admitted ? Result<void>() : check_writable();
    return why ? admitted : why;
  }
  void aim(const BatchOperation& operation, unsigned slot) {
    with_tree(operation.family, [&](auto& tree) { tree.aim(operation, slot); });
  }
  void apply(const BatchOperation& operation, Sequence sequence, unsigned slot) {
    with_tree(operation.family, [&](auto& tree) { tree.apply_aimed(operation, sequence, slot); });
  }
  void commit_failed(const Error& error) { background_.stop_with(error); }
  /// Space for the log, made ready by others if there are any.
  template <class Ahead>
  void prepare_log(Ahead ahead) {
    if constexpr (!Db::Executor::type::is_inline) {
      log_ahead_.offer(std::move(ahead), [this](Lane lane, void (*run)(void*), void* argument) {
        background_.submit(lane, run, argument);
      });
    }
  }

  // Host of Background: see also EngineState.

  /// The last sequence that no memtable but `flushing` holds alone.
  template <class FlushingTree, class Segment>
  [[nodiscard]] Sequence log_floor(const FlushingTree& flushing_tree, const Segment* flushing) {
    Sequence floor = visible().load(std::memory_order_acquire);
    const std::lock_guard lock(background_.mutex());
    for_each_tree([&](auto& tree) {
      Sequence first = 0;
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(tree)>, FlushingTree>) {
        first = tree.first_unflushed(&tree == &flushing_tree ? flushing : nullptr);
      } else {
        first = tree.first_unflushed();
      }
      floor = first != 0 && first - 1 < floor ? first - 1 : floor;
    });
    return floor;
  }
  /// Tables of one family must not hold part of a batch whose rest, for another family, is only in
  /// a log that a power loss could shorten. With one family there is no rest.
  [[nodiscard]] Result<void> make_log_durable(Sequence sequence) {
    if ((family_count == 1 && !has_dynamic) || !keeps_log) {
      return {};
    }
    return committer_->sync_log_through(sequence);
  }
  [[nodiscard]] Result<void> append_edit(version::VersionEdit edit,
                                         std::optional<Sequence> log_floor) {
    edit.next_file_number = next_file_number_.load();
    if (log_floor) {
      edit.first_log_segment =
          committer_->with_log([&](Log& log) { return first_needed_segment(log, *log_floor); });
      note_idle_families(edit, manifest_->state(), *log_floor);
    }
    return manifest_->append(edit);
  }
  void forget_log(Sequence floor) {
    // Failures leave a segment behind that the next open removes.
    if constexpr (requires(Log & log) { log.take_through(floor); }) {
      auto passed = committer_->with_log([&](Log& log) { return log.take_through(floor); });
      (void)passed.remove();  // writers do not wait for it
    } else {
      (void)committer_->with_log([&](Log& log) { return log.remove_through(floor); });
    }
  }

 private:
  using BackgroundWork = Background<EngineCore, typename Db::Executor, typename Db::Metrics, Clock>;

  void switch_memtables() {
    if constexpr (requires(Log & log) { log.rotate(); }) {
      // What is flushed now need not stay in a segment that is written on. On a full disk it does.
      (void)committer_->with_log([](Log& log) { return log.rotate(); });
    }
    const std::lock_guard lock(background_.mutex());
    for_each_tree([](auto& tree) { tree.switch_memtable(); });
  }
  [[nodiscard]] Result<void> flush_memtables() {
    auto switched = committer_->exclusively([this]() -> Result<void> {
      switch_memtables();
      return {};
    });
    return switched ? drain_memtables() : switched;
  }
  [[nodiscard]] Result<void> drain_memtables() {
    background_.retry_flush();
    bool drained = false;
    background_.wait([&] {
      drained = true;
      for_each_tree([&](auto& tree) { drained = drained && tree.immutable_count() == 0; });
      return drained;
    });
    if (!drained && background_.disk_full()) {
      return fail(ErrorCode::disk_full, path_, ": no space to flush; free some and flush again");
    }
    return background_.error();
  }

  using State::cache_;
  using State::check_dynamic;
  using State::file_system_;
  using State::has_unlogged_;
  using State::limits_;
  using State::lock_;
  using State::metrics_;
  using State::next_file_number_;
  using State::options_;
  using State::path_;
  using State::snapshots_;
  std::optional<Manifest> manifest_;
  std::optional<Committer<EngineCore, Log, Checksum, typename Db::Metrics, Clock>> committer_;
  std::uint64_t database_id_ = 0;
  std::atomic<bool> closed_{false};
  std::mutex compact_mutex_;
  LogAhead log_ahead_;
  BackgroundWork background_;
  Admission<EngineCore, BackgroundWork, Clock> admission_{*this, background_};
};

}  // namespace strata::lsm
