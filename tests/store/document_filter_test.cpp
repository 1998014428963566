// SPDX-License-Identifier: BSL-1.0
#include <strata/store/document_filter.hpp>
#include <strata/store/document_filter_parser.hpp>

#include <catch2/catch.hpp>

#include <string>

#include <boost/json/parse.hpp>

using strata::ErrorCode;
using strata::store::StoredValue;

namespace {

bool matches(const char* filter, const char* document) {
  INFO(filter << " on " << document);
  const auto parsed = strata::store::parse_filter(boost::json::parse(filter));
  REQUIRE(parsed);
  const auto stored = StoredValue::of(boost::json::parse(document));
  REQUIRE(stored);
  return parsed->matches(stored->root());
}

std::string refusal(const char* filter) {
  INFO(filter);
  const auto parsed = strata::store::parse_filter(boost::json::parse(filter));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code() == ErrorCode::invalid_argument);
  return parsed.error().message();
}

}  // namespace

TEST_CASE("equality is by value, whatever the number's type, and looks into arrays") {
  CHECK(matches("{}", "{}"));
  CHECK(matches(R"({"a":1})", R"({"a":1.0})"));
  CHECK(matches(R"({"a":9007199254740993})", R"({"a":9007199254740993})"));
  CHECK_FALSE(matches(R"({"a":9007199254740993})", R"({"a":9007199254740992.0})"));
  CHECK(matches(R"({"a":1})", R"({"a":[3,1]})"));
  CHECK(matches(R"({"a":[3,1]})", R"({"a":[3,1]})"));
  CHECK_FALSE(matches(R"({"a":[1,3]})", R"({"a":[3,1]})"));
  CHECK(matches(R"({"a":[1,3]})", R"({"a":[[1,3]]})"));
  CHECK(matches(R"({"a":{"x":1,"y":2}})", R"({"a":{"y":2,"x":1}})"));
  CHECK_FALSE(matches(R"({"a":{"x":1}})", R"({"a":{"y":2,"x":1}})"));
  CHECK_FALSE(matches(R"({"a":"1"})", R"({"a":1})"));
  CHECK(matches(R"({"a":1,"b":2})", R"({"a":1,"b":2})"));
  CHECK_FALSE(matches(R"({"a":1,"b":2})", R"({"a":1,"b":3})"));
}

TEST_CASE("null means null or missing") {
  CHECK(matches(R"({"a":null})", R"({})"));
  CHECK(matches(R"({"a":null})", R"({"a":null})"));
  CHECK_FALSE(matches(R"({"a":null})", R"({"a":0})"));
  CHECK(matches(R"({"a":{"$in":[1,null]}})", R"({})"));
  CHECK(matches(R"({"a":{"$gte":null}})", R"({})"));
  CHECK_FALSE(matches(R"({"a":{"$gt":null}})", R"({})"));
  CHECK_FALSE(matches(R"({"a":{"$ne":null}})", R"({})"));
  CHECK(matches(R"({"a.b":null})", R"({"a":[{"b":1},{"c":2}]})"));
  CHECK_FALSE(matches(R"({"a.b":null})", R"({"a":[{"b":1}]})"));
  CHECK_FALSE(matches(R"({"a.b":null})", R"({"a":[1,2]})"));
}

TEST_CASE("order operators compare within a type") {
  CHECK(matches(R"({"a":{"$gt":1,"$lt":3}})", R"({"a":2})"));
  CHECK_FALSE(matches(R"({"a":{"$gt":1,"$lt":3}})", R"({"a":3})"));
  CHECK(matches(R"({"a":{"$gte":1.5,"$lte":3}})", R"({"a":3})"));
  CHECK_FALSE(matches(R"({"a":{"$gt":1}})", R"({"a":"2"})"));
  CHECK_FALSE(matches(R"({"a":{"$lt":"b"}})", R"({"a":1})"));
  CHECK(matches(R"({"a":{"$lt":"b"}})", R"({"a":"a"})"));
  CHECK_FALSE(matches(R"({"a":{"$lt":5}})", R"({})"));
  // Different elements may satisfy the two bounds, as in MongoDB.
  CHECK(matches(R"({"a":{"$gt":5,"$lt":3}})", R"({"a":[1,9]})"));
  CHECK_FALSE(matches(R"({"a":{"$elemMatch":{"$gt":5,"$lt":3}}})", R"({"a":[1,9]})"));
  CHECK(matches(R"({"a":{"$gte":{"$date":5}}})", R"({"a":{"$date":5}})"));
  CHECK_FALSE(matches(R"({"a":{"$gte":5}})", R"({"a":{"$date":5}})"));
  CHECK(matches(R"({"a":{"$date":5}})", R"({"a":{"$date":5}})"));
}

