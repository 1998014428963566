// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/live_compaction.hpp>

#include <cstdint>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/compaction/lazy_leveled.hpp>
#include <strata/compaction/paced.hpp>
#include <strata/compaction/size_tiered.hpp>

#include <strata/lsm/repair.hpp>

#include "small_database.hpp"

using namespace strata;

namespace {

using Db = tests::SmallTree<>;
using Leveled = compaction::Leveled::Options;

template <class Database>
std::uint64_t tables_at(Database& db, std::size_t level) {
  return db.stats().families.front().levels[level].files;
}
template <class Database>
bool flush_table(Database& db, const std::string& tag) {
  return tests::fill(db, 200, tag) && db.flush();
}

/// Flushes in the caller's thread; what is due to be merged stays due.
struct NoCompactions : executor::Inline {
  class type : public executor::Inline::type {
   public:
    using executor::Inline::type::type;
    void submit(Lane lane, void (*run)(void*), void* argument) {
      if (lane == Lane::flush) {
        executor::Inline::type::submit(lane, run, argument);
      }
    }
  };
};

/// Four tables wait in level 0.
Db with_four_tables(const io::Memory& fs) {
  auto options = tests::small_options<Db>(fs);
  options.compaction.level0_trigger = 8;
  auto db = Db::open("/db", options);
  REQUIRE(db);
  for (const char* tag : {"a", "b", "c", "d"}) {
    REQUIRE(flush_table(*db, tag));
  }
  REQUIRE(tables_at(*db, 0) == 4);
  return std::move(*db);
}

}  // namespace

TEST_CASE("a trigger that is lowered leads to a compaction, without a write") {
  const io::Memory fs;
  Db db = with_four_tables(fs);
  Leveled options = db.compaction_options();
  CHECK(options.level0_trigger == 8);
  options.level0_trigger = 4;
  REQUIRE(db.set_compaction_options(options));
  CHECK(db.compaction_options().level0_trigger == 4);
  CHECK(tables_at(db, 0) == 0);
  CHECK(tables_at(db, 1) > 0);
  REQUIRE(db.verify());
  CHECK(db.get(tests::key_of(7)).value()->back() == 'd');
}

TEST_CASE("a trigger that is raised keeps tables from being merged") {
  const io::Memory fs;
  Db db = with_four_tables(fs);
  Leveled options = db.compaction_options();
  options.level0_trigger = 12;
  REQUIRE(db.set_compaction_options(options));
  for (unsigned i = 5; i <= 11; ++i) {  // beyond 8, where it was
    REQUIRE(flush_table(db, std::to_string(i)));
    CHECK(tables_at(db, 0) == i);
  }
  REQUIRE(flush_table(db, "12"));
  CHECK(tables_at(db, 0) == 0);
}

TEST_CASE("tables that are written next have the new size") {
  const io::Memory fs;
  Db db = with_four_tables(fs);
  Leveled options = db.compaction_options();
  options.file_bytes = 1'000'000;
  options.level1_bytes = 1'000'000;
  REQUIRE(db.set_compaction_options(options));
  REQUIRE(db.compact());
  CHECK(tables_at(db, 1) == 1);
  options.file_bytes = 4'000;
  REQUIRE(db.set_compaction_options(options));
  REQUIRE(db.compact(CompactOptions{.scope = CompactScope::full}));
  CHECK(tables_at(db, 1) > 3);
}

TEST_CASE("writers feel the new thresholds at once") {
  using Unmerged = LsmTree<io::Memory, NoCompactions, clock::Frozen>;
  const io::Memory fs;
  auto db = Unmerged::open("/db", tests::small_options<Unmerged>(fs));
  REQUIRE(db);
  for (const char* tag : {"a", "b", "c", "d"}) {
    REQUIRE(flush_table(*db, tag));
  }
  CHECK(db->stats().pressure == 0);
  Leveled options = db->compaction_options();
  options.level0_slowdown = 4;
  REQUIRE(db->set_compaction_options(options));
  CHECK(db->stats().pressure >= 1);
  options.level0_slowdown = 5;
  REQUIRE(db->set_compaction_options(options));
  CHECK(db->stats().pressure == 0);
}

