// SPDX-License-Identifier: BSL-1.0
/// Every compaction policy under an engine: random operations answer as std::map does, and one
/// policy may take over the directory of another.

#include <strata/compaction.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/core/bytes.hpp>
#include <strata/testing/compaction_conformance.hpp>
#include <strata/testing/model_check.hpp>

#include "../lsm/small_database.hpp"

using namespace strata;

namespace {

/// Options for tables of some kilobytes.
template <class C>
struct Small;

template <>
struct Small<compaction::Leveled> {
  static compaction::Leveled::Options options() {
    return {.level0_trigger = 2, .level1_bytes = 16'000, .multiplier = 4, .file_bytes = 4'000};
  }
};
template <>
struct Small<compaction::SizeTiered> {
  static compaction::SizeTiered::Options options() {
    return {.runs_trigger = 3, .file_bytes = 4'000};
  }
};

template <>
struct Small<compaction::LazyLeveled> {
  static compaction::LazyLeveled::Options options() {
    return {.ratio_min = 2,
            .ratio_max = 6,
            .run_bytes = 8'000,
            .file_bytes = 4'000,
            .sample_operations = 100};
  }
};

template <>
struct Small<compaction::Manual> {
  static compaction::Manual::Options options() { return {}; }
};
template <>
struct Small<compaction::Fifo> {
  static compaction::Fifo::Options options() {
    return {.bytes_max = 0, .merge_width = 3, .merge_bytes_max = 1'000'000, .run_bytes = 8'000};
  }
};
template <>
struct Small<compaction::TimeWindow> {
  static compaction::TimeWindow::Options options() {
    return {.window_seconds = 20, .merge_width = 2, .run_bytes = 8'000};
  }
};

/// A second goes by each time one asks.
struct Ticking {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "ticking";
  inline static std::uint64_t seconds = 1'000'000;
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return 0; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return ++seconds; }
  static void sleep_us(std::uint64_t) noexcept {}
};

using compaction::Conditions;
using compaction::Job;
using compaction::Levels;
using compaction::Pressure;
using compaction::Runs;

/// The policy of one's own in docs/policies/compaction.md.
class OneRun {
 public:
  using policy_slot = strata::compaction_slot;
  static constexpr std::string_view name = "one_run";
  struct Options {
    unsigned flushes = 8;
  };
  explicit OneRun(Options options) : options_(options) {}

  std::optional<Job> pick(const Levels& levels, const Conditions&) const {
    const Runs runs = runs_of(levels);
    if (levels[0].size() < options_.flushes || idle_runs(runs) < runs.size()) {
      return std::nullopt;  // too early, or a job is under way
    }
    return merge_of_runs(runs, 0, runs.size(), 64_MiB);
  }
  Pressure pressure(const Levels& levels) const {
    return {std::min(2.0, static_cast<double>(levels[0].size()) / (4.0 * options_.flushes))};
  }

