// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The words of the graph store: nodes, directed edges between them, and how they are asked for.
///
/// A node has an id of its caller's choice; an edge has an id that the store gives, so two nodes
/// may have any number of edges, alike or not, and a node may have edges to itself. Properties are
/// JSON objects with the same limits as documents (store/document_value.hpp). Tested through the
/// store: tests/store/graph_test.cpp.

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>

namespace strata {
class Snapshot;
}  // namespace strata

namespace strata::store {

/// Ids of nodes, labels and types of edges. Two of them, escaped, fit into one key.
inline constexpr std::size_t graph_name_bytes_max = 8_KiB;

struct Node {
  std::string id;
  std::string label = {};  ///< May be empty: such a node is in no list of a label.
  boost::json::object properties = {};
};

struct Edge {
  std::uint64_t id = 0;  ///< Never 0, and never given twice.
  std::string from;
  std::string to;
  std::string type;  ///< May be empty.
  double weight = 1;
  boost::json::object properties = {};
};

/// Which edges of a node are meant: those that leave it, those that come in, or both. An edge from
/// a node to itself is one edge, also for `both`.
enum class Side : std::uint8_t {
  out,
  in,
  both
};

/// What `remove_node` does where the node still has edges.
enum class OnRemove : std::uint8_t {
  refuse,  ///< Fails with `conflict`.
  cascade  ///< Removes them too.
};

/// An edge as seen from one of its ends. It is read without a look at the edge's record.
struct Step {
  std::uint64_t edge = 0;
  std::string node;  ///< The other end.
  std::string type;
  double weight = 1;
  Side side = Side::out;  ///< `in`: the edge leads from `node` to where it is seen from.
};

struct EdgeQuery {
  Side side = Side::out;
  std::vector<std::string> types = {};  ///< Empty: all.
  std::optional<std::size_t> limit = std::nullopt;
  /// Read as of this snapshot; null: of now. Reads of a unit of work ignore it.
  const Snapshot* snapshot = nullptr;
};

/// What an update of an edge changes. Each property replaces the one of its name; null removes it.
struct EdgeUpdate {
  std::optional<double> weight = std::nullopt;
  boost::json::object properties = {};
};

/// A filter that lets every step pass.
struct FollowAll {
  [[nodiscard]] constexpr bool operator()(const Step&) const noexcept { return true; }
};

namespace detail {

[[nodiscard]] inline Result<void> check_node_id(std::string_view id) {
  if (id.empty() || id.size() > graph_name_bytes_max) {
    return fail(ErrorCode::invalid_argument, "a node's id has ", std::to_string(id.size()),
                " bytes; ids have 1 to 8192, use the hash of a longer one");
  }
  return {};
}
/// `what`: "label" or "type".
[[nodiscard]] inline Result<void> check_name(std::string_view what, std::string_view name) {
  if (name.size() > graph_name_bytes_max) {
    return fail(ErrorCode::invalid_argument, "the ", what, " has ", std::to_string(name.size()),
                " bytes; the limit is 8192, keep long texts in a property");
  }
  return {};
}
[[nodiscard]] inline Result<void> check_weight(double weight) {
  if (!std::isfinite(weight)) {
    return fail(ErrorCode::invalid_argument,
                "an edge's weight is infinite or NaN; weights are finite, leave out what has none");
  }
  return {};
}
[[nodiscard]] inline tl::unexpected<Error> no_node(std::string_view id) {
  return fail(ErrorCode::not_found, "there is no node '", id, "'; add it first");
}
[[nodiscard]] inline tl::unexpected<Error> no_edge(std::uint64_t id) {
  return fail(ErrorCode::not_found, "there is no edge ", std::to_string(id),
              "; list a node's edges to see their ids");
}

}  // namespace detail
}  // namespace strata::store
