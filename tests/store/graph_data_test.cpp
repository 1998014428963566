// SPDX-License-Identifier: BSL-1.0
/// Walks and paths over a real network, with answers that were computed by other means (facts.json
/// of the data directory).
#include <strata/store/graph.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>

#include "graph_fixture.hpp"
#include "real_data.hpp"

using graph_tests::Databases;
using graph_tests::GraphOn;
using strata::Result;
using strata::store::Node;
using strata::store::PathCost;
using strata::store::Side;
using strata::store::Step;
using strata::store::Visit;
using strata::store::VisitOrder;

namespace {

using Json = boost::json::value;

double real(const Json& json) {
  return json.to_number<double>();
}
std::uint64_t number(const Json& json) {
  return json.to_number<std::uint64_t>();
}
std::string text(const Json& json) {
  return {json.get_string().data(), json.get_string().size()};
}

/// Airports are nodes with their state as label; routes are edges with their flights as weight.
template <class Holder>
struct Flights : GraphOn<Holder> {
  using GraphOn<Holder>::graph;
  Json airports;
  Json routes;
  std::set<std::string> served;  // airports with a route

  [[nodiscard]] bool load() {
    const auto airport_lines = real_data::read("graph/us_airports.csv");
    const auto route_lines = real_data::read("graph/us_flights_2008.csv");
    const auto facts = real_data::read("facts.json");
    if (!airport_lines || !route_lines || !facts) {
      return false;
    }
    airports = boost::json::parse(*facts).at("graph/us_airports.csv");
    routes = boost::json::parse(*facts).at("graph/us_flights_2008.csv (directed, weight = count)");
    const auto loaded = graph.batch([&](auto& unit) -> Result<void> {
      auto lines = real_data::lines(*airport_lines);
      for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
        const auto fields = real_data::csv_fields(*line);
        REQUIRE(graph.add_node(
            unit,
            {fields[0],
             fields[3],
             {{"name", fields[1]}, {"city", fields[2]}, {"latitude", std::stod(fields[5])}}}));
      }
      lines = real_data::lines(*route_lines);
      for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
        const auto fields = real_data::csv_fields(*line);
        REQUIRE(graph.add_edge(unit, fields[0], fields[1], "flies", std::stod(fields[2])));
        served.insert({fields[0], fields[1]});
      }
      return {};
    });
    REQUIRE(loaded);
    return true;
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("airports: nodes, labels and routes are all there", "", Databases) {
  Flights<TestType> f;
  if (!f.load()) {
    return;
  }
  const auto report = f.graph.check();
  REQUIRE(report);
  CHECK(report->problems == std::vector<std::string>{});
  CHECK(report->nodes == number(f.airports.at("rows")));
  CHECK(report->edges == number(f.routes.at("edges")));
  CHECK(f.served.size() == number(f.airports.at("in the flight graph")));
  CHECK(f.graph.nodes_with_label("AK")->size() == number(f.airports.at("state AK")));
  CHECK(f.graph.nodes_with_label("TX")->size() == number(f.airports.at("state TX")));
  CHECK((*f.graph.node("ABE"))->properties.at("city") == "Allentown");

  std::map<std::string, std::uint64_t> degrees;
  std::size_t with_edge = 0;
  REQUIRE(f.graph.for_each_node([&](const Node& node) {
    degrees[node.id] = f.graph.degree(node.id, Side::out).value();
    with_edge += f.graph.degree(node.id).value() > 0 ? 1 : 0;
    return true;
  }));
  CHECK(with_edge == number(f.routes.at("nodes with an edge")));
  std::uint64_t most = SIZE_MAX;
  for (const Json& expected : f.routes.at("most out-edges").as_array()) {
    CHECK(degrees.at(text(expected.at(0))) == number(expected.at(1)));
    CHECK(number(expected.at(1)) <= most);
    most = number(expected.at(1));
  }
  CHECK(std::count_if(degrees.begin(), degrees.end(),
                      [&](const auto& node) { return node.second > most; }) == 2);
}

TEMPLATE_LIST_TEST_CASE("flights: weights add up, and one-way routes are known", "", Databases) {
  Flights<TestType> f;
  if (!f.load()) {
    return;
  }
  double sum = 0;
  double incoming = 0;
  std::size_t one_way = 0;
  for (const auto& airport : f.served) {
    const auto back = f.graph.neighbours(airport, {.side = Side::in}).value();
    const auto steps = f.graph.steps(airport).value();
    const auto edges = f.graph.edges(airport, {.side = Side::in}).value();
    for (const Step& step : steps) {
      sum += step.weight;
      one_way += std::find(back.begin(), back.end(), step.node) == back.end() ? 1 : 0;
    }
    for (const auto& edge : edges) {
      incoming += edge.weight;
    }
  }
  CHECK(sum == real(f.routes.at("sum of weights")));
  CHECK(incoming == sum);
  CHECK(one_way == number(f.routes.at("edges without a return edge")));
}

TEMPLATE_LIST_TEST_CASE("flights: what can be reached, and in how many hops", "", Databases) {
  Flights<TestType> f;
  if (!f.load()) {
    return;
  }
  const auto& components = f.routes.at("weak components").as_array();
  REQUIRE(components.size() == 1);
  for (const auto& start : {*f.served.begin(), std::string("YAK"), *f.served.rbegin()}) {
    CHECK(*f.graph.count_reachable(start, {.side = Side::both}) == number(components[0]));
  }
  CHECK(*f.graph.count_reachable("GUM", {.side = Side::both}) == 1);  // an airport, not served
  const auto& from_abe = f.routes.at("from ABE");
  for (const auto order : {VisitOrder::breadth_first, VisitOrder::depth_first}) {
    CHECK(*f.graph.count_reachable("ABE", {.order = order}) ==
          number(from_abe.at("reachable nodes with ABE")));
    CHECK(*f.graph.count_reachable("ABE", {.order = order, .max_depth = 4}) ==
          number(from_abe.at("reachable nodes with ABE")));
    CHECK(*f.graph.count_reachable("ADK", {.order = order, .max_depth = 2}) ==
          number(f.routes.at("nodes within 2 hops of ADK, with it")));
  }
  std::map<std::size_t, std::set<std::string>> by_depth;
  REQUIRE(f.graph.traverse("ABE", {}, [&](const Visit& at) {
    by_depth[at.depth].insert(at.node);
    return true;
  }));
  const auto& by_hops = from_abe.at("nodes by hops").as_object();
  CHECK(by_depth.size() == by_hops.size());
  for (const auto& [depth, nodes] : by_depth) {
    CHECK(nodes.size() == number(by_hops.at(std::to_string(depth))));
  }
  const auto& farthest = from_abe.at("farthest (hops, nodes)");
  CHECK(by_depth.rbegin()->first == number(farthest.at(0)));
  std::set<std::string> names;
  for (const Json& name : farthest.at(1).as_array()) {
    names.insert(text(name));
  }
  CHECK(by_depth.rbegin()->second == names);

  double most = 0;
  for (const auto& airport : f.served) {
    const auto distances = f.graph.distances(airport, {.by = PathCost::hops}).value();
    for (const auto& [to, hops] : distances) {
      most = std::max(most, hops);
    }
  }
  CHECK(most == real(f.routes.at("largest number of hops from any node to any it reaches")));
}

TEMPLATE_LIST_TEST_CASE("flights: shortest paths by hops and by weight", "", Databases) {
  Flights<TestType> f;
  if (!f.load()) {
    return;
  }
  for (const auto& fact : f.routes.at("hops").as_object()) {
    const std::string pair(fact.key().data(), fact.key().size());
    CAPTURE(pair);
    const auto path =
        f.graph.shortest_path(pair.substr(0, 3), pair.substr(5), {.by = PathCost::hops});
    REQUIRE(path);
    REQUIRE(path->has_value() == !fact.value().is_null());
    if (*path) {
      CHECK((*path)->edges.size() == number(fact.value()));
      const auto all = f.graph.all_simple_paths(pair.substr(0, 3), pair.substr(5),
                                                (*path)->edges.size(), {.limit = 1000});
      REQUIRE(all);
      CHECK_FALSE(all->empty());
      CHECK(std::all_of(all->begin(), all->end(), [&](const auto& one) {
        return one.edges.size() == (*path)->edges.size();
      }));
    }
  }
  const auto costs = f.graph.distances("ABE");
  REQUIRE(costs);
  for (const auto& fact :
       f.routes.at("from ABE").at("least total weight to (dijkstra)").as_object()) {
    const std::string to(fact.key().data(), fact.key().size());
    CAPTURE(to);
    CHECK((*f.graph.shortest_path("ABE", to))->cost == real(fact.value()));
    CHECK(costs->at(to) == real(fact.value()));
  }
}
