// SPDX-License-Identifier: BSL-1.0
//
// Stored documents, the catalog's collections, and base64: what is accepted can be walked, and is
// the same after it was written again.
//
//     input   what u8, the bytes
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <strata/store/base64.hpp>
#include <strata/store/document_catalog.hpp>
#include <strata/store/document_value.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
using store::Json;
using store::StoredValue;

void check_document(std::string_view bytes) {
  const auto value = StoredValue::parse(std::string(bytes));
  if (!value) {
    return;
  }
  const std::string key = store::key_of(value->root());
  store::KeyReader reader(key);
  fuzz::require(reader.skip_value() && reader.done());
  store::ValueRef field;
  (void)store::find_field(value->root(), "name", field);
  // Not all that can be stored has a form in JSON: numbers that are none, names with a $.
  const Json json = store::to_json(value->root());
  const auto again = StoredValue::of(json);
  if (again && store::key_of(again->root()) == key) {
    fuzz::require(store::to_json(again->root()) == json);
    fuzz::require(StoredValue::parse(again->bytes()).has_value());
  }
}

void check_json(std::string_view text) {
  boost::json::error_code failed;
  const Json json = boost::json::parse({text.data(), text.size()}, failed);
  const auto value =
      failed ? Result<StoredValue>(fail(ErrorCode::corruption, "")) : StoredValue::of(json);
  if (!value) {
    return;
  }
  const auto parsed = StoredValue::parse(value->bytes());
  fuzz::require(parsed.has_value());
  // Bytes may differ, as objects keep no order of fields.
  const Json back = store::to_json(parsed->root());
  const auto again = StoredValue::of(back);
  fuzz::require(again && store::to_json(again->root()) == back);
  fuzz::require(store::key_of(again->root()) == store::key_of(value->root()));
}

void check_collection(std::string_view bytes) {
  const auto collection = store::decode_collection("name", bytes);
  if (!collection) {
    return;
  }
  const auto again = store::decode_collection("name", store::encode(*collection));
  fuzz::require(again && again->indexes.size() == collection->indexes.size());
  fuzz::require(again->id == collection->id && again->next_index == collection->next_index);
  for (std::size_t i = 0; i < again->indexes.size(); ++i) {
    fuzz::require(again->indexes[i].same_definition(collection->indexes[i]));
  }
}

void check_base64(std::string_view text) {
  std::string bytes;
  if (store::from_base64(text, bytes)) {
    fuzz::require(store::to_base64(bytes) == text);
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  switch (in.number() % 4) {
    case 0: check_document(in.rest()); break;
    case 1: check_json(in.rest()); break;
    case 2: check_collection(in.rest()); break;
    default: check_base64(in.rest()); break;
  }
}

std::vector<fuzz::Seed> seeds() {
  const std::string flat = R"({"name": "Anna", "age": 31, "rate": 2.5, "ok": true, "no": null})";
  const std::string deep = R"({"a": [1, [2, [3, {"b": {"c": ["x", "x"]}}]]], "name": ""})";
  const std::string typed =
      R"({"at": {"$date": 160000000000}, "raw": {"$binary": "AAEC"}, "big": 18446744073709551615})";
  const auto stored = [](const std::string& text) {
    return '\0' + StoredValue::of(boost::json::parse(text)).value().bytes();
  };
  store::Collection collection;
  collection.id = 4;
  collection.next_index = 3;
  collection.indexes.push_back({1, "by_name", {}, true, false, true});
  collection.indexes.back().fields.push_back({store::Path::of("name.first").value()});
  collection.indexes.push_back({2, "by_two", {}, false, true, false});
  collection.indexes.back().fields.push_back({store::Path::of("a").value()});
  collection.indexes.back().fields.push_back(
      {store::Path::of("b.0").value(), store::Order::descending});
  return {{"flat", stored(flat)},
          {"deep", stored(deep)},
          {"typed", stored(typed)},
          {"scalar", stored("-7")},
          {"json_flat", '\1' + flat},
          {"json_deep", '\1' + deep},
          {"json_typed", '\1' + typed},
          {"collection", '\2' + store::encode(collection)},
          {"base64", '\3' + store::to_base64("some bytes")}};
}

const fuzz::Target target("document_value", run, seeds);

}  // namespace
