// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The write path: from a batch to a visible, acknowledged commit.
///
/// The leader of a group does, for all its members: append each batch to the log as one record;
/// sync once if any member asked for it; apply them to the memtables; publish the new sequence.
/// So a batch is in the log before any reader sees it (invariant 2), synced batches are durable
/// before they are seen, and visible sequences never have holes.
///
/// A failed append fails its batch alone: nothing of it is visible. A failed sync is final
/// (invariant 8): the group's outcome is unknown and the database turns read-only.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/durability.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/aimed_batch.hpp>
#include <strata/lsm/group_patience.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/lsm/write_queue.hpp>
#include <strata/observe/timer.hpp>

namespace strata::lsm {

/// A batch on its way through the queue, or a control action that runs alone in commit order.
struct PendingWrite : QueuedWrite {
  std::string_view bytes;
  std::uint32_t count = 0;
  std::uint32_t checksum = 0;
  Durability durability = Durability::buffered;
  Result<void> (*control)(void*) = nullptr;
  void* control_argument = nullptr;
};

/// `Host` (the engine) offers: `prepare_commit() -> Result<void>` (writable? room made?),
/// `aim(operation, slot)` and `apply(operation, sequence, slot)` (lsm/aimed_batch.hpp),
/// `commit_failed(const Error&)` (sync failed: go read-only), `metrics()`, `Host::keeps_log`;
/// `prepare_log(ahead)` where the log offers that (wal/concept.hpp).
template <class Host, class Log, class Checksum, class Metrics, class Clock>
class Committer {
  using Timer = metrics::Timer<Metrics, Clock>;
  using SampledTimer = metrics::SampledTimer<Metrics, Clock>;

 public:
  Committer(Host& host, Sequence last_sequence)
      : host_(host), last_sequence_(last_sequence), visible_(last_sequence) {}

  /// The log may be absent until recovery has finished.
  void open_log(Log log) {
    const std::lock_guard lock(log_mutex_);
    log_.emplace(std::move(log));
  }

  [[nodiscard]] const std::atomic<Sequence>& visible() const noexcept { return visible_; }
  /// Of all batches so far, logged or not. The commit leader's.
  [[nodiscard]] std::uint64_t committed_bytes() const noexcept { return committed_bytes_; }

  [[nodiscard]] Result<void> commit(const WriteBatch& batch, Durability durability) {
    PendingWrite write;
    write.bytes = batch.bytes();
    write.count = batch.count();
    // Outside the critical section, so that writers share this work between cores.
    write.checksum = Checksum::compute(write.bytes);
    write.durability = durability;
    write.is_slow = durability == Durability::synced;
    return enter(write);
  }

  /// Runs `action() -> Result<void>` alone in commit order: no write is half done meanwhile.
  template <class Action>
  [[nodiscard]] Result<void> exclusively(Action&& action) {
    PendingWrite write;
    make_exclusive(write, action);
    return enter(write);
  }
  /// The same, unless somebody is writing: then nothing is done. Never waits.
  template <class Action>
  [[nodiscard]] Result<void> try_exclusively(Action&& action) {
    PendingWrite write;
    make_exclusive(write, action);
    if (queue_.try_join(write)) {
      lead(write);
    }
    return std::move(write.result);
  }

  /// Makes everything that was committed durable. Requires: called by an exclusive action.
  [[nodiscard]] Result<void> sync_log() { return sync_log_through(sequence_max); }
  /// Makes at least what was committed up to `sequence` durable. Commits wait meanwhile.
  [[nodiscard]] Result<void> sync_log_through(Sequence sequence) {
    const std::lock_guard lock(log_mutex_);
    auto synced = log_->durable_sequence() < sequence ? timed_sync() : Result<void>();
    if (!synced) {
      host_.commit_failed(synced.error());
    }
    return synced;
  }

  /// The next sequence, for what comes in beside the log: an empty record holds its place, and
  /// everything before it is durable. Requires: called by an exclusive action, which publishes it.
  [[nodiscard]] Result<Sequence> take_sequence() {
    const std::lock_guard lock(log_mutex_);
    auto held = log_->append(last_sequence_ + 1, 1, {}, Checksum::compute({}));
    if (!held) {
      return propagate(std::move(held));
    }
    ++last_sequence_;
    if (log_->durable_sequence() < last_sequence_ && Host::keeps_log) {
      if (auto synced = timed_sync(); !synced) {
        host_.commit_failed(synced.error());
        return propagate(std::move(synced));
      }
    }
    return last_sequence_;
  }
  void publish(Sequence sequence) noexcept { visible_.store(sequence, std::memory_order_release); }

  /// The log, for the background: forgetting segments, statistics.
  template <class Action>
  auto with_log(Action&& action) {
    const std::lock_guard lock(log_mutex_);
    return action(*log_);
  }

