// SPDX-License-Identifier: BSL-1.0
#include <strata/store/graph_simple_paths.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <strata/store/graph.hpp>

#include "graph_fixture.hpp"
#include "random_graph.hpp"

using graph_tests::Databases;
using graph_tests::GraphOn;
using graph_tests::Ids;
using random_graph::Arc;
using random_graph::Plain;
using strata::ErrorCode;
using strata::store::Side;
using strata::store::Step;

namespace {

using Edges = std::vector<std::uint64_t>;

/// Every simple path, by trying everything.
void walk(const std::vector<Arc>& arcs, std::size_t at, std::size_t to, std::size_t depth_left,
          std::vector<std::size_t>& on_path, Edges& edges, std::multiset<Edges>& found) {
  if (at == to) {
    found.insert(edges);
    return;
  }
  for (const Arc& arc : arcs) {
    if (depth_left > 0 && arc.from == at &&
        std::find(on_path.begin(), on_path.end(), arc.to) == on_path.end()) {
      on_path.push_back(arc.to);
      edges.push_back(arc.id);
      walk(arcs, arc.to, to, depth_left - 1, on_path, edges, found);
      edges.pop_back();
      on_path.pop_back();
    }
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a node may lie on many paths, and parallel edges make many of one", "",
                        Databases) {
  GraphOn<TestType> f;
  for (const char* id : {"a", "b", "c", "d", "e", "far"}) {
    REQUIRE(f.graph.add_node({.id = id}));
  }
  for (const auto& [from, to, weight] : {std::tuple{"a", "b", 1.0},
                                         {"a", "c", 2.0},
                                         {"b", "d", 0.1},
                                         {"c", "d", -0.5},
                                         {"d", "e", 0.2},
                                         {"d", "e", 0.25},
                                         {"d", "a", 1.0},
                                         {"a", "a", 1.0},
                                         {"a", "far", 1.0}}) {
    REQUIRE(f.graph.add_edge(from, to, "t", weight));
  }
  const auto all = f.graph.all_simple_paths("a", "e", 10);
  REQUIRE(all);
  REQUIRE(all->size() == 4);
  CHECK(all->at(0).nodes == Ids{"a", "b", "d", "e"});
  CHECK(all->at(0).cost == 1.0 + 0.1 + 0.2);
  CHECK(all->at(1).nodes == Ids{"a", "b", "d", "e"});
  CHECK(all->at(1).cost == 1.0 + 0.1 + 0.25);
  CHECK(all->at(3).nodes == Ids{"a", "c", "d", "e"});
  CHECK(all->at(3).cost == 2.0 - 0.5 + 0.25);
  CHECK(f.graph.all_simple_paths("a", "e", 2)->empty());
  CHECK(f.graph.all_simple_paths("a", "e", 3)->size() == 4);
  CHECK(f.graph.all_simple_paths("a", "e", 3, {.limit = 3})->size() == 3);
  CHECK(f.graph.all_simple_paths("a", "e", 3, {.limit = 0})->empty());
  CHECK(f.graph.all_simple_paths("a", "e", 3, {.types = {"x"}})->empty());
  CHECK(f.graph.all_simple_paths("a", "e", 3, {}, [](const Step& s) { return s.node != "b"; })
            ->size() == 2);
  CHECK(f.graph.all_simple_paths("e", "a", 3)->empty());
  CHECK(f.graph.all_simple_paths("e", "a", 3, {.side = Side::in})->size() == 4);
  const auto self = f.graph.all_simple_paths("a", "a", 5);
  REQUIRE(self->size() == 1);  // a cycle meets its start twice
  CHECK(self->at(0).nodes == Ids{"a"});
  CHECK(f.graph.all_simple_paths("a", "a", 0)->size() == 1);
  CHECK(f.graph.all_simple_paths("who", "a", 3).error().code() == ErrorCode::not_found);
  CHECK(f.graph.all_simple_paths("a", "who", 3).error().code() == ErrorCode::not_found);
}

TEMPLATE_LIST_TEST_CASE("a dense part that leads nowhere is not searched", "", Databases) {
  GraphOn<TestType> f;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(f.graph.add_node({.id = std::to_string(i)}));
  }
  for (int i = 0; i < 18; ++i) {
    for (int j = 0; j < 18; ++j) {
      REQUIRE(f.graph.add_edge(std::to_string(i), std::to_string(j), "t"));
    }
  }
  REQUIRE(f.graph.add_edge("18", "19", "t"));
  std::size_t asked = 0;
  const auto none = f.graph.all_simple_paths("0", "19", 19, {}, [&](const Step&) {
    ++asked;
    return true;
  });
  REQUIRE(none);
  CHECK(none->empty());
  CHECK(asked == 0);
}

TEMPLATE_LIST_TEST_CASE("random graphs: the simple paths are those that trying everything finds",
                        "", Databases) {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 40; ++round) {
    GraphOn<TestType> f;
    const Plain plain = random_graph::fill(f.graph, random, 2 + random() % 6, random() % 16);
    const Side side = std::vector{Side::out, Side::in, Side::both}[random() % 3];
    const std::size_t max_depth = random() % 8;
    const std::size_t from = random() % plain.nodes;
    const std::size_t to = random() % plain.nodes;
    CAPTURE(round, max_depth, from, to);
    std::multiset<Edges> expected;
    std::vector<std::size_t> on_path = {from};
    Edges edges;
    walk(plain.seen(side, ""), from, to, max_depth, on_path, edges, expected);
    const auto paths =
        f.graph.all_simple_paths(Plain::name(from), Plain::name(to), max_depth, {.side = side});
    REQUIRE(paths);
    std::multiset<Edges> found;
    for (const auto& path : *paths) {
      found.insert(path.edges);
    }
    CHECK(found == expected);
  }
}
