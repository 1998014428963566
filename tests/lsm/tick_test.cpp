// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/tick.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/compaction/fifo.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

/// The test's own time.
struct Dial {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "dial";
  inline static std::atomic<std::uint64_t> seconds = 1000;
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return seconds * 1'000'000'000; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return seconds; }
  static void sleep_us(std::uint64_t) noexcept {}
};

template <class... Policies>
using Db = LsmTree<io::Memory, executor::Inline, Dial, Policies...>;

template <class Database>
std::uint64_t files(Database& db) {
  std::uint64_t count = 0;
  const Stats stats = db.stats();
  for (const LevelStats& level : stats.families[0].levels) {
    count += level.files;
  }
  return count;
}

}  // namespace

TEST_CASE("a memtable is flushed by a tick once it is as old as flush_age_seconds") {
  const io::Memory fs;
  auto db = Db<>::open("/db", {.file_system = fs, .flush_age_seconds = 60});
  REQUIRE(db);
  REQUIRE(db->put("key", "value"));
  REQUIRE(db->tick());
  Dial::seconds += 59;
  REQUIRE(db->tick());
  CHECK(files(*db) == 0);
  Dial::seconds += 1;
  REQUIRE(db->tick());
  CHECK(files(*db) == 1);
  CHECK(db->get("key").value() == "value");
  Dial::seconds += 600;
  REQUIRE(db->tick());  // empty memtables stay
  CHECK(files(*db) == 1);
}

TEST_CASE("without flush_age_seconds age alone flushes nothing") {
  const io::Memory fs;
  auto db = Db<>::open("/db", {.file_system = fs});
  REQUIRE(db->put("key", "value"));
  Dial::seconds += 1'000'000;
  REQUIRE(db->tick());
  CHECK(files(*db) == 0);
}

TEST_CASE("tables expire by ticks, without a write, and once no snapshot holds them") {
  const io::Memory fs;
  using Fifo = Db<compaction::Fifo>;
  auto db = Fifo::open("/db", {.file_system = fs, .compaction = {.ttl_seconds = 100}});
  REQUIRE(db);
  REQUIRE(db->put("key", "value"));
  REQUIRE(db->flush());
  REQUIRE(db->tick());
  CHECK(files(*db) == 1);
  auto snapshot = std::make_optional(db->snapshot());
  Dial::seconds += 101;
  REQUIRE(db->tick());
  CHECK(files(*db) == 1);
  CHECK(db->get("key").value() == "value");
  snapshot.reset();
  REQUIRE(db->tick());
  CHECK(files(*db) == 0);
  CHECK(db->get("key").value() == std::nullopt);
}

TEST_CASE("a tick of a database that was closed, or is read-only, says so") {
  const io::Memory fs;
  {
    auto db = Db<>::open("/db", {.file_system = fs});
    REQUIRE(db->close());
    CHECK(db->tick().error().code() == ErrorCode::closed);
  }
  auto db = Db<>::open("/db", {.file_system = fs, .read_only = true});
  CHECK(db->tick().error().code() == ErrorCode::read_only);
}

TEST_CASE("threads tick by themselves, and any thread may tick while others write") {
  const io::Memory fs;
  using Threaded = LsmTree<io::Memory, Dial>;
  Threaded::Options options{.file_system = fs, .flush_age_seconds = 1, .tick_seconds = 1};
  options.write_buffer_bytes = 60'000;
  auto db = Threaded::open("/db", options);
  REQUIRE(db);
  std::thread writer([&] {
    for (unsigned round = 0; round < 20; ++round) {
      CHECK(tests::fill(*db, 200, std::to_string(round)));
    }
  });
  std::thread clock([&] {
    for (unsigned i = 0; i < 200; ++i) {
      ++Dial::seconds;
      CHECK(db->tick());
    }
  });
  writer.join();
  clock.join();
  REQUIRE(db->flush());
  const std::uint64_t flushes = db->stats().metrics[metrics::Counter::flushes];
  REQUIRE(db->put("last", "1"));
  Dial::seconds += 10;
  while (db->stats().metrics[metrics::Counter::flushes] == flushes) {
    std::this_thread::yield();  // until the executor's own tick
  }
  CHECK(db->get("last").value() == "1");
}
