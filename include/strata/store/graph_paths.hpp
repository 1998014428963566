// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Shortest paths and distances.
///
/// - By weight: Dijkstra (1959) with a binary heap; entries that a better one has overtaken are
///   skipped. A negative weight on the way is an error, as the algorithm has no answer then.
/// - By hops between two nodes: breadth-first from both ends, always the smaller front, a whole
///   front at a time; the first node that both sides know lies on a shortest path. Both fronts
///   together stay far smaller than one that goes all the way.
///
/// Memory: the ids of the nodes met. Requires of `follow`: the same answer for the same step.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/graph_core.hpp>
#include <strata/store/graph_types.hpp>

namespace strata::store {

enum class PathCost : std::uint8_t {
  weight,  ///< The sum of the weights; none may be negative.
  hops     ///< The number of edges.
};

struct PathOptions {
  PathCost by = PathCost::weight;
  Side side = Side::out;
  std::vector<std::string> types = {};  ///< Of edges that may be taken; empty: all.
  /// Paths that cost more are not looked for.
  double max_cost = std::numeric_limits<double>::infinity();
  const Snapshot* snapshot = nullptr;
};

/// `edges[i]` leads from `nodes[i]` to `nodes[i + 1]`.
struct GraphPath {
  std::vector<std::string> nodes;
  std::vector<std::uint64_t> edges;
  double cost = 0;
};

/// Nodes by id, with what it costs to get there.
using Distances = std::map<std::string, double>;

namespace detail {

/// What a search knows of a node. Node ids are the keys of the search's map, which stay in place.
struct Reached {
  double cost = 0;
  const std::string* before = nullptr;  ///< Null at the start.
  std::uint64_t edge = 0;
  bool settled = false;
};
using ReachedNodes = std::unordered_map<std::string, Reached>;

[[nodiscard]] inline Side reversed(Side side) noexcept {
  return side == Side::both ? side : side == Side::out ? Side::in : Side::out;
}
/// The same edge seen from its other end; it was seen from `node`.
[[nodiscard]] inline Step reversed(const Step& step, const std::string& node) {
  return {step.edge, node, step.type, step.weight, reversed(step.side)};
}

/// The way from the start of the search to `node`, whose cost is the path's.
[[nodiscard]] inline GraphPath path_to(const ReachedNodes& reached, const std::string& node) {
  GraphPath path;
  path.cost = reached.at(node).cost;
  for (const std::string* at = &node; at != nullptr;) {
    const Reached& here = reached.at(*at);
    path.nodes.push_back(*at);
    if (here.before != nullptr) {
      path.edges.push_back(here.edge);
    }
    at = here.before;
  }
  std::reverse(path.nodes.begin(), path.nodes.end());
  std::reverse(path.edges.begin(), path.edges.end());
  return path;
}

/// Settles nodes in order of their cost until `is_goal(node)` is true for one.
template <class Core, class Reader, class Follow, class IsGoal>
[[nodiscard]] Result<void> dijkstra(const Core& core, Reader& reader, std::string_view start,
                                    const PathOptions& how, Follow& follow, ReachedNodes& reached,
                                    IsGoal is_goal) {
  struct Entry {
    double cost;
    ReachedNodes::value_type* node;
    bool operator<(const Entry& other) const noexcept { return cost > other.cost; }
  };
  std::priority_queue<Entry> queue;  // cheapest first
  queue.push({0, &*reached.try_emplace(std::string(start)).first});
  while (!queue.empty()) {
    auto* const at = queue.top().node;
    queue.pop();
    if (std::exchange(at->second.settled, true)) {
      continue;  // it was reached for less
    }
    if (is_goal(at->first)) {
      return {};
    }
    std::optional<std::uint64_t> negative;
    auto done = core.for_each_step(reader, at->first, how.side, how.types, [&](Step&& step) {
      if (!follow(std::as_const(step))) {
        return true;
      }
      if (how.by == PathCost::weight && step.weight < 0) {
        negative = step.edge;
        return false;
      }
      const double cost = at->second.cost + (how.by == PathCost::weight ? step.weight : 1.0);
      if (cost > how.max_cost) {
        return true;
      }
      const auto [next, is_new] = reached.try_emplace(std::move(step.node));
      if (is_new || (!next->second.settled && cost < next->second.cost)) {
        next->second = {cost, &at->first, step.edge};
        queue.push({cost, &*next});
      }
      return true;
    });
    if (!done) {
      return done;
    }
    if (negative) {
      return fail(ErrorCode::invalid_argument, "edge ", std::to_string(*negative),
                  " has a negative weight; shortest paths by weight need weights of 0 or more, "
                  "filter such edges out or search by hops");
    }
  }
  return {};
}

[[nodiscard]] inline Result<void> check_max_cost(double max_cost) {
  if (!(max_cost >= 0)) {
    return fail(ErrorCode::invalid_argument,
                "max_cost is negative or NaN; leave it out for paths of any cost");
  }
  return {};
}

/// One side of a search from both ends.
struct Front {
  ReachedNodes reached;
  std::vector<const std::string*> nodes;  // those of the greatest depth
  Side side;
  bool forward;

