// SPDX-License-Identifier: BSL-1.0
#include <strata/store/document_value.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using strata::ErrorCode;
using strata::store::Json;
using strata::store::StoredValue;

namespace {

const char* const samples[] = {
    "null",
    "true",
    "-1",
    "18446744073709551615",
    "-9223372036854775808",
    "0.1",
    "1e300",
    "\"\"",
    R"("a\u0000b\u00e9")",
    "[]",
    "{}",
    R"({"":{"x":[1,2.5,"three",null,true,{"y":[[]]}]},"b":70000,"c":"a long string of text"})",
    R"({"at":{"$date":-5},"of":[{"$binary":"AAECAw=="},{"$binary":""}]})",
};

void walk(const StoredValue& value) {
  static_cast<void>(strata::store::to_json(value.root()));
  static_cast<void>(strata::store::key_of(value.root()));
}

}  // namespace

TEST_CASE("JSON comes back as it was stored") {
  for (const char* text : samples) {
    CAPTURE(text);
    const Json json = boost::json::parse(text);
    const auto stored = StoredValue::of(json);
    REQUIRE(stored);
    const auto parsed = StoredValue::parse(stored->bytes());
    REQUIRE(parsed);
    CHECK(strata::store::to_json(parsed->root()) == json);
    CHECK(strata::store::to_json(parsed->root()).kind() == json.kind());
  }
}

TEST_CASE("what JSON can not say or documents can not hold is refused") {
  const auto refused = [](const Json& json) {
    const auto stored = StoredValue::of(json);
    return !stored && stored.error().code() == ErrorCode::invalid_argument;
  };
  CHECK(refused(std::numeric_limits<double>::infinity()));
  CHECK(refused(std::numeric_limits<double>::quiet_NaN()));
  CHECK(refused(boost::json::parse(R"({"a\u0000b":1})")));
  CHECK(refused(boost::json::parse(R"({"$date":"today"})")));
  CHECK(refused(boost::json::parse(R"({"$binary":"A"})")));
  CHECK(refused(boost::json::string(17 << 20, 'x')));
  Json nested = 1;
  for (int i = 0; i < 61; ++i) {
    nested = boost::json::array{nested};
  }
  CHECK(refused(nested));
  CHECK(StoredValue::parse(StoredValue::of(nested.get_array()[0])->bytes()));
}

TEST_CASE("damaged documents are refused, or read as some document, and never beyond their bytes") {
  for (const char* text : samples) {
    const std::string good = StoredValue::of(boost::json::parse(text))->bytes();
    for (std::size_t i = 0; i < good.size(); ++i) {
      CHECK_FALSE((StoredValue::parse(good.substr(0, i)) && i == 0));
      if (const auto cut = StoredValue::parse(good.substr(0, i))) {
        walk(*cut);
      }
      for (int bit = 0; bit < 8; ++bit) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
        if (const auto parsed = StoredValue::parse(std::move(bad))) {
          walk(*parsed);
        }
      }
    }
  }
  const std::uint32_t seed = 5;
  std::mt19937 random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = StoredValue::of(boost::json::parse(samples[11]))->bytes();
    for (int j = 0; j < 4; ++j) {
      bytes[random() % (bytes.size() - 1)] = static_cast<char>(random());
    }
    if (const auto parsed = StoredValue::parse(std::move(bytes))) {
      walk(*parsed);
    }
  }
}

TEST_CASE("values sort by type first, then by value") {
  const char* const ascending[] = {"null",
                                   "-1",
                                   "0.5",
                                   "1",
                                   "\"\"",
                                   "\"a\"",
                                   "{}",
                                   "{\"a\":1}",
                                   "[]",
                                   "[1]",
                                   "{\"$binary\":\"\"}",
                                   "false",
                                   "true",
                                   "{\"$date\":0}"};
  std::string before;
  for (const char* text : ascending) {
    CAPTURE(text);
    const auto stored = StoredValue::of(boost::json::parse(text));
    const std::string key = strata::store::key_of(stored->root());
    CHECK(before < key);
    before = key;
  }
}
