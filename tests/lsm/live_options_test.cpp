// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/live_options.hpp>

#include <cstdint>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;

namespace {

using Db = tests::SmallTree<>;

template <class Database>
std::uint64_t flushes(Database& db) {
  return db.stats().metrics[metrics::Counter::flushes];
}

}  // namespace

TEST_CASE("a smaller write buffer is flushed by the next writes, a larger one is not") {
  const io::Memory fs;
  auto db = Db::open("/db", {.file_system = fs});
  REQUIRE(tests::fill(*db, 1000, "a"));
  CHECK(flushes(*db) == 0);
  REQUIRE(db->set_options({.write_buffer_bytes = 60'000}));
  REQUIRE(tests::fill(*db, 1000, "b"));
  const std::uint64_t some = flushes(*db);
  CHECK(some > 0);
  REQUIRE(db->set_options({.write_buffer_bytes = 64_MiB}));
  REQUIRE(tests::fill(*db, 1000, "c"));
  CHECK(flushes(*db) <= some + 1);
  CHECK(db->get(tests::key_of(5)).value()->back() == 'c');
}

TEST_CASE("a smaller log is kept to") {
  const io::Memory fs;
  Db::Options options{.file_system = fs, .log_bytes_max = 64_KiB};
  options.wal.segment_bytes = 8'000;
  auto db = Db::open("/db", options);
  REQUIRE(db->set_options({.log_bytes_max = 1_GiB}));
  REQUIRE(tests::fill(*db, 3000, "a"));
  CHECK(flushes(*db) == 0);
  REQUIRE(db->set_options({.log_bytes_max = 16_KiB}));
  REQUIRE(tests::fill(*db, 30, "b"));
  REQUIRE(db->flush());
  REQUIRE(tests::fill(*db, 300, "c"));
  CHECK(flushes(*db) >= 3);
}

TEST_CASE("a smaller cache is within its budget when the call returns") {
  const io::Memory fs;
  auto db = Db::open("/db", tests::small_options<Db>(fs));
  REQUIRE(tests::fill(*db, 3000, "a"));
  REQUIRE(db->compact());
  for (unsigned i = 0; i < 3000; ++i) {
    REQUIRE(db->get(tests::key_of(i)).value());
  }
  auto& cache = db->core().cache();
  const std::size_t used = cache.used_bytes();
  REQUIRE(db->set_options({.cache_bytes = used / 2}));
  CHECK(cache.capacity_bytes() == used / 2);
  CHECK(cache.used_bytes() <= used / 2);
}

TEST_CASE("values that make no sense are refused, and nothing is changed") {
  const io::Memory fs;
  auto db = Db::open("/db", {.file_system = fs});
  const std::size_t cache = db->core().cache().capacity_bytes();
  for (const LiveOptions& wrong : {LiveOptions{.cache_bytes = 1_MiB, .write_buffer_bytes = 0},
                                   LiveOptions{.cache_bytes = 1_MiB, .log_bytes_max = 10}}) {
    const auto refused = db->set_options(wrong);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
  }
  CHECK(db->core().cache().capacity_bytes() == cache);
  REQUIRE(db->close());
  CHECK(db->set_options({}).error().code() == ErrorCode::closed);
}

TEST_CASE("options change while others write") {
  const io::Memory fs;
  using Threaded = LsmTree<io::Memory, clock::Frozen>;
  auto db = Threaded::open("/db", tests::small_options<Threaded>(fs));
  std::thread writer([&] {
    for (unsigned round = 0; round < 10; ++round) {
      CHECK(tests::fill(*db, 300, std::to_string(round)));
    }
  });
  for (std::size_t i = 1; i <= 50; ++i) {
    CHECK(db->set_options({.cache_bytes = i * 10'000,
                           .write_buffer_bytes = 30'000 + i * 1000,
                           .log_bytes_max = 50'000 + i * 1000}));
  }
  writer.join();
  REQUIRE(db->verify());
  CHECK(db->get(tests::key_of(7)).value()->back() == '9');
}
