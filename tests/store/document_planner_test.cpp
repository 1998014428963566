// SPDX-License-Identifier: BSL-1.0
#include <strata/store/document_planner.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <strata/store/document_filter_parser.hpp>

using strata::store::Filter;
using strata::store::Json;
using strata::store::KeyWriter;
using strata::store::Order;
using strata::store::StoredValue;
namespace detail = strata::store::detail;

namespace {

std::optional<detail::Bounds> bounds_of(const char* filter, bool several = false,
                                        bool sparse = false) {
  INFO(filter);
  const auto parsed = strata::store::parse_filter(boost::json::parse(filter));
  REQUIRE(parsed);
  std::vector<const strata::store::FilterNode*> leaves;
  detail::collect_conditions(parsed->root(), leaves);
  return detail::BoundsBuilder::of(leaves, "a", several, sparse);
}

}  // namespace

TEST_CASE("the range of a field holds exactly the values within its bounds, either way") {
  const char* const values[] = {"null", "-1",   "0",      "1",       "2",       "2.5",
                                "3",    "\"\"", "\"ab\"", "\"abc\"", "\"abd\"", "\"b\"",
                                "{}",   "[]",   "[1]",    "true"};
  const char* const filters[] = {R"({"a":{"$gt":1,"$lt":3}})",
                                 R"({"a":{"$gte":1,"$lt":3}})",
                                 R"({"a":{"$gt":1,"$lte":3}})",
                                 R"({"a":{"$gte":1,"$lte":3}})",
                                 R"({"a":{"$gt":1}})",
                                 R"({"a":{"$gte":1}})",
                                 R"({"a":{"$lt":1}})",
                                 R"({"a":{"$lte":1}})",
                                 R"({"a":{"$gt":0,"$gte":1}})",
                                 R"({"a":{"$lt":3,"$lte":3}})",
                                 R"({"a":{"$gte":"ab","$lt":"b"}})",
                                 R"({"a":{"$regex":"^ab"}})",
                                 R"({"a":{"$gt":3,"$lt":1}})"};
  for (const char* filter : filters) {
    const auto parsed = strata::store::parse_filter(boost::json::parse(filter));
    const auto bounds = bounds_of(filter);
    REQUIRE(bounds);
    for (const Order order : {Order::ascending, Order::descending}) {
      const auto range = detail::range_of("head", *bounds, order);
      for (const char* value : values) {
        CAPTURE(filter, value, order == Order::ascending);
        boost::json::object object;
        object.emplace("a", boost::json::parse(value));
        const auto document = StoredValue::of(object);
        const auto stored = StoredValue::of(boost::json::parse(value));
        // What follows in the key must not matter.
        for (const char* tail : {"", "\xff\xff", "\x01"}) {
          const std::string key = KeyWriter("head")
                                      .encoded(strata::store::key_of(stored->root()), order)
                                      .encoded(tail)
                                      .take();
          const bool inside = range.contains(key) && *range.last > range.first;
          const bool wanted = parsed->matches(document->root()) && value[0] != '[';
          CHECK(inside == wanted);
        }
      }
    }
  }
}

TEST_CASE("conditions that an index can not answer give no bounds") {
  CHECK_FALSE(bounds_of(R"({"b":1})"));
  CHECK_FALSE(bounds_of(R"({"a":[1]})"));
  CHECK_FALSE(bounds_of(R"({"a":{"$in":[1,[2]]}})"));
  CHECK_FALSE(bounds_of(R"({"a":{"$ne":1}})"));
  CHECK_FALSE(bounds_of(R"({"a":{"$gte":null}})"));
  CHECK_FALSE(bounds_of(R"({"a":{"$regex":"b"}})"));
  CHECK_FALSE(bounds_of(R"({"$or":[{"a":1},{"b":1}]})"));
  CHECK_FALSE(bounds_of(R"({"a":null})", false, true));
  CHECK(bounds_of(R"({"a":null})"));
  CHECK(bounds_of(R"({"$and":[{"a":{"$gt":1}},{"b":1}]})"));
}

TEST_CASE("where documents have several values only one side of a range is used") {
  const auto both = bounds_of(R"({"a":{"$gt":1,"$lt":3}})", true);
  REQUIRE(both);
  CHECK_FALSE(both->lower.empty());
  CHECK(both->upper.empty());
}
