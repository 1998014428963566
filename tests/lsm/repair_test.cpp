// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/repair.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/simulated.hpp>
#include <strata/table/index_eytzinger.hpp>

#include "content.hpp"
#include "small_database.hpp"

using namespace strata;
using tests::content;
using tests::key_of;

namespace {

/// For messages: what went wrong, if anything.
template <class T>
std::string said(const Result<T>& result) {
  return result ? std::string() : result.error().message();
}

using Db = tests::SmallTree<merge::Append>;
using tests::Content;

Result<Db> open(const io::Memory& fs) {
  return Db::open("/db", tests::small_options<Db>(fs));
}
Result<RepairReport> repair(const io::Memory& fs) {
  return Db::repair("/db", tests::small_options<Db>(fs));
}

std::vector<std::string> files(io::Memory fs, std::string_view ending) {
  std::vector<std::string> found;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(ending) || (ending == "MANIFEST" && name.starts_with(ending))) {
      found.push_back("/db/" + name);
    }
  }
  return found;
}

void overwrite(io::Memory fs, const std::string& path, const std::string& bytes) {
  REQUIRE(fs.remove(path));
  auto file = fs.create(path);
  REQUIRE((file && file->append(bytes) && file->close()));
}
void flip(io::Memory fs, const std::string& path, std::size_t at) {
  std::string bytes = io::read_file(fs, path).value();
  bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x10);
  overwrite(fs, path, bytes);
}

/// Several levels, tombstones, range erases, merges, something in the log only. `every`: each value
/// that a key ever had.
Content make_database(const io::Memory& fs,
                      std::map<std::string, std::set<std::string>>* every = nullptr,
                      unsigned rounds = 6) {
  auto db = open(fs);
  REQUIRE(db);
  const auto put = [&](unsigned key, const std::string& value) {
    REQUIRE(db->put(key_of(key), value));
    if (every != nullptr) {
      (*every)[key_of(key)].insert(value);
    }
  };
  std::mt19937 random(7);
  for (unsigned round = 0; round < rounds; ++round) {
    for (unsigned i = 0; i < 150; ++i) {
      put(static_cast<unsigned>(random() % 400), std::string(60, 'v') + std::to_string(round));
    }
    REQUIRE(db->erase(key_of(static_cast<unsigned>(random() % 400))));
    REQUIRE(db->merge("counter", "1"));
    const unsigned first = static_cast<unsigned>(random() % 380);
    REQUIRE(db->erase_range(key_of(first), key_of(first + 10)));
    REQUIRE(db->flush());
  }
  put(3, "in the log");
  REQUIRE(db->merge("counter", "1"));
  const Content all = content(*db);
  REQUIRE(db->close());
  return all;
}

}  // namespace

TEST_CASE("a healthy database is repaired to what it was") {
  const io::Memory fs;
  const Content before = make_database(fs);
  const auto report = repair(fs);
  REQUIRE(said(report) == "");
  CHECK(report->is_clean());
  CHECK(report->tables_whole == files(fs, ".table").size() - 1);  // the log became one more
  auto db = open(fs);
  CHECK(content(*db) == before);
}

TEST_CASE("without a manifest everything comes back from the tables and the log") {
  io::Memory fs;
  Content before = make_database(fs);
  SECTION("CURRENT is gone") {
    REQUIRE(fs.remove("/db/CURRENT"));
  }
  SECTION("CURRENT is damaged") {
    flip(fs, "/db/CURRENT", 3);
  }
  SECTION("the manifest is gone") {
    for (const std::string& path : files(fs, "MANIFEST")) {
      REQUIRE(fs.remove(path));
    }
  }
  SECTION("the manifest's header is damaged") {
    flip(fs, files(fs, "MANIFEST").front(), 33);
  }
  SECTION("the manifest's first edit is damaged") {
    flip(fs, files(fs, "MANIFEST").front(), 150);
  }
  SECTION("a later edit is damaged") {
    auto db = open(fs);
    REQUIRE(tests::fill(*db, 5, "x"));
    REQUIRE(db->flush());
    for (unsigned i = 0; i < 5; ++i) {
      REQUIRE(db->erase(key_of(i)));
    }
    REQUIRE(db->close());
    const std::string manifest = files(fs, "MANIFEST").front();
    const std::string bytes = io::read_file(fs, manifest).value();
    const std::size_t end = bytes.find_last_not_of('\0');
    flip(fs, manifest, end / 2 + 200);
  }
  REQUIRE_FALSE(open(fs));
  const auto report = repair(fs);
  REQUIRE(said(report) == "");
  CHECK(report->manifest_was_damaged);
  CHECK_FALSE(report->findings.empty());
  CHECK(report->tables_lost == 0);
  CHECK(report->lost_log.empty());
  auto db = open(fs);
  REQUIRE(db);
  Content after = content(*db);
  for (unsigned i = 0; i < 5; ++i) {  // one section erases them
    after.erase(key_of(i));
    before.erase(key_of(i));
  }
  CHECK(after == before);
  CHECK(db->verify());
  CHECK(db->put("works", "1"));
}

