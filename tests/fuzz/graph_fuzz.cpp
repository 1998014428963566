// SPDX-License-Identifier: BSL-1.0
//
// Records of the graph store: what is accepted is the same after it was written again.
//
//     input   what u8, the key sized, the value
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>

#include <strata/store/graph_keys.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
namespace detail = store::detail;

void check_node(std::string_view id, std::string_view value) {
  const auto node = detail::decode_node(id, value);
  if (!node) {
    return;
  }
  const auto encoded = detail::encode_node(*node);
  if (encoded) {  // properties may hold what JSON has no form for
    const auto again = detail::decode_node(id, *encoded);
    fuzz::require(again && again->id == node->id && again->label == node->label);
  }
}

void check_edge(std::string_view value) {
  const auto edge = detail::decode_edge(7, value);
  if (!edge) {
    return;
  }
  const auto encoded = detail::encode_edge(*edge);
  if (encoded) {
    const auto again = detail::decode_edge(7, *encoded);
    fuzz::require(again && again->from == edge->from && again->to == edge->to &&
                  again->type == edge->type && again->weight == edge->weight);
  }
}

void check_step(std::string_view key, std::string_view value) {
  const auto step = detail::decode_step(store::Side::out, key, value);
  if (!step) {
    return;
  }
  const std::string prefix = detail::steps_prefix(store::Side::out, "node");
  fuzz::require(detail::step_key(store::Side::out, "node", step->type, step->edge) ==
                prefix + std::string(key));
  fuzz::require(detail::encode_step(step->weight, step->node) == value);
}

void check_count(std::string_view value) {
  const auto count = detail::decode_count(std::string(value));
  if (count) {
    fuzz::require(detail::encode_count(*count) == value);
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const auto what = in.number() % 4;
  const std::string_view key = in.string();
  switch (what) {
    case 0: check_node(key, in.rest()); break;
    case 1: check_edge(in.rest()); break;
    case 2: check_step(key, in.rest()); break;
    default: check_count(in.rest()); break;
  }
}

std::vector<fuzz::Seed> seeds() {
  const auto properties = boost::json::parse(R"({"since": 2001, "tags": ["a"]})").get_object();
  store::Node node{.id = "anna", .label = "person"};
  const auto bare = detail::encode_node(node).value();
  node.properties = properties;
  store::Edge edge{.id = 7, .from = "anna", .to = "ben", .type = "knows"};
  edge.weight = 2.5;
  edge.properties = properties;
  const auto seed = [](char what, const std::string& key, const std::string& value) {
    return what + fuzz::sized(key) + value;
  };
  const std::string step = detail::step_key(store::Side::out, "node", "knows", 7)
                               .substr(detail::steps_prefix(store::Side::out, "node").size());
  return {{"node", seed(0, "anna", detail::encode_node(node).value())},
          {"node_without_properties", seed(0, "anna", bare)},
          {"edge", seed(1, "", detail::encode_edge(edge).value())},
          {"step", seed(2, step, detail::encode_step(2.5, "ben"))},
          {"count", seed(3, "", detail::encode_count(300))}};
}

const fuzz::Target target("graph", run, seeds);

}  // namespace