  Front(std::string_view start, Side way, bool is_forward) : side(way), forward(is_forward) {
    nodes.push_back(&reached.try_emplace(std::string(start)).first->first);
  }
};

/// Goes one edge further; returns a node that `other` knows, null where there is none.
template <class Core, class Reader, class Follow>
[[nodiscard]] Result<const std::string*> advance(const Core& core, Reader& reader, Front& front,
                                                 const Front& other, const PathOptions& how,
                                                 Follow& follow) {
  std::vector<const std::string*> nodes;
  const std::string* meeting = nullptr;
  for (const std::string* const at : front.nodes) {
    const double cost = front.reached.at(*at).cost + 1;
    auto done = core.for_each_step(reader, *at, front.side, how.types, [&](Step&& step) {
      if (front.reached.contains(step.node) ||
          !(front.forward ? follow(std::as_const(step)) : follow(reversed(step, *at)))) {
        return true;
      }
      const auto next = front.reached.try_emplace(std::move(step.node)).first;
      next->second = {cost, at, step.edge};
      nodes.push_back(&next->first);
      meeting = other.reached.contains(next->first) ? &next->first : nullptr;
      return meeting == nullptr;
    });
    if (!done) {
      return propagate(std::move(done));
    }
    if (meeting != nullptr) {
      return meeting;
    }
  }
  front.nodes = std::move(nodes);
  return nullptr;
}

template <class Core, class Reader, class Follow>
[[nodiscard]] Result<std::optional<GraphPath>> fewest_hops(const Core& core, Reader& reader,
                                                           std::string_view from,
                                                           std::string_view to,
                                                           const PathOptions& how, Follow& follow) {
  Front ahead(from, how.side, true);
  Front back(to, reversed(how.side), false);
  const std::string* meeting = from == to ? ahead.nodes.front() : nullptr;
  for (double hops = 1; meeting == nullptr; ++hops) {
    if (hops > how.max_cost || ahead.nodes.empty() || back.nodes.empty()) {
      return std::nullopt;
    }
    const bool go_ahead = ahead.nodes.size() <= back.nodes.size();
    auto met = go_ahead ? advance(core, reader, ahead, back, how, follow)
                        : advance(core, reader, back, ahead, how, follow);
    if (!met) {
      return propagate(std::move(met));
    }
    meeting = *met;
  }
  GraphPath path = path_to(ahead.reached, *meeting);
  const GraphPath rest = path_to(back.reached, *meeting);
  path.nodes.insert(path.nodes.end(), rest.nodes.rbegin() + 1, rest.nodes.rend());
  path.edges.insert(path.edges.end(), rest.edges.rbegin(), rest.edges.rend());
  path.cost += rest.cost;
  return path;
}

/// No value: there is no path. Errors: `not_found`, `invalid_argument` for a negative weight.
template <class Core, class Reader, class Follow>
[[nodiscard]] Result<std::optional<GraphPath>> shortest_path(const Core& core, Reader& reader,
                                                             std::string_view from,
                                                             std::string_view to,
                                                             const PathOptions& how,
                                                             Follow& follow) {
  for (const auto end : {from, to}) {
    if (auto there = core.require_node(reader, end); !there) {
      return propagate(std::move(there));
    }
  }
  if (auto good = check_max_cost(how.max_cost); !good) {
    return propagate(std::move(good));
  }
  if (how.by == PathCost::hops) {
    return fewest_hops(core, reader, from, to, how, follow);
  }
  ReachedNodes reached;
  auto done = dijkstra(core, reader, from, how, follow, reached,
                       [&](const std::string& node) { return node == to; });
  if (!done) {
    return propagate(std::move(done));
  }
  const auto goal = reached.find(std::string(to));
  return goal == reached.end() ? std::nullopt : std::optional(path_to(reached, goal->first));
}

template <class Core, class Reader, class Follow>
[[nodiscard]] Result<Distances> distances(const Core& core, Reader& reader, std::string_view start,
                                          const PathOptions& how, Follow& follow) {
  if (auto there = core.require_node(reader, start); !there) {
    return propagate(std::move(there));
  }
  if (auto good = check_max_cost(how.max_cost); !good) {
    return propagate(std::move(good));
  }
  Distances costs;
  ReachedNodes reached;
  auto done =
      dijkstra(core, reader, start, how, follow, reached, [](const std::string&) { return false; });
  if (!done) {
    return propagate(std::move(done));
  }
  for (const auto& [node, how_reached] : reached) {
    costs.emplace(node, how_reached.cost);
  }
  return costs;
}

}  // namespace detail
}  // namespace strata::store
