// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/compact_range.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/compaction/manual.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

template <class... Policies>
Result<tests::SmallTree<Policies...>> open(const io::Memory& fs) {
  using Db = tests::SmallTree<Policies...>;
  return Db::open("/db", tests::small_options<Db>(fs));
}

std::set<std::string> tables(io::Memory fs) {
  std::set<std::string> found;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(".table")) {
      found.insert(name);
    }
  }
  return found;
}
std::size_t common(const std::set<std::string>& a, const std::set<std::string>& b) {
  return static_cast<std::size_t>(
      std::count_if(a.begin(), a.end(), [&](const std::string& name) { return b.contains(name); }));
}

template <class Db>
std::uint64_t files(Db& db, unsigned level) {
  const Stats stats = db.stats();
  const auto& levels = stats.families[0].levels;
  return level < levels.size() ? levels[level].files : 0;
}
template <class Db>
std::uint64_t written(Db& db) {
  return db.stats().metrics[metrics::Counter::compaction_write_bytes];
}

/// Some levels deep; then one run in level 0, for which the policy would not begin.
template <class Db>
void grow(Db& db) {
  for (unsigned round = 0; round < 4; ++round) {
    REQUIRE(tests::fill(db, 800, std::to_string(round)));
  }
  REQUIRE(db.compact());
  for (unsigned i = 0; i < 30; ++i) {
    REQUIRE(db.put(key_of(i * 20), "new"));
  }
  REQUIRE(db.flush());
}

/// Lets everything pass, or nothing.
struct Gate {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "gate";
  const bool* open = nullptr;
  [[nodiscard]] bool keep(std::string_view, std::string_view) const {
    return open == nullptr || *open;
  }
};

}  // namespace

TEST_CASE("a minor compaction empties level 0 and leaves the depth alone") {
  const io::Memory fs;
  auto db = open<>(fs);
  grow(*db);
  REQUIRE(files(*db, 0) == 1);
  const auto before = tables(fs);
  const std::uint64_t bytes = written(*db);
  REQUIRE(db->compact({.scope = CompactScope::minor}));
  CHECK(files(*db, 0) == 0);
  CHECK(files(*db, 1) >= 1);
  CHECK(common(before, tables(fs)) >= before.size() / 2);
  CHECK(written(*db) - bytes < db->stats().table_bytes() / 2);
  CHECK(db->get(key_of(40)).value() == "new");
  REQUIRE(db->verify());

  const auto rested = tables(fs);
  REQUIRE(db->compact({.scope = CompactScope::minor}));
  CHECK(tables(fs) == rested);
}

TEST_CASE(
    "a minor compaction of a policy without a trigger for level 0 does what the policy wants") {
  const io::Memory fs;
  using Db = LsmTree<io::Memory, executor::Inline, clock::Frozen, compaction::Manual>;
  auto db = Db::open("/db", {.file_system = fs});
  REQUIRE(tests::fill(*db, 100, "x"));
  REQUIRE(db->compact({.scope = CompactScope::minor}));
  CHECK(files(*db, 0) == 1);  // flushed, and left
  REQUIRE(db->compact({.scope = CompactScope::major}));
  CHECK(files(*db, 0) == 0);
}

TEST_CASE("a major compaction takes all runs of level 0, so that what was erased stays erased") {
  const io::Memory fs;
  using Db = LsmTree<io::Memory, executor::Inline, clock::Frozen, compaction::Manual>;
  auto db = Db::open("/db", {.file_system = fs});
  REQUIRE(tests::fill(*db, 100, "x"));
  REQUIRE(db->flush());
  REQUIRE(db->erase(key_of(7)));
  REQUIRE(db->flush());
  REQUIRE(db->put(key_of(8), "new"));
  REQUIRE(db->flush());
  REQUIRE(files(*db, 0) == 3);
  const std::string first = key_of(5);
  const std::string last = key_of(9);
  REQUIRE(db->compact({.first = first, .last = last}));
  CHECK(files(*db, 0) == 0);
  CHECK_FALSE(db->get(key_of(7)).value());
  CHECK(db->get(key_of(8)).value() == "new");
  REQUIRE(db->verify());
}

