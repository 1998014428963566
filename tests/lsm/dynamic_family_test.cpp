// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/dynamic_family.hpp>

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
#include <strata/lsm/repair.hpp>

#include "content.hpp"
#include "small_database.hpp"

using namespace strata;
using tests::content;
using tests::key_of;

namespace {

template <class Fs, class Executor = executor::Inline>
using Tenants = Database<Family<"catalogue">, DynamicFamilies<compaction::Leveled>, Fs, Executor,
                         clock::Frozen>;
using Db = Tenants<io::Memory>;
using Names = std::vector<std::string>;

template <class D, class Fs>
Result<D> open(const Fs& fs) {
  typename D::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 60'000;
  options.wal.segment_bytes = 8'000;
  options.dynamic_families.compaction.level0_trigger = 2;
  options.dynamic_families.compaction.file_bytes = 4'000;
  return D::open("/db", options);
}

std::size_t tables(io::Memory fs) {
  std::size_t found = 0;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    found += name.ends_with(".table") ? 1 : 0;
  }
  return found;
}

}  // namespace

TEST_CASE("a family that is made at run time is there after it was closed, with what it holds") {
  const io::Memory fs;
  {
    auto db = open<Db>(fs);
    auto first = db->create_family("first");
    REQUIRE(first);
    auto second = db->create_family("second");
    REQUIRE(second);
    REQUIRE(first->put("k", "in first"));
    REQUIRE(second->put("k", "in second"));
    REQUIRE(db->family<"catalogue">().put("k", "in the catalogue"));
    REQUIRE(tests::fill(*first, 1500, "x"));  // tables and the log
    CHECK(db->family_names() == Names{"catalogue", "first", "second"});
    CHECK(second->get(key_of(3)).value() == std::nullopt);
    REQUIRE(db->close());
  }
  auto db = open<Db>(fs);
  CHECK(db->family_names() == Names{"catalogue", "first", "second"});
  auto first = db->open_family("first");
  auto second = db->open_family("second");
  CHECK(first->get("k").value() == "in first");
  CHECK(second->get("k").value() == "in second");
  CHECK(content(*first).size() == 1501);
  CHECK(db->family<"catalogue">().get("k").value() == "in the catalogue");
  CHECK(db->verify());
}

TEST_CASE("names are unique among all families, and not empty") {
  const io::Memory fs;
  auto db = open<Db>(fs);
  REQUIRE(db->create_family("a"));
  CHECK(db->create_family("a").error().code() == ErrorCode::already_exists);
  CHECK(db->create_family("catalogue").error().code() == ErrorCode::already_exists);
  CHECK(db->create_family("").error().code() == ErrorCode::invalid_argument);
  CHECK(db->open_family("b").error().code() == ErrorCode::not_found);
  CHECK(db->drop_family("b").error().code() == ErrorCode::not_found);
  CHECK(db->drop_family("catalogue").error().code() == ErrorCode::not_found);
}

