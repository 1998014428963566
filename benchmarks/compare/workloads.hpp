// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The rows but YCSB's: fills, reads, scans, deletions, a bulk load, a recovery. A group is what
/// one process plays in one go; a group that needs a database fills it first.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "data.hpp"
#include "engine.hpp"
#include "stage.hpp"

namespace compare {

template <Engine E, class Sink>
class Workloads {
  using Stage = compare::Stage<E, Sink>;
  using Lane = typename Stage::EngineLane;

 public:
  explicit Workloads(Stage& stage) : stage_(stage), entries_(stage.settings().entries) {}

  void sequential() {
    stage_.open_fresh(stage_.setup());
    stage_.row({.name = "fill sequential", .operations = entries_}, [&](Lane& lane) {
      for (Number i = 0; i < entries_; ++i) {
        lane.put(stored(i));
      }
    });
    check_count(entries_);
    stage_.close();
  }

  void batched() {
    constexpr std::size_t batch = 100;
    stage_.open_fresh(stage_.setup());
    const Numbers numbers = stored_shuffled(17);
    stage_.row({.name = "fill batched", .operations = entries_, .sample_every = 1},
               [&](Lane& lane) {
                 for (std::size_t at = 0; at < numbers.size(); at += batch) {
                   lane.write(&numbers[at], std::min(batch, numbers.size() - at));
                 }
               });
    check_count(entries_);
    stage_.close();
  }

  void synced() {
    for (const unsigned threads : {1U, 4U, 16U}) {
      Setup setup = stage_.setup();
      setup.synced = true;
      stage_.open_fresh(setup);
      const std::uint64_t factor = threads == 1 ? 1 : threads / 2;
      const std::uint64_t each = stage_.settings().synced_operations * factor / threads;
      stage_.row({.name = "fill synced, " + thread_count_text(threads),
                  .operations = each * threads,
                  .threads = threads,
                  .sample_every = 1},
                 [&](Lane& lane) {
                   for (Number i = 0; i < each; ++i) {
                     lane.put(stored(i * threads + lane.thread()));
                   }
                 });
      check_count(each * threads);
      stage_.close();
    }
  }

  /// The data fits the cache.
  void random() {
    stage_.open_fresh(stage_.setup());
    fill("fill random", 17);
    read("read random, fresh", stored_shuffled(18));
    fill("overwrite", 19);
    stage_.settle("settle");
    read("read random", stored_shuffled(20));
    read_missing();
    read_hot("read hot");
    scan_all();
    seek("seek + 50");
    read_while_writing();
    erase_half();
    stage_.close();
  }

  /// The data is four times the memory, a quarter of which is write buffers. The files of all stay
  /// in the page cache: what is compared is the way of a block into the engine.
  void larger() {
    const std::size_t memory_bytes =
        std::max(stage_.settings().data_bytes() / 4, std::size_t{2} << 20);
    Setup setup = stage_.setup();
    setup.cache_bytes = memory_bytes / 4 * 3;
    setup.write_buffer_bytes = memory_bytes / 4 / Setup::write_buffers;
    stage_.open_fresh(setup);
    fill("fill random, data 4 x memory", 17);
    stage_.settle("settle, data 4 x memory");
    read("read random, data 4 x memory", stored_shuffled(20));
    read_hot("read hot, data 4 x memory");
    seek("seek + 50, data 4 x memory");
    stage_.close();
  }

  void bulk() {
    stage_.open_fresh(stage_.setup());
    Values values(stage_.settings().value_bytes);
    Number at = 0;
    Key key(0);
    auto source = [&](Pair& pair) {
      if (at == entries_) {
        return false;
      }
      key = Key(stored(at));
      pair = {key, values.of(stored(at))};
      ++at;
      return true;
    };
    stage_.single({.name = "bulk load", .operations = entries_},
                  [&] { stage_.engine().bulk_load(source); });
    check_count(entries_);
    stage_.close();
  }

  /// A process that dies with everything in its log; then how long the next one takes to open.
  void recovery() {
    const std::uint64_t operations =
        stage_.settings().log_bytes / (Key::bytes + stage_.settings().value_bytes);
    Setup setup = stage_.setup();
    setup.write_buffer_bytes = stage_.settings().log_bytes * 2;
    const pid_t child = ::fork();
    if (child == 0) {
      stage_.open_fresh(setup);
      Lane lane(stage_.engine(), 0, stage_.settings().value_bytes, 8);
      for (const Number number : shuffled(operations, 17)) {
        lane.put(stored(number));
      }
      ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
      die(std::string(E::name) + ": the process that should leave a log behind failed");
    }
    stage_.single({.name = "open after a crash", .operations = operations},
                  [&] { stage_.engine().open(setup); });
    check_count(operations);
    stage_.close();
  }

