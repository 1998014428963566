// SPDX-License-Identifier: BSL-1.0
#include <strata/store/graph_check.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include <strata/store/graph.hpp>
#include <strata/store/key_value.hpp>

#include "graph_fixture.hpp"

using strata::ErrorCode;
using strata::store::KeyValue;
using strata::store::Side;
namespace detail = strata::store::detail;
using graph_tests::Databases;
using graph_tests::GraphOn;

namespace {

/// A graph of two nodes and an edge, and its keys as such.
template <class Holder>
struct Fixture : GraphOn<Holder> {
  using GraphOn<Holder>::graph;
  KeyValue<typename Holder::Db, "graph"> raw{this->holder.db, this->locks};
  std::uint64_t edge = 0;

  Fixture() {
    REQUIRE(graph.add_node({.id = "a", .label = "l"}));
    REQUIRE(graph.add_node({.id = "b"}));
    edge = graph.add_edge("a", "b", "t", 2).value();
    const auto report = graph.check();
    REQUIRE(report);
    CHECK(report->good());
    CHECK(report->nodes == 2);
    CHECK(report->edges == 1);
  }
  std::vector<std::string> problems() {
    const auto report = graph.check();
    REQUIRE(report);
    return report->problems;
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("a check names what is missing", "", Databases) {
  const auto edge = std::to_string(Fixture<TestType>().edge);
  const auto out = detail::step_key(Side::out, "a", "t", std::stoull(edge));
  const auto in = detail::step_key(Side::in, "b", "t", std::stoull(edge));
  using Problems = std::vector<std::string>;
  const std::vector<std::pair<std::string, Problems>> losses = {
      {detail::node_key("b"), {"edge " + edge + " has lost its node 'b'"}},
      {detail::label_key("l", "a"),
       {"node 'a' is not listed by its label", "0 entries of labels, 1 expected"}},
      {out,
       {"edge " + edge + " is not listed where it leaves",
        "0 entries of outgoing edges, 1 expected"}},
      {in,
       {"edge " + edge + " is not listed where it arrives",
        "0 entries of incoming edges, 1 expected"}},
      {detail::edge_key(std::stoull(edge)),
       {"1 entries of outgoing edges, 0 expected", "1 entries of incoming edges, 0 expected"}},
  };
  for (const auto& [key, expected] : losses) {
    Fixture<TestType> f;
    REQUIRE(f.raw.erase(key));
    CHECK(f.problems() == expected);
  }
  for (const auto& key : {out, in}) {
    Fixture<TestType> f;
    REQUIRE(f.raw.put(key, detail::encode_step(3, key == out ? "b" : "a")));  // its weight is 2
    CHECK(f.problems().size() == 1);
  }
}

TEMPLATE_LIST_TEST_CASE("a check goes on behind damaged records, and reads report them", "",
                        Databases) {
  Fixture<TestType> f;
  REQUIRE(f.raw.put(detail::node_key("a"), "\5x"));
  CHECK(f.problems().front() == "the record of node 'a' is damaged");
  CHECK(f.graph.node("a").error().code() == ErrorCode::corruption);
  REQUIRE(f.raw.put(detail::edge_key(f.edge), ""));
  CHECK(f.problems().at(1) == "the record of edge " + std::to_string(f.edge) + " is damaged");
  CHECK(f.graph.edge(f.edge).error().code() == ErrorCode::corruption);
  CHECK(f.graph.edges("a").error().code() == ErrorCode::corruption);
  REQUIRE(f.raw.erase(detail::edge_key(f.edge)));
  CHECK(f.graph.edges("a").error().code() == ErrorCode::corruption);
  REQUIRE(f.raw.put(detail::step_key(Side::out, "a", "t", 1), "short"));
  CHECK(f.graph.steps("a").error().code() == ErrorCode::corruption);
  CHECK(f.graph.count_reachable("a").error().code() == ErrorCode::corruption);
  CHECK(f.graph.distances("a").error().code() == ErrorCode::corruption);
  CHECK(f.graph.shortest_path("a", "b").error().code() == ErrorCode::corruption);
  REQUIRE(f.raw.put(detail::counter_key(detail::counter_of("b")), ""));
  CHECK(f.graph.add_edge("b", "b", "t").error().code() == ErrorCode::corruption);
}
