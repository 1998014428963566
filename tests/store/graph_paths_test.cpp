// SPDX-License-Identifier: BSL-1.0
#include <strata/store/graph_paths.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <strata/store/graph.hpp>

#include "graph_fixture.hpp"
#include "random_graph.hpp"

using graph_tests::Databases;
using graph_tests::GraphOn;
using graph_tests::Ids;
using random_graph::Plain;
using random_graph::unreachable;
using strata::ErrorCode;
using strata::store::GraphPath;
using strata::store::PathCost;
using strata::store::PathOptions;
using strata::store::Side;
using strata::store::Step;

namespace {

template <class Holder>
struct Fixture : GraphOn<Holder> {
  using GraphOn<Holder>::graph;

  std::uint64_t add(const std::string& from, const std::string& to, double weight) {
    REQUIRE(graph.put_node({.id = from}));
    REQUIRE(graph.put_node({.id = to}));
    const auto id = graph.add_edge(from, to, "t", weight);
    REQUIRE(id);
    return *id;
  }
};

/// Whether the path is one: each edge leads from its node to the next, at the cost that is told.
template <class GraphOf>
void check_path(GraphOf& graph, const GraphPath& path, const PathOptions& how) {
  REQUIRE(path.nodes.size() == path.edges.size() + 1);
  double cost = 0;
  for (std::size_t i = 0; i < path.edges.size(); ++i) {
    const auto edge = graph.edge(path.edges[i]);
    REQUIRE((edge && *edge));
    const bool ahead = (*edge)->from == path.nodes[i] && (*edge)->to == path.nodes[i + 1];
    const bool back = (*edge)->to == path.nodes[i] && (*edge)->from == path.nodes[i + 1];
    CHECK(((ahead && how.side != Side::in) || (back && how.side != Side::out)));
    cost += how.by == PathCost::hops ? 1 : (*edge)->weight;
  }
  CHECK(path.cost == cost);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the cheapest path may have more edges, and weight 0 costs nothing", "",
                        Databases) {
  Fixture<TestType> f;
  f.add("a", "d", 10);
  const auto cheap = f.add("a", "b", 0);
  f.add("a", "b", 4);
  const auto next = f.add("b", "c", 0);
  const auto last = f.add("c", "d", 3);
  const auto path = f.graph.shortest_path("a", "d");
  REQUIRE((path && *path));
  CHECK((*path)->nodes == Ids{"a", "b", "c", "d"});
  CHECK((*path)->edges == std::vector<std::uint64_t>{cheap, next, last});
  CHECK((*path)->cost == 3);
  const auto hops = f.graph.shortest_path("a", "d", {.by = PathCost::hops});
  CHECK((*hops)->nodes == Ids{"a", "d"});
  CHECK((*hops)->cost == 1);
  CHECK(*f.graph.distances("a") ==
        strata::store::Distances{{"a", 0}, {"b", 0}, {"c", 0}, {"d", 3}});
  CHECK(*f.graph.distances("a", {.by = PathCost::hops, .max_cost = 1}) ==
        strata::store::Distances{{"a", 0}, {"b", 1}, {"d", 1}});
}

TEMPLATE_LIST_TEST_CASE("there may be no path, or one of no edges, but an unknown end is an error",
                        "", Databases) {
  Fixture<TestType> f;
  f.add("a", "b", 1);
  for (const auto by : {PathCost::weight, PathCost::hops}) {
    CHECK_FALSE(*f.graph.shortest_path("b", "a", {.by = by}));
    CHECK((*f.graph.shortest_path("b", "a", {.by = by, .side = Side::in}))->cost == 1);
    CHECK_FALSE(*f.graph.shortest_path("a", "b", {.by = by, .types = {"other"}}));
    CHECK_FALSE(*f.graph.shortest_path("a", "b", {.by = by, .max_cost = 0.5}));
    CHECK((*f.graph.shortest_path("a", "b", {.by = by, .max_cost = 1}))->cost == 1);
    CHECK_FALSE(
        *f.graph.shortest_path("a", "b", {.by = by}, [](const Step& s) { return s.node != "b"; }));
    const auto none = f.graph.shortest_path("a", "a", {.by = by});
    REQUIRE((none && *none));
    CHECK((*none)->nodes == Ids{"a"});
    CHECK((*none)->edges.empty());
    CHECK((*none)->cost == 0);
    CHECK_THAT(f.graph.shortest_path("a", "who", {.by = by}).error().message(),
               Catch::Contains("'who'"));
    CHECK(f.graph.shortest_path("who", "a", {.by = by}).error().code() == ErrorCode::not_found);
    CHECK(f.graph.distances("who", {.by = by}).error().code() == ErrorCode::not_found);
    for (const double bad : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
      CHECK(f.graph.shortest_path("a", "b", {.by = by, .max_cost = bad}).error().code() ==
            ErrorCode::invalid_argument);
      CHECK(f.graph.distances("a", {.by = by, .max_cost = bad}).error().code() ==
            ErrorCode::invalid_argument);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a negative weight on the way is an error unless it is filtered out", "",
                        Databases) {
  Fixture<TestType> f;
  f.add("a", "b", 5);
  f.add("a", "c", 2);
  const auto negative = f.add("c", "b", -1);
  const auto refused = f.graph.shortest_path("a", "b");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  CHECK_THAT(refused.error().message(), Catch::Contains("edge " + std::to_string(negative)));
  CHECK(f.graph.distances("a").error().code() == ErrorCode::invalid_argument);
  CHECK((*f.graph.shortest_path("a", "b", {}, [](const Step& s) { return s.weight >= 0; }))->cost ==
        5);
  CHECK((*f.graph.shortest_path("a", "b", {.by = PathCost::hops}))->cost == 1);
}

TEMPLATE_LIST_TEST_CASE("a search from both ends shows the filter each step as it leads ahead", "",
                        Databases) {
  Fixture<TestType> f;
  std::map<std::uint64_t, std::string> ends;
  for (const char* pair : {"ab", "bc", "cd", "de", "av", "aw", "ax"}) {
    // The dead ends make the front from "a" the larger one, so that the other one is taken.
    ends[f.add({pair[0]}, {pair[1]}, 1)] = pair[1];
  }
  std::size_t back = 0;
  const auto filter = [&](const Step& step) {
    back += step.node == "e" ? 1 : 0;
    return step.side == Side::out && ends.at(step.edge) == step.node;
  };
  const auto path = f.graph.shortest_path("a", "e", {.by = PathCost::hops}, filter);
  REQUIRE((path && *path));
  CHECK((*path)->nodes == Ids{"a", "b", "c", "d", "e"});
  CHECK(back == 1);
  const auto reverse = f.graph.shortest_path(
      "e", "a", {.by = PathCost::hops, .side = Side::in},
      [&](const Step& step) { return step.side == Side::in && ends.at(step.edge) != step.node; });
  REQUIRE((reverse && *reverse));
  CHECK((*reverse)->nodes == Ids{"e", "d", "c", "b", "a"});
}

TEMPLATE_LIST_TEST_CASE("random graphs: paths and distances are those of Floyd and Warshall", "",
                        Databases) {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20; ++round) {
    Fixture<TestType> f;
    const Plain plain = random_graph::fill(f.graph, random, 2 + random() % 12, random() % 40);
    const std::string type = random() % 2 == 0 ? "" : "road";
    const PathOptions how{
        .by = random() % 2 == 0 ? PathCost::hops : PathCost::weight,
        .side = std::vector{Side::out, Side::in, Side::both}[random() % 3],
        .types = type.empty() ? Ids{} : Ids{type},
        .max_cost = random() % 2 == 0 ? unreachable : static_cast<double>(random() % 12)};
    CAPTURE(round, how.by == PathCost::hops, static_cast<int>(how.side), how.max_cost, type);
    auto cost = plain.costs(plain.seen(how.side, type), how.by == PathCost::hops);
    for (std::size_t from = 0; from < plain.nodes; ++from) {
      strata::store::Distances expected;
      for (std::size_t to = 0; to < plain.nodes; ++to) {
        CAPTURE(from, to, cost[from][to]);
        const bool there = cost[from][to] != unreachable && cost[from][to] <= how.max_cost;
        const auto path = f.graph.shortest_path(Plain::name(from), Plain::name(to), how);
        REQUIRE(path);
        REQUIRE(path->has_value() == there);
        if (there) {
          expected.emplace(Plain::name(to), cost[from][to]);
          CHECK((*path)->cost == cost[from][to]);
          CHECK((*path)->nodes.front() == Plain::name(from));
          CHECK((*path)->nodes.back() == Plain::name(to));
          check_path(f.graph, **path, how);
        }
      }
      CHECK(*f.graph.distances(Plain::name(from), how) == expected);
    }
  }
}