TEST_CASE("a damaged block costs its own keys, and nothing else") {
  io::Memory fs;
  std::map<std::string, std::set<std::string>> every;
  const Content before = make_database(fs, &every);
  const std::string table = files(fs, ".table").front();
  flip(fs, table, 300);
  {
    auto db = open(fs);
    REQUIRE(db);
    REQUIRE_FALSE(db->verify());
    REQUIRE(db->close());
  }
  const auto report = repair(fs);
  REQUIRE(said(report) == "");
  CHECK_FALSE(report->manifest_was_damaged);
  CHECK(report->tables_rewritten == 1);
  CHECK(report->tables_lost == 0);
  REQUIRE(report->findings.size() == 1);
  CHECK_THAT(report->findings[0], Catch::Contains(table) && Catch::Contains("offset"));
  CHECK(fs.exists(table + ".damaged").value());
  auto db = open(fs);
  REQUIRE(db->verify());
  const Content after = content(*db);
  std::size_t differ = 0;
  for (const auto& [key, value] : before) {
    const auto at = after.find(key);
    differ += at == after.end() || at->second != value;
  }
  CHECK(differ > 0);
  CHECK(differ < 20);
  for (const auto& [key, value] : after) {
    CHECK((key == "counter" || every[key].contains(value)));
  }
}

TEST_CASE("a table that is gone or no table costs its keys; the report says so") {
  io::Memory fs;
  (void)make_database(fs);
  const std::string table = files(fs, ".table").front();
  SECTION("gone") {
    REQUIRE(fs.remove(table));
  }
  SECTION("cut") {
    overwrite(fs, table, io::read_file(fs, table).value().substr(0, 500));
  }
  SECTION("empty") {
    overwrite(fs, table, "");
  }
  REQUIRE_FALSE(open(fs));
  const auto report = repair(fs);
  REQUIRE(said(report) == "");
  CHECK(report->tables_lost == 1);
  CHECK_THAT(report->findings.at(0), Catch::Contains(table));
  auto db = open(fs);
  REQUIRE(db->verify());
  CHECK(db->get(key_of(3)).value() == "in the log");
}

TEST_CASE("a damaged log costs what follows the damage, and is reported") {
  io::Memory fs;
  {
    auto db = open(fs);
    for (unsigned i = 0; i < 100; ++i) {
      REQUIRE(db->put(key_of(i), std::string(100, 'v')));
    }
    REQUIRE(db->sync());
    REQUIRE(db->close());
  }
  flip(fs, files(fs, ".log").front(), 3000);
  REQUIRE_FALSE(open(fs));
  const auto report = repair(fs);
  REQUIRE(said(report) == "");
  CHECK_FALSE(report->is_clean());
  CHECK_FALSE(report->findings.empty());
  REQUIRE_FALSE(report->lost_log.empty());
  auto db = open(fs);
  CHECK(content(*db).size() < 100);
  CHECK(content(*db).size() > 90);
}

TEST_CASE("random damage: what is there after a repair was there before, under its key") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::map<std::string, std::set<std::string>> every;
  const io::Memory original;
  (void)make_database(original, &every, 3);
  const auto names = io::Memory(original).list("/db").value();
  unsigned opened = 0;
  for (int run = 0; run < 150; ++run) {
    io::Memory fs;
    io::Memory from = original;
    REQUIRE(fs.create_directory("/db"));
    for (const std::string& name : names) {
      auto copy = fs.create("/db/" + name);
      REQUIRE((copy->append(io::read_file(from, "/db/" + name).value()) && copy->close()));
    }
    for (unsigned damage = 0; damage <= random() % 3; ++damage) {
      const std::string path = "/db/" + names[random() % names.size()];
      const std::string bytes = io::read_file(fs, path).value();
      if (bytes.empty() || random() % 5 == 0) {
        overwrite(fs, path, bytes.substr(0, bytes.size() / 2));
      } else {
        flip(fs, path, random() % bytes.size());
      }
    }
    CAPTURE(run);
    const auto report = repair(fs);
    if (!report) {
      CHECK(report.error().message() == "");
      continue;
    }
    auto db = open(fs);
    REQUIRE(db);
    ++opened;
    REQUIRE(db->verify());
    const Content after = content(*db);
    for (const auto& [key, value] : after) {
      REQUIRE((key == "counter" || every[key].contains(value)));
    }
    REQUIRE(db->close());
    const auto again = repair(fs);
    REQUIRE(again);
    CHECK(again->is_clean());
  }
  CHECK(opened > 100);
}

