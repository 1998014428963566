// SPDX-License-Identifier: BSL-1.0

#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include <strata/core/error.hpp>
#include <strata/txn/mvcc_lock_table.hpp>

namespace {

using strata::ErrorCode;
using strata::mvcc::LockTable;
using Holder = LockTable::Holder;
using namespace std::chrono_literals;

/// No test below waits this long unless it fails.
constexpr auto forever = 1h;

ErrorCode code_of(const strata::Result<void>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code();
}

}  // namespace

TEST_CASE("lock table: many share a key, one owns it", "[mvcc]") {
  LockTable table(1ms);
  Holder a(table, 1);
  Holder b(table, 2);
  REQUIRE(a.share("k"));
  REQUIRE(b.share("k"));
  REQUIRE(b.share("k"));  // again
  CHECK(code_of(a.own("k", false)) == ErrorCode::conflict);
  b.release();
  REQUIRE(a.own("k", false));  // shared becomes owned
  REQUIRE(a.own("k", false));
  REQUIRE(a.share("k"));
  CHECK(code_of(b.own("k", false)) == ErrorCode::conflict);
  CHECK(code_of(b.share("k")) == ErrorCode::busy);
  REQUIRE(b.own("other"));
  a.release();
  REQUIRE(b.share("k"));
}

TEST_CASE("lock table: a range keeps owners of keys inside out, present or not", "[mvcc]") {
  LockTable table(1ms);
  Holder scanner(table, 1);
  Holder writer(table, 2);
  REQUIRE(scanner.share_range("b", "d"));
  CHECK(code_of(writer.own("b", false)) == ErrorCode::conflict);
  CHECK(code_of(writer.own("c", false)) == ErrorCode::conflict);
  REQUIRE(writer.share("c"));
  REQUIRE(writer.own("d", false));
  REQUIRE(writer.own("a", false));
  REQUIRE(scanner.own("c2", false));  // its own range is not in its way
  scanner.release();
  REQUIRE(writer.own("c", false));

  Holder late(table, 3);
  CHECK(code_of(late.share_range("a", "b")) == ErrorCode::busy);
  REQUIRE(late.share_range("e", std::nullopt));
  CHECK(code_of(writer.own("z", false)) == ErrorCode::conflict);
}

TEST_CASE("lock table: who holds locks dies where an older one is in the way", "[mvcc]") {
  LockTable table(forever);
  Holder older(table, 1);
  Holder younger(table, 2);
  REQUIRE(older.own("a"));
  REQUIRE(younger.own("b"));
  CHECK(code_of(younger.own("a")) == ErrorCode::conflict);  // at once: the deadlock never forms
  CHECK(code_of(younger.share("a")) == ErrorCode::conflict);
  CHECK(code_of(younger.share_range("", std::nullopt)) == ErrorCode::conflict);
}

TEST_CASE("lock table: the older one waits until the younger one gives way", "[mvcc]") {
  LockTable table(forever);
  Holder older(table, 1);
  Holder younger(table, 2);
  REQUIRE(older.own("a"));
  REQUIRE(younger.own("b"));
  std::optional<strata::Result<void>> granted;
  std::thread waits([&] { granted = older.own("b"); });
  CHECK(code_of(younger.own("a")) == ErrorCode::conflict);
  younger.release();
  waits.join();
  REQUIRE(granted.has_value());
  CHECK(granted->has_value());
}

TEST_CASE("lock table: who waits for a younger one dies when an older one joins it", "[mvcc]") {
  LockTable table(forever);
  Holder oldest(table, 1);
  Holder middle(table, 2);
  Holder youngest(table, 3);
  REQUIRE(middle.own("a"));
  REQUIRE(youngest.share("k"));
  std::optional<strata::Result<void>> answer;
  std::thread waits([&] { answer = middle.own("k"); });
  while (table.waiting() == 0) {
    std::this_thread::yield();
  }
  REQUIRE(oldest.share("k"));  // it may come to wait for "a"
  waits.join();
  REQUIRE(answer.has_value());
  CHECK(code_of(*answer) == ErrorCode::conflict);
}

TEST_CASE("lock table: newcomers do not overtake an older one that waits", "[mvcc]") {
  LockTable table(forever);
  Holder oldest(table, 1);
  Holder reader(table, 2);
  Holder newcomer(table, 3);
  REQUIRE(reader.share("k"));
  std::optional<strata::Result<void>> answer;
  std::thread waits([&] { answer = oldest.own("k"); });
  while (table.waiting() == 0) {
    std::this_thread::yield();
  }
  REQUIRE(newcomer.own("other"));
  CHECK(code_of(newcomer.share("k")) == ErrorCode::conflict);
  reader.release();
  waits.join();
  REQUIRE(answer.has_value());
  CHECK(answer->has_value());
}

TEST_CASE("lock table: who holds nothing may wait for an older one", "[mvcc]") {
  LockTable table(forever);
  Holder older(table, 1);
  Holder younger(table, 2);
  REQUIRE(older.own("a"));
  std::optional<strata::Result<void>> granted;
  std::thread waits([&] { granted = younger.own("a"); });
  older.release();
  waits.join();
  REQUIRE(granted.has_value());
  CHECK(granted->has_value());
}

TEST_CASE("lock table: a wait ends at the timeout with `busy`", "[mvcc]") {
  LockTable table(1ms);
  Holder a(table, 1);
  Holder b(table, 2);
  REQUIRE(b.own("k"));
  CHECK(code_of(a.own("k")) == ErrorCode::busy);
  CHECK(code_of(a.share_range("", std::nullopt)) == ErrorCode::busy);
  b.release();
  REQUIRE(a.own("k"));  // nothing is left of the attempts
}

TEST_CASE("lock table: moved holders keep their locks, and give them back when they go", "[mvcc]") {
  LockTable table(1ms);
  Holder b(table, 2);
  {
    Holder a(table, 1);
    REQUIRE(a.own("k"));
    REQUIRE(a.share_range("x", "z"));
    Holder moved(std::move(a));
    CHECK(code_of(b.own("k", false)) == ErrorCode::conflict);
    CHECK(code_of(b.own("y", false)) == ErrorCode::conflict);
  }
  REQUIRE(b.own("k", false));
  REQUIRE(b.own("y", false));
}
