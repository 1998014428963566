// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The keys and values of a graph in its family.
///
///     kind        key after the byte of its kind   value
///     1 node      bytes id                         string label, properties
///     2 label     bytes label, bytes id            nothing
///     3 edge      u64 id                           string from, string to, string type,
///                                                  f64 weight, properties
///     4 out       bytes from, bytes type, u64 id   f64 weight, to
///     5 in        bytes to, bytes type, u64 id     f64 weight, from
///     6 counter   u8 number                        u64 how many ids it has given
///
/// Key fields are those of store/key_codec.hpp, so all edges that leave a node, or those of one
/// type, are neighbours in key order, and ids may hold any bytes. In values, `string` is length and
/// bytes, numbers are little-endian, `to`, `from` and `properties` end where the value ends.
/// Properties are a stored document (store/document_value.hpp); none at all take no bytes.
///
/// Edge ids come from 256 counters: the n-th id of counter c is 256 n + c. The node that an edge
/// leaves picks the counter, so those who add edges to different nodes seldom wait for each other,
/// and a counter is an ordinary key of the batch that adds the edge.
///
/// Stored bytes are untrusted: decoders return false, or an error, for what no encoder makes.

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/core/hash.hpp>
#include <strata/store/document_value.hpp>
#include <strata/store/graph_types.hpp>
#include <strata/store/key_codec.hpp>

