// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/family_access.hpp>

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;
using tests::key_of;
using tests::small_options;

namespace {

using Tree = tests::SmallTree<>;

Tree open_tree(const io::Memory& fs = {}) {
  return std::move(Tree::open("/db", small_options<Tree>(fs)).value());
}

}  // namespace

TEST_CASE("a handle of a family is small, and its copies are the same family") {
  using Pair = Database<Family<"left">, Family<"right">, io::Memory, executor::Inline>;
  auto db = std::move(Pair::open("/db").value());
  auto left = db.family<"left">();
  const auto copy = left;
  CHECK(sizeof left == sizeof(void*));
  REQUIRE(left.put("k", "v"));
  CHECK(copy.get("k").value() == "v");
  CHECK(copy.id() == left.id());
  CHECK(db.family<"right">().get("k").value() == std::nullopt);
  CHECK(db.family<"right">().id() != left.id());
}

TEST_CASE("a visited value needs no copy, and says whether it was there") {
  Tree db = open_tree();
  REQUIRE(db.put("a", "value"));
  std::size_t seen = 0;
  CHECK(db.get("a", [&](std::string_view bytes) { seen = bytes.size(); }).value());
  CHECK(seen == 5);
  CHECK_FALSE(db.get("b", [&](std::string_view) { seen = 0; }).value());
  CHECK(seen == 5);
}

TEST_CASE("multi_get answers in the order of its keys, as of one moment") {
  Tree db = open_tree();
  REQUIRE(db.put("a", "1"));
  REQUIRE(db.put("c", "3"));
  using Values = std::vector<std::optional<std::string>>;
  CHECK(db.multi_get({"c", "b", "a", "c"}).value() == Values{"3", std::nullopt, "1", "3"});
  const Snapshot before = db.snapshot();
  REQUIRE(db.erase("c"));
  CHECK(db.multi_get({"c", "a"}, {.snapshot = &before}).value() == Values{"3", "1"});
}

TEST_CASE("an erased range is gone at once, from every floor, and can be written again") {
  Tree db = open_tree();
  REQUIRE(tests::fill(db, 300, "x"));
  REQUIRE(db.compact());
  const Snapshot before = db.snapshot();
  REQUIRE(db.erase_range(key_of(100), key_of(200)));
  REQUIRE(db.put(key_of(150), "again"));
  const auto check = [&] {
    CHECK(db.get(key_of(99)).value().has_value());
    CHECK(db.get(key_of(100)).value() == std::nullopt);
    CHECK(db.get(key_of(150)).value() == "again");
    CHECK(db.get(key_of(199)).value() == std::nullopt);
    CHECK(db.get(key_of(200)).value().has_value());
    CHECK(db.get(key_of(100), {.snapshot = &before}).value().has_value());
  };
  check();
  REQUIRE(db.flush());
  check();
  REQUIRE(db.compact());
  check();
}

TEST_CASE("a range whose end is not above its beginning is refused or empty") {
  Tree db = open_tree();
  REQUIRE(db.put("b", "1"));
  (void)db.erase_range("c", "a");
  (void)db.erase_range("b", "b");
  CHECK(db.get("b").value() == "1");
}
