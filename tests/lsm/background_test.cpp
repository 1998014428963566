// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/background.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

using Tree = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;

Result<Tree> open(const io::Simulated& fs, bool warm_cache = true) {
  Tree::Options options;
  options.file_system = fs;
  options.table_format.warm_cache = warm_cache;
  return Tree::open("/db", tests::shrink(options));
}
/// The next `count` calls that write fail so.
void break_disk(io::Simulated& fs, io::FaultKind kind, std::uint64_t count) {
  for (std::uint64_t i = 1; i <= count; ++i) {
    fs.inject({.call = fs.calls() + i, .kind = kind});
  }
}
std::vector<std::string> files(const io::Simulated& fs, std::string_view suffix) {
  std::vector<std::string> found;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(suffix)) {
      found.push_back(name);
    }
  }
  return found;
}
std::vector<std::string> tables(const io::Simulated& fs) {
  return files(fs, ".table");
}

}  // namespace

TEST_CASE("a flush that finds the disk full is tried again, and loses nothing") {
  io::Simulated fs;
  auto db = open(fs);
  REQUIRE(tests::fill(*db, 100, "x"));
  break_disk(fs, io::FaultKind::enospc, 3);
  auto full = db->flush();
  REQUIRE_FALSE(full);
  CHECK(full.error().code() == ErrorCode::disk_full);
  CHECK(db->health().state == HealthState::unhealthy);
  CHECK(db->get(key_of(7)).value().has_value());
  CHECK(tables(fs).empty());  // nothing half written is left

  for (unsigned i = 0; i < 5 && !db->flush(); ++i) {
  }
  REQUIRE(db->flush());
  CHECK(db->health().state == HealthState::healthy);
  CHECK_FALSE(tables(fs).empty());
  CHECK(db->get(key_of(7)).value().has_value());
  CHECK(db->put("after", "1"));
}

TEST_CASE("a disk error while flushing turns the database read-only; reads and the log go on") {
  io::Simulated fs;
  {
    auto db = open(fs);
    REQUIRE(tests::fill(*db, 100, "x"));
    REQUIRE(db->sync());
    // The first one meets a new log segment, without which it goes on in the old one.
    break_disk(fs, io::FaultKind::eio, 2);
    CHECK_FALSE(db->flush());
    auto refused = db->put("after", "1");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::read_only);
    CHECK_THAT(refused.error().message(), Catch::Contains("reopen"));
    CHECK(db->get(key_of(7)).value().has_value());
    CHECK(db->health().state == HealthState::unhealthy);
    CHECK_FALSE(db->close());
  }
  auto db = open(fs);
  REQUIRE(db);
  CHECK(db->get(key_of(7)).value().has_value());
  CHECK(db->get("after").value() == std::nullopt);
}

TEST_CASE("what was flushed leaves the log, also the segment that was written to last") {
  io::Simulated fs;
  auto db = open(fs);
  REQUIRE(tests::fill(*db, 100, "x"));
  const auto before = files(fs, ".log");
  REQUIRE(db->flush());
  const auto after = files(fs, ".log");
  REQUIRE(after.size() == 1);
  CHECK(std::find(before.begin(), before.end(), after.front()) == before.end());
  // A flush of little leaves the segment that it is in.
  REQUIRE(db->put("key", "value"));
  REQUIRE(db->flush());
  CHECK(files(fs, ".log") == after);
}

TEST_CASE("compactions keep level 0 short, and only obsolete tables leave the disk") {
  io::Simulated fs;
  auto db = open(fs);
  for (unsigned round = 0; round < 10; ++round) {
    REQUIRE(tests::fill(*db, 400, std::to_string(round)));
  }
  REQUIRE(db->flush());
  const Stats stats = db->stats();
  REQUIRE(stats.families[0].levels.size() >= 2);
  CHECK(stats.families[0].levels[0].files <= 4);
  std::uint64_t files = 0;
  for (const LevelStats& level : stats.families[0].levels) {
    files += level.files;
  }
  CHECK(tables(fs).size() == files);

  // A cursor keeps its tables, on disk too, until it goes.
  auto cursor = std::make_optional(db->cursor());
  cursor->seek_to_first();
  REQUIRE(tests::fill(*db, 400, "new"));
  REQUIRE(db->compact());
  unsigned seen = 0;
  for (; cursor->valid(); cursor->next()) {
    ++seen;
    REQUIRE(cursor->value().ends_with("9"));
  }
  REQUIRE(cursor->status());
  CHECK(seen == 400);
  cursor.reset();
  REQUIRE(db->put("one more", "1"));
  REQUIRE(db->compact());
  files = 0;
  const Stats after = db->stats();
  for (const LevelStats& level : after.families[0].levels) {
    files += level.files;
  }
  CHECK(tables(fs).size() == files);
}