TEST_CASE("a value that makes no sense is refused by name, and nothing is changed") {
  const io::Memory fs;
  Db db = with_four_tables(fs);
  Leveled options = db.compaction_options();
  options.level0_trigger = 1;
  options.multiplier = 1;
  const auto refused = db.set_compaction_options(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  CHECK(to_string(refused.error()).find("Leveled::Options::multiplier") != std::string::npos);
  CHECK(db.compaction_options().level0_trigger == 8);
  CHECK(tables_at(db, 0) == 4);
  REQUIRE(db.close());
  CHECK(db.set_compaction_options({}).error().code() == ErrorCode::closed);
}

namespace {

/// Of an open, or a repair, that is refused for it.
template <class Opened>
void check_names(const Opened& refused, const std::string& family, const std::string& field) {
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  const std::string said = to_string(refused.error());
  CAPTURE(said);
  CHECK(said.find("family " + family + ": compaction::") != std::string::npos);
  CHECK(said.find("::Options::" + field + ":") != std::string::npos);
}

}  // namespace

TEST_CASE("open and repair refuse what makes no sense as well, and touch nothing") {
  io::Memory fs;
  auto options = tests::small_options<Db>(fs);
  options.compaction.level0_stop = 3;
  check_names(Db::open("/db", options), "default", "level0_stop");
  CHECK_FALSE(fs.exists("/db").value());
  check_names(Db::repair("/db", options), "default", "level0_stop");
  CHECK(Db::open("/db", tests::small_options<Db>(fs)));
}

TEST_CASE("open names the family whose options make no sense") {
  using Three = Database<io::Memory, executor::Inline, clock::Frozen, Family<"a">,
                         Family<"b", compaction::SizeTiered>,
                         DynamicFamilies<compaction::Paced<compaction::LazyLeveled>>>;
  Three::Options options;
  options.family<"b">().compaction.merge_width_max = 1;
  options.dynamic_families.compaction.ratio_min = 1;
  check_names(Three::open("/db", options), "b", "merge_width_max");
  options.family<"b">().compaction = {};
  check_names(Three::open("/db", options), "of dynamic_families", "ratio_min");
  options.dynamic_families = {};
  CHECK(Three::open("/db", options));
}

TEST_CASE("a family's options are its own") {
  using Two = Database<io::Memory, executor::Inline, clock::Frozen, Family<"a">,
                       Family<"b", compaction::SizeTiered>>;
  const io::Memory fs;
  auto db = Two::open("/db", {.file_system = fs});
  REQUIRE(db);
  auto a = db->family<"a">();
  auto b = db->family<"b">();
  for (unsigned i = 0; i < 3; ++i) {
    REQUIRE(a.put("key" + std::to_string(i), "value"));
    REQUIRE(b.put("key" + std::to_string(i), "value"));
    REQUIRE(db->flush());
  }
  auto options = b.compaction_options();
  options.runs_trigger = 2;
  REQUIRE(b.set_compaction_options(options));
  const Stats stats = db->stats();
  CHECK(stats.families[0].levels[0].files == 3);
  CHECK(stats.families[1].levels[0].files == 0);
  CHECK(a.compaction_options().level0_trigger == 4);
}

TEST_CASE("the next open takes what its options say") {
  const io::Memory fs;
  auto options = tests::small_options<Db>(fs);
  {
    auto db = Db::open("/db", options);
    REQUIRE(db);
    Leveled more = db->compaction_options();
    more.level0_trigger = 7;
    REQUIRE(db->set_compaction_options(more));
    REQUIRE(db->close());
  }
  auto db = Db::open("/db", options);
  REQUIRE(db);
  CHECK(db->compaction_options().level0_trigger == 2);
}

TEMPLATE_TEST_CASE("options change while others write, flush and merge", "", compaction::Leveled,
                   compaction::LazyLeveled, compaction::SizeTiered) {
  using Threaded = LsmTree<io::Memory, clock::Frozen, TestType>;
  const io::Memory fs;
  typename Threaded::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 30'000;
  options.compaction.file_bytes = 8'000;
  auto db = Threaded::open("/db", options);
  REQUIRE(db);
  std::thread writer([&] {
    for (unsigned round = 0; round < 10; ++round) {
      CHECK(tests::fill(*db, 300, std::to_string(round)));
    }
  });
  std::thread loader([&] {  // writes tables of the size that is in force
    for (unsigned i = 0; i < 10; ++i) {
      CHECK(db->compact(CompactOptions{.scope = CompactScope::full}));
    }
  });
  for (unsigned i = 0; i < 100; ++i) {
    auto now = db->compaction_options();
    now.file_bytes = 4'000 + i * 100;
    now.tombstone_ratio = (i % 10) / 10.0;
    CHECK(db->set_compaction_options(now));
  }
  writer.join();
  loader.join();
  CHECK(db->compaction_options().file_bytes == 13'900);
  REQUIRE(db->verify());
  CHECK(db->get(tests::key_of(7)).value()->back() == '9');
}
