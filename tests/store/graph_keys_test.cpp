// SPDX-License-Identifier: BSL-1.0
#include <strata/store/graph_keys.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>

using namespace std::string_literals;
using strata::ErrorCode;
using strata::store::Edge;
using strata::store::Node;
using strata::store::Side;
namespace detail = strata::store::detail;

namespace {

const std::vector<std::string> names = {"a",   "ab", "b",        "a:b",      "a\0"s,
                                        "\0"s, "é",  "\xff\xff", "a\0\xff"s, "a\0\x01"s};

boost::json::object object(const char* text) {
  return boost::json::parse(text).as_object();
}

}  // namespace

TEST_CASE("graph keys are the bytes that the table says") {
  CHECK(detail::node_key("a\0b"s) == "\1a\0\xff"s + "b\0\1"s);
  CHECK(detail::label_key("l", "a") == "\2l\0\1a\0\1"s);
  CHECK(detail::edge_key(0x0102) == "\3\0\0\0\0\0\0\1\2"s);
  CHECK(detail::step_key(Side::out, "a", "t", 9) == "\4a\0\1t\0\1\0\0\0\0\0\0\0\x9"s);
  CHECK(detail::step_key(Side::in, "a", "", 9) == "\5a\0\1\0\1\0\0\0\0\0\0\0\x9"s);
  CHECK(detail::counter_key(255) == "\6\xff");
  CHECK(detail::encode_step(1, "b") == "\0\0\0\0\0\0\xf0\x3f"s + "b");
  CHECK(*detail::encode_node({.id = "a", .label = "lab"}) == "\3lab");
  CHECK(*detail::encode_edge({.id = 1, .from = "a", .to = "bc", .type = ""}) ==
        "\1a\2bc\0\0\0\0\0\0\0\xf0\x3f"s);
  CHECK(detail::encode_count(258) == "\2\1\0\0\0\0\0\0"s);
}

TEST_CASE("no two names, and no two pairs of names, have the same or overlapping keys") {
  std::set<std::string> keys;
  for (const auto& a : names) {
    keys.insert(detail::node_key(a));
    for (const auto& b : names) {
      keys.insert(detail::label_key(a, b));
      keys.insert(detail::step_key(Side::out, a, b, 1));
      keys.insert(detail::step_key(Side::in, a, b, 1));
      CHECK((a == b) ==
            detail::step_key(Side::out, b, "t", 1).starts_with(detail::steps_prefix(Side::out, a)));
      CHECK((a == b) == detail::step_key(Side::out, "n", b, 1)
                            .starts_with(detail::steps_prefix(Side::out, "n", a)));
      CHECK((a == b) == detail::label_key(b, "n").starts_with(detail::label_prefix(a)));
    }
  }
  CHECK(keys.size() == names.size() + 3 * names.size() * names.size());
}

TEST_CASE("edge ids of all counters differ, and none is 0") {
  std::set<std::uint64_t> ids = {0};
  for (unsigned counter = 0; counter < 256; ++counter) {
    for (const std::uint64_t nth : {1U, 2U, 300U}) {
      ids.insert(detail::edge_id(static_cast<std::uint8_t>(counter), nth));
    }
  }
  CHECK(ids.size() == 1 + 256 * 3);
  CHECK(*detail::decode_count(std::nullopt) == 0);
  CHECK(*detail::decode_count(detail::encode_count(77)) == 77);
  CHECK_FALSE(detail::decode_count("1234567"));
  CHECK_FALSE(detail::decode_count("123456789"));
  CHECK_FALSE(detail::decode_count("\0\0\0\0\0\0\0\1"s));  // the id would not fit 64 bits
}

TEST_CASE("records come back as they were") {
  const auto properties = object(R"({"a":[1,-2,1.5,"x",null,true],"é":{"b":{}},"u":1e300})");
  for (const auto& name : names) {
    const Node node{name, name, properties};
    const auto read = detail::decode_node(name, *detail::encode_node(node));
    REQUIRE(read);
    CHECK(read->id == node.id);
    CHECK(read->label == node.label);
    CHECK(read->properties == node.properties);

    const Edge edge{7, name, "to" + name, name, -0.25, properties};
    const auto edge_read = detail::decode_edge(7, *detail::encode_edge(edge));
    REQUIRE(edge_read);
    CHECK(edge_read->id == 7);
    CHECK(edge_read->from == edge.from);
    CHECK(edge_read->to == edge.to);
    CHECK(edge_read->type == edge.type);
    CHECK(edge_read->weight == edge.weight);
    CHECK(edge_read->properties == edge.properties);

    const auto key = detail::step_key(Side::in, "n", name, 42);
    const auto step = detail::decode_step(
        Side::in, std::string_view(key).substr(detail::steps_prefix(Side::in, "n").size()),
        detail::encode_step(2.5, name));
    REQUIRE(step);
    CHECK(step->side == Side::in);
    CHECK(step->node == name);
    CHECK(step->type == name);
    CHECK(step->edge == 42);
    CHECK(step->weight == 2.5);
  }
}

TEST_CASE("damaged records are errors, never read past their end") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto properties = object(R"({"a":[1,2,{"b":"text"}],"c":"more text"})");
  const auto node = *detail::encode_node({"n", "label", properties});
  const auto edge = *detail::encode_edge({1, "from", "to", "type", 3, properties});
  const std::size_t edge_head = detail::encode_edge({1, "from", "to", "type", 3, {}})->size();
  for (std::size_t size = 0; size < edge.size(); ++size) {
    const std::string cut(edge, 0, size);  // a copy, so that a sanitizer sees its end
    CAPTURE(size);
    CHECK(detail::decode_edge(1, cut).has_value() == (size == edge_head));
  }
  for (std::size_t size = 0; size < node.size(); ++size) {
    CHECK(detail::decode_node("n", std::string(node, 0, size)).has_value() == (size == 6));
  }
  for (int round = 0; round < 2000; ++round) {
    std::string bad = round % 2 == 0 ? node : edge;
    bad[random() % bad.size()] = static_cast<char>(random());
    static_cast<void>(detail::decode_node("n", bad));
    static_cast<void>(detail::decode_edge(1, bad));
    static_cast<void>(detail::decode_step(Side::out, bad, bad));
  }
  CHECK(detail::decode_edge(1, "").error().code() == ErrorCode::corruption);
  CHECK_FALSE(detail::decode_step(Side::out, "t\0\1\0\0\0\0\0\0\0\x9"s, "\0\0\0\0\0\0\xf0\x3f"s));
  CHECK_FALSE(detail::decode_step(Side::out, "t\0\1\0\0\0\0\0\0\0"s, detail::encode_step(1, "b")));
  const double nan = std::nan("");
  CHECK_FALSE(
      detail::decode_step(Side::out, "t\0\1\0\0\0\0\0\0\0\x9"s, detail::encode_step(nan, "b")));
}

TEST_CASE("properties are objects; what a document can not hold is refused") {
  CHECK(detail::encode_properties({})->empty());
  for (const char* bad : {R"({"$x":1})", R"({"$date":1})", R"({"$binary":""})"}) {
    const auto refused = detail::encode_properties(object(bad));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::invalid_argument);
    CHECK_THAT(refused.error().message(), Catch::StartsWith("properties"));
  }
}
