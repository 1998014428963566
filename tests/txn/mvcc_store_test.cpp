// SPDX-License-Identifier: BSL-1.0

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/txn/mvcc_store.hpp>

#include "mvcc_compositions.hpp"

namespace {

using namespace mvcc_tests;
using strata::ErrorCode;

template <class Result>
ErrorCode code_of(const Result& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code();
}

const std::optional<std::string> absent;

}  // namespace

TEMPLATE_LIST_TEST_CASE("mvcc: a put is read back, an erased key is absent", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  CHECK(f.store.get("k") == absent);
  REQUIRE(f.store.put("k", "v"));
  CHECK(f.store.get("k") == "v");
  REQUIRE(f.store.put("k", ""));
  CHECK(f.store.get("k") == "");
  REQUIRE(f.store.erase("k"));
  CHECK(f.store.get("k") == absent);
  REQUIRE(f.store.put("k", "back"));
  CHECK(f.store.get("k") == "back");
}

TEMPLATE_LIST_TEST_CASE("mvcc: keys and values are any bytes, empty ones too", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  const std::string zeros(3, '\0');
  REQUIRE(f.store.put("", zeros));
  REQUIRE(f.store.put(zeros, ""));
  REQUIRE(f.store.put("\xff", "high"));
  CHECK(f.store.get("") == zeros);
  CHECK(f.store.get(zeros) == "");
  CHECK(f.store.get("\xff") == "high");
}

TEMPLATE_LIST_TEST_CASE("mvcc: commits are numbered upwards", "[mvcc]", Compositions) {
  Fixture<TestType> f;
  const auto first = f.store.put("a", "1");
  const auto second = f.store.put("b", "2");
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first < *second);
  CHECK(f.store.snapshot().sequence() == *second);
}

TEMPLATE_LIST_TEST_CASE("mvcc: a snapshot reads the newest version at or below it", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  const auto before = f.store.snapshot();
  REQUIRE(f.store.put("k", "1"));
  const auto one = f.store.snapshot();
  REQUIRE(f.store.put("k", "2"));
  const auto two = f.store.snapshot();
  REQUIRE(f.store.erase("k"));
  const auto gone = f.store.snapshot();
  REQUIRE(f.store.put("k", "4"));

  CHECK(before.get("k") == absent);
  CHECK(one.get("k") == "1");
  CHECK(two.get("k") == "2");
  CHECK(gone.get("k") == absent);  // the tombstone decides, not the value below it
  CHECK(f.store.get("k") == "4");
}

TEMPLATE_LIST_TEST_CASE("mvcc: writes are the transaction's own until it commits", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  REQUIRE(f.store.put("old", "1"));
  auto writer = f.store.begin();
  REQUIRE(writer.put("new", "2"));
  REQUIRE(writer.erase("old"));
  CHECK(writer.get("new").value() == "2");
  CHECK(writer.get("old").value() == absent);

  CHECK(f.store.get("new") == absent);
  CHECK(f.store.get("old") == "1");
  auto beside = f.store.begin(read_committed);
  CHECK(beside.get("new").value() == absent);
  CHECK(f.store.stats().versions == 1);

  REQUIRE(writer.commit());
  CHECK(f.store.get("new") == "2");
  CHECK(f.store.get("old") == absent);
  CHECK(beside.get("new").value() == "2");
}

TEMPLATE_LIST_TEST_CASE("mvcc: what is rolled back was never there", "[mvcc]", Compositions) {
  Fixture<TestType> f;
  {
    auto dropped = f.store.begin();
    REQUIRE(dropped.put("a", "1"));
    auto rolled_back = f.store.begin();
    REQUIRE(rolled_back.put("b", "1"));
    rolled_back.rollback();
    CHECK_FALSE(rolled_back.open());
    CHECK(code_of(rolled_back.get("b")) == ErrorCode::closed);
    CHECK(code_of(rolled_back.put("b", "1")) == ErrorCode::closed);
    CHECK(code_of(rolled_back.erase("b")) == ErrorCode::closed);
    CHECK(code_of(rolled_back.commit()) == ErrorCode::closed);
    rolled_back.rollback();  // harmless
  }
  CHECK(f.store.get("a") == absent);
  CHECK(f.store.get("b") == absent);
  const auto stats = f.store.stats();
  CHECK(stats.versions == 0);
  CHECK(stats.aborted == 2);
  CHECK(stats.conflicts == 0);
  CHECK(stats.snapshots == 0);
  REQUIRE(f.store.put("a", "2"));  // no lock was left behind
  REQUIRE(f.store.put("b", "2"));
}

