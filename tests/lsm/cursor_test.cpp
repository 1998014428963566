// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/cursor.hpp>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

using Tree = tests::SmallTree<>;
using Keys = std::vector<std::string>;

/// Every second key of 400, with some erased, spread over the memtable, level 0 and below.
class Spread {
 public:
  Spread() : db(std::move(Tree::open("/db", tests::small_options<Tree>({})).value())) {
    write(0, 3);
    REQUIRE(db.compact());
    write(1, 3);
    REQUIRE(db.flush());
    write(2, 3);
    for (unsigned i = 0; i < 400; i += 10) {
      REQUIRE(db.erase(key_of(i)));
      model.erase(key_of(i));
    }
    REQUIRE(db.erase_range(key_of(100), key_of(120)));
    model.erase(model.lower_bound(key_of(100)), model.lower_bound(key_of(120)));
  }

  Tree db;
  std::map<std::string, std::string> model;

 private:
  void write(unsigned first, unsigned step) {
    for (unsigned i = 2 * first; i < 400; i += 2 * step) {
      model[key_of(i)] = "value" + std::to_string(i);
      REQUIRE(db.put(key_of(i), model[key_of(i)]));
    }
  }
};

Keys forward(Tree::Cursor cursor) {
  Keys keys;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    keys.emplace_back(cursor.key());
  }
  REQUIRE(cursor.status());
  return keys;
}
Keys backward(Tree::Cursor cursor) {
  Keys keys;
  for (cursor.seek_to_last(); cursor.valid(); cursor.prev()) {
    keys.emplace_back(cursor.key());
  }
  REQUIRE(cursor.status());
  return keys;
}

}  // namespace

TEST_CASE("a cursor visits each live key once, in order, in both directions") {
  Spread spread;
  Keys expected;
  for (const auto& [key, value] : spread.model) {
    expected.push_back(key);
  }
  CHECK(forward(spread.db.cursor()) == expected);
  CHECK(backward(spread.db.cursor()) == Keys(expected.rbegin(), expected.rend()));
}

TEST_CASE("a cursor stays within its bounds, whichever way it comes") {
  Spread spread;
  for (const auto& [low, high] : {std::pair{50U, 90U}, std::pair{95U, 125U}, std::pair{0U, 1U},
                                  std::pair{101U, 119U}, std::pair{398U, 500U}}) {
    CAPTURE(low, high);
    const std::string first = key_of(low);
    const std::string last = key_of(high);
    Keys expected;
    for (auto at = spread.model.lower_bound(first); at != spread.model.lower_bound(last); ++at) {
      expected.push_back(at->first);
    }
    const ReadOptions options{.lower_bound = first, .upper_bound = last};
    CHECK(forward(spread.db.cursor(options)) == expected);
    CHECK(backward(spread.db.cursor(options)) == Keys(expected.rbegin(), expected.rend()));
  }
}

TEST_CASE("seek and turn anywhere: the cursor is where a map's iterator would be") {
  Spread spread;
  const std::uint64_t seed = 20261121;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  auto cursor = spread.db.cursor();
  auto at = spread.model.end();
  for (unsigned step = 0; step < 5000; ++step) {
    const auto choice = random() % 10;
    if (choice == 0 || at == spread.model.end()) {
      const std::string target = key_of(static_cast<unsigned>(random() % 410));
      cursor.seek(target);
      at = spread.model.lower_bound(target);
    } else if (choice == 1) {
      const std::string target = key_of(static_cast<unsigned>(random() % 410));
      cursor.seek_for_prev(target);
      at = spread.model.upper_bound(target);
      at = at == spread.model.begin() ? spread.model.end() : std::prev(at);
    } else if (step / 40 % 3 == 0 ? choice < 9 : choice < 6) {  // sometimes mostly forward
      cursor.next();
      ++at;
    } else {
      cursor.prev();
      at = at == spread.model.begin() ? spread.model.end() : std::prev(at);
    }
    REQUIRE(cursor.valid() == (at != spread.model.end()));
    if (cursor.valid()) {
      REQUIRE(cursor.key() == at->first);
      REQUIRE(cursor.value() == at->second);
    }
  }
}

TEST_CASE("a cursor sees the moment it was made, whatever is written, flushed and merged later") {
  Spread spread;
  const Keys before = forward(spread.db.cursor());
  auto cursor = spread.db.cursor();
  REQUIRE(tests::fill(spread.db, 400, "later"));
  REQUIRE(spread.db.compact());
  CHECK(forward(std::move(cursor)) == before);
  CHECK(forward(spread.db.cursor()).size() == 400);
}

