// SPDX-License-Identifier: BSL-1.0
#include <strata/store/document_index.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <strata/store/document_store.hpp>

#include "databases.hpp"

using strata::ErrorCode;
using strata::store::Json;
using strata::txn::KeyLocks;

namespace {

using Databases = databases::all<"documents">;
using Racing = databases::racing<"documents">;

template <class Holder>
struct Fixture {
  using Db = typename Holder::Db;
  Holder holder;
  KeyLocks locks;
  strata::store::Documents<Db> documents{holder.db, locks};
};

Json json(const std::string& text) {
  return boost::json::parse(text);
}

std::string ids_of(const std::vector<Json>& documents) {
  std::string ids;
  for (const Json& document : documents) {
    ids += boost::json::serialize(document.at("_id")) + " ";
  }
  return ids;
}

/// What the documents are sorted by. Documents that are equal in it may come in any order.
std::vector<std::string> sort_keys(const Json& sort, const std::vector<Json>& documents) {
  std::vector<std::string> keys;
  for (const Json& document : documents) {
    const auto stored = strata::store::StoredValue::of(document);
    REQUIRE(stored);
    std::string key;
    const auto fields = strata::store::detail::parse_fields(sort, "sort");
    for (const auto& field : *fields) {
      const auto values = strata::store::detail::values_of(field, stored->root());
      key +=
          field.order == strata::store::Order::ascending ? values.keys.front() : values.keys.back();
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

template <class Documents>
void check_good(Documents& documents, const char* collection) {
  const auto report = documents.check(collection);
  REQUIRE(report);
  for (const auto& problem : report->problems) {
    FAIL_CHECK(problem);
  }
}

/// Small documents with missing fields, nulls, arrays, objects and numbers of both types.
Json random_document(std::mt19937& random) {
  const auto scalar = [&]() -> Json {
    switch (random() % 8) {
      case 0: return nullptr;
      case 1: return 2.5;
      case 2: return "b";
      case 3: return "abc";
      case 4: return static_cast<double>(random() % 3);
      case 5: return boost::json::object{{"x", random() % 2}};
      default: return static_cast<std::int64_t>(random() % 5);
    }
  };
  const auto value = [&]() -> Json {
    if (random() % 4 != 0) {
      return scalar();
    }
    boost::json::array array;
    for (auto n = random() % 3; n-- > 0;) {
      array.push_back(random() % 6 == 0 ? Json(boost::json::array{scalar()}) : scalar());
    }
    return array;
  };
  boost::json::object object;
  for (const char* name : {"a", "b", "c"}) {
    if (random() % 5 != 0) {
      object[name] = value();
    }
  }
  if (random() % 2 == 0) {
    boost::json::array items;
    for (auto n = random() % 3; n-- > 0;) {
      boost::json::object item;
      if (random() % 4 != 0) {
        item["p"] = value();
      }
      items.push_back(item);
    }
    object["i"] = std::move(items);
  }
  return object;
}

Json random_filter(std::mt19937& random, int depth = 1) {
  const char* const paths[] = {"a", "b", "c", "i.p", "a.0", "i.0.p", "a.x"};
  const char* const values[] = {"0",     "1",       "2",   "3",  "2.5",       "null",
                                "\"b\"", "\"abc\"", "[1]", "[]", R"({"x":1})"};
  const char* const operators[] = {"$eq", "$gt", "$gte", "$lt", "$lte", "$ne"};
  const auto pick = [&](const auto& list) { return list[random() % std::size(list)]; };
  std::string text = "{";
  for (auto n = 1 + random() % 2; n-- > 0;) {
    std::string condition;
    switch (random() % 8) {
      case 0: condition = pick(values); break;
      case 1:
        condition = "{\"$in\":[" + std::string(pick(values)) + "," + pick(values) + "]}";
        break;
      case 2: condition = R"({"$regex":"^a"})"; break;
      case 3: condition = R"({"$exists":false})"; break;
      case 4: condition = R"({"$elemMatch":{"$gte":1}})"; break;
      default:
        condition = "{\"" + std::string(pick(operators)) + "\":" + pick(values) + ",\"" +
                    pick(operators) + "\":" + pick(values) + "}";
    }
    text += (text.size() > 1 ? ",\"" : "\"") + std::string(pick(paths)) + "\":" + condition;
  }
  text += "}";
  Json filter = json(text);
  if (depth > 0 && random() % 4 == 0) {
    return boost::json::object{
        {"$or", boost::json::array{filter, random_filter(random, depth - 1)}}};
  }
  if (depth > 0 && random() % 4 == 0) {
    return boost::json::object{
        {"$and", boost::json::array{filter, random_filter(random, depth - 1)}}};
  }
  return filter;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a query uses the index that narrows most, and says so", "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(d.insert(
        "c",
        boost::json::object{{"_id", i}, {"a", i % 10}, {"b", i}, {"s", "x" + std::to_string(i)}}));
  }
  REQUIRE(d.create_index("c", json(R"({"a":1,"b":-1})")));
  REQUIRE(d.create_index("c", json(R"({"s":1})"), {.name = "by_s"}));
  const auto explain = [&](const char* filter, const strata::store::QueryOptions& options = {}) {
    const auto plan = d.explain("c", json(filter), options);
    REQUIRE(plan);
    return *plan;
  };
  Json plan = explain(R"({"a":3})");
  CHECK(plan.at("plan") == "index");
  CHECK(plan.at("index") == "a_1_b_-1");
  CHECK(plan.at("documents_examined") == 10U);
  plan = explain(R"({"a":3,"b":{"$gte":50,"$lt":80}})");
  CHECK(plan.at("documents_examined") == 3U);
  CHECK(plan.at("bound_fields") == 2U);
  plan = explain(R"({"a":{"$in":[3,5]},"b":{"$gte":50}})");
  CHECK(plan.at("documents_examined") == 10U);
  CHECK(plan.at("ranges") == 2U);
  plan = explain(R"({"a":3})", {.sort = json(R"({"b":-1})"), .limit = 2});
  CHECK(plan.at("sorted_by_index") == true);
  CHECK(plan.at("documents_examined") == 2U);
  plan = explain(R"({"a":3})", {.sort = json(R"({"b":1})"), .limit = 2});
  CHECK(plan.at("sorted_by_index") == true);
  plan = explain("{}", {.sort = json(R"({"a":-1,"b":1})"), .limit = 2});
  CHECK(plan.at("sorted_by_index") == true);
  CHECK(plan.at("documents_examined") == 2U);
  plan = explain("{}", {.sort = json(R"({"a":-1,"b":-1})"), .limit = 2});
  CHECK(plan.at("plan") == "collection_scan");
  plan = explain(R"({"s":{"$regex":"^x9"}})");
  CHECK(plan.at("index") == "by_s");
  CHECK(plan.at("documents_examined") == 11U);
  plan = explain(R"({"_id":7,"a":7})");
  CHECK(plan.at("index") == "_id_");
  CHECK(plan.at("documents_examined") == 1U);
  plan = explain(R"({"_id":{"$gte":10,"$lt":20}})");
  CHECK(plan.at("documents_examined") == 10U);
  plan = explain(R"({"b":5})");
  CHECK(plan.at("plan") == "collection_scan");
  CHECK(plan.at("documents_examined") == 100U);
  plan = explain(R"({"a":{"$in":[]}})");
  CHECK(plan.at("documents_examined") == 0U);
  REQUIRE(d.drop_index("c", "a_1_b_-1"));
  CHECK(explain(R"({"a":3})").at("plan") == "collection_scan");
  CHECK(d.drop_index("c", "a_1_b_-1").error().code() == ErrorCode::not_found);
  CHECK(d.indexes("c")->size() == 1);
}

TEMPLATE_LIST_TEST_CASE("a unique index refuses a second document with the value", "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.insert("c", json(R"({"_id":1,"mail":"x","tags":["p","q"]})")));
  REQUIRE(d.create_index("c", json(R"({"mail":1})"), {.unique = true}));
  REQUIRE(d.create_index("c", json(R"({"tags":1})"), {.unique = true, .sparse = true}));
  CHECK(d.insert("c", json(R"({"_id":2,"mail":"x"})")).error().code() == ErrorCode::conflict);
  CHECK(d.insert("c", json(R"({"_id":2,"mail":"y","tags":["r","q"]})")).error().code() ==
        ErrorCode::conflict);
  CHECK(*d.count("c") == 1);
  REQUIRE(d.insert("c", json(R"({"_id":2,"mail":"y","tags":"r"})")));
  CHECK(d.update("c", 2, json(R"({"mail":"x"})")).error().code() == ErrorCode::conflict);
  CHECK(*d.update("c", 1, json(R"({"mail":"z"})")) == 2);
  CHECK(*d.update("c", 2, json(R"({"mail":"x"})")) == 2);
  REQUIRE(d.insert("c", json(R"({"_id":3})")));  // a missing mail is null, once
  CHECK(d.insert("c", json(R"({"_id":4})")).error().code() == ErrorCode::conflict);
  CHECK(*d.erase("c", 3));
  REQUIRE(d.insert("c", json(R"({"_id":4})")));
  check_good(d, "c");
  const auto refused = d.create_index("c", json(R"({"_version":1})"), {.unique = true});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::conflict);
  CHECK(d.indexes("c")->size() == 2);
  REQUIRE(d.create_index("c", json(R"({"mail":1})"), {.unique = true}));  // is there already
  CHECK(d.create_index("c", json(R"({"mail":1})")).error().code() == ErrorCode::already_exists);
}

TEMPLATE_LIST_TEST_CASE("two bounds on an array may be met by two of its elements", "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.create_collection("c"));
  REQUIRE(d.create_index("c", json(R"({"a":1})")));
  REQUIRE(d.insert("c", json(R"({"_id":1,"a":7})")));
  CHECK(d.explain("c", json(R"({"a":{"$gt":5,"$lt":9}})"))->at("keys_examined") == 1U);
  REQUIRE(d.insert("c", json(R"({"_id":2,"a":[1,20]})")));
  CHECK(ids_of(*d.query("c", json(R"({"a":{"$gt":5,"$lt":9}})"))) == "1 2 ");
  CHECK(ids_of(*d.query("c", json(R"({"a":{"$gte":1}})"))) == "2 1 ");
  check_good(d, "c");
}

TEMPLATE_LIST_TEST_CASE("with any indexes a query gives what a scan of the collection gives", "",
                        Databases) {
  const std::uint32_t seed = GENERATE(range(1u, 13u));
  CAPTURE(seed);
  std::mt19937 random(seed);
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.create_collection("plain"));
  REQUIRE(d.create_collection("c"));
  const char* const fields[] = {R"({"a":1})",   R"({"a":-1})",           R"({"a":1,"b":-1})",
                                R"({"i.p":1})", R"({"b":1,"i.p":1})",    R"({"c":-1,"a":-1})",
                                R"({"a.0":1})", R"({"b":1,"c":1,"a":1})"};
  for (int step = 0; step < 500; ++step) {
    const int id = static_cast<int>(random() % 60);
    switch (random() % 8) {
      case 0: {
        const bool in_one = *d.erase("plain", id);
        REQUIRE(*d.erase("c", id) == in_one);
        break;
      }
      case 1: {
        const bool sparse = random() % 3 == 0;
        const auto made =
            d.create_index("c", json(fields[random() % std::size(fields)]), {.sparse = sparse});
        REQUIRE((made || made.error().code() == ErrorCode::already_exists));
        break;
      }
      case 2: {
        const auto list = d.indexes("c");
        if (!list->empty() && random() % 2 == 0) {
          REQUIRE(d.drop_index("c", list->at(0).at("name").as_string().c_str()));
        }
        break;
      }
      default: {
        const Json document = random_document(random);
        if (*d.get("plain", id)) {
          REQUIRE(d.replace("plain", id, document));
          REQUIRE(d.replace("c", id, document));
        } else {
          Json with_id = document;
          with_id.get_object()["_id"] = id;
          REQUIRE(d.insert("plain", with_id));
          REQUIRE(d.insert("c", with_id));
        }
      }
    }
    const Json filter = random_filter(random);
    CAPTURE(boost::json::serialize(filter));
    CAPTURE(boost::json::serialize(*d.explain("c", filter)));
    const auto by_id = json(R"({"_id":1})");
    REQUIRE(ids_of(*d.query("c", filter, {.sort = by_id})) ==
            ids_of(*d.query("plain", filter, {.sort = by_id})));
    const char* const sorts[] = {R"({"a":1})",   R"({"a":-1,"b":1})", R"({"b":1,"c":1,"a":1})",
                                 R"({"i.p":1})", R"({"a":1,"b":-1})", R"({"b":-1,"_id":1})"};
    strata::store::QueryOptions options;
    options.sort = json(sorts[random() % std::size(sorts)]);
    options.skip = random() % 3;
    if (random() % 2 == 0) {
      options.limit = random() % 6;
    }
    CAPTURE(boost::json::serialize(options.sort));
    REQUIRE(sort_keys(options.sort, *d.query("c", filter, options)) ==
            sort_keys(options.sort, *d.query("plain", filter, options)));
    options.limit = 1 + random() % 20;
    REQUIRE(sort_keys(options.sort, *d.query("c", json("{}"), options)) ==
            sort_keys(options.sort, *d.query("plain", json("{}"), options)));
  }
  check_good(d, "c");
}

TEMPLATE_LIST_TEST_CASE("an index is built while documents change, and agrees with them", "",
                        Racing) {
  Fixture<TestType> f;
  auto& d = f.documents;
  for (int i = 0; i < 200; ++i) {
    REQUIRE(d.insert("c", boost::json::object{{"_id", i}, {"a", i}, {"u", i}}));
  }
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  for (unsigned t = 0; t < 3; ++t) {
    writers.emplace_back([&, t] {
      std::mt19937 random(t);
      while (!stop) {
        const int id = static_cast<int>(random() % 260);
        const auto value = static_cast<std::int64_t>(random() % 50);
        if (random() % 3 == 0) {
          failures += d.erase("c", id) ? 0 : 1;
        } else if (random() % 2 == 0) {
          const auto done =
              d.update("c", id, boost::json::object{{"a", boost::json::array{value, value + 1}}});
          failures += done || done.error().code() == ErrorCode::not_found ? 0 : 1;
        } else {
          const auto done =
              d.insert("c", boost::json::object{{"_id", id}, {"a", value}, {"u", id}});
          failures += done || done.error().code() == ErrorCode::already_exists ? 0 : 1;
        }
      }
    });
  }
  for (int round = 0; round < 10; ++round) {
    CHECK(d.create_index("c", json(R"({"a":1})")));
    CHECK(d.create_index("c", json(R"({"u":1})"), {.unique = true}));
    const auto report = d.check("c");
    CHECK((report && report->good()));
    CHECK(d.drop_index("c", "a_1"));
    CHECK(d.drop_index("c", "u_1"));
  }
  CHECK(d.create_index("c", json(R"({"a":1})")));
  stop = true;
  for (auto& writer : writers) {
    writer.join();
  }
  CHECK(failures == 0);
  check_good(d, "c");
}

TEMPLATE_LIST_TEST_CASE("of documents that race for a unique value exactly one wins", "", Racing) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.create_collection("c"));
  REQUIRE(d.create_index("c", json(R"({"u":1})"), {.unique = true}));
  std::atomic<int> won{0};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 600; ++i) {
        const int id = t * 10000 + i;
        const auto inserted = d.insert("c", boost::json::object{{"_id", id}, {"u", i}});
        if (inserted) {
          ++won;
          // Give the value up for another that is everybody's goal too.
          const auto moved = d.update("c", id, boost::json::object{{"u", 1000 + i / 2}});
          failures += moved || moved.error().code() == ErrorCode::conflict ? 0 : 1;
        } else {
          failures += inserted.error().code() == ErrorCode::conflict ? 0 : 1;
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(failures == 0);
  CHECK(won >= 600);
  check_good(d, "c");
  const auto distinct = d.distinct("c", "u");
  CHECK(distinct->size() == *d.count("c"));
}

TEMPLATE_LIST_TEST_CASE("increments of one document by many threads all count", "", Racing) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.insert("c", json(R"({"_id":1,"n":0})")));
  REQUIRE(d.create_index("c", json(R"({"n":1})")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        static_cast<void>(d.update("c", 1, json(R"({"$inc":{"n":1}})")));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK((*d.get("c", 1))->at("n") == 2000);
  CHECK((*d.get("c", 1))->at("_version") == 2001);
  check_good(d, "c");
}

TEMPLATE_LIST_TEST_CASE("a build that was cut off is completed after the next open", "",
                        Databases) {
  Fixture<TestType> f;
  REQUIRE(f.documents.insert("c", json(R"({"_id":1,"a":[1,2]})")));
  // The state that a crash leaves behind: registered, not filled.
  strata::store::Collection collection;
  collection.name = "c";
  collection.id = 1;
  collection.next_index = 2;
  strata::store::IndexInfo index;
  index.id = 1;
  index.name = "a_1";
  index.fields.push_back({*strata::store::Path::of("a")});
  collection.indexes.push_back(index);
  auto family = f.holder.db.template family<"documents">();
  REQUIRE(family.put(strata::store::detail::collection_key("c"), encode(collection)));

  strata::store::Documents<typename TestType::Db> reopened(f.holder.db, f.locks);
  REQUIRE(reopened.insert("c", json(R"({"_id":2,"a":2})")));
  CHECK(ids_of(*reopened.query("c", json(R"({"a":2})"))) == "1 2 ");
  CHECK(reopened.indexes("c")->at(0).at("ready") == false);
  REQUIRE(reopened.finish_index_builds());
  CHECK(reopened.indexes("c")->at(0).at("ready") == true);
  CHECK(reopened.explain("c", json(R"({"a":2})"))->at("index") == "a_1");
  CHECK(ids_of(*reopened.query("c", json(R"({"a":2})"))) == "1 2 ");
  check_good(reopened, "c");
}

TEMPLATE_LIST_TEST_CASE("check finds an entry that is missing, wrong, or too many", "", Databases) {
  Fixture<TestType> f;
  auto& d = f.documents;
  REQUIRE(d.insert("c", json(R"({"_id":"x","a":1})")));
  REQUIRE(d.create_index("c", json(R"({"a":1})")));
  auto family = f.holder.db.template family<"documents">();
  const auto entry = [](int value, const char* id) {
    return strata::store::KeyWriter()
        .u8(3)
        .u32(1)
        .u32(1)
        .tag(strata::store::KeyTag::number)
        .number(std::int64_t{value})
        .tag(strata::store::KeyTag::string)
        .bytes(id)
        .take();
  };
  REQUIRE(*family.get(entry(1, "x")));
  CHECK(d.check("c")->good());
  REQUIRE(family.put(entry(2, "x"), ""));
  REQUIRE(d.check("c")->problems.size() == 1);
  CHECK(d.check("c")->problems[0].find("does not agree") != std::string::npos);
  CHECK(d.check("c")->problems[0].find("'x'") != std::string::npos);
  REQUIRE(family.erase(entry(2, "x")));
  REQUIRE(family.put(entry(1, "ghost"), ""));
  CHECK(d.check("c")->problems[0].find("no document") != std::string::npos);
  CHECK(d.query("c", json(R"({"a":1})")).error().code() == ErrorCode::corruption);
  REQUIRE(family.erase(entry(1, "ghost")));
  REQUIRE(family.erase(entry(1, "x")));
  CHECK(d.check("c")->problems[0].find("missing") != std::string::npos);
}