TEST_CASE("a major compaction leaves one level, and finds nothing to do the next time") {
  const io::Memory fs;
  auto db = open<>(fs);
  grow(*db);
  REQUIRE(db->compact({.scope = CompactScope::major}));
  unsigned levels = 0;
  std::uint64_t entries = 0;
  const Stats stats = db->stats();
  for (const LevelStats& level : stats.families[0].levels) {
    levels += level.files != 0 ? 1 : 0;
    entries += level.entries;
  }
  CHECK(levels == 1);
  CHECK(entries == 800);
  const auto once = tables(fs);
  const std::uint64_t bytes = written(*db);
  REQUIRE(db->compact());
  CHECK(tables(fs) == once);
  CHECK(written(*db) == bytes);
}

TEST_CASE("a major compaction drops what a snapshot held back, once it is gone") {
  const io::Memory fs;
  auto db = open<>(fs);
  REQUIRE(tests::fill(*db, 500, "a"));
  {
    const Snapshot snapshot = db->snapshot();
    REQUIRE(tests::fill(*db, 500, "b"));
    REQUIRE(db->compact());
    REQUIRE(db->compact());
    CHECK(db->get(key_of(3), ReadOptions{.snapshot = &snapshot}).value()->back() == 'a');
  }
  const std::uint64_t held = db->stats().table_bytes();
  REQUIRE(db->compact());
  CHECK(db->stats().table_bytes() < held * 2 / 3);
  CHECK(db->get(key_of(3)).value()->back() == 'b');
}

TEST_CASE("a full compaction writes every table of the range anew, and no other") {
  const io::Memory fs;
  auto db = open<>(fs);
  REQUIRE(tests::fill(*db, 800, "x"));
  REQUIRE(db->compact());
  const auto before = tables(fs);
  REQUIRE(before.size() > 10);
  REQUIRE(db->compact({.scope = CompactScope::full, .first = key_of(100), .last = key_of(200)}));
  const auto part = tables(fs);
  CHECK(common(before, part) < before.size());
  CHECK(common(before, part) > before.size() / 2);
  const std::uint64_t bytes = written(*db);
  REQUIRE(db->compact({.scope = CompactScope::full}));
  CHECK(common(part, tables(fs)) == 0);
  const std::uint64_t once = db->stats().table_bytes();
  CHECK(written(*db) - bytes <= once + once / 10);  // once, not twice
  REQUIRE(db->verify());
  for (unsigned i = 0; i < 800; ++i) {
    REQUIRE(db->get(key_of(i)).value().has_value());
  }
}

TEST_CASE("a full compaction gives old tables the options of today") {
  const io::Memory fs;
  using Db = tests::SmallTree<>;
  auto options = tests::small_options<Db>(fs);
  {
    auto db = Db::open("/db", options);
    REQUIRE(tests::fill(*db, 800, "x"));
    REQUIRE(db->compact());
  }
  const std::size_t small_files = tables(fs).size();
  options.compaction.file_bytes = 1'000'000;
  auto db = Db::open("/db", options);
  REQUIRE(db->compact({.scope = CompactScope::full}));
  CHECK(small_files > 10);
  CHECK(tables(fs).size() == 1);
}

TEST_CASE("what a compaction filter would forget today is forgotten by each major compaction") {
  const io::Memory fs;
  using Db = tests::SmallTree<Gate>;
  auto options = tests::small_options<Db>(fs);
  bool is_open = true;
  options.compaction_filter.open = &is_open;
  auto db = Db::open("/db", options);
  REQUIRE(tests::fill(*db, 100, "x"));
  REQUIRE(db->compact());
  CHECK(db->get(key_of(1)).value().has_value());
  is_open = false;
  REQUIRE(db->compact());
  CHECK(db->get(key_of(1)).value() == std::nullopt);
  CHECK(tables(fs).empty());
}

TEST_CASE("scopes are called while others write") {
  const io::Memory fs;
  using Db = LsmTree<io::Memory, clock::Frozen>;
  auto db = Db::open("/db", tests::small_options<Db>(fs));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (unsigned round = 0; !stop; ++round) {
      CHECK(tests::fill(*db, 300, std::to_string(round)));
    }
  });
  for (const CompactScope scope :
       {CompactScope::minor, CompactScope::full, CompactScope::minor, CompactScope::major}) {
    REQUIRE(db->compact({.scope = scope}));
  }
  stop = true;
  writer.join();
  REQUIRE(db->compact({.scope = CompactScope::minor}));
  CHECK(files(*db, 0) == 0);
  REQUIRE(db->verify());
}