 private:
  [[nodiscard]] Numbers stored_shuffled(std::uint64_t seed) const {
    Numbers numbers = shuffled(entries_, seed);
    for (Number& number : numbers) {
      number = stored(number);
    }
    return numbers;
  }

  void check_count(std::uint64_t expected) {
    Lane lane(stage_.engine(), 0, stage_.settings().value_bytes, 8);
    if (const std::uint64_t seen = lane.scan_all(); seen != expected) {
      die(std::string(E::name) + ": " + std::to_string(seen) + " entries instead of " +
          std::to_string(expected));
    }
  }

  void fill(const char* name, std::uint64_t seed) {
    const Numbers numbers = stored_shuffled(seed);
    stage_.row({.name = name, .operations = entries_}, [&](Lane& lane) {
      for (const Number number : numbers) {
        lane.put(number);
      }
    });
  }
  void read(const char* name, const Numbers& numbers) {
    stage_.row({.name = name, .operations = numbers.size()}, [&](Lane& lane) {
      for (const Number number : numbers) {
        lane.get(number);
      }
    });
  }
  void read_missing() {
    const Numbers numbers = stored_shuffled(21);
    stage_.row({.name = "read missing", .operations = entries_}, [&](Lane& lane) {
      for (const Number number : numbers) {
        lane.miss(number + 1);
      }
    });
  }
  /// One key in a hundred, scattered, again and again.
  void read_hot(const char* name) {
    const std::uint64_t hot = std::max<std::uint64_t>(entries_ / 100, 1);
    const Numbers scattered = stored_shuffled(22);
    Numbers numbers = shuffled(entries_, 23);
    for (Number& number : numbers) {
      number = scattered[number % hot];
    }
    read(name, numbers);
  }
  void scan_all() {
    stage_.row({.name = "full scan", .operations = entries_}, [&](Lane& lane) {
      if (lane.scan_all() != entries_) {
        die(std::string(E::name) + ": a full scan missed entries");
      }
    });
  }
  void seek(const char* name) {
    constexpr std::uint64_t length = 50;
    const Numbers numbers = shuffled(entries_, 24);
    const std::uint64_t seeks = std::max<std::uint64_t>(entries_ / 10, 1);
    stage_.row({.name = name, .operations = seeks}, [&](Lane& lane) {
      for (std::uint64_t i = 0; i < seeks; ++i) {
        lane.scan(stored(numbers[i]), length, std::min(length, entries_ - numbers[i]));
      }
    });
  }

  /// The writer overwrites 5 MB of values a second: the same work for all.
  void read_while_writing() {
    std::atomic<bool> done{false};
    const Numbers written = stored_shuffled(25);
    const double rate = 5e6 / static_cast<double>(stage_.settings().value_bytes);
    double reached = 0;
    std::thread writer([&] {
      Lane lane(stage_.engine(), 0, stage_.settings().value_bytes, 8);
      const auto start = Clock::now();
      std::uint64_t count = 0;
      while (!done.load(std::memory_order_relaxed)) {
        const auto due = static_cast<std::uint64_t>(rate * seconds_since(start));
        for (; count < due && !done.load(std::memory_order_relaxed); ++count) {
          lane.put(written[count % written.size()]);
        }
        std::this_thread::sleep_for(std::chrono::microseconds(500));
      }
      reached = static_cast<double>(count) / seconds_since(start);
    });
    read("read while writing", stored_shuffled(26));
    done = true;
    writer.join();
    if (reached < 0.9 * rate) {
      std::fprintf(stderr, "  (the writer beside it made %.0f of %.0f writes a second)\n", reached,
                   rate);
    }
  }

  void erase_half() {
    const Numbers numbers = stored_shuffled(27);
    const std::size_t half = numbers.size() / 2;
    stage_.row({.name = "delete random", .operations = half}, [&](Lane& lane) {
      for (std::size_t i = 0; i < half; ++i) {
        lane.erase(numbers[i]);
      }
    });
    check_count(entries_ - half);
  }

  Stage& stage_;
  std::uint64_t entries_;
};

}  // namespace compare