TEST_CASE("a dropped family is gone: its tables, its name, and what the log still has of it") {
  const io::Memory fs;
  {
    auto db = open<Db>(fs);
    auto doomed = db->create_family("doomed");
    REQUIRE(tests::fill(*doomed, 1500, "x"));
    REQUIRE(db->flush());
    CHECK(tables(fs) > 0);
    REQUIRE(doomed->put("in the log", "1"));
    REQUIRE(db->family<"catalogue">().put("kept", "1"));
    auto cursor = std::make_optional(doomed->cursor());
    cursor->seek_to_first();
    REQUIRE(db->drop_family("doomed"));
    CHECK(db->family_names() == Names{"catalogue"});

    // A cursor goes on; everything else says what happened.
    std::size_t seen = 0;
    for (; cursor->valid(); cursor->next()) {
      ++seen;
    }
    CHECK(seen == 1501);
    REQUIRE(cursor->status());
    CHECK(doomed->get("in the log").error().code() == ErrorCode::not_found);
    CHECK(doomed->put("k", "v").error().code() == ErrorCode::not_found);
    CHECK(doomed->compact().error().code() == ErrorCode::not_found);
    CHECK(doomed->bulk_load(std::map<std::string, std::string>{{"a", "1"}}).error().code() ==
          ErrorCode::not_found);
    CHECK(db->drop_family("doomed").error().code() == ErrorCode::not_found);

    cursor.reset();
    doomed = Result<DynamicFamily<Db::Core>>(fail(ErrorCode::closed, "given back"));
    REQUIRE(db->family<"catalogue">().put("another view", "1"));
    REQUIRE(db->close());
  }
  {
    auto db = open<Db>(fs);  // replays a log that writes to the dropped family
    REQUIRE(db);
    CHECK(db->family_names() == Names{"catalogue"});
    CHECK(db->family<"catalogue">().get("kept").value() == "1");
    auto again = db->create_family("doomed");
    CHECK(content(*again).empty());
    CHECK(again->id().value > lsm::first_dynamic_family);  // numbers are not used twice
    REQUIRE(again->put("new", "1"));
    REQUIRE(db->flush());
    REQUIRE(db->close());
  }
  CHECK(tables(fs) == 2);
  CHECK(open<Db>(fs)->open_family("doomed")->get("new").value() == "1");
}

TEST_CASE("a batch over families is whole, and refused as a whole if one of them is gone") {
  const io::Memory fs;
  auto db = open<Db>(fs);
  auto a = db->create_family("a");
  auto b = db->create_family("b");
  WriteBatch batch;
  batch.put(a->id(), "k", "a");
  batch.put(b->id(), "k", "b");
  batch.put(db->family<"catalogue">().id(), "k", "c");
  REQUIRE(db->write(batch));
  CHECK(a->get("k").value() == "a");
  CHECK(b->get("k").value() == "b");
  REQUIRE(db->drop_family("b"));
  WriteBatch more;
  more.put(a->id(), "k", "changed");
  more.put(b->id(), "k", "changed");
  CHECK(db->write(more).error().code() == ErrorCode::not_found);
  CHECK(a->get("k").value() == "a");
}

TEST_CASE("who opens without dynamic families, or with others, is told") {
  const io::Memory fs;
  {
    auto db = open<Db>(fs);
    REQUIRE(db->create_family("tenant")->put("k", "v"));
    REQUIRE(db->close());
  }
  using Without = Database<Family<"catalogue">, io::Memory, executor::Inline, clock::Frozen>;
  using Others = Database<Family<"catalogue">, DynamicFamilies<comparator::ReverseBytewise>,
                          io::Memory, executor::Inline, clock::Frozen>;
  Without::Options plain;
  plain.file_system = fs;
  const auto refused = Without::open("/db", plain);
  CHECK(refused.error().code() == ErrorCode::incompatible_format);
  CHECK_THAT(refused.error().message(), Catch::Contains("DynamicFamilies"));
  Others::Options others;
  others.file_system = fs;
  CHECK(Others::open("/db", others).error().code() == ErrorCode::incompatible_format);
  CHECK(open<Db>(fs)->open_family("tenant")->get("k").value() == "v");
}

TEST_CASE("families of the composition may be added before dynamic ones that are there") {
  const io::Memory fs;
  {
    auto db = open<Db>(fs);
    REQUIRE(db->create_family("tenant")->put("k", "v"));
    REQUIRE(db->close());
  }
  using More = Database<Family<"catalogue">, Family<"index">, DynamicFamilies<>, io::Memory,
                        executor::Inline, clock::Frozen>;
  More::Options options;
  options.file_system = fs;
  for (int i = 0; i < 2; ++i) {
    auto db = More::open("/db", options);
    REQUIRE(db);
    CHECK(db->open_family("tenant")->get("k").value() == "v");
    REQUIRE(db->family<"index">().put("i", "1"));
    REQUIRE(db->flush());
    REQUIRE(db->close());
  }
}