TEST_CASE("a walk through one table sees what the table, the snapshot and the bound let it see") {
  // Plain values, with an erased key, a newer version and a newer key here and there.
  auto db = Tree::open("/db", tests::small_options<Tree>({})).value();
  std::map<std::string, std::string> model;
  for (unsigned i = 0; i < 300; ++i) {
    REQUIRE(db.put(key_of(2 * i), "old"));
    model[key_of(2 * i)] = "old";
  }
  const auto keeps_old_versions = db.snapshot();
  for (unsigned i = 3; i < 300; i += 29) {
    REQUIRE(db.put(key_of(2 * i), "second"));
    model[key_of(2 * i)] = "second";
  }
  for (unsigned i = 0; i < 300; i += 37) {
    REQUIRE(db.erase(key_of(2 * i)));
    model.erase(key_of(2 * i));
  }
  const auto snapshot = db.snapshot();
  for (unsigned i = 5; i < 300; i += 41) {
    REQUIRE(db.put(key_of(2 * i), "new"));
    REQUIRE(db.put(key_of(2 * i + 1), "newer key"));
  }
  REQUIRE(db.flush());
  const auto bound = GENERATE_COPY(std::string(), key_of(171), key_of(400));
  CAPTURE(bound);
  ReadOptions options{.snapshot = &snapshot};
  if (!bound.empty()) {
    options.upper_bound = bound;
  }
  std::vector<std::pair<std::string, std::string>> seen;
  auto cursor = db.cursor(options);
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    seen.emplace_back(cursor.key(), cursor.value());
  }
  REQUIRE(cursor.status());
  model.erase(bound.empty() ? model.end() : model.lower_bound(bound), model.end());
  const std::vector<std::pair<std::string, std::string>> expected(model.begin(), model.end());
  CHECK(seen == expected);
}

TEST_CASE("a cursor passes a key that was written many times, whichever of its versions it sees") {
  auto db = Tree::open("/db", tests::small_options<Tree>({})).value();
  REQUIRE(db.put("a", "first"));
  REQUIRE(db.put("hot", "0"));
  REQUIRE(db.put("z", "last"));
  std::vector<std::pair<strata::Snapshot, std::string>> moments;
  for (int i = 1; i <= 100; ++i) {
    if (i % 9 == 0) {
      moments.emplace_back(db.snapshot(), std::to_string(i - 1));
    }
    REQUIRE(db.put("hot", std::to_string(i)));
  }
  moments.emplace_back(db.snapshot(), "100");
  for (const auto& [snapshot, value] : moments) {
    CAPTURE(value);
    auto cursor = db.cursor({.snapshot = &snapshot});
    std::vector<std::string> seen;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      seen.emplace_back(cursor.value());
    }
    CHECK(seen == std::vector<std::string>{"first", value, "last"});
  }
}

TEST_CASE("a snapshot's cursor sees the snapshot") {
  Spread spread;
  const Keys before = forward(spread.db.cursor());
  const Snapshot snapshot = spread.db.snapshot();
  REQUIRE(spread.db.erase_range(key_of(0), key_of(1000)));
  REQUIRE(spread.db.compact());
  CHECK(forward(spread.db.cursor()).empty());
  CHECK(forward(spread.db.cursor({.snapshot = &snapshot})) == before);
  CHECK(backward(spread.db.cursor({.snapshot = &snapshot})) ==
        Keys(before.rbegin(), before.rend()));
}

TEST_CASE("a cursor over nothing is not valid, and has no error") {
  Tree db = std::move(Tree::open("/db", tests::small_options<Tree>({})).value());
  auto cursor = db.cursor();
  CHECK_FALSE(cursor.valid());
  cursor.seek_to_first();
  CHECK_FALSE(cursor.valid());
  cursor.seek_to_last();
  CHECK_FALSE(cursor.valid());
  cursor.seek("a");
  CHECK_FALSE(cursor.valid());
  CHECK(cursor.status());
}

TEST_CASE("with the order of keys reversed, cursors walk it so") {
  using Reversed = tests::SmallTree<comparator::ReverseBytewise>;
  Reversed db = std::move(Reversed::open("/db", tests::small_options<Reversed>({})).value());
  REQUIRE(tests::fill(db, 300, "x"));
  REQUIRE(db.compact());
  REQUIRE(db.put(key_of(300), "x"));
  auto cursor = db.cursor();
  cursor.seek_to_first();
  for (unsigned i = 301; i-- > 0; cursor.next()) {
    REQUIRE(cursor.valid());
    REQUIRE(cursor.key() == key_of(i));
  }
  CHECK_FALSE(cursor.valid());
  cursor.seek(key_of(150));
  REQUIRE(cursor.valid());
  CHECK(cursor.key() == key_of(150));
}
