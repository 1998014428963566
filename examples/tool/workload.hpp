// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What `bench` measures, on one family by any number of threads.
///
/// Keys are sixteen digits; the order of a random workload is a permutation of them, so that each
/// thread writes its part of the keys once. Every call is timed; threads keep histograms of their
/// own, which are merged.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/lsm/options.hpp>
#include <strata/observe/histogram.hpp>

#include "progress.hpp"

namespace strata::tool {

enum class Workload : std::uint8_t {
  fill_sequential,
  fill_random,
  overwrite,
  read_random,
  read_missing,
  scan,
};
inline constexpr std::string_view workload_names[] = {
    "fill_sequential", "fill_random", "overwrite", "read_random", "read_missing", "scan"};

struct BenchOptions {
  std::uint64_t count = 0;
  std::size_t value_bytes = 0;
  unsigned threads = 1;
  std::uint64_t seed = 1;
  WriteOptions write;
};

struct BenchResult {
  Workload workload = Workload::scan;
  std::uint64_t operations = 0;
  double seconds = 0;
  metrics::Histogram latency;  ///< nanoseconds a call; of a scan, a step

  [[nodiscard]] double per_second() const {
    return seconds > 0 ? static_cast<double>(operations) / seconds : 0;
  }
};

/// SIGINT waits while this lives, so that what is being done can be tidied up; then it has its
/// usual effect. Threads that begin meanwhile inherit that.
class Interrupt {
 public:
  Interrupt() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  [[nodiscard]] static bool is_pending() {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGINT) == 1;
  }

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

namespace detail {

/// A permutation of [0, 2^64): SplitMix64's finisher.
[[nodiscard]] inline std::uint64_t scramble(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

[[nodiscard]] inline std::string bench_key(std::uint64_t number, bool is_missing) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llu%s", static_cast<unsigned long long>(number),
                is_missing ? "-" : "");
  return text;
}

/// As compressible as a record usually is: half of each value is the same.
[[nodiscard]] inline std::string bench_value(std::uint64_t number, std::size_t bytes) {
  std::string value(bytes, 'v');
  for (std::size_t at = 0; at < bytes / 2; ++at) {
    if (at % 8 == 0) {
      number = scramble(number + 0x9e3779b97f4a7c15U);
    }
    value[at] = static_cast<char>('a' + (number >> (at % 8 * 8U)) % 26);
  }
  return value;
}

}  // namespace detail

template <class Handle>
class BenchThread {
  using Clock = std::chrono::steady_clock;

 public:
  BenchThread(Handle handle, Workload workload, const BenchOptions& options, unsigned number,
              Progress& progress)
      : handle_(handle),
        workload_(workload),
        options_(options),
        first_(options.count * number / options.threads),
        end_(options.count * (number + 1) / options.threads),
        progress_(progress) {}

  void run() {
    const std::uint64_t steps = workload_ == Workload::scan ? scan() : operations();
    latency_steps_ = steps;
  }

  [[nodiscard]] const Result<void>& outcome() const { return outcome_; }
  [[nodiscard]] const metrics::Histogram& latency() const { return latency_; }
  [[nodiscard]] std::uint64_t steps() const { return latency_steps_; }

 private:
  /// True every so many steps, for what is too slow for each.
  [[nodiscard]] bool is_time_to_look(std::uint64_t steps) {
    constexpr std::uint64_t pace = 1024;
    if (steps % pace != 0) {
      return false;
    }
    progress_.advance(steps == 0 ? 0 : pace);
    return Interrupt::is_pending();
  }

  [[nodiscard]] std::uint64_t operations() {
    std::uint64_t steps = 0;
    for (std::uint64_t i = first_; i < end_; ++i, ++steps) {
      if (is_time_to_look(steps)) {
        break;
      }
      const std::uint64_t number = key_number(i);
      const std::string key = detail::bench_key(number, workload_ == Workload::read_missing);
      const std::string value =
          is_write() ? detail::bench_value(number, options_.value_bytes) : std::string();
      const auto begun = Clock::now();
      outcome_ = is_write() ? handle_.put(key, value, options_.write) : read(key);
      record(begun);
      if (!outcome_) {
        break;
      }
    }
    return steps;
  }

  [[nodiscard]] std::uint64_t scan() {
    auto cursor = handle_.cursor({.fill_cache = false});
    std::uint64_t steps = 0;
    std::uint64_t bytes = 0;
    auto begun = Clock::now();
    for (cursor.seek_to_first(); cursor.valid(); cursor.next(), ++steps) {
      record(begun);
      bytes += cursor.key().size() + cursor.value().size();
      if (is_time_to_look(steps)) {
        break;
      }
      begun = Clock::now();
    }
    bytes_ = bytes;
    outcome_ = cursor.status();
    return steps;
  }

  [[nodiscard]] Result<void> read(const std::string& key) {
    auto found = handle_.get(key, [this](std::string_view value) { bytes_ += value.size(); });
    return found ? Result<void>() : propagate(std::move(found));
  }

  [[nodiscard]] bool is_write() const {
    return workload_ == Workload::fill_sequential || workload_ == Workload::fill_random ||
           workload_ == Workload::overwrite;
  }
  /// Keys of all workloads are the same `count` numbers, so that reads find what was written.
  [[nodiscard]] std::uint64_t key_number(std::uint64_t i) const {
    switch (workload_) {
      case Workload::fill_sequential: return i;
      case Workload::fill_random: return shuffled(i);
      default: return detail::scramble(i + options_.seed) % options_.count;
    }
  }
  /// A permutation of [0, count): a Feistel network over the next power of four, walked until it
  /// falls into the range.
  [[nodiscard]] std::uint64_t shuffled(std::uint64_t i) const {
    unsigned half = 1;
    while (half < 31 && (std::uint64_t{1} << (2 * half)) < options_.count) {
      ++half;
    }
    const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
    do {
      std::uint64_t left = i >> half;
      std::uint64_t right = i & mask;
      for (std::uint64_t round = 0; round < 4; ++round) {
        left ^= detail::scramble(right + (round << 32U) + options_.seed) & mask;
        std::swap(left, right);
      }
      i = left << half | right;
    } while (i >= options_.count);
    return i;
  }

  void record(Clock::time_point begun) {
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begun);
    latency_.record(static_cast<std::uint64_t>(took.count()));
  }

  Handle handle_;
  Workload workload_;
  const BenchOptions& options_;
  std::uint64_t first_;
  std::uint64_t end_;
  Progress& progress_;
  Result<void> outcome_;
  metrics::Histogram latency_;
  std::uint64_t latency_steps_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Runs one workload to its end. Error: the first of any thread.
template <class Handle>
[[nodiscard]] Result<BenchResult> run_workload(Handle handle, Workload workload,
                                               const BenchOptions& options,
                                               std::optional<bool> wants_progress) {
  const std::string_view name = workload_names[static_cast<std::size_t>(workload)];
  const unsigned threads = workload == Workload::scan ? 1 : options.threads;
  Progress progress(std::string(name), Unit::entries, options.count, wants_progress);
  std::vector<BenchThread<Handle>> work;
  work.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) {
    work.emplace_back(handle, workload, options, i, progress);
  }
  const auto begun = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> running;
    running.reserve(threads);
    for (auto& one : work) {
      running.emplace_back([&one] { one.run(); });
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  BenchResult result;
  result.workload = workload;
  result.seconds = took.count();
  for (const auto& one : work) {
    if (!one.outcome()) {
      return propagate(one.outcome());
    }
    result.operations += one.steps();
    result.latency.merge(one.latency());
  }
  return result;
}

}  // namespace strata::tool
