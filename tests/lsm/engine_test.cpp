// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/engine.hpp>

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include <strata/wal/none.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;
using tests::small_options;

namespace {

using Tree = tests::SmallTree<>;
using Pair = Database<Family<"left">, Family<"right", merge::Add>, io::Memory, executor::Inline,
                      clock::Frozen>;

Tree open_tree(const io::Memory& fs = {}) {
  return std::move(Tree::open("/db", small_options<Tree>(fs)).value());
}
Pair open_pair(const io::Memory& fs = {}) {
  Pair::Options options;
  options.file_system = fs;
  return std::move(Pair::open("/db", options).value());
}

}  // namespace

TEST_CASE("a key is absent, has its last value, and is absent again once it was erased") {
  Tree db = open_tree();
  CHECK(db.get("a").value() == std::nullopt);
  REQUIRE(db.put("a", "1"));
  REQUIRE(db.put("a", "2"));
  CHECK(db.get("a").value() == "2");
  REQUIRE(db.erase("a"));
  REQUIRE(db.erase("never there"));
  CHECK(db.get("a").value() == std::nullopt);
}

TEST_CASE("an empty value is a value, not an absence") {
  Tree db = open_tree();
  REQUIRE(db.put("a", ""));
  CHECK(db.get("a").value() == "");
  REQUIRE(db.flush());
  CHECK(db.get("a").value() == "");
}

TEST_CASE("answers are the same from memory, from level 0, from below, and after reopening") {
  const io::Memory fs;
  const auto check = [](Tree& db) {
    for (unsigned i = 0; i < 500; ++i) {
      REQUIRE(db.get(key_of(i)).value() == std::string(100, 'v') + "new");
    }
    REQUIRE(db.get("key").value() == std::nullopt);
    REQUIRE(db.get("key000042a").value() == std::nullopt);
  };
  {
    Tree db = open_tree(fs);
    REQUIRE(tests::fill(db, 500, "old"));
    REQUIRE(tests::fill(db, 500, "new"));
    check(db);
    REQUIRE(db.flush());
    check(db);
    REQUIRE(db.compact());
    check(db);
    CHECK(db.verify());
  }
  Tree db = open_tree(fs);
  check(db);
}

TEST_CASE("a batch over two families is seen whole, and counted in one order") {
  const io::Memory fs;
  {
    Pair db = open_pair(fs);
    auto left = db.family<"left">();
    auto right = db.family<"right">();
    WriteBatch batch;
    batch.put(left.id(), "k", "left");
    batch.put(right.id(), "k", "\x01\0\0\0\0\0\0\0");
    batch.erase(left.id(), "other");
    REQUIRE(db.write(batch));
    CHECK(db.last_sequence() == 3);
    CHECK(left.get("k").value() == "left");
    CHECK(left.get("other").value() == std::nullopt);
  }
  Pair db = open_pair(fs);
  CHECK(db.last_sequence() == 3);
  CHECK(db.family<"left">().get("k").value() == "left");
  CHECK(db.family<"right">().get("k").value().has_value());
}

TEST_CASE("merge operands add up across memory, tables and reopening") {
  using Counter = tests::SmallTree<merge::Add>;
  const io::Memory fs;
  const std::string one("\x01\0\0\0\0\0\0\0", 8);
  for (unsigned round = 0; round < 4; ++round) {
    Counter db = std::move(Counter::open("/db", small_options<Counter>(fs)).value());
    REQUIRE(db.merge("n", one));
    if (round % 2 == 0) {
      REQUIRE(db.flush());
    }
    REQUIRE(db.merge("n", one));
    if (round == 3) {
      REQUIRE(db.compact());
    }
    const auto value = db.get("n").value();
    REQUIRE(value.has_value());
    CHECK(static_cast<unsigned>((*value)[0]) == 2 * (round + 1));
    auto cursor = db.cursor();
    cursor.seek_to_first();
    REQUIRE(cursor.valid());
    CHECK(cursor.value() == *value);
  }
}

