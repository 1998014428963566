// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/scan.hpp>

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/filter.hpp>
#include <range/v3/view/take.hpp>
#include <range/v3/view/transform.hpp>

#include "small_database.hpp"

using namespace strata;

namespace {

using Tree = tests::SmallTree<>;
using Keys = std::vector<std::string>;

Tree open_with(const Keys& keys) {
  Tree db = std::move(Tree::open("/db", tests::small_options<Tree>({})).value());
  for (const std::string& key : keys) {
    REQUIRE(db.put(key, "value of " + key));
  }
  return db;
}

template <class View>
Keys keys_of(View view) {
  Keys keys;
  for (const auto [key, value] : view) {
    keys.emplace_back(key);
    REQUIRE(value == "value of " + std::string(key));
  }
  REQUIRE(view.status());
  return keys;
}

}  // namespace

TEST_CASE("a scan is a range of keys and values, in either direction, within bounds") {
  Tree db = open_with({"a", "b", "c", "d"});
  CHECK(keys_of(db.scan()) == Keys{"a", "b", "c", "d"});
  CHECK(keys_of(db.scan("b")) == Keys{"b", "c", "d"});
  CHECK(keys_of(db.scan("b", "d")) == Keys{"b", "c"});
  CHECK(keys_of(db.scan(std::nullopt, "b")) == Keys{"a"});
  CHECK(keys_of(db.scan_reversed()) == Keys{"d", "c", "b", "a"});
  CHECK(keys_of(db.scan_reversed("b", "d")) == Keys{"c", "b"});
  CHECK(keys_of(db.scan("x")).empty());
}

TEST_CASE("a prefix scan visits the keys that begin so, also where the prefix has no successor") {
  Tree db = open_with({"a", "ab", "abc", "b", "\xff", "\xff\xff",
                       "\xff\xff"
                       "a"});
  CHECK(keys_of(db.scan_prefix("ab")) == Keys{"ab", "abc"});
  CHECK(keys_of(db.scan_prefix("")).size() == 7);
  CHECK(keys_of(db.scan_prefix("\xff\xff")) == Keys{"\xff\xff",
                                                    "\xff\xff"
                                                    "a"});
}

TEST_CASE("scans go through range-v3's views") {
  Tree db = open_with({"a", "b", "c", "d", "e"});
  const auto found =
      db.scan() | ranges::views::filter([](const KeyValue& pair) { return pair.key != "b"; }) |
      ranges::views::transform([](const KeyValue& pair) { return std::string(pair.key); }) |
      ranges::views::take(3) | ranges::to<std::vector>();
  CHECK(found == Keys{"a", "c", "d"});
}

TEST_CASE("the bounds of a scan may be temporaries") {
  Tree db = open_with({"a", "b", "c"});
  auto scan = db.scan(std::string("b"), std::string("c"));
  CHECK(keys_of(std::move(scan)) == Keys{"b"});
}

TEST_CASE("families have scans too, as of a snapshot") {
  using Pair =
      Database<Family<"left">, Family<"right">, io::Memory, executor::Inline, clock::Frozen>;
  Pair db = std::move(Pair::open("/db", {}).value());
  auto left = db.family<"left">();
  REQUIRE(left.put("a", "value of a"));
  const Snapshot before = db.snapshot();
  REQUIRE(left.put("b", "value of b"));
  CHECK(keys_of(left.scan()) == Keys{"a", "b"});
  CHECK(keys_of(left.scan(std::nullopt, std::nullopt, {.snapshot = &before})) == Keys{"a"});
  CHECK(keys_of(db.family<"right">().scan()).empty());
}