namespace strata::store::detail {

/// Stored: never renumbered.
enum class GraphKind : std::uint8_t {
  node = 1,
  label = 2,
  edge = 3,
  out = 4,
  in = 5,
  counter = 6
};

[[nodiscard]] inline KeyWriter graph_key(GraphKind kind) {
  KeyWriter key;
  key.u8(static_cast<std::uint8_t>(kind));
  return key;
}
[[nodiscard]] inline std::string node_key(std::string_view id) {
  return graph_key(GraphKind::node).bytes(id).take();
}
/// The prefix of the label's entries.
[[nodiscard]] inline std::string label_prefix(std::string_view label) {
  return graph_key(GraphKind::label).bytes(label).take();
}
[[nodiscard]] inline std::string label_key(std::string_view label, std::string_view id) {
  return graph_key(GraphKind::label).bytes(label).bytes(id).take();
}
[[nodiscard]] inline std::string edge_key(std::uint64_t id) {
  return graph_key(GraphKind::edge).u64(id).take();
}
/// The prefix of a node's edges on one side; `side` is not `both`.
[[nodiscard]] inline std::string steps_prefix(Side side, std::string_view node) {
  return graph_key(side == Side::out ? GraphKind::out : GraphKind::in).bytes(node).take();
}
[[nodiscard]] inline std::string steps_prefix(Side side, std::string_view node,
                                              std::string_view type) {
  return KeyWriter(steps_prefix(side, node)).bytes(type).take();
}
[[nodiscard]] inline std::string step_key(Side side, std::string_view node, std::string_view type,
                                          std::uint64_t edge) {
  return KeyWriter(steps_prefix(side, node, type)).u64(edge).take();
}
[[nodiscard]] inline std::uint8_t counter_of(std::string_view from) noexcept {
  return static_cast<std::uint8_t>(hash64(from));
}
[[nodiscard]] inline std::string counter_key(std::uint8_t number) {
  return graph_key(GraphKind::counter).u8(number).take();
}
/// The `nth` id, from 1 on, of a counter.
[[nodiscard]] inline std::uint64_t edge_id(std::uint8_t counter, std::uint64_t nth) noexcept {
  return nth << 8 | counter;
}

inline void put_f64(std::string& to, double value) {
  put_fixed(to, std::bit_cast<std::uint64_t>(value));
}
[[nodiscard]] inline bool take_weight(Decoder& from, double& weight) noexcept {
  std::uint64_t bits = 0;
  if (!from.take_fixed(bits) || !std::isfinite(std::bit_cast<double>(bits))) {
    return false;
  }
  weight = std::bit_cast<double>(bits);
  return true;
}

/// Errors: `invalid_argument` where the object holds what a document can not.
[[nodiscard]] inline Result<std::string> encode_properties(const boost::json::object& properties) {
  if (properties.empty()) {
    return std::string();
  }
  auto stored = StoredValue::of(properties);
  if (!stored) {
    return tl::unexpected<Error>(stored.error().within("properties"));
  }
  if (!stored->root().IsMap()) {
    return fail(ErrorCode::invalid_argument,
                "properties are one $date or $binary; give it a name: {\"at\": {\"$date\": ...}}");
  }
  return stored->bytes();
}
[[nodiscard]] inline bool decode_properties(std::string_view bytes, boost::json::object& into) {
  into.clear();
  if (bytes.empty()) {
    return true;
  }
  const auto stored = StoredValue::parse(std::string(bytes));
  if (!stored || !stored->root().IsMap()) {
    return false;
  }
  into = to_json(stored->root()).get_object();
  return true;
}

[[nodiscard]] inline Result<std::string> encode_node(const Node& node) {
  auto properties = encode_properties(node.properties);
  if (!properties) {
    return propagate(std::move(properties));
  }
  std::string value;
  put_string(value, node.label);
  return value += *properties;
}
/// Errors: `corruption`.
[[nodiscard]] inline Result<Node> decode_node(std::string_view id, std::string_view value) {
  Node node{.id = std::string(id)};
  Decoder from(value);
  std::string_view label;
  if (!from.take_string(label) || !decode_properties(from.rest(), node.properties)) {
    return fail(ErrorCode::corruption, "the record of node '", id, "' is damaged");
  }
  node.label = label;
  return node;
}

[[nodiscard]] inline Result<std::string> encode_edge(const Edge& edge) {
  auto properties = encode_properties(edge.properties);
  if (!properties) {
    return propagate(std::move(properties));
  }
  std::string value;
  put_string(value, edge.from);
  put_string(value, edge.to);
  put_string(value, edge.type);
  put_f64(value, edge.weight);
  return value += *properties;
}
/// Errors: `corruption`.
[[nodiscard]] inline Result<Edge> decode_edge(std::uint64_t id, std::string_view value) {
  Edge edge{.id = id, .from = {}, .to = {}, .type = {}};
  Decoder rest(value);
  std::string_view from;
  std::string_view to;
  std::string_view type;
  if (!rest.take_string(from) || !rest.take_string(to) || !rest.take_string(type) ||
      !take_weight(rest, edge.weight) || !decode_properties(rest.rest(), edge.properties)) {
    return fail(ErrorCode::corruption, "the record of edge ", std::to_string(id), " is damaged");
  }
  edge.from = from;
  edge.to = to;
  edge.type = type;
  return edge;
}

/// The value of an `out` or `in` entry.
[[nodiscard]] inline std::string encode_step(double weight, std::string_view other) {
  std::string value;
  value.reserve(sizeof weight + other.size());
  put_f64(value, weight);
  return value.append(other);
}
/// `key`: what follows the prefix of node and side. Errors: `corruption`.
[[nodiscard]] inline Result<Step> decode_step(Side side, std::string_view key,
                                              std::string_view value) {
  Step step;
  step.side = side;
  KeyReader fields(key);
  Decoder rest(value);
  if (!fields.take_bytes(step.type) || !fields.take_u64(step.edge) || !fields.done() ||
      !take_weight(rest, step.weight) || rest.done()) {
    return fail(ErrorCode::corruption, "an entry of a node's list of edges is damaged");
  }
  step.node = rest.rest();
  return step;
}

[[nodiscard]] inline std::string encode_count(std::uint64_t count) {
  std::string value;
  put_fixed(value, count);
  return value;
}
/// Errors: `corruption`. No value: no id was given yet.
[[nodiscard]] inline Result<std::uint64_t> decode_count(const std::optional<std::string>& value) {
  std::uint64_t count = 0;
  if (value) {
    Decoder rest(*value);
    if (!rest.take_fixed(count) || !rest.done() || count >> 56 != 0) {
      return fail(ErrorCode::corruption, "a counter of edge ids is damaged");
    }
  }
  return count;
}

}  // namespace strata::store::detail
