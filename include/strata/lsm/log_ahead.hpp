// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Space for the log that is made ready beside the commits, which then only copy.
///
/// The last offer counts: those before it were for space that has passed. Threads: everything is
/// concurrent. Tested through the engine: tests/lsm/log_ahead_test.cpp.

#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <utility>

#include <strata/lsm/executor.hpp>

namespace strata::lsm {

class LogAhead {
 public:
  /// `submit(lane, run, argument)`: an executor's. Where there is no memory or no thread for it,
  /// the commits do it themselves.
  template <class Ahead, class Submit>
  void offer(Ahead ahead, Submit submit) noexcept {
    try {
      if (put([ahead = std::move(ahead)] { ahead.prepare(); })) {
        submit(Lane::log, &LogAhead::run, this);
      }
    } catch (const std::exception&) {
      (void)take();
    }
  }

 private:
  /// Whether it has to be submitted.
  [[nodiscard]] bool put(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    const bool is_first = !work_;
    work_ = std::move(work);
    return is_first;
  }
  [[nodiscard]] std::function<void()> take() noexcept {
    const std::lock_guard lock(mutex_);
    return std::exchange(work_, nullptr);
  }
  static void run(void* self) noexcept {
    try {
      if (const auto work = static_cast<LogAhead*>(self)->take()) {
        work();
      }
    } catch (const std::bad_alloc&) {
      // No memory to say that the disk is full: a commit will find out.
    }
  }

  std::mutex mutex_;
  std::function<void()> work_;  ///< none: nothing is submitted
};

}  // namespace strata::lsm
