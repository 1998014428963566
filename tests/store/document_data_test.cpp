// SPDX-License-Identifier: BSL-1.0
/// Queries over real collections, with answers that were computed by other means (facts.json of the
/// data directory), with no index and with every useful one.
#include <strata/store/document_store.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <strata/store/key_value.hpp>

#include "databases.hpp"
#include "real_data.hpp"

using strata::store::Json;
using strata::store::QueryOptions;
using strata::txn::KeyLocks;

namespace {

double real(const Json& json) {
  return json.to_number<double>();
}
std::uint64_t number(const Json& json) {
  return json.to_number<std::uint64_t>();
}

using Databases = databases::all<"documents", "kv">;

Json json(const std::string& text) {
  return boost::json::parse(text);
}

template <class Holder>
struct Fixture {
  using Db = typename Holder::Db;
  Holder holder;
  KeyLocks locks;
  strata::store::Documents<Db> documents{holder.db, locks};

  std::uint64_t count(const char* collection, const std::string& filter) {
    INFO(filter);
    const auto counted = documents.count(collection, json(filter));
    REQUIRE(counted);
    return *counted;
  }
  std::vector<Json> values(const char* collection, const std::string& filter,
                           const std::string& path, const QueryOptions& options = {}) {
    INFO(filter);
    const auto found = documents.query(collection, json(filter), options);
    REQUIRE(found);
    std::vector<Json> list;
    for (const Json& document : *found) {
      list.push_back(document.at_pointer(path));
    }
    return list;
  }
  Json sorted(const char* collection, const std::string& filter, const std::string& path) {
    auto list = values(collection, filter, path, {.sort = json(R"({"_id":1})")});
    return boost::json::array(list.begin(), list.end());
  }
  void load(const char* collection, const std::string& ndjson) {
    for (const auto& line : real_data::lines(ndjson)) {
      const auto inserted = documents.insert(collection, json(line));
      REQUIRE(inserted);
    }
  }
  void index(const char* collection, const char* fields) {
    REQUIRE(documents.create_index(collection, json(fields)));
  }
  void check(const char* collection) {
    const auto report = documents.check(collection);
    REQUIRE(report);
    CHECK(report->problems == std::vector<std::string>{});
  }
};

/// The value at the nearest rank p of a path's sorted values; nulls are left out.
template <class F>
double percentile(F& f, const char* collection, const std::string& path, double p) {
  const std::string filter = "{\"" + path + R"(":{"$ne":null}})";
  const auto n = static_cast<double>(f.count(collection, filter));
  const auto rank = static_cast<std::size_t>(std::ceil(p / 100 * n));
  std::string pointer = "/" + path;
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  const auto at = f.values(collection, filter, pointer,
                           {.sort = json("{\"" + path + "\":1}"), .skip = rank - 1, .limit = 1});
  return real(at.at(0));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("countries: the answers are right, with indexes and without", "",
                        Databases) {
  const auto text = real_data::read("documents/countries.ndjson");
  if (!text) {
    return;
  }
  const Json all = json(*real_data::read("facts.json"));
  const Json& facts = all.at("documents/countries.ndjson");
  Fixture<TestType> f;
  f.load("c", *text);
  for (const bool indexed : {false, true}) {
    CAPTURE(indexed);
    if (indexed) {
      for (const char* fields :
           {R"({"landlocked":1})", R"({"region":1,"area":-1})", R"({"borders":1})",
            R"({"languages.fra":1})", R"({"currencies.EUR":1})", R"({"latlng.0":1})",
            R"({"name.common":1})", R"({"area":1})", R"({"independent":-1})"}) {
        f.index("c", fields);
      }
      f.check("c");
    }
    CHECK(f.count("c", "{}") == number(facts.at("documents")));
    CHECK(f.count("c", R"({"independent":true})") == number(facts.at("independent == true")));
    CHECK(f.count("c", R"({"landlocked":true})") == number(facts.at("landlocked == true")));
    for (const auto& region : facts.at("by region").as_object()) {
      CHECK(f.count("c", "{\"region\":\"" + std::string(region.key()) + "\"}") ==
            number(region.value()));
    }
    CHECK(f.documents.distinct("c", "region")->size() == facts.at("by region").as_object().size());
    CHECK(f.count("c", R"({"borders":{"$size":0}})") == number(facts.at("borders has size 0")));
    CHECK(f.sorted("c", R"({"borders":"DEU"})", "/cca3") ==
          facts.at("borders contains 'DEU' (cca3, sorted)"));
    CHECK(f.sorted("c", R"({"borders":{"$size":16}})", "/cca3") == json(R"(["CHN"])"));
    CHECK(f.count("c", R"({"borders.16":{"$exists":true}})") == 0);
    CHECK(f.count("c", R"({"languages.fra":{"$exists":true}})") ==
          number(facts.at("languages.fra exists")));
    CHECK(f.count("c", R"({"currencies.EUR":{"$exists":true}})") ==
          number(facts.at("currencies.EUR exists")));
    CHECK(f.sorted("c", R"({"region":"Europe","area":{"$gt":300000}})", "/cca3") ==
          facts.at("region 'Europe' and area > 300000 (cca3, sorted)"));
    CHECK(f.count("c", R"({"latlng.0":{"$lt":0}})") == number(facts.at("latlng.0 < 0")));
    CHECK(f.count("c", R"({"name.common":{"$regex":"^[A-C]"}})") ==
          number(facts.at("name.common matches ^[A-C]")));
    CHECK(f.count("c", R"({"$or":[{"name.common":{"$regex":"^A"}},{"name.common":{"$regex":"^B"}},
                                  {"name.common":{"$gte":"C","$lt":"D"}}]})") ==
          number(facts.at("name.common matches ^[A-C]")));
    const auto top = f.values("c", "{}", "/cca3", {.sort = json(R"({"area":-1})"), .limit = 5});
    CHECK(Json(boost::json::array(top.begin(), top.end())) ==
          facts.at("top 5 by area, descending (cca3)"));
    CHECK(f.sorted("c", R"({"capital.1":{"$exists":true}})", "/cca3") ==
          facts.at("capital has 2 or more elements (cca3, sorted)"));
    const auto plan = f.documents.explain("c", json(R"({"borders":"DEU"})"));
    CHECK(number(plan->at("documents_examined")) == (indexed ? 9U : 250U));
  }
}

