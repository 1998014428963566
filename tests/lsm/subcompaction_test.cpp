// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/subcompaction.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include "content.hpp"
#include "small_database.hpp"

using namespace strata;
using lsm::Anchor;
using lsm::KeySpan;
using tests::content;
using tests::key_of;

namespace {

using Order = comparator::Bytewise;
using Inline = LsmTree<io::Simulated, executor::Inline, clock::Frozen, merge::Append>;
using Threaded = LsmTree<io::Simulated, executor::Threads, clock::Frozen, merge::Append>;

template <class Db>
Result<Db> open(const io::Simulated& fs, unsigned subcompactions) {
  typename Db::Options options;
  options.file_system = fs;
  options.subcompactions = subcompactions;
  return Db::open("/db", tests::shrink(std::move(options)));
}

/// Puts, merges, erases and range erases of every length; the same ones for a seed.
template <class Db>
void write_randomly(Db& db, unsigned seed, unsigned count) {
  std::mt19937 random(seed);
  for (unsigned i = 0; i < count; ++i) {
    const auto at = static_cast<unsigned>(random() % 1500);
    const std::string key = key_of(at);
    switch (random() % 16) {
      case 0: REQUIRE(db.erase(key)); break;
      case 1: REQUIRE(db.merge(key, "+" + std::to_string(i))); break;
      case 2:
        REQUIRE(db.erase_range(key, key_of(at + static_cast<unsigned>(random() % 300))));
        break;
      default: REQUIRE(db.put(key, std::string(random() % 200, 'v') + std::to_string(i)));
    }
  }
}

template <class Db>
std::uint64_t parts_beyond_one(Db& db) {
  const auto counted = db.stats().metrics;
  return counted[metrics::Counter::compaction_parts] - counted[metrics::Counter::compactions];
}

std::vector<std::string> tables(io::Simulated fs) {
  std::vector<std::string> found;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(".table")) {
      found.push_back(name);
    }
  }
  return found;
}
template <class Db>
std::uint64_t stored_entries(Db& db) {
  std::uint64_t entries = 0;
  const Stats stats = db.stats();
  for (const LevelStats& level : stats.families[0].levels) {
    entries += level.entries + level.tombstones;
  }
  return entries;
}
template <class Db>
std::uint64_t live_tables(Db& db) {
  std::uint64_t files = 0;
  const Stats stats = db.stats();
  for (const LevelStats& level : stats.families[0].levels) {
    files += level.files;
  }
  return files;
}

}  // namespace

TEST_CASE("spans cover all keys, in parts of about equal bytes") {
  std::vector<Anchor> anchors;
  for (unsigned i = 0; i < 100; ++i) {
    anchors.push_back({key_of(i * 7 % 100), 10});
  }
  const auto spans = lsm::cut_spans<Order>(anchors, 4);
  REQUIRE(spans.size() == 4);
  CHECK_FALSE(spans.front().first);
  CHECK(spans[1].first == key_of(25));
  CHECK(spans[2].first == key_of(50));
  CHECK(spans[3].first == key_of(75));
  CHECK_FALSE(spans.back().last);
  for (std::size_t i = 1; i < spans.size(); ++i) {
    CHECK(spans[i - 1].last == spans[i].first);
  }
}

TEST_CASE("a key is never cut in two, however much lies at it") {
  CHECK(lsm::cut_spans<Order>({}, 4).size() == 1);
  CHECK(lsm::cut_spans<Order>({{"a", 10}}, 4).size() == 1);
  CHECK(lsm::cut_spans<Order>({{"a", 10}, {"a", 10}, {"a", 10}}, 3).size() == 1);
  const auto spans = lsm::cut_spans<Order>({{"a", 10}, {"b", 1000}, {"b", 10}, {"c", 1}}, 4);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].last == "c");
}

TEST_CASE("only merges with work for every part are cut, and never what becomes one run") {
  CHECK(lsm::parts_of(100, 1, 50, 4) == 1);
  CHECK(lsm::parts_of(199, 1, 50, 4) == 1);
  CHECK(lsm::parts_of(200, 1, 50, 4) == 2);
  CHECK(lsm::parts_of(4000, 1, 50, 4) == 4);
  CHECK(lsm::parts_of(4000, 1, 50, 0) == 1);
  CHECK(lsm::parts_of(4000, 0, 50, 4) == 1);
  CHECK(lsm::parts_of(4000, 1, UINT64_MAX, 4) == 1);
}

TEST_CASE("range erases are clipped to a span") {
  const std::vector<RangeErase> ranges = {{"a", "m", 1}, {"c", "d", 2}, {"k", "z", 3}};
  const auto inside = lsm::clipped<Order>(ranges, KeySpan{.first = "d", .last = "k"});
  REQUIRE(inside.size() == 1);
  CHECK(inside[0].first == "d");
  CHECK(inside[0].last == "k");
  CHECK(inside[0].sequence == 1);
  CHECK(lsm::clipped<Order>(ranges, {}).size() == 3);
}

TEST_CASE("a crew does every part once, with help or without") {
  lsm::Crew crew;
  std::vector<std::atomic<int>> done(50);
  auto work = [&](std::size_t i) { ++done[i]; };
  crew.run(50, work, [] {});
  std::vector<std::thread> hands;
  crew.run(50, work, [&] {
    if (hands.size() < 4) {
      hands.emplace_back([&] { crew.help(); });
    }
  });
  crew.help();
  for (std::thread& hand : hands) {
    hand.join();
  }
  for (const auto& times : done) {
    CHECK(times == 2);
  }
}

