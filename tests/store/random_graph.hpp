// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Small random graphs, in a graph store and as a plain list, and what can be said of them by the
/// simplest means there are.

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <strata/store/graph_types.hpp>

namespace random_graph {

struct Arc {
  std::size_t from;
  std::size_t to;
  std::string type;
  double weight;
  std::uint64_t id;
};

using Costs = std::vector<std::vector<double>>;
inline constexpr double unreachable = std::numeric_limits<double>::infinity();

struct Plain {
  std::size_t nodes = 0;
  std::vector<Arc> arcs;

  /// Nodes are called "0", "1", ...
  static std::string name(std::size_t node) { return std::to_string(node); }

  /// The arcs as a traversal may take them.
  [[nodiscard]] std::vector<Arc> seen(strata::store::Side side, const std::string& type) const {
    using strata::store::Side;
    std::vector<Arc> taken;
    for (const Arc& arc : arcs) {
      if (!type.empty() && arc.type != type) {
        continue;
      }
      if (side != Side::in) {
        taken.push_back(arc);
      }
      if (side != Side::out && !(side == Side::both && arc.from == arc.to)) {
        taken.push_back({arc.to, arc.from, arc.type, arc.weight, arc.id});
      }
    }
    return taken;
  }

  /// Floyd and Warshall: what it costs to get from each node to each.
  [[nodiscard]] Costs costs(const std::vector<Arc>& taken, bool by_hops) const {
    Costs cost(nodes, std::vector<double>(nodes, unreachable));
    for (std::size_t i = 0; i < nodes; ++i) {
      cost[i][i] = 0;
    }
    for (const Arc& arc : taken) {
      double& known = cost[arc.from][arc.to];
      known = std::min(known, by_hops ? 1 : arc.weight);
    }
    for (std::size_t k = 0; k < nodes; ++k) {
      for (std::size_t i = 0; i < nodes; ++i) {
        for (std::size_t j = 0; j < nodes; ++j) {
          cost[i][j] = std::min(cost[i][j], cost[i][k] + cost[k][j]);
        }
      }
    }
    return cost;
  }
};

/// Fills an empty graph. Weights are small whole numbers, so that sums are exact; 0 is among them.
template <class Graph>
Plain fill(Graph& graph, std::mt19937& random, std::size_t nodes, std::size_t arcs) {
  Plain plain{.nodes = nodes, .arcs = {}};
  const auto filled = graph.batch([&](auto& unit) -> strata::Result<void> {
    for (std::size_t i = 0; i < nodes; ++i) {
      REQUIRE(graph.add_node(unit, {.id = Plain::name(i)}));
    }
    for (std::size_t i = 0; i < arcs; ++i) {
      Arc arc{random() % nodes, random() % nodes, random() % 3 == 0 ? "rail" : "road",
              static_cast<double>(random() % 10), 0};
      const auto id =
          graph.add_edge(unit, Plain::name(arc.from), Plain::name(arc.to), arc.type, arc.weight);
      REQUIRE(id);
      arc.id = *id;
      plain.arcs.push_back(arc);
    }
    return {};
  });
  REQUIRE(filled);
  return plain;
}

}  // namespace random_graph