TEST_CASE("paths reach into objects, positions and every element of arrays") {
  CHECK(matches(R"({"a.b.c":1})", R"({"a":{"b":{"c":1}}})"));
  CHECK(matches(R"({"a.0":5})", R"({"a":[5,6]})"));
  CHECK_FALSE(matches(R"({"a.1":5})", R"({"a":[5,6]})"));
  CHECK(matches(R"({"a.b":2})", R"({"a":[{"b":1},{"b":2}]})"));
  CHECK(matches(R"({"a.1.b":2})", R"({"a":[{"b":1},{"b":2}]})"));
  CHECK(matches(R"({"a.b.0":2})", R"({"a":[{"b":[2]}]})"));
  CHECK(matches(R"({"a.0":2})", R"({"a":[{"0":2}]})"));
  CHECK(matches(R"({"a.0":2})", R"({"a":{"0":2}})"));
  CHECK_FALSE(matches(R"({"a.b":1})", R"({"a":[[{"b":1}]]})"));
  CHECK(matches(R"({"a.0.b":1})", R"({"a":[[{"b":1}]]})"));
}

TEST_CASE("negations are the opposite of the whole condition") {
  CHECK(matches(R"({"a":{"$ne":1}})", R"({"a":2})"));
  CHECK(matches(R"({"a":{"$ne":1}})", R"({})"));
  CHECK_FALSE(matches(R"({"a":{"$ne":1}})", R"({"a":[1,2]})"));
  CHECK(matches(R"({"a":{"$nin":[1,2]}})", R"({"a":3})"));
  CHECK_FALSE(matches(R"({"a":{"$nin":[1,2]}})", R"({"a":[3,2]})"));
  CHECK(matches(R"({"a":{"$not":{"$gt":5}}})", R"({})"));
  CHECK_FALSE(matches(R"({"a":{"$not":{"$gt":5}}})", R"({"a":6})"));
  CHECK(matches(R"({"a":{"$not":{"$gt":5,"$lt":9}}})", R"({"a":10})"));
}

TEST_CASE("logic combines filters") {
  CHECK(matches(R"({"$or":[{"a":1},{"b":1}]})", R"({"b":1})"));
  CHECK_FALSE(matches(R"({"$or":[{"a":1},{"b":1}]})", R"({"b":2})"));
  CHECK(matches(R"({"$and":[{"a":1},{"$or":[{"b":2},{"b":3}]}]})", R"({"a":1,"b":3})"));
  CHECK(matches(R"({"$nor":[{"a":1},{"b":1}]})", R"({"a":2})"));
  CHECK_FALSE(matches(R"({"$nor":[{"a":1},{"b":1}]})", R"({"a":1})"));
}

TEST_CASE("elements: presence and type") {
  CHECK(matches(R"({"a":{"$exists":true}})", R"({"a":null})"));
  CHECK_FALSE(matches(R"({"a":{"$exists":true}})", R"({})"));
  CHECK(matches(R"({"a.b":{"$exists":false}})", R"({"a":{}})"));
  CHECK(matches(R"({"a":{"$exists":true}})", R"({"a":[]})"));
  CHECK(matches(R"({"a":{"$type":"string"}})", R"({"a":"x"})"));
  CHECK(matches(R"({"a":{"$type":"number"}})", R"({"a":1.5})"));
  CHECK(matches(R"({"a":{"$type":["null","int"]}})", R"({"a":7})"));
  CHECK(matches(R"({"a":{"$type":"long"}})", R"({"a":5000000000})"));
  CHECK(matches(R"({"a":{"$type":16}})", R"({"a":1})"));
  CHECK(matches(R"({"a":{"$type":"array"}})", R"({"a":[1]})"));
  CHECK(matches(R"({"a":{"$type":"int"}})", R"({"a":["x",1]})"));
  CHECK(matches(R"({"a":{"$type":"date"}})", R"({"a":{"$date":1}})"));
  CHECK(matches(R"({"a":{"$type":"binData"}})", R"({"a":{"$binary":"AAA="}})"));
  CHECK_FALSE(matches(R"({"a":{"$type":"bool"}})", R"({"a":0})"));
}

