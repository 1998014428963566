// SPDX-License-Identifier: BSL-1.0
#include <strata/store/graph_traverse.hpp>

#include <catch2/catch.hpp>

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
using strata::store::Side;
using strata::store::Step;
using strata::store::Traversal;
using strata::store::Visit;
using strata::store::VisitOrder;

namespace {

template <class Holder>
struct Fixture : GraphOn<Holder> {
  using GraphOn<Holder>::graph;

  void add(const std::string& from, const std::string& to, const std::string& type = "t") {
    REQUIRE(graph.put_node({.id = from}));
    REQUIRE(graph.put_node({.id = to}));
    REQUIRE(graph.add_edge(from, to, type));
  }
  Ids visited(const std::string& start, const Traversal& how) {
    Ids ids;
    REQUIRE(graph.traverse(start, how, [&](const Visit& at) {
      ids.push_back(at.node);
      return true;
    }));
    return ids;
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("breadth-first visits by distance, depth-first by branch", "", Databases) {
  Fixture<TestType> f;
  f.add("a", "b");
  f.add("a", "c");
  f.add("b", "d");
  f.add("d", "a");
  f.add("c", "e");
  f.add("x", "a");
  CHECK(f.visited("a", {}) == Ids{"a", "b", "c", "d", "e"});
  CHECK(f.visited("a", {.order = VisitOrder::depth_first}) == Ids{"a", "b", "d", "c", "e"});
  CHECK(f.visited("d", {.side = Side::in}) == Ids{"d", "b", "a", "x"});
  CHECK(f.visited("e", {.side = Side::both}).size() == 6);
  CHECK(f.visited("a", {.max_depth = 1}) == Ids{"a", "b", "c"});
  CHECK(f.visited("a", {.max_depth = 0}) == Ids{"a"});
  CHECK(*f.graph.count_reachable("x") == 6);
}

TEMPLATE_LIST_TEST_CASE("a cycle, also of one node, does not visit the start again", "",
                        Databases) {
  Fixture<TestType> f;
  f.add("a", "a");
  f.add("a", "b");
  f.add("b", "a");
  for (const auto order : {VisitOrder::breadth_first, VisitOrder::depth_first}) {
    for (const auto side : {Side::out, Side::in, Side::both}) {
      CHECK(f.visited("a", {.order = order, .side = side}) == Ids{"a", "b"});
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a node first met too deep is gone on from by a shorter way", "",
                        Databases) {
  Fixture<TestType> f;
  f.add("a", "b", "1");
  f.add("b", "c");
  f.add("c", "d");
  f.add("a", "c", "2");  // c is met at depth 2 first, where a limit of 2 stops
  CHECK(f.visited("a", {.order = VisitOrder::depth_first, .max_depth = 2}) ==
        Ids{"a", "b", "c", "d"});
}

TEMPLATE_LIST_TEST_CASE("a visit tells the depth and the edge by which it came", "", Databases) {
  Fixture<TestType> f;
  f.add("a", "b", "road");
  f.add("c", "b", "rail");
  for (const auto order : {VisitOrder::breadth_first, VisitOrder::depth_first}) {
    Ids seen;
    REQUIRE(f.graph.traverse("a", {.order = order, .side = Side::both}, [&](const Visit& at) {
      const std::string via =
          at.via == nullptr ? "-" : at.via->type + (at.via->side == Side::out ? " to" : " from");
      seen.push_back(at.node + std::to_string(at.depth) + " " + via);
      return true;
    }));
    CHECK(seen == Ids{"a0 -", "b1 road to", "c2 rail from"});
  }
}

TEMPLATE_LIST_TEST_CASE("a traversal keeps to its types and filter, and stops when told", "",
                        Databases) {
  Fixture<TestType> f;
  f.add("a", "b", "road");
  f.add("a", "c", "rail");
  f.add("c", "d", "road");
  f.add("b", "e", "road");
  CHECK(f.visited("a", {.types = {"road"}}) == Ids{"a", "b", "e"});
  CHECK(f.visited("a", {.types = {"rail", "road"}}).size() == 5);
  CHECK(f.visited("a", {.types = {"sea"}}) == Ids{"a"});
  CHECK_THROWS_AS((void)f.graph.traverse("a", {}, [](const Visit&) -> bool { throw 1; }), int);
  for (const auto order : {VisitOrder::breadth_first, VisitOrder::depth_first}) {
    const Traversal how{.order = order};
    CHECK(*f.graph.count_reachable("a", how, [](const Step& step) { return step.node != "c"; }) ==
          3);  // neither c nor what lies behind it
    Ids ids;
    REQUIRE(f.graph.traverse("a", how, [&](const Visit& at) {
      ids.push_back(at.node);
      return ids.size() < 2;
    }));
    CHECK(ids == Ids{"a", "c"});
    const auto unknown = f.graph.traverse("who", how, [](const Visit&) { return true; });
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code() == ErrorCode::not_found);
  }
}

TEMPLATE_LIST_TEST_CASE("random graphs: each node within the depth is visited once, no other", "",
                        Databases) {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 30; ++round) {
    Fixture<TestType> f;
    const Plain plain = random_graph::fill(f.graph, random, 2 + random() % 15, random() % 40);
    const Side side = std::vector{Side::out, Side::in, Side::both}[random() % 3];
    const std::string type = random() % 2 == 0 ? "" : "road";
    const auto hops = plain.costs(plain.seen(side, type), true);
    for (const std::size_t max_depth : {std::size_t{0}, 1 + random() % 5, SIZE_MAX}) {
      for (const auto order : {VisitOrder::breadth_first, VisitOrder::depth_first}) {
        CAPTURE(round, max_depth, order == VisitOrder::depth_first);
        const Traversal how{.order = order,
                            .side = side,
                            .types = type.empty() ? Ids{} : Ids{type},
                            .max_depth = max_depth};
        const std::size_t start = random() % plain.nodes;
        std::map<std::string, std::size_t> met;
        bool twice = false;
        REQUIRE(f.graph.traverse(Plain::name(start), how, [&](const Visit& at) {
          twice = twice || !met.emplace(at.node, at.depth).second;
          return true;
        }));
        CHECK_FALSE(twice);
        for (std::size_t node = 0; node < plain.nodes; ++node) {
          const double least = hops[start][node];
          const auto found = met.find(Plain::name(node));
          const bool expected = least != unreachable && least <= static_cast<double>(max_depth);
          REQUIRE((found != met.end()) == expected);
          if (expected && order == VisitOrder::breadth_first) {
            CHECK(static_cast<double>(found->second) == least);
          } else if (expected) {
            CHECK(static_cast<double>(found->second) >= least);
            CHECK(found->second <= max_depth);
          }
        }
      }
    }
  }
}
