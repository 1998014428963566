// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Progress of work that does not report any: a thread asks how far it is.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "progress.hpp"

namespace strata::tool {

/// Paints `progress` with what `measure()` says, a few times a second, until it goes.
class Watcher {
 public:
  template <class Measure>
  Watcher(Progress& progress, Measure measure)
      : thread_([this, &progress, measure](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          while (!stop.stop_requested()) {
            progress.set(measure());
            wakes_.wait_for(lock, stop, std::chrono::milliseconds(200), [] { return false; });
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  std::jthread thread_;
};

}  // namespace strata::tool
