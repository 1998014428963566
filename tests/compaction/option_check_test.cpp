// SPDX-License-Identifier: BSL-1.0
#include <strata/compaction/option_check.hpp>

#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/compaction.hpp>
#include <strata/core/comparator.hpp>

using namespace strata;
using compaction::check_options;
using compaction::Conditions;
using compaction::Levels;

namespace {

/// Sets a field, and names it.
template <class Options>
struct Change {
  std::string field;
  void (*apply)(Options&);
};

template <class C>
void check_refused(const std::vector<Change<typename C::Options>>& changes) {
  CHECK(check_options<C>({}));
  for (const auto& change : changes) {
    CAPTURE(change.field);
    typename C::Options options{};
    change.apply(options);
    const auto refused = check_options<C>(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
    CHECK(to_string(refused.error()).find("::Options::" + change.field + ":") != std::string::npos);
  }
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// `count` tables of one megabyte in level 0, the newest first.
Levels tables(std::uint64_t count) {
  Levels levels(compaction::level_count);
  for (std::uint64_t i = 0; i < count; ++i) {
    levels[0].push_back({.number = count - i,
                         .size_bytes = 1 << 20,
                         .smallest = "a",
                         .largest = "z",
                         .entries = 10,
                         .smallest_sequence = (count - i) * 10,
                         .largest_sequence = (count - i) * 10 + 9});
  }
  return levels;
}

}  // namespace

TEST_CASE("each policy says which of its options makes no sense") {
  using namespace compaction;
  check_refused<Leveled>({
      {"level0_trigger", [](auto& o) { o.level0_trigger = 0; }},
      {"level0_slowdown", [](auto& o) { o.level0_slowdown = 3; }},
      {"level0_stop", [](auto& o) { o.level0_stop = 15; }},
      {"level1_bytes", [](auto& o) { o.level1_bytes = 0; }},
      {"multiplier", [](auto& o) { o.multiplier = 1; }},
      {"multiplier", [](auto& o) { o.multiplier = not_a_number; }},
      {"file_bytes", [](auto& o) { o.file_bytes = 0; }},
      {"scan_patience", [](auto& o) { o.scan_patience = -1; }},
      {"scan_patience", [](auto& o) { o.scan_patience = not_a_number; }},
      {"tombstone_ratio", [](auto& o) { o.tombstone_ratio = 1.5; }},
      {"tombstone_ratio", [](auto& o) { o.tombstone_ratio = not_a_number; }},
  });
  check_refused<LazyLeveled>({
      {"ratio_min", [](auto& o) { o.ratio_min = 1; }},
      {"ratio_max", [](auto& o) { o.ratio_max = 3; }},
      {"last_ratio", [](auto& o) { o.last_ratio = 19; }},
      {"run_bytes", [](auto& o) { o.run_bytes = 0; }},
      {"file_bytes", [](auto& o) { o.file_bytes = 0; }},
      {"sample_operations", [](auto& o) { o.sample_operations = 0; }},
      {"smoothing", [](auto& o) { o.smoothing = 0; }},
      {"tombstone_ratio", [](auto& o) { o.tombstone_ratio = -1; }},
  });
  check_refused<SizeTiered>({
      {"runs_trigger", [](auto& o) { o.runs_trigger = 1; }},
      {"runs_slowdown", [](auto& o) { o.runs_slowdown = 4; }},
      {"runs_stop", [](auto& o) { o.runs_stop = 19; }},
      {"merge_width_min", [](auto& o) { o.merge_width_min = 1; }},
      {"merge_width_max", [](auto& o) { o.merge_width_max = 1; }},
      {"file_bytes", [](auto& o) { o.file_bytes = 0; }},
      {"tombstone_ratio", [](auto& o) { o.tombstone_ratio = not_a_number; }},
  });
  check_refused<Fifo>({
      {"merge_width", [](auto& o) { o.merge_width = 1; }},
      {"run_bytes", [](auto& o) { o.run_bytes = 0; }},
  });
  check_refused<TimeWindow>({
      {"window_seconds", [](auto& o) { o.window_seconds = 0; }},
      {"merge_width", [](auto& o) { o.merge_width = 1; }},
      {"run_bytes", [](auto& o) { o.run_bytes = 0; }},
  });
  check_refused<Paced<Leveled>>({
      {"writes_per_job", [](auto& o) { o.writes_per_job = 0; }},
      {"interval_max_seconds", [](auto& o) { o.interval_max_seconds = 0; }},
      {"pressure_bypass", [](auto& o) { o.pressure_bypass = not_a_number; }},
      {"level0_trigger", [](auto& o) { o.level0_trigger = 0; }},
  });
  CHECK(check_options<Manual>({}));
}

TEST_CASE("the first field that is wrong is named") {
  const auto refused = compaction::OptionCheck("P")
                           .expect(true, "a", "")
                           .expect(false, "b", "do")
                           .share(2, "c")
                           .done();
  REQUIRE_FALSE(refused);
  CHECK(to_string(refused.error()) ==
        "invalid_argument: compaction::P::Options::b: do; nothing was changed");
}

TEST_CASE("a policy takes new options from its next pick on") {
  const Conditions now{.compare = &comparator::Bytewise::compare};
  compaction::SizeTiered policy({.runs_trigger = 8});
  const Levels levels = tables(6);
  CHECK_FALSE(policy.pick(levels, now));
  compaction::change_options(policy, {.runs_trigger = 4});
  CHECK(policy.pick(levels, now));
}

TEST_CASE("lazy leveling keeps what it learnt, within its new bounds") {
  compaction::LazyLeveled policy(
      {.ratio_min = 4, .ratio_max = 20, .sample_operations = 10, .smoothing = 1});
  Conditions now{.compare = &comparator::Bytewise::compare};
  for (unsigned i = 0; i < 20; ++i) {
    now.writes += 100;
    (void)policy.pick(Levels(compaction::level_count), now);
  }
  const unsigned learnt = policy.ratio();
  REQUIRE(learnt > 16);
  compaction::change_options(
      policy, {.ratio_min = 2, .ratio_max = 30, .sample_operations = 10, .smoothing = 1});
  CHECK(policy.ratio() == learnt);
  compaction::change_options(policy, {.ratio_min = 2, .ratio_max = 8});
  CHECK(policy.ratio() == 8);
}

TEST_CASE("a pace changes, and the rate that it has seen stays") {
  using Paced = compaction::Paced<compaction::Leveled>;
  Paced::Options options;
  options.writes_per_job = 1000;
  options.interval_max_seconds = 1000;
  Paced policy(options);
  Conditions now{.compare = &comparator::Bytewise::compare};
  for (unsigned i = 1; i <= 5000; i += 10) {
    now.unix_seconds = i;
    now.writes = std::uint64_t{i} * 10;
    (void)policy.pick(Levels(compaction::level_count), now);
  }
  const std::uint64_t interval = policy.interval_seconds();
  REQUIRE(interval > 90);
  REQUIRE(interval < 120);
  options.writes_per_job = 2000;
  compaction::change_options(policy, options);
  CHECK(policy.interval_seconds() / 2 == interval);
}
