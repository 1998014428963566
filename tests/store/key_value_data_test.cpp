// SPDX-License-Identifier: BSL-1.0
/// Key order, prefixes and ranges over real keys, with answers that were computed by other means.
#include <strata/store/key_value.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "databases.hpp"
#include "real_data.hpp"

using strata::store::KeyValue;
using strata::txn::Direction;
using strata::txn::KeyLocks;

namespace {

using Databases = databases::all<"kv">;

std::size_t number(const boost::json::value& json) {
  return json.to_number<std::size_t>();
}
std::string_view text(const boost::json::value& json) {
  return {json.get_string().data(), json.get_string().size()};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("public suffixes: prefixes and ranges are right, also beyond ASCII", "",
                        Databases) {
  const auto list = real_data::read("kv/public_suffix_list.dat");
  if (!list) {
    return;
  }
  const auto all = boost::json::parse(*real_data::read("facts.json"));
  const auto& facts =
      all.at("kv/public_suffix_list.dat (keys = lines that are neither empty nor start with //)");
  TestType holder;
  KeyLocks locks;
  KeyValue<typename TestType::Db> kv(holder.db, locks);
  for (const auto& line : real_data::lines(*list)) {
    if (!line.empty() && !line.starts_with("//")) {
      REQUIRE(kv.put(line, ""));
    }
  }
  const auto keys = kv.list_prefix("");
  REQUIRE(keys);
  CHECK(keys->size() == number(facts.at("distinct")));
  const auto& ends = facts.at("first, last in byte order");
  CHECK(keys->front().first == text(ends.at(0)));
  CHECK(kv.list({""}, {.direction = Direction::backward, .limit = 1})->at(0).first ==
        text(ends.at(1)));
  CHECK(kv.list_prefix("*.")->size() == number(facts.at("prefix '*.'")));
  CHECK(kv.list({"com", "con"})->size() == number(facts.at("keys in ['com','con')")));
  CHECK(static_cast<std::size_t>(std::count_if(keys->begin(), keys->end(), [](const auto& pair) {
          return std::any_of(pair.first.begin(), pair.first.end(), [](char c) { return c < 0; });
        })) == number(facts.at("with non-ASCII bytes")));
}

TEMPLATE_LIST_TEST_CASE("media types: every value comes back under its key", "", Databases) {
  const auto db = real_data::read("kv/mime_db.json");
  if (!db) {
    return;
  }
  const auto all = boost::json::parse(*real_data::read("facts.json"));
  const auto& facts = all.at("kv/mime_db.json (key -> JSON object)");
  TestType holder;
  KeyLocks locks;
  KeyValue<typename TestType::Db> kv(holder.db, locks);
  const auto types = boost::json::parse(*db);
  for (const auto& type : types.as_object()) {
    REQUIRE(kv.put({type.key().data(), type.key().size()}, boost::json::serialize(type.value())));
  }
  for (const auto& type : types.as_object()) {
    REQUIRE(boost::json::parse(**kv.get({type.key().data(), type.key().size()})) == type.value());
  }
  const auto keys = kv.list_prefix("");
  CHECK(keys->size() == number(facts.at("keys")));
  CHECK(keys->front().first == text(facts.at("first, last in byte order").at(0)));
  CHECK(keys->back().first == text(facts.at("first, last in byte order").at(1)));
  CHECK(kv.list_prefix("application/vnd.")->size() ==
        number(facts.at("prefix 'application/vnd.'")));
  CHECK(kv.list_prefix("image/")->size() == number(facts.at("prefix 'image/'")));
  CHECK(kv.list({"text/html"}, {.limit = 2})->at(1).first ==
        text(facts.at("key after 'text/html'")));
}