TEST_CASE("a repaired database keeps its dynamic families") {
  io::Memory fs;
  {
    auto db = open<Db>(fs);
    auto tenant = db->create_family("tenant");
    REQUIRE(tests::fill(*tenant, 100, "x"));
    REQUIRE(db->flush());
    REQUIRE(tenant->put("last", "1"));
    REQUIRE(db->close());
  }
  REQUIRE(fs.remove("/db/CURRENT"));
  Db::Options options;
  options.file_system = fs;
  const auto report = Db::repair("/db", options);
  REQUIRE(report);
  CHECK(report->tables_lost == 0);
  auto db = open<Db>(fs);
  auto tenant = db->open_family("tenant");
  REQUIRE(tenant);
  CHECK(content(*tenant).size() == 101);
}

TEST_CASE("a power loss while families come and go leaves each of them there or not, and whole") {
  using OnDisk = Tenants<io::Simulated>;
  // step 1: "a" with a synced key; 2: "b"; 3: "a" is dropped; 4: "a" anew, with another key.
  const auto script = [](const io::Simulated& fs) {
    auto db = open<OnDisk>(fs);
    if (!db) {
      return 0;
    }
    const WriteOptions synced{.durability = Durability::synced};
    auto a = db->create_family("a");
    if (!a || !a->put("k", "old", synced)) {
      return 0;
    }
    auto b = db->create_family("b");
    if (!b || !b->put("k", "b", synced) || !db->flush()) {
      return 1;
    }
    if (!db->drop_family("a")) {
      return 2;
    }
    auto again = db->create_family("a");
    return again && again->put("k", "new", synced) ? 4 : 3;
  };
  io::Simulated whole;
  REQUIRE(script(whole) == 4);
  const std::uint64_t calls = whole.calls();
  std::map<std::string, unsigned> seen;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    for (const auto choice : {io::CrashChoice::drop_all_unsynced(), io::CrashChoice::keep_all(),
                              io::CrashChoice::random(call)}) {
      CAPTURE(call);
      io::Simulated fs;
      fs.crash_at(call);
      const int done = script(fs);
      auto db = open<OnDisk>(fs.crash_image(choice));
      REQUIRE(db);
      REQUIRE(db->verify());
      auto a = db->open_family("a");
      const auto in_a = a ? a->get("k").value().value_or("empty") : "gone";
      ++seen[in_a];
      CAPTURE(done, in_a);
      CHECK((done != 1 || in_a == "old"));
      CHECK((done != 2 || in_a == "old" || in_a == "gone"));
      CHECK((done != 3 || in_a == "gone" || in_a == "empty" || in_a == "new"));
      CHECK((done != 4 || in_a == "new"));
      auto b = db->open_family("b");
      CHECK((done < 2 || b->get("k").value() == "b"));
    }
  }
  CHECK(seen["old"] > 0);
  CHECK(seen["gone"] > 0);
  CHECK(seen["new"] > 0);
}

TEST_CASE("families come and go while threads write to others") {
  using Threaded = Tenants<io::Memory, executor::Threads>;
  const io::Memory fs;
  auto db = open<Threaded>(fs);
  auto stays = db->create_family("stays");
  bool all_written = false;
  std::thread writer([&] { all_written = tests::fill(*stays, 3000, "x"); });
  for (unsigned round = 0; round < 20; ++round) {
    const std::string name = "tenant " + std::to_string(round % 3);
    auto family = db->create_family(name);
    REQUIRE(family);
    REQUIRE(tests::fill(*family, 200, "x"));
    CHECK(family->get(key_of(199)).value().has_value());
    REQUIRE(db->drop_family(name));
  }
  writer.join();
  CHECK(all_written);
  CHECK(content(*stays).size() == 3000);
  CHECK(db->close());
}
