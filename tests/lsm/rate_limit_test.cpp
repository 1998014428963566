// SPDX-License-Identifier: BSL-1.0
/// A database on `io::RateLimited` whose limit changes while it compacts: by clocks of the test's
/// own, so that no machine is too slow or too fast.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/io/rate_limited.hpp>

#include "small_database.hpp"

using namespace strata;
using metrics::Counter;
using tests::key_of;

namespace {

/// Goes when somebody sleeps by it, and lets the test do something while he does.
struct Hooked {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "hooked";
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return now_us * 1'000; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return now_us / 1'000'000; }
  static void sleep_us(std::uint64_t microseconds) {
    now_us += microseconds;
    if (on_sleep != nullptr) {
      on_sleep();
    }
  }
  static inline std::uint64_t now_us = 0;
  static inline void (*on_sleep)() = nullptr;
};

/// Stands still: bytes beyond the burst never pass, however long one waits.
struct Still {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "still";
  [[nodiscard]] static std::uint64_t now_ns() noexcept { return 0; }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept { return 0; }
  static void sleep_us(std::uint64_t) noexcept { std::this_thread::yield(); }
};

using HookedFiles = io::RateLimited<io::Memory, Hooked>;
using Db = LsmTree<HookedFiles, executor::Inline, clock::Frozen>;

/// The limit that the hook changes, and what it sees.
struct Change {
  HookedFiles::Limit* limit = nullptr;
  unsigned after_sleeps = 0;
  std::uint64_t to_bytes_per_second = 0;
  unsigned sleeps = 0;
  std::uint64_t changed_at_us = 0;
};
Change change;

void count_and_change() {
  if (++change.sleeps == change.after_sleeps) {
    change.limit->set_bytes_per_second(change.to_bytes_per_second);
    change.changed_at_us = Hooked::now_us;
  }
}

struct Taken {
  std::uint64_t us = 0;
  std::uint64_t us_after_change = 0;
  std::uint64_t bytes = 0;
};

/// Compacts 3,000 entries at 1 MB/s, which becomes another rate after some naps.
Taken compact(unsigned after_sleeps, std::uint64_t to_bytes_per_second) {
  HookedFiles fs({.burst_bytes = 1'000});
  Db::Options options;
  options.file_system = fs;
  options.tick_seconds = 0;
  auto db = Db::open("/db", options);
  REQUIRE(db);
  REQUIRE(tests::fill(*db, 3'000, "old"));
  REQUIRE(db->flush());
  REQUIRE(tests::fill(*db, 3'000, "new"));
  REQUIRE(db->flush());
  fs.writes().set_bytes_per_second(1'000'000);
  change = {.limit = &fs.writes(),
            .after_sleeps = after_sleeps,
            .to_bytes_per_second = to_bytes_per_second};
  const std::uint64_t start = Hooked::now_us;
  Hooked::on_sleep = &count_and_change;
  REQUIRE(db->compact());
  Hooked::on_sleep = nullptr;
  REQUIRE(db->verify());
  CHECK(db->get(key_of(42)).value() == std::string(100, 'v') + "new");
  return {Hooked::now_us - start, Hooked::now_us - change.changed_at_us,
          db->stats().metrics[Counter::compaction_write_bytes]};
}

}  // namespace

TEST_CASE("a compaction takes the time that its bytes need at the limit") {
  const Taken taken = compact(0, 0);
  REQUIRE(taken.bytes > 200'000);
  CHECK(taken.us >= taken.bytes - 1'000);  // a byte a microsecond, but for the burst
  CHECK(taken.us < taken.bytes + taken.bytes / 4);
}

TEST_CASE("a limit that is lowered under a compaction slows it down, a higher one hastens it") {
  const Taken steady = compact(0, 0);
  const Taken slower = compact(50, 100'000);
  CHECK(slower.bytes == steady.bytes);
  CHECK(slower.us > 5 * steady.us);
  const Taken faster = compact(50, 100'000'000);
  CHECK(faster.us < steady.us);
  CHECK(faster.us_after_change < steady.us / 5);
}

TEST_CASE("a limit that is lifted under a compaction lets it end without another wait") {
  const Taken lifted = compact(50, 0);
  CHECK(lifted.us_after_change == 0);
  CHECK(change.sleeps == 50);
}

TEST_CASE(
    "what waits at a limit holds back no reader and no commit, and goes on once it is lifted") {
  using Files = io::RateLimited<io::Memory, Still>;
  using Threaded = LsmTree<Files, clock::Frozen>;
  Files fs({.burst_bytes = 1'000});
  Threaded::Options options;
  options.file_system = fs;
  auto db = Threaded::open("/db", options);
  REQUIRE(db);
  for (const char* tag : {"a", "b", "c"}) {
    REQUIRE(tests::fill(*db, 500, tag));
    REQUIRE(db->flush());
  }
  fs.writes().set_bytes_per_second(1);
  auto more = db->compaction_options();
  more.level0_trigger = 3;
  REQUIRE(db->set_compaction_options(more));  // a merge begins, and can not end
  for (unsigned i = 0; i < 500; ++i) {
    REQUIRE(db->put(key_of(i), "d"));
    REQUIRE(db->get(key_of(i)).value() == "d");
  }
  while (fs.writes().waited_us() == 0) {  // it has come to the limit
    std::this_thread::yield();
  }
  CHECK(db->stats().metrics[Counter::compactions] == 0);
  fs.writes().set_bytes_per_second(0);
  while (db->stats().metrics[Counter::compactions] == 0) {
    std::this_thread::yield();
  }
  REQUIRE(db->verify());
  CHECK(db->stats().families.front().levels[0].files == 0);
  CHECK(db->get(key_of(42)).value() == "d");
}

TEST_CASE("a limit that changes all the time loses nothing") {
  using Files = io::RateLimited<io::Memory>;
  using Threaded = LsmTree<Files, clock::Frozen>;
  Files fs({.burst_bytes = 10'000});
  Threaded::Options options;
  options.file_system = fs;
  options = tests::shrink(std::move(options));
  auto db = Threaded::open("/db", options);
  REQUIRE(db);
  std::atomic<bool> done{false};
  std::thread changer([&] {
    for (std::uint64_t i = 0; !done; ++i) {
      fs.writes().set_bytes_per_second(i % 3 == 0 ? 0 : 50'000'000 * (1 + i % 5));
      std::this_thread::yield();
    }
    fs.writes().set_bytes_per_second(0);
  });
  for (unsigned round = 0; round < 10; ++round) {
    CHECK(tests::fill(*db, 300, std::to_string(round)));
  }
  CHECK(db->compact());
  done = true;
  changer.join();
  REQUIRE(db->verify());
  CHECK(db->get(key_of(7)).value()->back() == '9');
}