 private:
  template <class Action>
  static void make_exclusive(PendingWrite& write, Action& action) {
    write.exclusive = true;
    write.control = [](void* argument) -> Result<void> {
      return (*static_cast<Action*>(argument))();
    };
    write.control_argument = &action;
  }
  [[nodiscard]] Result<void> enter(PendingWrite& write) {
    if (queue_.join(write)) {
      lead(write);
    }
    return std::move(write.result);
  }
  void lead(PendingWrite& write) {
    if (!write.exclusive && write.durability == Durability::synced) {
      patience_.wait([&] { return 1 + queue_.count_behind(write); });
    }
    auto& last = static_cast<PendingWrite&>(queue_.gather(write, group_max));
    try {
      if (write.exclusive) {
        write.result = write.control(write.control_argument);
      } else {
        commit_group(write, last);
      }
    } catch (const std::bad_alloc&) {
      give_up(write, last);
    }
    queue_.leave(write, last);
  }
  /// Memory ran out midway: the log may have a batch that the memtables have not, or in part.
  /// Nothing of it is visible; the database takes no more writes, and reopening replays the log.
  /// Allocates nothing.
  void give_up(PendingWrite& first, PendingWrite& last) noexcept {
    const auto out_of_memory = [] { return Error(ErrorCode::outcome_unknown, "out of memory"); };
    host_.commit_failed(out_of_memory());
    for_each(first, last,
             [&](PendingWrite& write) { write.result = tl::unexpected<Error>(out_of_memory()); });
  }

  template <class Visit>
  static void for_each(PendingWrite& first, PendingWrite& last, Visit visit) {
    for (PendingWrite* write = &first;; write = static_cast<PendingWrite*>(write->newer)) {
      visit(*write);
      if (write == &last) {
        return;
      }
    }
  }

  void commit_group(PendingWrite& first, PendingWrite& last) {
    const SampledTimer timer(host_.metrics(), metrics::Latency::write);
    auto prepared = host_.prepare_commit();
    if (!prepared) {
      for_each(first, last, [&](PendingWrite& write) { write.result = prepared; });
      return;
    }
    AimedBatch<Host> batch(host_);
    batch.begin(first.bytes);
    if (auto logged = append_group(first, last); !logged) {
      host_.commit_failed(logged.error());
      for_each(first, last, [&](PendingWrite& write) {
        if (write.result) {
          write.result = logged;
        }
      });
      return;
    }
    Sequence sequence = visible_.load(std::memory_order_relaxed);
    for_each(first, last, [&](PendingWrite& write) {
      if (write.result) {
        if (&write != &first) {
          batch.begin(write.bytes);
        }
        batch.apply(sequence);
      }
    });
    // Publication: readers that load this sequence see the inserts above.
    visible_.store(sequence, std::memory_order_release);
  }

  /// Error: the sync failed. An append that failed is in its writer's own result.
  [[nodiscard]] Result<void> append_group(PendingWrite& first, PendingWrite& last) {
    const std::lock_guard lock(log_mutex_);
    bool sync = false;
    std::uint64_t bytes = 0;
    std::uint64_t batches = 0;
    for_each(first, last, [&](PendingWrite& write) {
      const bool logged = write.durability != Durability::unlogged;
      // An unlogged batch leaves an empty record, so that sequences in the log have no holes.
      write.result =
          log_->append(last_sequence_ + 1, write.count, logged ? write.bytes : std::string_view{},
                       logged ? write.checksum : Checksum::compute({}));
      if (write.result) {
        last_sequence_ += write.count;
        committed_bytes_ += write.bytes.size();
        bytes += logged ? write.bytes.size() : 0;
        ++batches;
        sync = sync || write.durability == Durability::synced;
      }
    });
    host_.metrics().add(metrics::Counter::batches, batches);
    host_.metrics().add(metrics::Counter::wal_bytes, bytes);
    if (sync) {
      const std::uint64_t start_ns = Clock::now_ns();
      auto synced = timed_sync();  // which would also write what is ready ahead
      patience_.note(batches, queue_.count_behind(last), Clock::now_ns() - start_ns);
      return synced;
    }
    if constexpr (requires { log_->offer_ahead([](const auto&) {}); }) {
      log_->offer_ahead([this](auto ahead) { host_.prepare_log(std::move(ahead)); });
    }
    return {};
  }
  /// Requires: under the log's mutex.
  [[nodiscard]] Result<void> timed_sync() {
    const Timer timer(host_.metrics(), metrics::Latency::sync);
    host_.metrics().add(metrics::Counter::wal_syncs, 1);
    return log_->sync();
  }

  static constexpr std::size_t group_max = 256;

  Host& host_;
  WriteQueue queue_;
  GroupPatience<Clock> patience_;      // the leader's
  Sequence last_sequence_;             // of the log; the leader's
  std::uint64_t committed_bytes_ = 0;  // the leader's
  alignas(64) std::atomic<Sequence> visible_;
  std::mutex log_mutex_;
  std::optional<Log> log_;
};

}  // namespace strata::lsm