TEST_CASE("merge without an operator is unsupported, and says which slot to fill") {
  Tree db = open_tree();
  auto merged = db.merge("k", "1");
  REQUIRE_FALSE(merged);
  CHECK(merged.error().code() == ErrorCode::unsupported);
  CHECK_THAT(merged.error().message(), Catch::Contains("merge"));
}

TEST_CASE("keys and values beyond the limits are refused, and nothing is written") {
  Tree db = open_tree();
  const std::string longest(64UL * 1024, 'k');
  REQUIRE(db.put(longest, "fits"));
  CHECK(db.get(longest).value() == "fits");
  for (const std::string& key : {std::string(), longest + "k"}) {
    auto refused = db.put(key, "v");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
  }
  // The bytes are not looked at, so one page may pose as more than a gibibyte.
  const std::string page(4096, 'v');
  auto refused = db.put("k", std::string_view(page.data(), (std::size_t{1} << 30) + 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  CHECK_THAT(refused.error().message(), Catch::Contains("1 GiB") || Catch::Contains("1073741824"));
  CHECK(db.last_sequence() == 1);
}

TEST_CASE("a batch that names a family the database does not have is refused whole") {
  Pair db = open_pair();
  WriteBatch batch;
  batch.put(db.family<"left">().id(), "k", "v");
  batch.put(FamilyId{7}, "k", "v");
  auto refused = db.write(batch);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  CHECK(db.family<"left">().get("k").value() == std::nullopt);
}

TEST_CASE("a closed database answers every call with `closed`") {
  Tree db = open_tree();
  REQUIRE(db.put("a", "1"));
  REQUIRE(db.close());
  REQUIRE(db.close());
  CHECK(db.get("a").error().code() == ErrorCode::closed);
  CHECK(db.put("a", "2").error().code() == ErrorCode::closed);
  CHECK(db.flush().error().code() == ErrorCode::closed);
  CHECK(db.sync().error().code() == ErrorCode::closed);
  CHECK(db.compact().error().code() == ErrorCode::closed);
  CHECK(db.health().state == HealthState::unhealthy);
}

TEST_CASE("unlogged writes are there after a close, and may be gone after a crash") {
  const io::Memory fs;
  {
    Tree db = open_tree(fs);
    REQUIRE(db.put("a", "1", {.durability = Durability::unlogged}));
    REQUIRE(db.close());
  }
  CHECK(open_tree(fs).get("a").value() == "1");
}

TEST_CASE("an unlogged write that is lost takes no logged one with it") {
  using OnDisk = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;
  const auto open_on = [](const io::Simulated& fs) {
    OnDisk::Options options;
    options.file_system = fs;
    return std::move(OnDisk::open("/db", options).value());
  };
  const io::Simulated fs;
  io::Simulated survived;
  {
    OnDisk db = open_on(fs);
    REQUIRE(db.put("a", "1", {.durability = Durability::synced}));
    REQUIRE(db.put("b", "2", {.durability = Durability::unlogged}));
    REQUIRE(db.put("c", "3", {.durability = Durability::synced}));
    survived = fs.crash_image(io::CrashChoice::drop_all_unsynced());
  }
  OnDisk db = open_on(survived);
  CHECK(db.get("a").value() == "1");
  CHECK(db.get("b").value() == std::nullopt);
  CHECK(db.get("c").value() == "3");
  CHECK(db.last_sequence() == 3);
}

TEST_CASE("without a log, what was flushed is there; a synced write is refused") {
  using NoLog = tests::SmallTree<wal::None>;
  const io::Memory fs;
  {
    NoLog::Options options;
    options.file_system = fs;
    NoLog db = std::move(NoLog::open("/db", options).value());
    REQUIRE(db.put("a", "1"));
    CHECK(db.put("b", "1", {.durability = Durability::synced}).error().code() ==
          ErrorCode::unsupported);
    REQUIRE(db.flush());
  }
  NoLog::Options options;
  options.file_system = fs;
  CHECK(std::move(NoLog::open("/db", options).value()).get("a").value() == "1");
}

TEST_CASE("a moved-from handle's database lives on in the new one") {
  Tree first = open_tree();
  REQUIRE(first.put("a", "1"));
  Tree second = std::move(first);
  CHECK(second.get("a").value() == "1");
}
