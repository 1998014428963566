// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/picked_compaction.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;
using compaction::Action;
using compaction::Conditions;
using compaction::Job;
using compaction::Levels;
using tests::key_of;

namespace {

/// A user's policy: a function that picks.
template <class Rule>
struct Picks {
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "picks";
  static constexpr bool follows_reads = true;
  static constexpr bool follows_scans = true;
  struct Options {};
  explicit Picks(Options) {}
  [[nodiscard]] std::optional<Job> pick(const Levels& levels, const Conditions& now) const {
    return Rule::pick(levels, now);
  }
  [[nodiscard]] static compaction::Pressure pressure(const Levels&) { return {}; }
};

/// The test's own time.
struct Dial {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "dial";
  inline static std::uint64_t seconds = 0;
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return seconds * 1'000'000'000; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return seconds; }
  static void sleep_us(std::uint64_t) noexcept {}
};

template <class Rule>
using Db = LsmTree<io::Memory, executor::Inline, Dial, Picks<Rule>>;

template <class Rule>
Result<Db<Rule>> open(const io::Memory& fs) {
  typename Db<Rule>::Options options;
  options.file_system = fs;
  return Db<Rule>::open("/db", options);
}

template <class Database>
std::uint64_t tables_of(Database& db, unsigned level) {
  const Stats stats = db.stats();
  const auto& levels = stats.families[0].levels;
  return level < levels.size() ? levels[level].files : 0;
}

std::vector<std::uint64_t> numbers(const std::vector<compaction::FileView>& files) {
  std::vector<std::uint64_t> all;
  for (const auto& file : files) {
    all.push_back(file.number);
  }
  return all;
}

struct NewestTwo {
  static std::optional<Job> pick(const Levels& levels, const Conditions&) {
    if (levels[0].size() < 3) {
      return std::nullopt;
    }
    return Job{.inputs = {{0, {levels[0][0].number, levels[0][1].number}}}};
  }
};

struct NewestAlone {
  static std::optional<Job> pick(const Levels& levels, const Conditions&) {
    if (levels[0].size() < 2) {
      return std::nullopt;
    }
    return Job{.inputs = {{0, {levels[0][0].number}}}, .output_level = 1};
  }
};

struct DropsAll {
  static std::optional<Job> pick(const Levels& levels, const Conditions&) {
    if (levels[0].size() < 3) {
      return std::nullopt;
    }
    return Job{.inputs = {{0, numbers(levels[0])}}, .action = Action::drop};
  }
};

struct Remembers {
  inline static Levels levels;
  inline static Conditions now;
  static std::optional<Job> pick(const Levels& seen, const Conditions& conditions) {
    levels = seen;
    now = conditions;
    if (seen[0].size() == 2) {
      return Job{.inputs = {{0, numbers(seen[0])}}, .output_level = 3};
    }
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("runs of level 0 are merged among themselves, and stay newer than what is older") {
  const io::Memory fs;
  auto db = open<NewestTwo>(fs);
  for (int round = 0; round < 7; ++round) {
    REQUIRE(tests::fill(*db, 50, std::to_string(round)));
    REQUIRE(db->put("only in " + std::to_string(round), "1"));
    REQUIRE(db->flush());
    CHECK(tables_of(*db, 0) <= 2);
    CHECK(db->get(key_of(7)).value().value().back() == '0' + round);
  }
  REQUIRE(db->close());
  auto again = open<NewestTwo>(fs);
  CHECK(again->get(key_of(7)).value().value().back() == '6');
  for (int round = 0; round < 7; ++round) {
    CHECK(again->get("only in " + std::to_string(round)).value().has_value());
  }
  CHECK(again->verify());
}

TEST_CASE("a policy that would turn the order of versions round stops the database in time") {
  const io::Memory fs;
  auto db = open<NewestAlone>(fs);
  REQUIRE(tests::fill(*db, 50, "a"));
  REQUIRE(db->flush());
  REQUIRE(tests::fill(*db, 50, "b"));
  (void)db->flush();
  const auto refused = db->put("more", "1");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message(), Catch::Contains("policy picked a wrong job"));
  CHECK(db->get(key_of(7)).value().value().back() == 'b');
  (void)db->close();
  CHECK(open<NewestTwo>(fs)->get(key_of(7)).value().value().back() == 'b');
}

TEST_CASE("what a policy drops is gone, but not while a snapshot lives") {
  const io::Memory fs;
  auto db = open<DropsAll>(fs);
  const auto flush = [&] {
    REQUIRE(tests::fill(*db, 50, "a"));
    REQUIRE(db->flush());
  };
  flush();
  flush();
  {
    const Snapshot snapshot = db->snapshot();
    flush();
    CHECK(tables_of(*db, 0) == 3);
    CHECK(db->get(key_of(7), ReadOptions{.snapshot = &snapshot}).value().has_value());
  }
  flush();
  CHECK(tables_of(*db, 0) == 0);
  CHECK(db->get(key_of(7)).value() == std::nullopt);
  REQUIRE(db->put(key_of(7), "new"));
  CHECK(db->get(key_of(7)).value() == "new");
  REQUIRE(db->close());
  CHECK(open<DropsAll>(fs)->get(key_of(8)).value() == std::nullopt);
}

TEST_CASE("a policy is told how often cursors went to level 0, once they are gone") {
  const io::Memory fs;
  auto db = open<Remembers>(fs);
  REQUIRE(tests::fill(*db, 20, "a"));
  REQUIRE(db->flush());
  const auto detours = [&] {
    REQUIRE(db->tick());
    return Remembers::now.detours;
  };
  CHECK(detours() == 0);
  {
    auto cursor = db->cursor();
    cursor.seek(key_of(3));
    cursor.seek(key_of(7));  // a seek each in the one table of level 0
    CHECK(detours() == 0);
    auto moved = std::move(cursor);  // it is one cursor still
    CHECK(moved.valid());
  }
  CHECK(detours() == 2);

  REQUIRE(db->put(key_of(4) + "x", "in the memtable"));
  {
    auto cursor = db->cursor();
    cursor.seek_to_first();
    for (; cursor.valid(); cursor.next()) {
    }
    cursor = db->cursor();  // the one before is told of here
    CHECK(detours() == 4);  // its seek, and back from the memtable
  }
  CHECK(detours() == 4);
}

TEST_CASE("a policy is told of times, writes and reads") {
  const io::Memory fs;
  Dial::seconds = 1000;
  auto db = open<Remembers>(fs);
  REQUIRE(tests::fill(*db, 20, "a"));
  Dial::seconds = 1060;
  REQUIRE(db->flush());
  REQUIRE(Remembers::levels[0].size() == 1);
  CHECK(Remembers::levels[0][0].oldest_seconds == 1000);
  CHECK(Remembers::levels[0][0].newest_seconds == 1060);
  CHECK(Remembers::levels[0][0].largest_sequence == 20);
  CHECK(Remembers::now.unix_seconds == 1060);
  CHECK(Remembers::now.writes == 20);

  Dial::seconds = 1100;
  for (unsigned i = 0; i < 15; ++i) {
    REQUIRE(db->get(key_of(i)).value());
  }
  REQUIRE(tests::fill(*db, 20, "b"));
  REQUIRE(db->flush());
  CHECK(Remembers::now.writes == 40);
  CHECK(Remembers::now.reads == 15);
  REQUIRE(Remembers::levels[3].size() == 1);  // the merge keeps the whole span, and where to
  CHECK(Remembers::levels[3][0].oldest_seconds == 1000);
  CHECK(Remembers::levels[3][0].newest_seconds == 1100);
  REQUIRE(db->close());

  Remembers::levels.clear();
  auto again = open<Remembers>(fs);
  REQUIRE(again->put("x", "1"));
  REQUIRE(again->flush());
  CHECK(Remembers::levels[3][0].oldest_seconds == 1000);
  CHECK(Remembers::levels[3][0].newest_seconds == 1100);
}
