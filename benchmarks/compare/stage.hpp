// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where a group of rows plays: one engine in a fresh directory, lanes (threads with a session
/// each) that run the operations of a row, and the figures that go to a sink.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "data.hpp"
#include "engine.hpp"
#include "measure.hpp"

namespace compare {

struct Settings {
  std::string directory = "build/compare";
  std::uint64_t entries = 1'000'000;
  std::size_t value_bytes = 100;
  std::uint64_t synced_operations = 2000;  ///< with one thread; more with more
  std::uint64_t log_bytes = std::uint64_t{256} << 20;

  [[nodiscard]] std::size_t data_bytes() const {
    return static_cast<std::size_t>(entries) * (Key::bytes + value_bytes);
  }
};

[[nodiscard]] inline std::string thread_count_text(unsigned threads) {
  return std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

/// One thread's operations, each checked, some of them timed.
template <Engine E>
class Lane {
 public:
  Lane(E& engine, unsigned thread, std::size_t value_bytes, unsigned sample_every)
      : thread_(thread), session_(engine.session()), values_(value_bytes), sample_(sample_every) {}

  [[nodiscard]] unsigned thread() const { return thread_; }
  [[nodiscard]] const Histogram& histogram() const { return sample_.histogram(); }

  void put(Number number) {
    const Key key(number);
    const std::string_view value = values_.of(number);
    sample_([&] { session_.put(key, value); });
  }
  /// Requires: at most `Values::live` numbers.
  void write(const Number* first, std::size_t count) {
    keys_.clear();
    pairs_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      keys_.emplace_back(first[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      pairs_.push_back({keys_[i], values_.of(first[i])});
    }
    sample_([&] { session_.write(pairs_); });
  }
  void erase(Number number) {
    const Key key(number);
    sample_([&] { session_.erase(key); });
  }
  void get(Number number) {
    const Key key(number);
    bool right = false;
    sample_([&] {
      session_.get(key, [&](std::string_view value) { right = values_.is_of(number, value); });
    });
    if (!right) {
      die(std::string(E::name) + ": key " + std::string(key) + " is absent or has a wrong value");
    }
  }
  void miss(Number number) {
    const Key key(number);
    bool found = true;
    sample_([&] { found = session_.get(key, [](std::string_view) {}); });
    if (found) {
      die(std::string(E::name) + ": key " + std::string(key) + " was never written, but is found");
    }
  }
  void read_modify_write(Number number) {
    const Key key(number);
    const std::string_view value = values_.of(number);
    bool right = false;
    sample_([&] {
      session_.get(key, [&](std::string_view old) { right = values_.is_of(number, old); });
      session_.put(key, value);
    });
    if (!right) {
      die(std::string(E::name) + ": key " + std::string(key) + " is absent or has a wrong value");
    }
  }
  /// `count` entries from a key that is there; at least `surely` of them must exist.
  void scan(Number from, std::uint64_t count, std::uint64_t surely) {
    const Key key(from);
    std::uint64_t seen = 0;
    bool right = false;
    sample_([&] {
      session_.scan(key, [&](std::string_view, std::string_view value) {
        right = seen == 0 ? values_.is_of(from, value) : right && !value.empty();
        return ++seen < count;
      });
    });
    if (!right || seen < surely) {
      die(std::string(E::name) + ": a scan from " + std::string(key) + " saw wrong entries");
    }
  }
  /// Everything; answers how many entries there are.
  std::uint64_t scan_all() {
    std::uint64_t seen = 0;
    std::uint64_t bytes = 0;
    Number last = 0;
    bool in_order = true;
    session_.scan({}, [&](std::string_view key, std::string_view value) {
      const Number number = Values::number_in(value);
      in_order = in_order && (seen == 0 || number > last);
      last = number;
      ++seen;
      bytes += key.size() + value.size();
      return true;
    });
    if (!in_order || bytes != seen * (Key::bytes + values_.of(0).size())) {
      die(std::string(E::name) + ": a scan of everything saw wrong entries");
    }
    return seen;
  }

 private:
  unsigned thread_;
  decltype(std::declval<E&>().session()) session_;
  Values values_;
  Sampler sample_;
  std::vector<Key> keys_;
  std::vector<Pair> pairs_;
};

struct RowPlan {
  std::string name;
  std::uint64_t operations = 0;
  unsigned threads = 1;
  unsigned sample_every = 8;
};

template <Engine E, class Sink>
class Stage {
 public:
  using EngineLane = Lane<E>;

  Stage(const Settings& settings, Sink& sink) : settings_(settings), sink_(sink) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] E& engine() { return engine_; }
  [[nodiscard]] Setup setup() const {
    return {.directory = settings_.directory, .cache_bytes = 2 * settings_.data_bytes()};
  }

  void open_fresh(const Setup& setup) {
    std::filesystem::remove_all(settings_.directory);
    std::filesystem::create_directories(std::filesystem::path(settings_.directory).parent_path());
    engine_.open(setup);
  }
  void close() { engine_.close(); }

  /// Runs `work(lane)` in each thread, and reports.
  template <class Work>
  void row(const RowPlan& plan, Work work) {
    const Usage before = Usage::now();  // what goes on meanwhile is this row's
    sink_.before_row();
    std::vector<std::unique_ptr<EngineLane>> lanes(plan.threads);
    std::latch ready(plan.threads + 1);
    std::latch begun(1);
    const auto run = [&](unsigned thread) {
      lanes[thread] =
          std::make_unique<EngineLane>(engine_, thread, settings_.value_bytes, plan.sample_every);
      ready.count_down();
      begun.wait();
      work(*lanes[thread]);
    };
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < plan.threads; ++thread) {
      threads.emplace_back(run, thread);
    }
    ready.arrive_and_wait();
    const auto start = Clock::now();
    begun.count_down();
    for (std::thread& thread : threads) {
      thread.join();
    }
    const double seconds = seconds_since(start);
    Histogram histogram;
    for (const auto& lane : lanes) {
      histogram.add(lane->histogram());
    }
    report(plan, seconds, before, &histogram);
  }

  /// The row that fills a database: a put for each of `order`.
  void load(const char* name, const Numbers& order) {
    row({.name = name, .operations = order.size()}, [&](EngineLane& lane) {
      for (const Number i : order) {
        lane.put(stored(i));
      }
    });
  }

  /// Runs `work()` once, as the only operation that is timed.
  template <class Work>
  void single(const RowPlan& plan, Work work) {
    const Usage before = Usage::now();
    sink_.before_row();
    const auto start = Clock::now();
    work();
    report(plan, seconds_since(start), before, nullptr);
  }

  void settle(const char* name) {
    single({.name = name, .operations = settings_.entries}, [&] { engine_.settle(); });
  }

 private:
  void report(const RowPlan& plan, double seconds, const Usage& before,
              const Histogram* histogram) {
    const Usage after = Usage::now();
    Row row{.name = plan.name, .operations = plan.operations, .seconds = seconds};
    if (histogram != nullptr) {
      row.set_latencies(*histogram);
    }
    row.cpu_seconds = after.cpu_seconds - before.cpu_seconds;
    row.peak_memory_bytes = after.peak_memory_bytes;
    row.disk_bytes = bytes_under(settings_.directory);
    row.disk_bytes_written = after.disk_bytes_written - before.disk_bytes_written;
    sink_(row);
  }

  const Settings& settings_;
  Sink& sink_;
  E engine_;
};

}  // namespace compare
