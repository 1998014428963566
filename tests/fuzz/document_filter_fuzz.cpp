// SPDX-License-Identifier: BSL-1.0
//
// Filters, projections and updates of users, as JSON, over a document as JSON.
//
//     input   what u8, the document sized, then the JSON of what is asked for
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>

#include <strata/store/document_catalog.hpp>
#include <strata/store/document_filter.hpp>
#include <strata/store/document_filter_parser.hpp>
#include <strata/store/document_projection.hpp>
#include <strata/store/document_update.hpp>
#include <strata/store/document_value.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
using store::Json;
using store::StoredValue;

bool parse(std::string_view text, Json& json) {
  boost::json::error_code failed;
  json = boost::json::parse({text.data(), text.size()}, failed);
  return !failed;
}

bool matches(const Json& json, const StoredValue& document) {
  const auto filter = store::parse_filter(json);
  return filter && filter->matches(document.root());
}

/// A filter, and its opposite: exactly one matches.
void check_filter(const Json& json, const StoredValue& document) {
  if (!store::parse_filter(json)) {
    return;
  }
  const Json opposite = boost::json::object{{"$nor", boost::json::array{json}}};
  if (store::parse_filter(opposite)) {
    fuzz::require(matches(json, document) != matches(opposite, document));
  }
}

void check_projection(const Json& json, const StoredValue& document) {
  const auto projection = store::Projection::parse(json);
  if (projection) {
    (void)projection->apply(document.root());
  }
}

/// What an update makes can be stored, or says what is wrong with it.
void check_update(const Json& json, const Json& document) {
  const auto updated = store::updated(document, json);
  if (!updated) {
    fuzz::require(updated.error().code() == ErrorCode::invalid_argument);
    return;
  }
  const auto stored = StoredValue::of(*updated);
  fuzz::require(!stored || StoredValue::parse(stored->bytes()).has_value());
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const auto what = in.number() % 4;
  Json document;
  Json asked;
  const std::string_view text = in.string();
  if (!parse(text, document) || !parse(in.rest(), asked)) {
    return;
  }
  const auto stored = StoredValue::of(document);
  if (!stored) {
    return;
  }
  switch (what) {
    case 0: check_filter(asked, *stored); break;
    case 1: check_projection(asked, *stored); break;
    case 2: check_update(asked, store::to_json(stored->root())); break;
    default: (void)store::detail::parse_fields(asked, "an index"); break;
  }
}

std::vector<fuzz::Seed> seeds() {
  const std::string person =
      R"({"name": {"first": "Anna"}, "age": 31, "tags": ["a", "b"], "items": [{"n": 1}, 5]})";
  const auto seed = [&](char what, const std::string& asked) {
    return what + fuzz::sized(person) + asked;
  };
  return {
      {"equal", seed(0, R"({"name.first": "Anna", "age": {"$gte": 18, "$lt": 65}})")},
      {"lists", seed(0, R"({"tags": {"$all": ["a"], "$size": 2}, "age": {"$in": [1, 31]}})")},
      {"elements", seed(0, R"({"items": {"$elemMatch": {"n": {"$gt": 3, "$mod": [2, 1]}}}})")},
      {"logic", seed(0, R"({"$or": [{"age": {"$ne": 3}}, {"$nor": [{"x": null}]}]})")},
      {"types", seed(0, R"({"age": {"$type": ["int", "long"]}, "z": {"$exists": false}})")},
      {"regex", seed(0, R"({"name.first": {"$regex": "^a", "$options": "i"}})")},
      {"not", seed(0, R"({"age": {"$not": {"$nin": [1]}}, "at": {"$lt": {"$date": 5}}})")},
      {"projection", seed(1, R"({"name.first": 1, "items.n": 1, "_id": 0})")},
      {"projection_out", seed(1, R"({"tags": 0, "items.n": 0})")},
      {"set", seed(2, R"({"$set": {"name.last": "X", "tags.3": 1}, "$unset": {"age": ""}})")},
      {"numbers", seed(2, R"({"$inc": {"age": 9223372036854775807}, "$mul": {"n": 2.5}})")},
      {"arrays", seed(2, R"({"$push": {"tags": {"$each": ["c"], "$position": -1, "$slice": 2}}})")},
      {"sets", seed(2, R"({"$addToSet": {"tags": "a"}, "$pull": {"items": {"n": 1}}})")},
      {"moves", seed(2, R"({"$rename": {"age": "years.old"}, "$pop": {"tags": -1}})")},
      {"merge_patch", seed(2, R"({"name": {"first": null, "last": "Y"}, "age": [1]})")},
      {"fields", seed(3, R"({"name.first": 1, "age": -1})")}};
}

const fuzz::Target target("document_filter", run, seeds);

}  // namespace