TEST_CASE("a repair that loses power leaves a database that can be repaired") {
  using OnDisk = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;
  const auto options_on = [](const io::Simulated& fs) {
    OnDisk::Options options;
    options.file_system = fs;
    return tests::shrink(options);
  };
  io::Simulated damaged;
  {
    auto db = OnDisk::open("/db", options_on(damaged));
    REQUIRE(tests::fill(*db, 200, "a"));
    REQUIRE(db->flush());
    REQUIRE(tests::fill(*db, 100, "b"));
    REQUIRE(db->sync());
    REQUIRE(db->close());
    REQUIRE(damaged.remove("/db/CURRENT"));
    REQUIRE(damaged.sync_directory("/db"));
  }
  const std::uint64_t before = damaged.calls();
  std::uint64_t calls = 0;
  {
    io::Simulated whole = damaged.crash_image(io::CrashChoice::keep_all());
    const std::uint64_t start = whole.calls();
    REQUIRE(said(OnDisk::repair("/db", options_on(whole))) == "");
    calls = whole.calls() - start;
  }
  REQUIRE(calls > 10);
  CHECK(damaged.calls() == before);
  for (std::uint64_t call = 1; call <= calls; ++call) {
    for (const auto choice : {io::CrashChoice::drop_all_unsynced(), io::CrashChoice::keep_all(),
                              io::CrashChoice::random(call)}) {
      CAPTURE(call);
      io::Simulated fs = damaged.crash_image(io::CrashChoice::keep_all());
      fs.crash_at(fs.calls() + call);
      (void)OnDisk::repair("/db", options_on(fs));
      const io::Simulated after = fs.crash_image(choice);
      REQUIRE(said(OnDisk::repair("/db", options_on(after))) == "");
      auto db = OnDisk::open("/db", options_on(after));
      REQUIRE(db);
      REQUIRE(db->verify());
      const Content all = content(*db);
      REQUIRE(all.size() == 200);
      REQUIRE(all.at(key_of(99)).back() == 'b');
      REQUIRE(all.at(key_of(100)).back() == 'a');
    }
  }
}

TEST_CASE("what is no database, in use, or another composition's is not touched") {
  io::Memory fs;
  CHECK(repair(fs).error().code() == ErrorCode::not_found);
  REQUIRE(fs.create_directory("/db"));
  CHECK(repair(fs).error().code() == ErrorCode::incompatible_format);
  auto file = fs.create("/db/holiday.jpg");
  REQUIRE((file && file->close()));
  CHECK(repair(fs).error().code() == ErrorCode::incompatible_format);
  REQUIRE(fs.remove("/db/holiday.jpg"));

  auto db = open(fs);
  REQUIRE(db->put("k", "1"));
  CHECK(repair(fs).error().code() == ErrorCode::locked);
  REQUIRE(db->close());

  using Other = tests::SmallTree<comparator::ReverseBytewise>;
  CHECK(Other::repair("/db", tests::small_options<Other>(fs)).error().code() ==
        ErrorCode::incompatible_format);
  CHECK(open(fs)->get("k").value() == "1");
}

TEST_CASE("tables that other policies wrote are not taken for damaged") {
  using Eytzinger = tests::SmallTree<index::Eytzinger>;
  using Binary = tests::SmallTree<>;
  io::Memory fs;
  {
    auto db = Eytzinger::open("/db", tests::small_options<Eytzinger>(fs));
    for (unsigned i = 0; i < 50; ++i) {
      REQUIRE(db->put(key_of(i), "v"));
    }
    REQUIRE(db->flush());
    REQUIRE(db->close());
  }
  const bool has_manifest = GENERATE(true, false);
  if (!has_manifest) {
    for (const std::string& path : files(fs, "MANIFEST")) {
      REQUIRE(fs.remove(path));
    }
  }
  const auto before = fs.list("/db").value();
  const auto refused = Binary::repair("/db", tests::small_options<Binary>(fs));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::incompatible_format);
  CHECK(fs.list("/db").value() == before);

  REQUIRE(said(Eytzinger::repair("/db", tests::small_options<Eytzinger>(fs))) == "");
  auto db = Eytzinger::open("/db", tests::small_options<Eytzinger>(fs));
  REQUIRE(db);
  CHECK(content(*db).size() == 50);
}

TEST_CASE("every family gets its own tables back") {
  using Two =
      Database<Family<"left">, Family<"right">, io::Memory, executor::Inline, clock::Frozen>;
  io::Memory fs;
  Two::Options options;
  options.file_system = fs;
  {
    auto db = Two::open("/db", options);
    for (unsigned i = 0; i < 50; ++i) {
      REQUIRE(db->family<"left">().put(key_of(i), "left"));
      REQUIRE(db->family<"right">().put(key_of(i + 25), "right"));
    }
    REQUIRE(db->flush());
    REQUIRE(db->family<"right">().put("last", "1"));
    REQUIRE(db->close());
  }
  for (const std::string& path : files(fs, "MANIFEST")) {
    REQUIRE(fs.remove(path));
  }
  REQUIRE(said(Two::repair("/db", options)) == "");
  auto db = Two::open("/db", options);
  REQUIRE(db);
  CHECK(content(*std::make_unique<FamilyHandle<Two::Core, 0>>(db->family<"left">())).size() == 50);
  CHECK(db->family<"left">().get(key_of(49)).value() == "left");
  CHECK(db->family<"left">().get(key_of(50)).value() == std::nullopt);
  CHECK(db->family<"right">().get(key_of(25)).value() == "right");
  CHECK(db->family<"right">().get(key_of(24)).value() == std::nullopt);
  CHECK(db->family<"right">().get("last").value() == "1");
}
