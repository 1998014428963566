// SPDX-License-Identifier: BSL-1.0
#include <strata/store/document_update.hpp>

#include <catch2/catch.hpp>

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using strata::ErrorCode;
using strata::store::Json;

namespace {

Json after(const char* document, const char* update) {
  INFO(update);
  const auto changed =
      strata::store::updated(boost::json::parse(document), boost::json::parse(update));
  REQUIRE(changed);
  return *changed;
}
std::string refusal(const char* document, const char* update) {
  INFO(update);
  const auto changed =
      strata::store::updated(boost::json::parse(document), boost::json::parse(update));
  REQUIRE_FALSE(changed);
  CHECK(changed.error().code() == ErrorCode::invalid_argument);
  return changed.error().message();
}
Json json(const char* text) {
  return boost::json::parse(text);
}

}  // namespace

TEST_CASE("fields are set, removed and renamed, also deep inside") {
  CHECK(after(R"({"a":1})", R"({"$set":{"b.c":2,"a":3}})") == json(R"({"a":3,"b":{"c":2}})"));
  CHECK(after(R"({"a":[1,{"b":2}]})", R"({"$set":{"a.1.b":3,"a.3":9}})") ==
        json(R"({"a":[1,{"b":3},null,9]})"));
  CHECK(after(R"({"a":{"b":1,"c":2}})", R"({"$unset":{"a.b":"","x.y":""}})") ==
        json(R"({"a":{"c":2}})"));
  CHECK(after(R"({"a":[1,2]})", R"({"$unset":{"a.0":""}})") == json(R"({"a":[null,2]})"));
  CHECK(after(R"({"a":{"b":1}})", R"({"$rename":{"a.b":"c.d","no":"x"}})") ==
        json(R"({"a":{},"c":{"d":1}})"));
}

TEST_CASE("numbers are added and multiplied exactly, or the update is refused") {
  CHECK(after(R"({"a":1})", R"({"$inc":{"a":2,"b":-1}})") == json(R"({"a":3,"b":-1})"));
  CHECK(after(R"({"a":1})", R"({"$inc":{"a":0.5}})") == json(R"({"a":1.5})"));
  CHECK(after(R"({"a":3})", R"({"$mul":{"a":-4,"b":2}})") == json(R"({"a":-12,"b":0})"));
  CHECK(after(R"({"a":9223372036854775807})", R"({"$inc":{"a":1}})") ==
        json(R"({"a":9223372036854775808})"));
  static_cast<void>(refusal(R"({"a":18446744073709551615})", R"({"$inc":{"a":1}})"));
  static_cast<void>(
      refusal(R"({"a":18446744073709551615})", R"({"$mul":{"a":18446744073709551615}})"));
  static_cast<void>(refusal(R"({"a":"x"})", R"({"$inc":{"a":1}})"));
  CHECK(after(R"({"a":5,"b":5})", R"({"$min":{"a":3,"c":1},"$max":{"b":3}})") ==
        json(R"({"a":3,"b":5,"c":1})"));
}

TEST_CASE("arrays grow and shrink") {
  CHECK(after(R"({"a":[1]})", R"({"$push":{"a":2,"b":3}})") == json(R"({"a":[1,2],"b":[3]})"));
  CHECK(after(R"({"a":[1,2]})", R"({"$push":{"a":{"$each":[8,9],"$position":1,"$slice":3}}})") ==
        json(R"({"a":[1,8,9]})"));
  CHECK(after(R"({"a":[1,2]})", R"({"$push":{"a":{"$each":[3],"$slice":-2}}})") ==
        json(R"({"a":[2,3]})"));
  CHECK(after(R"({"a":[1]})", R"({"$addToSet":{"a":{"$each":[1.0,2,2]}}})") ==
        json(R"({"a":[1,2]})"));
  CHECK(after(R"({"a":[1,2,1]})", R"({"$pull":{"a":1}})") == json(R"({"a":[2]})"));
  CHECK(after(R"({"a":[1,5,9]})", R"({"$pull":{"a":{"$gte":5}}})") == json(R"({"a":[1]})"));
  CHECK(after(R"({"a":[{"x":1,"y":1},{"x":2},3]})", R"({"$pull":{"a":{"x":1}}})") ==
        json(R"({"a":[{"x":2},3]})"));
  CHECK(after(R"({"a":[1,2,3],"b":[1,2]})", R"({"$pop":{"a":1,"b":-1,"c":1}})") ==
        json(R"({"a":[1,2],"b":[2]})"));
}

TEST_CASE("a plain object is a merge patch") {
  CHECK(after(R"({"a":{"b":1,"c":2},"d":3})", R"({"a":{"b":null,"e":{"f":4}},"d":[1]})") ==
        json(R"({"a":{"c":2,"e":{"f":4}},"d":[1]})"));
  CHECK(after(R"({"_id":1,"a":1})", R"({"_id":2,"_version":9,"a":2})") ==
        json(R"({"_id":1,"a":2})"));
}

TEST_CASE("an update that makes no sense is refused and says why") {
  CHECK(refusal("{}", R"({"$sett":{"a":1}})").find("known are $set") != std::string::npos);
  CHECK(refusal("{}", R"({"$set":{"a":1,"a.b":2}})").find("twice") != std::string::npos);
  for (const char* update :
       {"{}", "1", R"({"$set":1})", R"({"$set":{"_id":1}})", R"({"$set":{"_version":1}})",
        R"({"$set":{"a":1},"b":2})", R"({"$set":{"s.x":1}})", R"({"$set":{"l.x":1}})",
        R"({"$set":{"l.99999":1}})", R"({"$push":{"s":1}})", R"({"$pop":{"l":2}})",
        R"({"$rename":{"s":1}})", R"({"$set":{"l.$":1}})", R"({"$push":{"l":{"$each":1}}})",
        R"({"$inc":{"x":1},"$set":{"x":1}})", R"({"$rename":{"s":"_id"}})",
        R"({"$pull":{"l":{"$foo":1}}})"}) {
    static_cast<void>(refusal(R"({"s":"text","l":[1]})", update));
  }
}
