// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/admission.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/lsm/live_options.hpp>
#include <strata/observe/counters.hpp>

using namespace strata;
using metrics::Counter;

namespace {

/// A clock that only sleeping moves; the thread's own.
struct Sleeper {
  static inline thread_local std::uint64_t slept_us = 0;
  static std::uint64_t now_ns() { return slept_us * 1000; }
  static void sleep_us(std::uint64_t microseconds) { slept_us += microseconds; }
};

struct Memtable {
  std::size_t bytes = 0;
  Sequence first = 0;
  [[nodiscard]] std::size_t memory_bytes() const { return bytes; }
  [[nodiscard]] Sequence first_sequence() const { return first; }
};

struct Tree {
  Memtable memtable;
  std::size_t immutables = 0;
  unsigned switches = 0;
  [[nodiscard]] const Memtable& active() const { return memtable; }
  [[nodiscard]] std::size_t immutable_count() const { return immutables; }
  void switch_memtable() {
    memtable = {};
    ++immutables;
    ++switches;
  }
};

/// Background work that is done, or given up, when somebody waits for it.
struct Work {
  std::mutex mutex_;
  std::array<Tree, 2>& trees;
  bool works = true;
  bool is_disk_full = false;
  double pressure_now = 0;
  unsigned flushes_wanted = 0;
  unsigned waits = 0;

  explicit Work(std::array<Tree, 2>& all) : trees(all) {}
  std::mutex& mutex() { return mutex_; }
  [[nodiscard]] bool disk_full() const { return is_disk_full; }
  [[nodiscard]] double pressure() const { return pressure_now; }
  void schedule_flush() { ++flushes_wanted; }
  template <class Condition>
  void wait(const Condition& condition) {
    ++waits;
    if (works) {
      Sleeper::sleep_us(1000);
      trees[0].immutables = trees[1].immutables = 0;
      pressure_now = 0;
      REQUIRE(condition());
    }
  }
};

struct Core {
  struct Options {
    std::size_t immutables_max = 2;
  };
  Options options_;
  lsm::LiveLimits limits_{{1000}, {16'000}};
  std::string path_ = "/db";
  std::array<Tree, 2> trees;
  std::uint64_t log_bytes = 0;
  metrics::Counters::type metrics_;

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const lsm::LiveLimits& limits() const { return limits_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  metrics::Counters::type& metrics() { return metrics_; }
  std::pair<std::uint64_t, std::uint64_t> log_size() { return {log_bytes, 1}; }
  template <class Visit>
  void for_each_tree(Visit visit) {
    visit(trees[0]);
    visit(trees[1]);
  }
};

struct Fixture {
  Core core;
  Work work{core.trees};
  lsm::Admission<Core, Work, Sleeper> admission{core, work};
  std::uint64_t committed = 0;

  Result<void> commit(std::uint64_t bytes) {
    auto admitted = admission.admit(committed);
    committed += bytes;
    return admitted;
  }
  std::uint64_t counted(Counter counter) { return core.metrics_.snapshot()[counter]; }
  /// How long the commit after one of `bytes` waits.
  std::uint64_t wait_after(std::uint64_t bytes) {
    REQUIRE(commit(bytes));
    const std::uint64_t before = Sleeper::slept_us;
    REQUIRE(commit(0));
    return Sleeper::slept_us - before;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a memtable that is full makes room, and is flushed") {
  core.trees[0].memtable = {999, 1};
  core.trees[1].memtable = {1000, 5};
  REQUIRE(commit(10));
  CHECK(core.trees[0].switches == 0);
  CHECK(core.trees[1].switches == 1);
  CHECK(work.flushes_wanted == 1);
  REQUIRE(commit(10));
  CHECK(work.flushes_wanted == 1);  // asked for once
  CHECK(work.waits == 0);
}

TEST_CASE_METHOD(Fixture, "with the queue of memtables full a commit waits, and that is counted") {
  core.trees[0].immutables = 2;
  core.trees[0].memtable = {1000, 1};
  REQUIRE(commit(10));
  CHECK(work.waits == 1);
  CHECK(core.trees[0].switches == 1);
  CHECK(counted(Counter::stops) == 1);
  CHECK(counted(Counter::stall_micros) == 1000);
}

TEST_CASE_METHOD(Fixture, "where nothing can be flushed a commit is refused, and says why") {
  core.trees[0].immutables = 2;
  core.trees[0].memtable = {1000, 1};
  work.works = false;
  work.is_disk_full = GENERATE(true, false);
  const auto refused = commit(10);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() ==
        (work.is_disk_full ? ErrorCode::disk_full : ErrorCode::read_only));
  CHECK_THAT(refused.error().message(), Catch::Contains("/db"));
  CHECK(core.trees[0].switches == 0);
  CHECK(core.trees[0].memtable.bytes == 1000);  // nothing was lost
}

TEST_CASE_METHOD(Fixture, "a full disk is tried again with every commit") {
  work.is_disk_full = true;
  REQUIRE(commit(10));
  REQUIRE(commit(10));
  CHECK(work.flushes_wanted == 2);
}

TEST_CASE_METHOD(Fixture, "pressure slows commits down by their bytes, more the higher it is") {
  CHECK(wait_after(1'000'000) == 0);
  work.pressure_now = 0.99;
  CHECK(wait_after(1'000'000) == 0);
  std::uint64_t last = 0;
  for (const double pressure : {1.0, 1.2, 1.5, 1.8, 1.99}) {
    CAPTURE(pressure);
    work.pressure_now = pressure;
    const std::uint64_t wait = wait_after(1'000'000);
    CHECK(wait > last);
    // Twice the bytes, twice the wait: batches of any size come to the same rate.
    CHECK(wait_after(2'000'000) == Approx(2.0 * static_cast<double>(wait)).epsilon(0.01));
    last = wait;
  }
  CHECK(work.waits == 0);  // slowed down, never stopped
  CHECK(counted(Counter::stops) == 0);
  CHECK(counted(Counter::slowdowns) > 0);
  CHECK(counted(Counter::stall_micros) > 0);
}

TEST_CASE_METHOD(Fixture, "small commits are slowed down too") {
  work.pressure_now = 1.9;
  CHECK(wait_after(1) > 0);
}

TEST_CASE_METHOD(Fixture, "commits stop only at pressure 2, until it has gone down") {
  work.pressure_now = 2;
  REQUIRE(commit(10));
  CHECK(work.waits == 1);
  CHECK(counted(Counter::stops) == 1);
  CHECK(counted(Counter::slowdowns) == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a log over its bound rotates the memtable that holds its oldest record") {
  core.trees[0].memtable = {10, 100};
  core.trees[1].memtable = {10, 7};
  core.log_bytes = 16'000;
  REQUIRE(commit(1000));
  CHECK(core.trees[1].switches == 0);
  core.log_bytes = 16'001;
  REQUIRE(commit(0));
  CHECK(core.trees[0].switches == 0);
  CHECK(core.trees[1].switches == 1);
  SECTION("and is not looked at again before a sixteenth of it was written") {
    core.trees[1].memtable = {10, 3};
    REQUIRE(commit(999));
    CHECK(core.trees[1].switches == 1);
    REQUIRE(commit(1));
    CHECK(core.trees[1].switches == 1);
    REQUIRE(commit(0));
    CHECK(core.trees[1].switches == 2);
  }
}