TEMPLATE_LIST_TEST_CASE("earthquakes: the answers are right, with indexes and without", "",
                        Databases) {
  const auto text = real_data::read("documents/earthquakes.ndjson");
  if (!text) {
    return;
  }
  const Json all = json(*real_data::read("facts.json"));
  const Json& facts = all.at("documents/earthquakes.ndjson");
  Fixture<TestType> f;
  f.load("q", *text);
  for (const bool indexed : {false, true}) {
    CAPTURE(indexed);
    if (indexed) {
      for (const char* fields :
           {R"({"properties.mag":1})", R"({"properties.net":1,"properties.mag":-1})",
            R"({"properties.felt":1})", R"({"geometry.coordinates.2":1})",
            R"({"geometry.coordinates.0":1,"geometry.coordinates.1":1})",
            R"({"properties.time":-1})", R"({"properties.type":1})"}) {
        f.index("q", fields);
      }
      f.check("q");
    }
    CHECK(f.count("q", "{}") == number(facts.at("documents")));
    CHECK(f.count("q", R"({"properties.mag":null})") == number(facts.at("properties.mag is null")));
    CHECK(f.count("q", R"({"properties.mag":{"$gte":5}})") ==
          number(facts.at("properties.mag >= 5")));
    const auto largest =
        f.documents.query("q", json("{}"), {.sort = json(R"({"properties.mag":-1})"), .limit = 1});
    CHECK(largest->at(0).at_pointer("/properties/mag") == facts.at("largest properties.mag"));
    CHECK(largest->at(0).at("_id") == facts.at("its _id").at(0));
    CHECK(percentile(f, "q", "properties.mag", 95) ==
          real(facts.at("properties.mag p95 nearest rank (nulls left out)")));
    CHECK(f.count("q", R"({"properties.type":{"$ne":"earthquake"}})") ==
          number(facts.at("properties.type != 'earthquake'")));
    const auto& nets = facts.at("by properties.net").as_object();
    for (const auto& net : nets) {
      CHECK(f.count("q", "{\"properties.net\":\"" + std::string(net.key()) + "\"}") ==
            number(net.value()));
    }
    CHECK(f.documents.distinct("q", "properties.net")->size() == nets.size());
    CHECK(f.count("q", R"({"properties.felt":{"$gte":10}})") ==
          number(facts.at("properties.felt >= 10")));
    CHECK(f.count("q", R"({"geometry.coordinates.2":{"$gt":100}})") ==
          number(facts.at("geometry.coordinates.2 (depth) > 100")));
    CHECK(f.count("q", R"({"geometry.coordinates.0":{"$gte":-125,"$lte":-114},
                           "geometry.coordinates.1":{"$gte":32,"$lte":42}})") ==
          number(facts.at("lon in [-125,-114] and lat in [32,42]")));
    CHECK(f.documents.distinct("q", "properties.time")->size() ==
          number(facts.at("distinct properties.time")));
  }
}

