// SPDX-License-Identifier: BSL-1.0
#include <strata/store/key_value.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

#include "databases.hpp"

using strata::ErrorCode;
using strata::store::KeyValue;
using strata::store::ScanOptions;
using strata::txn::Direction;
using strata::txn::KeyLocks;

namespace {

using Databases = databases::all<"kv">;

std::string keys_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string joined;
  for (const auto& [key, value] : pairs) {
    joined += key + " ";
  }
  return joined;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a key-value store gives back what was put, until it is erased", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  KeyValue<typename TestType::Db> kv(holder.db, locks);
  CHECK_FALSE(*kv.get("a"));
  REQUIRE(kv.put("a", "1"));
  const auto before = holder.db.snapshot();
  REQUIRE(kv.put("a", "2"));
  CHECK(**kv.get("a") == "2");
  CHECK(**kv.get("a", &before) == "1");
  CHECK(*kv.contains("a"));
  REQUIRE(kv.erase("a"));
  CHECK_FALSE(*kv.contains("a"));
  CHECK(*kv.contains("a", &before));
  REQUIRE(kv.put(std::string("\0\xff", 2), ""));
  CHECK(**kv.get(std::string("\0\xff", 2)) == "");
  const std::string_view keys[] = {"a", std::string_view("\0\xff", 2)};
  const auto both = kv.multi_get(keys);
  REQUIRE(both);
  CHECK_FALSE(both->at(0));
  CHECK(both->at(1) == "");
}

TEMPLATE_LIST_TEST_CASE("scans go either way within a range, a prefix and a limit", "", Databases) {
  TestType holder;
  KeyLocks locks;
  KeyValue<typename TestType::Db> kv(holder.db, locks);
  for (const char* key : {"a", "ab", "b", "ba", "bb", "c", "\xff", "\xff\xff"}) {
    REQUIRE(kv.put(key, key));
  }
  CHECK(keys_of(*kv.list({"ab", "c"})) == "ab b ba bb ");
  CHECK(keys_of(*kv.list({"ab", "c"}, {.direction = Direction::backward})) == "bb ba b ab ");
  CHECK(keys_of(*kv.list({"ab", "c"}, {.direction = Direction::backward, .limit = 2})) == "bb ba ");
  CHECK(keys_of(*kv.list_prefix("b")) == "b ba bb ");
  CHECK(keys_of(*kv.list_prefix("\xff")) == "\xff \xff\xff ");
  CHECK(keys_of(*kv.list_prefix("b", {.limit = 0})) == "");
  CHECK(keys_of(*kv.list({"c", "a"})) == "");
  CHECK(kv.list_prefix("")->size() == 8);
  REQUIRE(kv.erase_range("ab", "bb"));
  CHECK(keys_of(*kv.list_prefix("")) == "a bb c \xff \xff\xff ");
}

TEMPLATE_LIST_TEST_CASE("a batch is applied whole, or not at all where it fails", "", Databases) {
  TestType holder;
  KeyLocks locks;
  using Store = KeyValue<typename TestType::Db>;
  Store kv(holder.db, locks);
  REQUIRE(kv.put("x", "0"));
  REQUIRE(kv.batch([&](typename Store::Unit& unit) -> strata::Result<void> {
    CHECK(kv.put(unit, "y", "1"));
    CHECK(**kv.get(unit, "y") == "1");
    return kv.erase(unit, "x");
  }));
  CHECK(keys_of(*kv.list_prefix("")) == "y ");
  const auto failed = kv.batch([&](typename Store::Unit& unit) {
    CHECK(kv.put(unit, "z", "1"));
    return kv.put(unit, "", "no key");
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == ErrorCode::invalid_argument);
  CHECK(keys_of(*kv.list_prefix("")) == "y ");
}

TEMPLATE_LIST_TEST_CASE("compare_and_put lets one of several writers win each round", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  KeyValue<typename TestType::Db> kv(holder.db, locks);
  REQUIRE(kv.compare_and_put("n", std::nullopt, "0"));
  CHECK(kv.compare_and_put("n", std::nullopt, "0").error().code() == ErrorCode::conflict);
  std::vector<std::thread> running;
  std::atomic<long> wins{0};
  for (int t = 0; t < 4; ++t) {
    running.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const std::string seen = **kv.get("n");
        wins += kv.compare_and_put("n", seen, std::to_string(std::stol(seen) + 1)) ? 1 : 0;
      }
    });
  }
  for (auto& thread : running) {
    thread.join();
  }
  CHECK(std::stol(**kv.get("n")) == wins.load());
}
