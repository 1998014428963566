// SPDX-License-Identifier: BSL-1.0
/// Every filter under an engine: what it is there for, and that one may replace another.

#include <strata/filter.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "../lsm/small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

constexpr unsigned keys = 5000;

template <class Filter>
using Tree = tests::SmallTree<Filter>;

template <class Filter>
Tree<Filter> open_tree(const io::Memory& fs) {
  auto opened = Tree<Filter>::open("/db", tests::small_options<Tree<Filter>>(fs));
  REQUIRE(opened);
  return std::move(opened).value();
}

/// How many keys have not their value, and how many of as many others have one.
template <class Db>
unsigned wrong_answers(Db& db, const std::string& tag) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < keys; ++i) {
    wrong += db.get(key_of(i)).value() == std::string(100, 'v') + tag ? 0U : 1U;
    wrong += db.get(key_of(i) + "a").value() == std::nullopt ? 0U : 1U;
  }
  return wrong;
}

template <class Db>
std::uint64_t blocks_asked(Db& db) {
  const metrics::Snapshot counters = db.stats().metrics;
  return counters[metrics::Counter::cache_hits] + counters[metrics::Counter::cache_misses];
}

/// Blocks that are looked at for a key that lies between the keys of a table.
template <class Filter>
double reads_per_absent_key() {
  const io::Memory fs;
  auto db = open_tree<Filter>(fs);
  REQUIRE(tests::fill(db, keys, ""));
  REQUIRE(db.flush());
  REQUIRE(db.compact());
  const std::uint64_t before = blocks_asked(db);
  for (unsigned i = 0; i < keys; ++i) {
    REQUIRE(db.get(key_of(i) + "a").value() == std::nullopt);
  }
  return static_cast<double>(blocks_asked(db) - before) / keys;
}

}  // namespace

TEMPLATE_TEST_CASE("An engine finds what is there and nothing else, before and after it reopens",
                   "", filter::BinaryFuse, filter::BlockedBloom, filter::Bloom, filter::None,
                   filter::Ribbon) {
  const io::Memory fs;
  {
    auto db = open_tree<TestType>(fs);
    REQUIRE(tests::fill(db, keys, "old"));
    REQUIRE(tests::fill(db, keys, "new"));
    REQUIRE(db.flush());
    CHECK(wrong_answers(db, "new") == 0);
    CHECK(db.verify());
  }
  auto db = open_tree<TestType>(fs);
  CHECK(wrong_answers(db, "new") == 0);
}

TEST_CASE("A filter spares an engine the reads of absent keys") {
  CHECK(reads_per_absent_key<filter::None>() > 0.9);
  CHECK(reads_per_absent_key<filter::Bloom>() < 0.03);
  CHECK(reads_per_absent_key<filter::BlockedBloom>() < 0.03);
  CHECK(reads_per_absent_key<filter::BinaryFuse>() < 0.015);
  CHECK(reads_per_absent_key<filter::Ribbon>() < 0.006);
}

TEST_CASE("A database may change its filter: tables with another are read without") {
  const io::Memory fs;
  {
    auto db = open_tree<filter::Bloom>(fs);
    REQUIRE(tests::fill(db, keys, "old"));
    REQUIRE(db.flush());
  }
  {
    auto db = open_tree<filter::Ribbon>(fs);
    CHECK(wrong_answers(db, "old") == 0);
    REQUIRE(tests::fill(db, keys / 2, "old"));
    REQUIRE(db.flush());
    CHECK(wrong_answers(db, "old") == 0);
  }
  auto db = open_tree<filter::BinaryFuse>(fs);
  CHECK(wrong_answers(db, "old") == 0);
  REQUIRE(db.compact());
  CHECK(wrong_answers(db, "old") == 0);
}
