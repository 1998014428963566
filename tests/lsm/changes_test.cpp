// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/changes.hpp>

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;

namespace {

using Pair = Database<Family<"left">, Family<"right">, io::Memory, executor::Inline, clock::Frozen>;

Pair open_pair(const io::Memory& fs, std::uint64_t retain_bytes) {
  Pair::Options options;
  options.file_system = fs;
  options.wal.segment_bytes = 4'000;
  options.wal.retain_bytes = retain_bytes;
  return std::move(Pair::open("/db", options).value());
}

std::vector<std::string> changes(Pair& db, Sequence after) {
  std::vector<std::string> seen;
  auto done = db.changes_since(after, [&](Sequence sequence, const BatchOperation& operation) {
    seen.push_back(std::to_string(sequence) + " " + std::to_string(operation.family.value) + " " +
                   std::string(operation.key) + "=" + std::string(operation.value));
    return true;
  });
  REQUIRE(done);
  return seen;
}

}  // namespace

TEST_CASE("changes come in commit order, each with its sequence and family") {
  Pair db = open_pair({}, 0);
  REQUIRE(db.family<"left">().put("a", "1"));
  WriteBatch batch;
  batch.put(db.family<"right">().id(), "b", "2");
  batch.erase(db.family<"left">().id(), "a");
  REQUIRE(db.write(batch));
  CHECK(changes(db, 0) == std::vector<std::string>{"1 0 a=1", "2 1 b=2", "3 0 a="});
  CHECK(changes(db, 2) == std::vector<std::string>{"3 0 a="});
  CHECK(changes(db, 3).empty());
  CHECK(changes(db, 99).empty());
}

TEST_CASE("a visitor that has seen enough is not called again") {
  Pair db = open_pair({}, 0);
  for (unsigned i = 0; i < 10; ++i) {
    REQUIRE(db.family<"left">().put("k", std::to_string(i)));
  }
  unsigned calls = 0;
  REQUIRE(db.changes_since(0, [&](Sequence, const BatchOperation&) { return ++calls < 4; }));
  CHECK(calls == 4);
}

TEST_CASE("what the log no longer holds is `not_found`, never a silent gap") {
  Pair db = open_pair({}, 0);
  for (unsigned i = 0; i < 100; ++i) {
    REQUIRE(db.family<"left">().put("k" + std::to_string(i), std::string(200, 'v')));
  }
  REQUIRE(db.flush());
  REQUIRE(db.family<"left">().put("last", "1"));
  auto gone = db.changes_since(0, [](Sequence, const BatchOperation&) { return true; });
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code() == ErrorCode::not_found);
  CHECK_THAT(gone.error().message(), Catch::Contains("checkpoint"));
  CHECK(changes(db, 100) == std::vector<std::string>{"101 0 last=1"});
}

TEST_CASE("a log that is retained reaches back beyond a flush") {
  Pair db = open_pair({}, 1 << 20);
  for (unsigned i = 0; i < 100; ++i) {
    REQUIRE(db.family<"left">().put("k" + std::to_string(i), std::string(200, 'v')));
  }
  REQUIRE(db.flush());
  CHECK(changes(db, 0).size() == 100);
}
