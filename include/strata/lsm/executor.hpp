// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where background work runs: flushes, compactions, and what readies space for the log.
///
/// | expression                  | result | promise                                               |
/// |-----------------------------|--------|-------------------------------------------------------|
/// | `E::type(options)`          |        | ready for `submit`                                    |
/// | `e.submit(lane, run, arg)`  | `void` | `run(arg)` is called once, soon, by some thread       |
/// | `e.stop()`                  | `void` | returns when nothing runs; later submits are dropped  |
/// | `e.every(seconds, run, arg)`| `void` | optional: `run(arg)` is called about that often until |
/// |                             |        | `stop`, on the flush lane; called once at most        |
/// | `E::type::is_inline`        | `bool` | true: work is done when `submit` returns              |
///
/// An executor without `every` leaves what time alone makes due to calls of `Engine::tick`.
///
/// `Threads` keeps flushes on a lane of their own, so that a long compaction never delays the
/// release of memory; the log's lane has a thread once there is work for it. `Inline` runs work in
/// the calling thread: deterministic, for simulation.

#include <array>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include <strata/core/policy.hpp>

namespace strata {

enum class Lane : std::uint8_t {
  flush,
  compaction,
  log  ///< short work that spares commits some: it is of use soon, or not at all
};
inline constexpr std::size_t lane_count = 3;

template <class E>
concept ExecutorPolicy = std::same_as<typename E::policy_slot, executor_slot> &&
    std::constructible_from<typename E::type, const typename E::Options&> &&
    requires(typename E::type executor, void (*run)(void*), void* argument) {
  { E::name } -> std::convertible_to<std::string_view>;
  { E::type::is_inline } -> std::convertible_to<bool>;
  executor.submit(Lane::flush, run, argument);
  executor.stop();
};

namespace executor {

struct Threads {
  using policy_slot = executor_slot;
  static constexpr std::string_view name = "threads";
  struct Options {
    unsigned flush_threads = 1;       ///< at least 1
    unsigned compaction_threads = 2;  ///< at least 1
  };

  class type {
   public:
    static constexpr bool is_inline = false;
    explicit type(const Options& options) {
      start(Lane::flush, options.flush_threads);
      start(Lane::compaction, options.compaction_threads);
    }
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() { stop(); }

    void submit(Lane lane, void (*run)(void*), void* argument) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
          return;
        }
        of(lane).tasks.push_back({run, argument});
        if (lane == Lane::log && !has_log_thread_) {
          start(lane, 1);
          has_log_thread_ = true;
        }
      }
      // Who wakes finds the lock free: else it would sleep again, and have to be woken twice.
      of(lane).ready.notify_one();
    }
    /// A thread that waits for work anyway wakes for it: there is none just for this.
    void every(std::uint64_t seconds, void (*run)(void*), void* argument) {
      const std::lock_guard lock(mutex_);
      period_ = std::chrono::seconds(seconds);
      due_ = std::chrono::steady_clock::now() + period_;
      tick_ = {run, argument};
      of(Lane::flush).ready.notify_all();
    }
    void stop() {
      {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (LaneState& lane : lanes_) {
          lane.ready.notify_all();
        }
      }
      for (std::thread& thread : threads_) {
        thread.join();
      }
      threads_.clear();
    }

   private:
    struct Task {
      void (*run)(void*) = nullptr;
      void* argument = nullptr;
    };
    struct LaneState {
      std::deque<Task> tasks;
      std::condition_variable ready;
    };
    LaneState& of(Lane lane) noexcept { return lanes_[static_cast<std::size_t>(lane)]; }

    void start(Lane lane, unsigned count) {
      for (unsigned i = 0; i < (count == 0 ? 1 : count); ++i) {
        threads_.emplace_back([this, lane] { work(lane); });
      }
    }
    void work(Lane lane) {
      std::unique_lock lock(mutex_);
      for (;;) {
        queue_due_tick(lane);
        while (!stopping_ && of(lane).tasks.empty()) {
          await(lane, lock);
        }
        if (stopping_) {
          return;
        }
        const Task task = of(lane).tasks.front();
        of(lane).tasks.pop_front();
        lock.unlock();
        task.run(task.argument);
        lock.lock();
      }
    }

    /// Waits for a change; queues the tick once it is due.
    void await(Lane lane, std::unique_lock<std::mutex>& lock) {
      if (!keeps_time(lane)) {
        of(lane).ready.wait(lock);
        return;
      }
      of(lane).ready.wait_until(lock, due_);
      queue_due_tick(lane);
    }
    /// Also between two tasks: a lane that never rests must not forget it.
    void queue_due_tick(Lane lane) {
      if (!keeps_time(lane)) {
        return;
      }
      if (const auto now = std::chrono::steady_clock::now(); now >= due_) {
        due_ = now + period_;
        of(lane).tasks.push_back(tick_);
      }
    }
    [[nodiscard]] bool keeps_time(Lane lane) const noexcept {
      return lane == Lane::flush && tick_.run != nullptr;
    }

    std::mutex mutex_;
    std::array<LaneState, lane_count> lanes_;
    Task tick_{};
    std::chrono::seconds period_{0};
    std::chrono::steady_clock::time_point due_;
    bool stopping_ = false;
    bool has_log_thread_ = false;
    std::vector<std::thread> threads_;
  };
};

struct Inline {
  using policy_slot = executor_slot;
  static constexpr std::string_view name = "inline";
  struct Options {};

  class type {
   public:
    static constexpr bool is_inline = true;
    explicit type(const Options&) {}
    type(const type&) = delete;
    type& operator=(const type&) = delete;

    /// Work that is submitted by running work waits its turn, so that the stack stays flat. One
    /// database is driven by one thread at a time with this executor.
    void submit(Lane, void (*run)(void*), void* argument) {
      tasks_.push_back({run, argument});
      if (running_) {
        return;
      }
      running_ = true;
      while (!tasks_.empty() && !stopped_) {
        const Task task = tasks_.front();
        tasks_.pop_front();
        task.run(task.argument);
      }
      running_ = false;
    }
    void stop() { stopped_ = true; }

   private:
    struct Task {
      void (*run)(void*);
      void* argument;
    };
    std::deque<Task> tasks_;
    bool running_ = false;
    bool stopped_ = false;
  };
};

static_assert(ExecutorPolicy<Threads>);
static_assert(ExecutorPolicy<Inline>);

}  // namespace executor
}  // namespace strata
