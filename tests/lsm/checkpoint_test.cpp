// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/checkpoint.hpp>

#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

using Tree = tests::SmallTree<>;

Tree open(const io::Memory& fs, const std::string& path) {
  return std::move(Tree::open(path, tests::small_options<Tree>(fs)).value());
}

}  // namespace

TEST_CASE("a checkpoint is a database of its own: neither sees the other's changes") {
  const io::Memory fs;
  Tree db = open(fs, "/db");
  REQUIRE(tests::fill(db, 500, "before"));
  REQUIRE(db.checkpoint("/copy"));
  REQUIRE(tests::fill(db, 500, "after"));
  REQUIRE(db.compact());

  Tree copy = open(fs, "/copy");
  CHECK(copy.verify());
  for (unsigned i = 0; i < 500; ++i) {
    REQUIRE(copy.get(key_of(i)).value() == std::string(100, 'v') + "before");
    REQUIRE(db.get(key_of(i)).value() == std::string(100, 'v') + "after");
  }
  REQUIRE(copy.erase_range(key_of(0), key_of(500)));
  REQUIRE(copy.compact());
  CHECK(copy.get(key_of(3)).value() == std::nullopt);
  CHECK(db.get(key_of(3)).value().has_value());
  CHECK(db.verify());
}

TEST_CASE("a checkpoint goes on counting where the original was") {
  const io::Memory fs;
  Tree db = open(fs, "/db");
  REQUIRE(tests::fill(db, 10, "x"));
  REQUIRE(db.checkpoint("/copy"));
  CHECK(open(fs, "/copy").last_sequence() == 10);
}

TEST_CASE("a target that exists, or whose parent does not, is refused and not touched") {
  io::Memory fs;
  Tree db = open(fs, "/db");
  REQUIRE(db.put("a", "1"));
  REQUIRE(db.checkpoint("/copy"));
  CHECK_FALSE(db.checkpoint("/copy"));
  CHECK_FALSE(db.checkpoint("/no/such/parent"));
  CHECK_FALSE(db.checkpoint("/db"));
  CHECK(open(fs, "/copy").get("a").value() == "1");
  CHECK(db.put("b", "2"));
}

TEST_CASE("whenever the power fails, a checkpoint is whole or no database, the original intact") {
  using Db = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;
  const auto open_at = [](const io::Simulated& fs, const std::string& path) {
    Db::Options options;
    options.file_system = fs;
    options.create_if_missing = path == "/db";
    return Db::open(path, tests::shrink(options));
  };
  // Fills, and makes the checkpoint; whether it was acknowledged.
  const auto script = [&](const io::Simulated& fs) {
    auto db = open_at(fs, "/db");
    return db && tests::fill(*db, 50, "x") && db->sync() && db->checkpoint("/copy");
  };
  io::Simulated whole;
  REQUIRE(script(whole));
  const auto calls = whole.calls();
  unsigned with_copy = 0;
  unsigned without = 0;
  for (std::uint64_t call = 1; call <= calls + 1; ++call) {
    io::Simulated fs;
    fs.crash_at(call);
    const bool acknowledged = script(fs);
    for (const auto choice : {io::CrashChoice::drop_all_unsynced(), io::CrashChoice::keep_all(),
                              io::CrashChoice::random(call)}) {
      CAPTURE(call);
      const io::Simulated disk = fs.crash_image(choice);
      if (auto copy = open_at(disk, "/copy")) {
        ++with_copy;
        REQUIRE(copy->verify());
        REQUIRE(copy->get(key_of(49)).value().has_value());
      } else {
        ++without;
        REQUIRE_FALSE(acknowledged);
      }
      if (auto db = open_at(disk, "/db"); db && acknowledged) {
        REQUIRE(db->get(key_of(49)).value().has_value());
      }
    }
  }
  CHECK(with_copy > 0);
  CHECK(without > 0);
}