TEMPLATE_LIST_TEST_CASE("mvcc: transactions move, and the last owner decides", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  auto first = f.store.begin();
  REQUIRE(first.put("a", "1"));
  auto moved = std::move(first);
  CHECK_FALSE(first.open());  // NOLINT(bugprone-use-after-move): that is the question
  auto assigned = f.store.begin();
  REQUIRE(assigned.put("b", "1"));
  assigned = std::move(moved);
  CHECK(f.store.stats().aborted == 1);
  REQUIRE(assigned.commit());
  CHECK(f.store.get("a") == "1");
  CHECK(f.store.get("b") == absent);
  REQUIRE(f.store.put("b", "2"));
  CHECK(f.store.stats().snapshots == 0);
}

TEMPLATE_LIST_TEST_CASE("mvcc: of two writers of a key that overlap one commits", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  REQUIRE(f.store.put("k", "0"));
  // `erases`: a delete conflicts like a put, on a key that neither has seen too.
  const std::string key = GENERATE("k", "never seen");
  const bool erases = GENERATE(false, true);
  CAPTURE(key, erases);
  auto winner = f.store.begin(mvcc::snapshot);
  auto loser = f.store.begin(mvcc::snapshot);
  if (!Fixture<TestType>::locks) {
    REQUIRE(winner.put(key, "winner"));
    auto written = erases ? loser.erase(key) : loser.put(key, "loser");
    REQUIRE(winner.commit());
    CHECK(code_of(written ? loser.commit() : strata::propagate(written)) == ErrorCode::conflict);
  } else {
    REQUIRE(winner.put(key, "winner"));
    REQUIRE(winner.commit());  // before the other one asks for the lock, which would wait
    CHECK(code_of(erases ? loser.erase(key) : loser.put(key, "loser")) == ErrorCode::conflict);
  }
  CHECK_FALSE(loser.open());
  CHECK(f.store.get(key) == "winner");
  CHECK(f.store.stats().conflicts == 1);
  CHECK(f.store.stats().aborted == 1);
}

TEMPLATE_LIST_TEST_CASE("mvcc: a writer conflicts with an erase and with an erase of nothing",
                        "[mvcc]", Compositions) {
  Fixture<TestType> f;
  auto late = f.store.begin(mvcc::snapshot);
  REQUIRE(f.store.erase("k"));
  if constexpr (Fixture<TestType>::vacuums) {
    f.store.vacuum();  // keeps the tombstone: `late` must not miss it
  }
  auto written = late.put("k", "late");
  CHECK(code_of(written ? late.commit() : strata::propagate(written)) == ErrorCode::conflict);
  CHECK(f.store.get("k") == absent);
}

TEMPLATE_LIST_TEST_CASE("mvcc: a key that came back with the same value has changed", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  REQUIRE(f.store.put("k", "same"));
  auto late = f.store.begin(mvcc::snapshot);
  CHECK(late.get("k").value() == "same");
  REQUIRE(f.store.put("k", "other"));
  REQUIRE(f.store.put("k", "same"));
  auto written = late.put("k", "late");
  CHECK(code_of(written ? late.commit() : strata::propagate(written)) == ErrorCode::conflict);
}

TEMPLATE_LIST_TEST_CASE("mvcc: writers of different keys do not conflict", "[mvcc]", Compositions) {
  Fixture<TestType> f;
  auto a = f.store.begin();
  auto b = f.store.begin();
  REQUIRE(a.put("a", "1"));
  REQUIRE(b.put("b", "1"));
  REQUIRE(b.commit());
  REQUIRE(a.commit());
  CHECK(f.store.stats().committed == 2);
}

TEMPLATE_LIST_TEST_CASE("mvcc: a transaction that lost is restarted and wins", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  auto late = f.store.begin(mvcc::snapshot);
  REQUIRE(f.store.put("k", "1"));
  auto written = late.put("k", "2");
  REQUIRE(code_of(written ? late.commit() : strata::propagate(written)) == ErrorCode::conflict);
  late.restart();
  CHECK(late.get("k").value() == "1");
  REQUIRE(late.put("k", "2"));
  REQUIRE(late.commit());
  CHECK(f.store.get("k") == "2");
}

TEMPLATE_LIST_TEST_CASE("mvcc: read-only transactions refuse to write, and go on reading", "[mvcc]",
                        Compositions) {
  Fixture<TestType> f;
  REQUIRE(f.store.put("k", "1"));
  auto reader = f.store.begin(read_only);
  REQUIRE(f.store.put("k", "2"));
  const auto refused = reader.put("k", "3");
  CHECK(code_of(refused) == ErrorCode::read_only);
  CHECK_THAT(refused.error().message(), Catch::Contains("begun as read_only"));
  CHECK(code_of(reader.erase("k")) == ErrorCode::read_only);
  CHECK(reader.get("k").value() == "1");
  CHECK(reader.commit());
  CHECK(f.store.get("k") == "2");
}