 private:
  Options options_;
};

template <>
struct Small<OneRun> {
  static OneRun::Options options() { return {.flushes = 2}; }
};
using PacedLeveled = compaction::Paced<compaction::Leveled>;
template <>
struct Small<PacedLeveled> {
  static PacedLeveled::Options options() {
    PacedLeveled::Options options;
    static_cast<compaction::Leveled::Options&>(options) = Small<compaction::Leveled>::options();
    options.writes_per_job = 500;
    options.interval_max_seconds = 20;
    return options;
  }
};

template <class C>
using Tree = LsmTree<io::Memory, executor::Inline, Ticking, C>;

template <class C>
typename Tree<C>::Options small_options(const io::Memory& fs) {
  typename Tree<C>::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 60'000;
  options.wal.segment_bytes = 8'000;
  options.table_format.block_bytes = 512;
  options.compaction = Small<C>::options();
  return options;
}

template <class C>
Tree<C> open_tree(const io::Memory& fs) {
  auto opened = Tree<C>::open("/db", small_options<C>(fs));
  REQUIRE(opened);
  return std::move(opened).value();
}

template <class Db>
std::uint64_t compactions(Db& db) {
  return db.stats().metrics[metrics::Counter::compactions];
}

}  // namespace

TEMPLATE_TEST_CASE("random operations on an engine answer as std::map does, with any policy", "",
                   compaction::Fifo, OneRun, PacedLeveled, compaction::LazyLeveled,
                   compaction::Leveled, compaction::SizeTiered, compaction::TimeWindow) {
  const auto first_seed = static_cast<std::uint64_t>(Catch::rngSeed());
  for (std::uint64_t seed = first_seed; seed < first_seed + 2; ++seed) {
    CAPTURE(seed);
    const io::Memory fs;
    const auto open = [&](const std::string& path) {
      return Tree<TestType>::open(path, small_options<TestType>(fs));
    };
    testing::ModelOptions options;
    options.seed = seed;
    options.operations = 3000;
    testing::ModelCheck<Tree<TestType>, decltype(open)> model(options, open);
    CHECK(model.run() == "");
    CHECK(model.compared() > 100);
  }
}

TEMPLATE_TEST_CASE("an engine compacts as its policy says, and finds everything when it reopens",
                   "", compaction::Fifo, OneRun, PacedLeveled, compaction::LazyLeveled,
                   compaction::Leveled, compaction::SizeTiered, compaction::TimeWindow) {
  constexpr unsigned keys = 2000;
  const io::Memory fs;
  {
    auto db = open_tree<TestType>(fs);
    for (const char* tag : {"a", "b", "c"}) {
      REQUIRE(tests::fill(db, keys, tag));
    }
    CHECK(compactions(db) > 1);
    CHECK(db.verify());
    REQUIRE(db.close());
  }
  auto db = open_tree<TestType>(fs);
  for (unsigned i = 0; i < keys; ++i) {
    REQUIRE(db.get(tests::key_of(i)).value() == std::string(100, 'v') + "c");
  }
}

TEST_CASE("a FIFO keeps to its bytes and forgets the oldest, for good") {
  const io::Memory fs;
  const auto open = [&] {
    auto options = small_options<compaction::Fifo>(fs);
    options.compaction = {.bytes_max = 100'000};
    return std::move(Tree<compaction::Fifo>::open("/db", options)).value();
  };
  {
    auto db = open();
    REQUIRE(tests::fill(db, 2000, "x"));
    REQUIRE(db.flush());
    const auto level = db.stats().families[0].levels.at(0);
    CHECK(level.bytes <= 100'000);
    CHECK(level.bytes > 50'000);
    CHECK(compactions(db) == 0);
    REQUIRE(db.close());
  }
  auto db = open();
  CHECK(db.get(tests::key_of(0)).value() == std::nullopt);
  CHECK(db.get(tests::key_of(1999)).value().has_value());
  CHECK(db.verify());
}

TEST_CASE("an expired window is dropped, also where its keys were written again since") {
  const io::Memory fs;
  auto options = small_options<compaction::TimeWindow>(fs);
  options.compaction = {.window_seconds = 1000, .ttl_seconds = 5000, .merge_width = 2};
  auto db = std::move(Tree<compaction::TimeWindow>::open("/db", options)).value();
  const auto write = [&](unsigned from, unsigned to, const std::string& value) {
    for (unsigned i = from; i < to; ++i) {
      REQUIRE(db.put(tests::key_of(i), value));
    }
    REQUIRE(db.flush());
  };
  write(0, 100, "old");
  Ticking::seconds += 4000;
  write(50, 150, "new");
  Ticking::seconds += 2000;
  write(200, 210, "newest");
  CHECK(db.get(tests::key_of(0)).value() == std::nullopt);
  CHECK(db.get(tests::key_of(70)).value() == "new");
  CHECK(db.get(tests::key_of(120)).value() == "new");
  Ticking::seconds += 4000;
  write(200, 210, "newest");
  CHECK(db.get(tests::key_of(70)).value() == std::nullopt);
  CHECK(db.get(tests::key_of(205)).value() == "newest");
}

namespace {

/// Opens the directory with another policy, adds to it, and waits until it rests.
template <class C>
void take_over(const io::Memory& fs, const std::string& tag, const std::string& before) {
  INFO(C::name);
  constexpr unsigned keys = 500;
  auto db = open_tree<C>(fs);
  for (unsigned i = 0; i < keys; ++i) {
    REQUIRE(db.get(tests::key_of(i)).value() == std::string(100, 'v') + before);
  }
  REQUIRE(db.erase(tests::key_of(7)));
  REQUIRE(db.flush());
  CHECK(db.get(tests::key_of(7)).value() == std::nullopt);
  REQUIRE(tests::fill(db, keys, tag));
  REQUIRE(db.flush());
  const std::uint64_t at_rest = compactions(db);
  REQUIRE(db.flush());
  CHECK(compactions(db) == at_rest);
  CHECK(db.verify());
  REQUIRE(db.close());
}

}  // namespace

TEST_CASE("one directory is opened with each policy in turn, and loses nothing") {
  const io::Memory fs;
  {
    auto db = open_tree<compaction::Manual>(fs);
    REQUIRE(tests::fill(db, 500, "0"));
    REQUIRE(db.close());
  }
  std::string last = "0";
  for (unsigned round = 1; round < 40; round += 10) {
    const auto next = [&](unsigned step, auto turn) {
      const std::string tag = std::to_string(round + step);
      turn(tag, last);
      last = tag;
    };
    next(1, [&](const auto&... tags) { take_over<compaction::SizeTiered>(fs, tags...); });
    next(2, [&](const auto&... tags) { take_over<compaction::Leveled>(fs, tags...); });
    next(3, [&](const auto&... tags) { take_over<compaction::TimeWindow>(fs, tags...); });
    next(4, [&](const auto&... tags) { take_over<compaction::LazyLeveled>(fs, tags...); });
    next(5, [&](const auto&... tags) { take_over<compaction::Fifo>(fs, tags...); });
    next(6, [&](const auto&... tags) { take_over<PacedLeveled>(fs, tags...); });
    next(7, [&](const auto&... tags) { take_over<OneRun>(fs, tags...); });
    next(8, [&](const auto&... tags) { take_over<compaction::Manual>(fs, tags...); });
  }
}

TEST_CASE("the policy of one's own that is documented keeps the promises of its slot") {
  unsigned jobs = 0;
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const auto result = testing::compaction_conformance<OneRun>({.flushes = 4}, seed, &jobs);
    CHECK(result.violations == testing::Sentences{});
  }
  CHECK(jobs > 10);
}

TEST_CASE("tombstones that a snapshot protected leave the tree once it is gone") {
  const io::Memory fs;
  auto options = small_options<compaction::Leveled>(fs);
  options.compaction.tombstone_ratio = 0.3;  // each tombstone lies beside the value that is seen
  auto db = std::move(Tree<compaction::Leveled>::open("/db", options)).value();
  REQUIRE(tests::fill(db, 1000, "x"));
  REQUIRE(db.compact());
  {
    const Snapshot snapshot = db.snapshot();
    for (unsigned i = 0; i < 1000; ++i) {
      REQUIRE(db.erase(tests::key_of(i)));
    }
    REQUIRE(db.flush());
    REQUIRE(db.put("a", "1"));
    REQUIRE(db.flush());
    CHECK(db.get(tests::key_of(5), {.snapshot = &snapshot}).value().has_value());
    const std::uint64_t at_rest = compactions(db);
    REQUIRE(db.put("b", "1"));
    REQUIRE(db.flush());
    CHECK(compactions(db) <= at_rest + 1);  // nothing is written again and again
  }
  for (const char* key : {"c", "d", "e", "f"}) {
    REQUIRE(db.put(key, "1"));
    REQUIRE(db.flush());
  }
  CHECK(db.get(tests::key_of(5)).value() == std::nullopt);
  CHECK(db.stats().table_bytes() < 10'000);
  CHECK(db.verify());
}