TEST_CASE("arrays: all, elemMatch and size") {
  CHECK(matches(R"({"a":{"$all":[1,2]}})", R"({"a":[2,3,1]})"));
  CHECK_FALSE(matches(R"({"a":{"$all":[1,4]}})", R"({"a":[2,3,1]})"));
  CHECK_FALSE(matches(R"({"a":{"$all":[]}})", R"({"a":[]})"));
  CHECK(matches(R"({"a":{"$size":0}})", R"({"a":[]})"));
  CHECK_FALSE(matches(R"({"a":{"$size":1}})", R"({"a":[1,2]})"));
  CHECK_FALSE(matches(R"({"a":{"$size":0}})", R"({})"));
  CHECK(matches(R"({"a":{"$elemMatch":{"x":1,"y":2}}})", R"({"a":[{"x":1,"y":2}]})"));
  CHECK_FALSE(matches(R"({"a":{"$elemMatch":{"x":1,"y":2}}})", R"({"a":[{"x":1},{"y":2}]})"));
  CHECK(matches(R"({"a":{"$elemMatch":{"$gte":3,"$lt":5}}})", R"({"a":[1,4]})"));
  CHECK(matches(R"({"a":{"$elemMatch":{"$or":[{"x":1},{"y":1}]}}})", R"({"a":[{"y":1}]})"));
  CHECK(matches(R"({"a":{"$all":[{"$elemMatch":{"x":1}},{"$elemMatch":{"x":2}}]}})",
                R"({"a":[{"x":1},{"x":2}]})"));
  CHECK(matches(R"({"a":{"$in":[7,2]}})", R"({"a":[1,2]})"));
}

TEST_CASE("values: regex and mod") {
  CHECK(matches(R"({"a":{"$regex":"^[A-C]"}})", R"({"a":"Brazil"})"));
  CHECK(matches(R"({"a":{"$regex":"^b","$options":"i"}})", R"({"a":"Brazil"})"));
  CHECK_FALSE(matches(R"({"a":{"$regex":"1"}})", R"({"a":1})"));
  CHECK(matches(R"({"a":{"$not":{"$regex":"x"}}})", R"({"a":"y"})"));
  CHECK(matches(R"({"a":{"$mod":[4,1]}})", R"({"a":9})"));
  CHECK(matches(R"({"a":{"$mod":[4,1]}})", R"({"a":9.7})"));
  CHECK(matches(R"({"a":{"$mod":[-1,0]}})", R"({"a":-9223372036854775808})"));
  CHECK_FALSE(matches(R"({"a":{"$mod":[4,1]}})", R"({"a":1e300})"));
}

TEST_CASE("a filter that can not be understood is refused with the reason") {
  CHECK(refusal(R"({"a":{"$gtt":1}})").find("'$gtt' on the field 'a'; known are $eq") !=
        std::string::npos);
  CHECK(refusal(R"({"$xor":[]})").find("$and, $or and $nor") != std::string::npos);
  for (const char* filter :
       {"1", R"({"a..b":1})", R"({"":1})", R"({"$or":[]})", R"({"$or":{}})", R"({"a":{"$in":1}})",
        R"({"a":{"$not":1}})", R"({"a":{"$exists":1}})", R"({"a":{"$type":"number2"}})",
        R"({"a":{"$size":-1}})", R"({"a":{"$regex":"("}})", R"({"a":{"$options":"i"}})",
        R"({"a":{"$mod":[0,1]}})", R"({"a":{"$mod":[2]}})", R"({"a":{"$elemMatch":1}})",
        R"({"a":{"$gt":1,"b":2}})", R"({"a":{"$all":[{"$gt":1}]}})"}) {
    static_cast<void>(refusal(filter));
  }
}