TEMPLATE_LIST_TEST_CASE("mvcc: keys and values beyond the limits are refused, and end nothing",
                        "[mvcc]", Compositions) {
  Fixture<TestType> f;
  auto writer = f.store.begin();
  const std::string long_key(strata::key_bytes_max + 1, 'k');
  CHECK(code_of(writer.put(long_key, "")) == ErrorCode::invalid_argument);
  CHECK(code_of(writer.erase(long_key)) == ErrorCode::invalid_argument);
  REQUIRE(writer.put(long_key.substr(1), "fits"));
  REQUIRE(writer.commit());
  CHECK(f.store.get(long_key.substr(1)) == "fits");
}

TEMPLATE_LIST_TEST_CASE("mvcc: savepoints undo writes and erases, nested", "[mvcc]", Compositions) {
  Fixture<TestType> f;
  REQUIRE(f.store.put("a", "0"));
  auto t = f.store.begin();
  REQUIRE(t.put("a", "1"));
  const auto outer = t.savepoint();
  REQUIRE(t.erase("a"));
  REQUIRE(t.put("b", "1"));
  const auto inner = t.savepoint();
  REQUIRE(t.put("b", "2"));
  REQUIRE(t.put("c", "2"));
  REQUIRE(t.rollback_to(inner));
  CHECK(t.get("b").value() == "1");
  CHECK(t.get("c").value() == absent);
  REQUIRE(t.put("c", "3"));
  REQUIRE(t.rollback_to(inner));  // a savepoint can be used again
  CHECK(t.get("c").value() == absent);
  REQUIRE(t.rollback_to(outer));
  CHECK(t.get("a").value() == "1");
  CHECK(t.get("b").value() == absent);
  CHECK(code_of(t.rollback_to(inner)) == ErrorCode::invalid_argument);
  CHECK(t.open());
  REQUIRE(t.commit());
  CHECK(f.store.get("a") == "1");
  CHECK(f.store.get("b") == absent);
  CHECK(f.store.stats().keys == 1);  // what was undone left no tombstone either
}

TEMPLATE_LIST_TEST_CASE("mvcc: scans are in order, within the range, and see own writes", "[mvcc]",
                        Compositions) {
  using F = Fixture<TestType>;
  if constexpr (F::scans) {
    F f;
    for (const char* key : {"d", "a", "c", "b", "e"}) {
      REQUIRE(f.store.put(key, "0"));
    }
    auto t = f.store.begin(mvcc::snapshot);
    const auto before = f.store.snapshot();
    REQUIRE(f.store.put("bb", "later"));
    REQUIRE(f.store.erase("e"));
    REQUIRE(t.put("aa", "own"));
    REQUIRE(t.erase("b"));
    REQUIRE(t.put("c", "own"));
    REQUIRE(t.put("f", "own"));

    using All = std::vector<KeyValue>;
    CHECK(t.scan("").value() ==
          All{{"a", "0"}, {"aa", "own"}, {"c", "own"}, {"d", "0"}, {"e", "0"}, {"f", "own"}});
    CHECK(t.scan("aa", "d").value() == All{{"aa", "own"}, {"c", "own"}});
    CHECK(t.scan("d", "aa").value().empty());
    CHECK(before.scan("b", "e") == All{{"b", "0"}, {"c", "0"}, {"d", "0"}});
    std::string first_two;
    REQUIRE(t.scan("", std::nullopt, [&](std::string_view key, std::string_view) {
      first_two.append(key).append(" ");
      return first_two.size() < 4;
    }));
    CHECK(first_two == "a aa ");
    auto now = f.store.begin(read_committed);
    CHECK(now.scan("b", "c").value() == All{{"b", "0"}, {"bb", "later"}});
    CHECK(now.scan("e").value().empty());
  }
}

TEMPLATE_LIST_TEST_CASE("mvcc: snapshots move and go in any order", "[mvcc]", Compositions) {
  Fixture<TestType> f;
  std::vector<typename Fixture<TestType>::Store::Snapshot> snapshots;
  for (int i = 0; i < 6; ++i) {
    REQUIRE(f.store.put("k", std::to_string(i)));
    snapshots.push_back(f.store.snapshot());
    snapshots.push_back(f.store.snapshot());
  }
  CHECK(f.store.stats().snapshots == 12);
  for (const std::size_t victim : {5U, 0U, 8U, 3U, 0U, 1U}) {
    snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(victim));
    if constexpr (Fixture<TestType>::vacuums) {
      f.store.vacuum();
    }
    for (const auto& s : snapshots) {
      CHECK(s.get("k") == std::to_string(s.sequence() - 1));
    }
  }
  snapshots.clear();
  CHECK(f.store.stats().snapshots == 0);
}