TEMPLATE_LIST_TEST_CASE("cities: the answers are right, in documents and in keys", "", Databases) {
  const auto text = real_data::read("documents/cities15000.csv");
  if (!text) {
    return;
  }
  const Json all = json(*real_data::read("facts.json"));
  const Json& facts = all.at("documents/cities15000.csv");
  Fixture<TestType> f;
  using Unit = strata::txn::Unit<typename TestType::Db>;
  strata::store::KeyValue<typename TestType::Db> kv(f.holder.db, f.locks);
  const auto lines = real_data::lines(*text);
  for (std::size_t first = 1; first < lines.size(); first += 1000) {
    auto unit = Unit::exclusive(f.holder.db, f.locks);
    for (std::size_t i = first; i < std::min(first + 1000, lines.size()); ++i) {
      const auto fields = real_data::csv_fields(lines[i]);
      const std::string key = fields[0] + "|" + fields[1] + "|" + fields[2];
      REQUIRE(kv.put(unit, key, fields[3]));
      REQUIRE(f.documents.insert(unit, "c",
                                 boost::json::object{{"_id", key},
                                                     {"name", fields[0]},
                                                     {"lat", std::stod(fields[1])},
                                                     {"population", std::stoll(fields[3])}}));
    }
    REQUIRE(unit.commit());
  }
  f.index("c", R"({"population":-1})");
  f.index("c", R"({"name":1})");
  f.check("c");

  CHECK(f.count("c", "{}") == number(facts.at("rows")));
  CHECK(f.count("c", R"({"population":{"$gt":1000000}})") ==
        number(facts.at("population > 1000000")));
  CHECK(f.count("c", R"({"population":{"$gte":100000}})") ==
        number(facts.at("population >= 100000")));
  CHECK(f.count("c", R"({"lat":{"$lt":0}})") == number(facts.at("south of the equator")));
  CHECK(percentile(f, "c", "population", 95) == real(facts.at("population p95 nearest rank")));
  const auto top =
      f.documents.query("c", json("{}"), {.sort = json(R"({"population":-1})"), .limit = 5});
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& expected = facts.at("top 5 by population").at(i);
    CHECK(top->at(i).at("name") == expected.at(0));
    CHECK(top->at(i).at("population") == expected.at(1));
  }
  std::uint64_t sum = 0;
  std::uint64_t non_ascii = 0;
  const auto every = f.documents.query("c");
  for (const Json& city : *every) {
    sum += number(city.at("population"));
    const auto name = city.at("name").as_string();
    non_ascii += std::any_of(name.begin(), name.end(), [](char c) { return c < 0; }) ? 1 : 0;
  }
  CHECK(sum == number(facts.at("sum of population")));
  CHECK(non_ascii == number(facts.at("names with a non-ASCII character")));
  CHECK(f.count("c", R"({"name":{"$regex":"[^\\x00-\\x7f]"}})") == non_ascii);
  CHECK(f.documents.distinct("c", "name")->size() == number(facts.at("distinct names")));
  for (const auto& frequent : facts.at("most frequent names").as_array()) {
    CHECK(f.documents.count("c", boost::json::object{{"name", frequent.at(0)}}) ==
          number(frequent.at(1)));
  }

  const auto& keys = facts.at("key = name|latitude|longitude in UTF-8");
  const auto listed = kv.list_prefix("");
  REQUIRE(listed);
  CHECK(listed->size() == number(keys.at("distinct keys")));
  CHECK(listed->front().first == keys.at("first in byte order").as_string().c_str());
  CHECK(kv.list({""}, {.direction = strata::txn::Direction::backward, .limit = 1})->at(0).first ==
        keys.at("last in byte order").as_string().c_str());
  CHECK(kv.list_prefix("San ")->size() == number(keys.at("keys with prefix 'San '")));
  CHECK(kv.list({"M", "N"})->size() == number(keys.at("keys in ['M','N')")));
}
