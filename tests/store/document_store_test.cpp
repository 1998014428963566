// SPDX-License-Identifier: BSL-1.0
#include <strata/store/document_store.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <strata/store/key_value.hpp>

#include "databases.hpp"

using strata::ErrorCode;
using strata::store::Json;
using strata::txn::KeyLocks;

namespace {

using Databases = databases::all<"documents", "kv">;

/// Time stands where the test puts it.
struct TestClock {
  const std::int64_t* now;
  [[nodiscard]] std::int64_t now_ms() const { return *now; }
};

template <class Holder>
struct Fixture {
  using Db = typename Holder::Db;
  using Documents = strata::store::Documents<Db, "documents", TestClock>;
  Holder holder;
  KeyLocks locks;
  std::int64_t now = 1000;
  Documents documents{holder.db, locks, TestClock{&now}};
};

Json json(const std::string& text) {
  return boost::json::parse(text);
}

template <class Result>
ErrorCode code_of(const Result& result) {
  REQUIRE_FALSE(result);
  return result.error().code();
}

std::string ids_of(const strata::Result<std::vector<Json>>& found) {
  REQUIRE(found);
  std::string ids;
  for (const Json& document : *found) {
    ids += boost::json::serialize(document.at("_id")) + " ";
  }
  return ids;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a document comes back with the fields that the store keeps", "",
                        Databases) {
  Fixture<TestType> f;
  const auto id = f.documents.insert("people", json(R"({"_id":"ann","age":30,"_version":77})"));
  REQUIRE(id);
  CHECK(*id == Json("ann"));
  CHECK(**f.documents.get("people", "ann") ==
        json(R"({"_id":"ann","age":30,"_version":1,"_created":{"$date":1000},
                 "_updated":{"$date":1000}})"));
  CHECK_FALSE(*f.documents.get("people", "bob"));
  CHECK(code_of(f.documents.insert("people", json(R"({"_id":"ann"})"))) ==
        ErrorCode::already_exists);
  CHECK(*f.documents.visit("people", "ann", [](strata::store::ValueRef document) {
    strata::store::ValueRef age;
    CHECK(strata::store::find_field(document, "age", age));
    CHECK(age.AsInt64() == 30);
  }));
}

TEMPLATE_LIST_TEST_CASE("an _id is made where there is none, and ids sort by time", "", Databases) {
  Fixture<TestType> f;
  std::string before;
  for (int i = 0; i < 20; ++i) {
    f.now += 1;
    const auto id = f.documents.insert("people", json("{}"));
    REQUIRE(id);
    const std::string text(id->as_string().c_str());
    CHECK(text.size() == 26);
    CHECK(before < text);
    before = text;
    CHECK(*f.documents.get("people", *id));
  }
}

TEMPLATE_LIST_TEST_CASE("an _id is any single value, and equal numbers are one id", "", Databases) {
  Fixture<TestType> f;
  for (const char* document :
       {R"({"_id":1})", R"({"_id":"1"})", R"({"_id":true})", R"({"_id":{"$date":1}})",
        R"({"_id":{"$binary":"AQ=="}})", R"({"_id":2.5})", R"({"_id":""})"}) {
    CAPTURE(document);
    CHECK(f.documents.insert("c", json(document)));
  }
  CHECK(*f.documents.count("c") == 7);
  CHECK(code_of(f.documents.insert("c", json(R"({"_id":1.0})"))) == ErrorCode::already_exists);
  CHECK(*f.documents.get("c", 1));
  for (const char* document : {R"({"_id":null})", R"({"_id":[1]})", R"({"_id":{"a":1}})", "1"}) {
    CAPTURE(document);
    CHECK(code_of(f.documents.insert("c", json(document))) == ErrorCode::invalid_argument);
  }
  const Json long_id = boost::json::object{{"_id", std::string(2000, 'x')}};
  CHECK(code_of(f.documents.insert("c", long_id)) == ErrorCode::invalid_argument);
}

TEMPLATE_LIST_TEST_CASE("an unknown collection is an error with advice, never an empty result", "",
                        Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  CHECK(code_of(d.get("no", 1)) == ErrorCode::not_found);
  CHECK(code_of(d.query("no")) == ErrorCode::not_found);
  CHECK(code_of(d.count("no")) == ErrorCode::not_found);
  CHECK(code_of(d.update("no", 1, json(R"({"a":1})"))) == ErrorCode::not_found);
  CHECK(code_of(d.erase("no", 1)) == ErrorCode::not_found);
  CHECK(code_of(d.drop_collection("no")) == ErrorCode::not_found);
  CHECK(code_of(d.create_index("no", json(R"({"a":1})"))) == ErrorCode::not_found);
  CHECK(d.query("no").error().message().find("create_collection") != std::string::npos);
  REQUIRE(d.create_collection("yes"));
  CHECK(code_of(d.create_collection("yes")) == ErrorCode::already_exists);
  CHECK(*d.count("yes") == 0);
  CHECK(code_of(d.update("yes", 1, json(R"({"a":1})"))) == ErrorCode::not_found);
  CHECK(*d.erase("yes", 1) == false);
  REQUIRE(d.insert("new", json("{}")));
  CHECK(*d.collections() == std::vector<std::string>{"new", "yes"});
}

TEMPLATE_LIST_TEST_CASE("updates raise the version and can insist on one", "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.insert("c", json(R"({"_id":1,"n":1})")));
  f.now = 2000;
  CHECK(*d.update("c", 1, json(R"({"$inc":{"n":2}})")) == 2);
  CHECK(**d.get("c", 1) == json(R"({"_id":1,"n":3,"_version":2,"_created":{"$date":1000},
                                    "_updated":{"$date":2000}})"));
  CHECK(code_of(d.update("c", 1, json(R"({"n":0})"), {.expected_version = 1})) ==
        ErrorCode::conflict);
  CHECK(*d.update("c", 1, json(R"({"n":null,"m":0})"), {.expected_version = 2}) == 3);
  CHECK(*d.replace("c", 1, json(R"({"x":1})"), {.expected_version = 3}) == 4);
  CHECK(**d.get("c", 1) == json(R"({"_id":1,"x":1,"_version":4,"_created":{"$date":1000},
                                    "_updated":{"$date":2000}})"));
  CHECK(code_of(d.replace("c", 1, json(R"({"_id":2})"))) == ErrorCode::invalid_argument);
  CHECK(code_of(d.update("c", 1, json(R"({"$set":{"_version":1}})"))) ==
        ErrorCode::invalid_argument);
  CHECK(code_of(d.erase("c", 1, {.expected_version = 3})) == ErrorCode::conflict);
  CHECK(*d.erase("c", 1, {.expected_version = 4}));
  CHECK_FALSE(*d.get("c", 1));
}

TEMPLATE_LIST_TEST_CASE("results are sorted, skipped, limited and projected", "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  const char* const documents[] = {R"({"_id":1,"a":3,"b":"x","l":[5,1]})",
                                   R"({"_id":2,"a":1,"b":"y","l":[2]})",
                                   R"({"_id":3,"a":2,"b":"x"})", R"({"_id":4,"b":"x","l":[]})",
                                   R"({"_id":5,"a":"text","o":{"p":1,"q":[{"r":1,"s":2},7]}})"};
  for (const char* document : documents) {
    REQUIRE(d.insert("c", json(document)));
  }
  CHECK(ids_of(d.query("c")) == "1 2 3 4 5 ");
  CHECK(ids_of(d.query("c", json("{}"), {.sort = json(R"({"a":1})")})) == "4 2 3 1 5 ");
  CHECK(ids_of(d.query("c", json("{}"), {.sort = json(R"({"a":-1})")})) == "5 1 3 2 4 ");
  CHECK(ids_of(d.query("c", json("{}"), {.sort = json(R"({"b":-1,"a":1})")})) == "2 4 3 1 5 ");
  // An array sorts by its least element up, by its greatest down.
  CHECK(ids_of(d.query("c", json(R"({"l.0":{"$exists":true}})"), {.sort = json(R"({"l":1})")})) ==
        "1 2 ");
  CHECK(ids_of(d.query("c", json("{}"), {.sort = json(R"({"a":1})"), .skip = 1, .limit = 2})) ==
        "2 3 ");
  CHECK(ids_of(d.query("c", json("{}"), {.skip = 3})) == "4 5 ");
  CHECK(ids_of(d.query("c", json("{}"), {.limit = 0})) == "");
  CHECK(d.query("c", json(R"({"_id":5})"), {.projection = json(R"({"o.q.r":1})")})->at(0) ==
        json(R"({"_id":5,"o":{"q":[{"r":1}]}})"));
  CHECK(d.query("c", json(R"({"_id":2})"), {.projection = json(R"({"b":1,"_id":0})")})->at(0) ==
        json(R"({"b":"y"})"));
  CHECK(d.query("c", json(R"({"_id":5})"), {.projection = json(R"({"_id":1})")})->at(0) ==
        json(R"({"_id":5})"));
  const Json without = d.query("c", json(R"({"_id":5})"),
                               {.projection = json(R"({"o.q.s":0,"_version":0,"_created":0,
                                                       "_updated":0})")})
                           ->at(0);
  CHECK(without == json(R"({"_id":5,"a":"text","o":{"p":1,"q":[{"r":1},7]}})"));
  CHECK(*d.distinct("c", "b") == std::vector<Json>{"x", "y"});
  CHECK(*d.distinct("c", "l") == std::vector<Json>{1, 2, 5});
  CHECK(code_of(d.query("c", json("{}"), {.sort = json("{}")})) == ErrorCode::invalid_argument);
  CHECK(code_of(d.query("c", json("{}"), {.sort = json(R"({"a":2})")})) ==
        ErrorCode::invalid_argument);
  CHECK(code_of(d.query("c", json("{}"), {.projection = json(R"({"a":1,"b":0})")})) ==
        ErrorCode::invalid_argument);
  CHECK(code_of(d.query("c", json("{}"), {.projection = json(R"({"a":1,"a.b":1})")})) ==
        ErrorCode::invalid_argument);
  CHECK(code_of(d.query("c", json("{}"), {.sort = json(R"({"a":1})"), .sort_bytes_max = 100})) ==
        ErrorCode::busy);
}

TEMPLATE_LIST_TEST_CASE("reads of a snapshot see documents, collections and indexes of its moment",
                        "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.insert("c", json(R"({"_id":1,"a":1})")));
  const auto before = f.holder.db.snapshot();
  REQUIRE(d.create_index("c", json(R"({"a":1})")));
  REQUIRE(d.update("c", 1, json(R"({"a":2})")));
  REQUIRE(d.insert("c", json(R"({"_id":2,"a":1})")));
  CHECK(ids_of(d.query("c", json(R"({"a":1})"), {.snapshot = &before})) == "1 ");
  CHECK(ids_of(d.query("c", json(R"({"a":1})"))) == "2 ");
  const auto indexed = f.holder.db.snapshot();
  REQUIRE(d.drop_collection("c"));
  CHECK(code_of(d.query("c")) == ErrorCode::not_found);
  CHECK(ids_of(d.query("c", json(R"({"a":2})"), {.snapshot = &indexed})) == "1 ");
  CHECK(*d.count("c", json("{}"), &indexed) == 2);
  CHECK(d.check("c", &indexed)->good());
  REQUIRE(d.insert("c", json(R"({"_id":3})")));  // a new collection of the old name is empty
  CHECK(ids_of(d.query("c")) == "3 ");
  CHECK(d.indexes("c")->empty());
}

TEMPLATE_LIST_TEST_CASE("a unit over several stores is all or nothing", "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  using Unit = typename Fixture<TestType>::Documents::Unit;
  strata::store::KeyValue<typename TestType::Db> kv(f.holder.db, f.locks);
  {
    auto unit = Unit::exclusive(f.holder.db, f.locks);
    REQUIRE(d.insert(unit, "c", json(R"({"_id":1,"a":1})")));
    REQUIRE(d.create_index(unit, "c", json(R"({"a":1})"), {.unique = true}));
    REQUIRE(d.update(unit, "c", 1, json(R"({"a":2})")));
    REQUIRE(kv.put(unit, "k", "v"));
    CHECK(ids_of(d.query(unit, "c", json(R"({"a":2})"))) == "1 ");
    CHECK(*d.count(unit, "c") == 1);
    CHECK(d.insert(unit, "c", json(R"({"_id":2,"a":2})")).error().code() == ErrorCode::conflict);
  }
  CHECK(d.collections()->empty());
  CHECK_FALSE(*kv.contains("k"));
  {
    auto unit = Unit::exclusive(f.holder.db, f.locks);
    REQUIRE(d.insert(unit, "c", json(R"({"_id":1,"a":1})")));
    REQUIRE(d.create_index(unit, "c", json(R"({"a":1})"), {.unique = true}));
    REQUIRE(d.insert(unit, "c", json(R"({"_id":2,"a":2})")));
    CHECK(*d.erase(unit, "c", 1));
    REQUIRE(d.insert(unit, "c", json(R"({"_id":3,"a":1})")));
    REQUIRE(kv.put(unit, "k", "v"));
    REQUIRE(unit.commit());
  }
  CHECK(ids_of(d.query("c")) == "2 3 ");
  CHECK(*kv.contains("k"));
  const auto report = d.check("c");
  REQUIRE(report);
  CHECK(report->good());
  CHECK(report->entries == 2);
  auto single = Unit::single(f.holder.db, f.locks, {});
  CHECK(code_of(d.insert(single, "c", json("{}"))) == ErrorCode::invalid_argument);
}

TEMPLATE_LIST_TEST_CASE("a damaged document is reported as corruption and names its collection", "",
                        Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.insert("people", json(R"({"_id":"ann","name":"Ann"})")));
  auto family = f.holder.db.template family<"documents">();
  const std::string key = strata::store::KeyWriter()
                              .u8(2)
                              .u32(1)
                              .tag(strata::store::KeyTag::string)
                              .bytes("ann")
                              .take();
  std::string bytes = **family.get(key);
  bytes[bytes.size() - 2] = '\x7f';
  REQUIRE(family.put(key, bytes));
  CHECK(code_of(d.get("people", "ann")) == ErrorCode::corruption);
  const auto found = d.query("people");
  CHECK(code_of(found) == ErrorCode::corruption);
  CHECK(found.error().message().find("people") != std::string::npos);
}