TEST_CASE("compact() leaves one version of each key, on one level") {
  io::Simulated fs;
  auto db = open(fs);
  for (unsigned round = 0; round < 5; ++round) {
    REQUIRE(tests::fill(*db, 300, std::to_string(round)));
  }
  REQUIRE(db->erase_range(key_of(100), key_of(200)));
  REQUIRE(db->compact());
  std::uint64_t entries = 0;
  unsigned levels = 0;
  const Stats stats = db->stats();
  for (const LevelStats& level : stats.families[0].levels) {
    entries += level.entries;
    levels += level.files != 0 ? 1 : 0;
    CHECK(level.tombstones == 0);
  }
  CHECK(entries == 200);
  CHECK(levels == 1);
}

TEST_CASE("compact() of a range leaves the rest where it is") {
  io::Simulated fs;
  auto db = open(fs);
  REQUIRE(tests::fill(*db, 300, "x"));
  REQUIRE(db->compact(key_of(50), key_of(60)));
  REQUIRE(db->verify());
  for (unsigned i = 0; i < 300; ++i) {
    REQUIRE(db->get(key_of(i)).value().has_value());
  }
}

TEST_CASE("whichever read of a compaction fails, nothing of its inputs is lost") {
  const bool warm_cache = GENERATE(false, true);
  io::Simulated origin;
  {
    auto db = open(origin);
    for (const char* tag : {"old", "middle", "new"}) {
      REQUIRE(tests::fill(*db, 150, tag));
      REQUIRE(db->flush());
    }
    REQUIRE(db->close());
  }
  const auto reads_of_compaction = [&](std::uint64_t failing) {
    io::Simulated fs = origin.crash_image(io::CrashChoice::keep_all());
    auto db = open(fs, warm_cache);
    const std::uint64_t before = fs.read_calls();
    if (failing != 0) {
      fs.inject({.call = before + failing, .kind = io::FaultKind::read_eio});
    }
    const bool is_done = db->compact().has_value();
    const std::uint64_t reads = fs.read_calls() - before;
    // What can not be read into the cache is no failure: the tables are written by then.
    CHECK(is_done >= (fs.faults_fired() == 0));
    CHECK((warm_cache || is_done <= (fs.faults_fired() == 0)));
    (void)db->close();
    db = open(fs);
    REQUIRE(db);
    int missing = 0;
    for (unsigned i = 0; i < 150; ++i) {
      missing += db->get(key_of(i)).value() == std::string(100, 'v') + "new" ? 0 : 1;
    }
    CHECK(missing == 0);
    return reads;
  };
  const std::uint64_t reads = reads_of_compaction(0);
  REQUIRE(reads > 10);
  for (std::uint64_t failing = 1; failing <= reads; ++failing) {
    CAPTURE(failing, reads);
    reads_of_compaction(failing);
  }
}

TEST_CASE("a memtable of nothing but a range erase is flushed, and goes on hiding what it hid") {
  io::Simulated fs;
  auto db = open(fs);
  REQUIRE(tests::fill(*db, 20, "x"));
  REQUIRE(db->flush());
  REQUIRE(db->erase_range(key_of(5), key_of(15)));
  REQUIRE(db->flush());
  CHECK_FALSE(db->get(key_of(7)).value());
  REQUIRE(db->close());
  db = open(fs);
  REQUIRE(db);
  CHECK_FALSE(db->get(key_of(7)).value());
  CHECK(db->get(key_of(15)).value());
  REQUIRE(db->compact());
  CHECK_FALSE(db->get(key_of(7)).value());
}