TEST_CASE("a merge in parts leaves what a merge in one leaves") {
  const unsigned seed = GENERATE(1U, 2U, 3U, 4U);
  CAPTURE(seed);
  io::Simulated whole_fs;
  io::Simulated parts_fs;
  auto whole = open<Inline>(whole_fs, 1);
  auto parts = open<Inline>(parts_fs, 5);
  std::optional<Snapshot> whole_then;
  std::optional<Snapshot> parts_then;
  for (unsigned round = 0; round < 4; ++round) {
    write_randomly(*whole, seed * 10 + round, 1500);
    write_randomly(*parts, seed * 10 + round, 1500);
    if (round == 1) {
      whole_then.emplace(whole->snapshot());
      parts_then.emplace(parts->snapshot());
    }
    REQUIRE(whole->compact());
    REQUIRE(parts->compact());
    REQUIRE(parts->verify());
    REQUIRE(content(*whole) == content(*parts));
  }
  CHECK(content(*whole, &*whole_then) == content(*parts, &*parts_then));
  CHECK(parts_beyond_one(*whole) == 0);
  CHECK(parts_beyond_one(*parts) >= 4);
  whole_then.reset();
  parts_then.reset();
  REQUIRE(whole->compact());
  REQUIRE(parts->compact());
  CHECK(stored_entries(*whole) == stored_entries(*parts));
  REQUIRE(parts->close());
  auto again = open<Inline>(parts_fs, 3);
  REQUIRE(again);
  CHECK(content(*again) == content(*whole));
}

TEST_CASE("a range erase across all borders of parts hides what it hid") {
  io::Simulated fs;
  auto db = open<Inline>(fs, 4);
  REQUIRE(tests::fill(*db, 1000, "old"));
  REQUIRE(db->compact());
  const Snapshot before = db->snapshot();  // keeps the erase and what it hides alive
  REQUIRE(db->erase_range(key_of(100), key_of(900)));
  REQUIRE(db->put(key_of(500), "new"));
  REQUIRE(db->compact());
  REQUIRE(parts_beyond_one(*db) > 0);
  REQUIRE(db->verify());
  CHECK(content(*db).size() == 201);
  CHECK(content(*db, &before).size() == 1000);
  CHECK(db->get(key_of(500)).value() == "new");
  for (unsigned i = 100; i < 900; ++i) {
    REQUIRE(db->get(key_of(i)).value().has_value() == (i == 500));
  }
  REQUIRE(db->close());
  auto again = open<Inline>(fs, 4);
  CHECK(content(*again).size() == 201);
}

TEST_CASE("whatever call of a merge in parts fails, nothing is left behind, and the rest goes on") {
  const auto kind = GENERATE(io::FaultKind::eio, io::FaultKind::enospc);
  io::Simulated origin;
  {
    auto db = open<Inline>(origin, 4);
    write_randomly(*db, 7, 3000);
    REQUIRE(db->close());
  }
  std::map<std::string, std::string> expected;
  std::uint64_t calls = 0;
  {
    io::Simulated fs = origin.crash_image(io::CrashChoice::keep_all());
    auto db = open<Inline>(fs, 4);
    REQUIRE(db->flush());
    calls = fs.calls();
    REQUIRE(db->compact());
    calls = fs.calls() - calls;
    REQUIRE(parts_beyond_one(*db) >= 3);
    expected = content(*db);
  }
  for (std::uint64_t at = 1; at <= calls; at += 3) {
    CAPTURE(at, calls);
    io::Simulated fs = origin.crash_image(io::CrashChoice::keep_all());
    auto db = open<Inline>(fs, 4);
    REQUIRE(db->flush());
    fs.inject({.call = fs.calls() + at, .kind = kind});
    const auto done = db->compact();
    REQUIRE(content(*db) == expected);
    if (!done && kind == io::FaultKind::enospc) {
      CHECK(tables(fs).size() == live_tables(*db));
    }
    (void)db->close();
    db = open<Inline>(fs, 4);
    REQUIRE(db);
    REQUIRE(content(*db) == expected);
    CHECK(tables(fs).size() == live_tables(*db));
    REQUIRE(db->compact());
    REQUIRE(content(*db) == expected);
  }
}

TEST_CASE("threads share the merges of a database that is written and read meanwhile") {
  io::Simulated fs;
  auto db = open<Threaded>(fs, 0);  // as many parts as threads compact
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      const Snapshot now = db->snapshot();
      const auto first = content(*db, &now);
      CHECK(content(*db, &now) == first);
    }
  });
  for (unsigned round = 0; round < 6; ++round) {
    write_randomly(*db, 70 + round, 1500);
    if (round % 2 == 1) {
      REQUIRE(db->compact());
    }
  }
  stop = true;
  reader.join();
  REQUIRE(db->compact());
  REQUIRE(db->verify());
  CHECK(parts_beyond_one(*db) > 0);
  io::Simulated model_fs;
  auto model = open<Inline>(model_fs, 1);
  for (unsigned round = 0; round < 6; ++round) {
    write_randomly(*model, 70 + round, 1500);
  }
  CHECK(content(*db) == content(*model));
}
