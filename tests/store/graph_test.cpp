// SPDX-License-Identifier: BSL-1.0
#include <strata/store/graph.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>
#include <strata/store/key_value.hpp>

#include "databases.hpp"

using strata::ErrorCode;
using strata::Result;
using strata::store::Graph;
using strata::store::Node;
using strata::store::OnRemove;
using strata::store::Side;
using strata::txn::KeyLocks;

namespace {

using Databases = databases::all<"graph", "kv">;
using RacingDatabases = databases::racing<"graph">;
using Ids = std::vector<std::string>;

boost::json::object object(const char* text) {
  return boost::json::parse(text).as_object();
}

template <class Holder>
struct Fixture {
  using Db = typename Holder::Db;
  using Unit = typename Graph<Db>::Unit;
  Holder holder;
  KeyLocks locks;
  Graph<Db> graph{holder.db, locks};

  void add_nodes(const Ids& ids) {
    for (const auto& id : ids) {
      REQUIRE(graph.add_node({.id = id}));
    }
  }
  std::uint64_t add_edge(const std::string& from, const std::string& to,
                         const std::string& type = "road", double weight = 1) {
    const auto id = graph.add_edge(from, to, type, weight);
    REQUIRE(id);
    return *id;
  }
  void check_whole() {
    const auto report = graph.check();
    REQUIRE(report);
    CHECK(report->problems == Ids{});
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("a node is added once, put over itself, and updated by property", "",
                        Databases) {
  Fixture<TestType> f;
  const auto properties =
      object(R"({"name":"Ann","tags":["a",null,1.5],"born":{"$date":86400000},"deep":{"x":true}})");
  REQUIRE(f.graph.add_node({"ann", "person", properties}));
  const auto before = f.holder.db.snapshot();
  const auto found = f.graph.node("ann");
  REQUIRE((found && *found));
  CHECK((*found)->id == "ann");
  CHECK((*found)->label == "person");
  CHECK((*found)->properties == properties);
  CHECK_FALSE(*f.graph.node("bob"));

  REQUIRE(f.graph.update_node("ann", object(R"({"name":"Anna","deep":null,"new":[]})")));
  CHECK((*f.graph.node("ann"))->properties ==
        object(R"({"name":"Anna","tags":["a",null,1.5],"born":{"$date":86400000},"new":[]})"));
  CHECK((*f.graph.node("ann"))->label == "person");
  CHECK((*f.graph.node("ann", &before))->properties == properties);

  REQUIRE(f.graph.put_node({"ann", "robot", {}}));
  CHECK((*f.graph.node("ann"))->properties.empty());
  CHECK(*f.graph.nodes_with_label("person") == Ids{});
  CHECK(*f.graph.nodes_with_label("person", &before) == Ids{"ann"});
  CHECK(*f.graph.nodes_with_label("robot") == Ids{"ann"});
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE("adding a node that is there fails, and leaves it and its edges alone", "",
                        Databases) {
  Fixture<TestType> f;
  f.add_nodes({"a", "b"});
  const auto edge = f.add_edge("a", "b");
  const auto again = f.graph.add_node({.id = "a", .label = "other"});
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == ErrorCode::already_exists);
  CHECK((*f.graph.node("a"))->label.empty());
  REQUIRE(f.graph.put_node({.id = "a", .label = "other"}));
  REQUIRE(f.graph.edges("a")->size() == 1);
  CHECK(f.graph.edges("a")->at(0).id == edge);
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE("labels list their nodes, whatever bytes ids and labels have", "",
                        Databases) {
  Fixture<TestType> f;
  const std::string zero("a\0b", 3);
  REQUIRE(f.graph.add_node({.id = zero, .label = zero}));
  REQUIRE(f.graph.add_node({.id = "b", .label = "a"}));
  REQUIRE(f.graph.add_node({.id = "\xff\xff", .label = "a"}));
  REQUIRE(f.graph.add_node({.id = "none"}));
  CHECK(*f.graph.nodes_with_label("a") == Ids{"b", "\xff\xff"});
  CHECK(*f.graph.nodes_with_label(zero) == Ids{zero});
  CHECK(*f.graph.nodes_with_label("") == Ids{});
  Ids all;
  REQUIRE(f.graph.for_each_node([&](const Node& node) {
    all.push_back(node.id);
    return all.size() < 3;
  }));
  CHECK(all == Ids{zero, "b", "none"});
}

TEMPLATE_LIST_TEST_CASE("parallel edges and edges to oneself are edges of their own", "",
                        Databases) {
  Fixture<TestType> f;
  f.add_nodes({"a", "b"});
  const auto first = f.add_edge("a", "b", "road", 2);
  const auto second = f.add_edge("a", "b", "road", 0);
  const auto rail = f.add_edge("b", "a", "rail");
  const auto loop = f.add_edge("a", "a", "loop", -1);
  CHECK(first != second);
  const auto read = f.graph.edge(second);
  REQUIRE((read && *read));
  CHECK((*read)->weight == 0);  // 0 is a weight, not "none given"
  CHECK((*read)->from == "a");
  CHECK((*read)->to == "b");
  CHECK((*read)->type == "road");

  const auto ids = [&](const strata::store::EdgeQuery& query) {
    std::vector<std::uint64_t> list;
    const auto edges = f.graph.edges("a", query);
    REQUIRE(edges);
    for (const auto& edge : *edges) {
      list.push_back(edge.id);
    }
    return list;
  };
  using List = std::vector<std::uint64_t>;
  CHECK(ids({}) == List{loop, first, second});
  CHECK(ids({.side = Side::in}) == List{loop, rail});
  CHECK(ids({.side = Side::both}) == List{loop, first, second, rail});
  CHECK(ids({.types = {"road"}}) == List{first, second});
  CHECK(ids({.side = Side::both, .types = {"road", "rail", "road"}}) == List{first, second, rail});
  CHECK(ids({.side = Side::both, .limit = 2}) == List{loop, first});
  CHECK(ids({.limit = 0}) == List{});
  CHECK(ids({.types = {"roa"}}) == List{});
  CHECK(*f.graph.neighbours("a") == Ids{"a", "b"});
  CHECK(*f.graph.neighbours("a", {.types = {"road"}, .limit = 1}) == Ids{"b"});
  CHECK(*f.graph.degree("a", Side::out) == 3);
  CHECK(*f.graph.degree("a", Side::in) == 2);
  CHECK(*f.graph.degree("a") == 4);
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE("an edge changes its weight and properties, and what is seen of it", "",
                        Databases) {
  Fixture<TestType> f;
  f.add_nodes({"a", "b"});
  const auto id = f.graph.add_edge("a", "b", "road", 1.5, object(R"({"lanes":2,"toll":true})"));
  REQUIRE(id);
  REQUIRE(f.graph.update_edge(*id, {.properties = object(R"({"toll":null,"lanes":3})")}));
  CHECK((*f.graph.edge(*id))->weight == 1.5);
  CHECK((*f.graph.edge(*id))->properties == object(R"({"lanes":3})"));
  REQUIRE(f.graph.update_edge(*id, {.weight = 7}));
  CHECK((*f.graph.edge(*id))->properties == object(R"({"lanes":3})"));
  CHECK(f.graph.steps("a")->at(0).weight == 7);
  CHECK(f.graph.steps("b", {.side = Side::in})->at(0).weight == 7);
  CHECK(f.graph.steps("b", {.side = Side::in})->at(0).node == "a");
  f.check_whole();
  CHECK(*f.graph.remove_edge(*id));
  CHECK_FALSE(*f.graph.remove_edge(*id));
  CHECK_FALSE(*f.graph.edge(*id));
  CHECK(f.graph.edges("a", {.side = Side::both})->empty());
  CHECK(f.graph.update_edge(*id, {.weight = 1}).error().code() == ErrorCode::not_found);
  CHECK(f.add_edge("a", "b") != *id);
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE("what a call names must be there, and the error says what is not", "",
                        Databases) {
  Fixture<TestType> f;
  f.add_nodes({"a"});
  for (const auto& failed :
       {f.graph.add_edge("a", "who", "t"), f.graph.add_edge("who", "a", "t")}) {
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == ErrorCode::not_found);
    CHECK(failed.error().message() == "there is no node 'who'; add it first");
  }
  CHECK(f.graph.edges("who").error().code() == ErrorCode::not_found);
  CHECK(f.graph.edges("who", {.limit = 0}).error().code() == ErrorCode::not_found);
  CHECK(f.graph.steps("who").error().code() == ErrorCode::not_found);
  CHECK(f.graph.neighbours("who").error().code() == ErrorCode::not_found);
  CHECK(f.graph.degree("who").error().code() == ErrorCode::not_found);
  CHECK(f.graph.update_node("who", {}).error().code() == ErrorCode::not_found);
  CHECK_FALSE(*f.graph.remove_node("who"));
  CHECK(f.graph.edges("a")->empty());
  CHECK(*f.graph.degree("a") == 0);
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE("what can not be stored is refused before anything is", "", Databases) {
  Fixture<TestType> f;
  f.add_nodes({"a"});
  const double inf = std::numeric_limits<double>::infinity();
  for (const double weight : {std::nan(""), inf, -inf}) {
    CHECK(f.graph.add_edge("a", "a", "t", weight).error().code() == ErrorCode::invalid_argument);
  }
  const auto id = f.add_edge("a", "a");
  CHECK(f.graph.update_edge(id, {.weight = std::nan("")}).error().code() ==
        ErrorCode::invalid_argument);
  const std::string longest(strata::store::graph_name_bytes_max, '\0');
  const std::string too_long = longest + "x";
  CHECK(f.graph.add_node({.id = ""}).error().code() == ErrorCode::invalid_argument);
  CHECK(f.graph.add_node({.id = too_long}).error().code() == ErrorCode::invalid_argument);
  CHECK(f.graph.add_node({.id = "b", .label = too_long}).error().code() ==
        ErrorCode::invalid_argument);
  CHECK(f.graph.add_edge("a", "a", too_long).error().code() == ErrorCode::invalid_argument);
  for (const char* bad : {R"({"$set":1})", R"({"$date":1})", R"({"a":{"$binary":"?"}})"}) {
    CHECK(f.graph.add_node({"b", "", object(bad)}).error().code() == ErrorCode::invalid_argument);
    CHECK(f.graph.update_node("a", object(bad)).error().code() == ErrorCode::invalid_argument);
    CHECK(f.graph.add_edge("a", "a", "t", 1, object(bad)).error().code() ==
          ErrorCode::invalid_argument);
  }
  CHECK_FALSE(*f.graph.node("b"));
  CHECK(*f.graph.degree("a") == 1);
  REQUIRE(f.graph.add_node({.id = longest, .label = longest}));
  REQUIRE(f.graph.add_edge(longest, longest, longest));
  CHECK(*f.graph.nodes_with_label(longest) == Ids{longest});
  CHECK(f.graph.edges(longest)->at(0).to == longest);
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE("a node with edges is removed with them, or not at all", "", Databases) {
  Fixture<TestType> f;
  f.add_nodes({"a", "b", "c"});
  const auto kept = f.add_edge("b", "c");
  f.add_edge("a", "b");
  f.add_edge("a", "b");
  f.add_edge("c", "a");
  f.add_edge("a", "a");
  const auto refused = f.graph.remove_node("a");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::conflict);
  CHECK_THAT(refused.error().message(),
             Catch::Contains("has 4 edges") && Catch::Contains("cascade"));
  CHECK(*f.graph.degree("a") == 4);
  CHECK(*f.graph.remove_node("a", OnRemove::cascade));
  CHECK_FALSE(*f.graph.node("a"));
  REQUIRE(f.graph.edges("b", {.side = Side::both})->size() == 1);
  CHECK(f.graph.edges("c", {.side = Side::both})->at(0).id == kept);
  f.check_whole();
  f.add_nodes({"a"});
  CHECK(f.graph.edges("a", {.side = Side::both})->empty());
  CHECK(*f.graph.remove_node("a"));
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE(
    "a unit sees its own changes, spans stores, and is kept whole or not at all", "", Databases) {
  Fixture<TestType> f;
  using Unit = typename Fixture<TestType>::Unit;
  strata::store::KeyValue<typename TestType::Db> kv(f.holder.db, f.locks);
  f.add_nodes({"old"});
  const auto change = [&](Unit& unit, bool fails) -> Result<void> {
    CHECK(f.graph.add_node(unit, {.id = "new", .label = "l"}));
    const auto id = f.graph.add_edge(unit, "old", "new", "t", 2);
    REQUIRE(id);
    CHECK(*f.graph.add_edge(unit, "old", "new", "t") != *id);
    CHECK(f.graph.update_edge(unit, *id, {.weight = 3}));
    CHECK(f.graph.update_node(unit, "new", object(R"({"x":1})")));
    CHECK((*f.graph.node(unit, "new"))->properties == object(R"({"x":1})"));
    CHECK((*f.graph.edge(unit, *id))->weight == 3);
    CHECK(*f.graph.nodes_with_label(unit, "l") == Ids{"new"});
    CHECK(f.graph.edges(unit, "old")->size() == 2);
    CHECK(f.graph.steps(unit, "old")->size() == 2);
    CHECK(*f.graph.neighbours(unit, "old") == Ids{"new"});
    CHECK(*f.graph.degree(unit, "old") == 2);
    CHECK((*f.graph.shortest_path(unit, "old", "new"))->cost == 1);
    CHECK(f.graph.distances(unit, "old")->size() == 2);
    CHECK(f.graph.all_simple_paths(unit, "old", "new", 1)->size() == 2);
    CHECK(*f.graph.remove_edge(unit, *id));
    CHECK(f.graph.put_node(unit, {.id = "gone"}));
    CHECK(f.graph.add_edge(unit, "gone", "new", "t"));
    CHECK(*f.graph.remove_node(unit, "gone", OnRemove::cascade));
    CHECK(kv.put(unit, "k", "v"));
    return fails ? f.graph.add_node(unit, {.id = "old"}) : Result<void>();
  };
  CHECK_FALSE(f.graph.batch([&](Unit& unit) { return change(unit, true); }));
  CHECK_FALSE(*f.graph.node("new"));
  CHECK_FALSE(*kv.contains("k"));
  REQUIRE(f.graph.batch([&](Unit& unit) { return change(unit, false); }));
  CHECK(*kv.contains("k"));
  CHECK(*f.graph.degree("old") == 1);
  f.check_whole();

  auto single = Unit::single(f.holder.db, f.locks, {});
  CHECK(f.graph.add_node(single, {.id = "x"}).error().code() == ErrorCode::invalid_argument);
}

TEMPLATE_LIST_TEST_CASE("reads of a snapshot see the graph as it was", "", Databases) {
  Fixture<TestType> f;
  f.add_nodes({"a", "b"});
  f.add_edge("a", "b");
  const auto before = f.holder.db.snapshot();
  CHECK(*f.graph.remove_node("b", OnRemove::cascade));
  CHECK(f.graph.edges("a", {.snapshot = &before})->size() == 1);
  CHECK(*f.graph.degree("b", Side::in, &before) == 1);
  CHECK(*f.graph.count_reachable("a", {.snapshot = &before}) == 2);
  CHECK(*f.graph.count_reachable("a") == 1);
  CHECK((*f.graph.shortest_path("a", "b", {.snapshot = &before}))->edges.size() == 1);
  CHECK(f.graph.check(&before)->edges == 1);
  CHECK(f.graph.check()->edges == 0);
}

TEMPLATE_LIST_TEST_CASE("no edge outlives a node, whatever threads do to both at once", "",
                        RacingDatabases) {
  Fixture<TestType> f;
  const Ids ids = {"a", "b", "c"};
  f.add_nodes(ids);
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::atomic<std::uint64_t> newest{0};  // all threads work on the edge that came last
  std::atomic<int> added{0};
  std::atomic<int> updated{0};
  std::atomic<bool> unexpected{false};
  std::atomic<bool> broken{false};
  const auto work = [&](unsigned thread) {
    std::mt19937 random(seed + thread);
    const auto any = [&] { return ids[random() % ids.size()]; };
    const auto good = [&](const auto& result, ErrorCode allowed) {
      unexpected = unexpected || (!result && result.error().code() != allowed);
      return result.has_value();
    };
    for (int i = 0; i < 2000; ++i) {
      if (i % 16 == 0) {
        const auto report = f.graph.check();  // of one moment, so it holds while others write
        broken = broken || !report || !report->good();
      }
      switch (random() % 12) {
        case 0: good(f.graph.remove_node(any(), OnRemove::cascade), ErrorCode::io); break;
        case 1: good(f.graph.remove_node(any()), ErrorCode::conflict); break;
        case 2:
          good(f.graph.add_node({.id = any(), .label = "l"}), ErrorCode::already_exists);
          break;
        case 3: good(f.graph.put_node({.id = any(), .label = any()}), ErrorCode::io); break;
        case 4: good(f.graph.remove_edge(newest), ErrorCode::io); break;
        case 5:
        case 6:
        case 7:
          updated += good(f.graph.update_edge(newest, {.weight = i}), ErrorCode::not_found) ? 1 : 0;
          break;
        default: {
          const auto edge = f.graph.add_edge(any(), any(), "t");
          if (good(edge, ErrorCode::not_found)) {
            newest = *edge;
            ++added;
          }
        }
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back(work, t);
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK_FALSE(unexpected);
  CHECK_FALSE(broken);
  CHECK(added > 0);
  CHECK(updated > 0);
  f.check_whole();
}

TEMPLATE_LIST_TEST_CASE("threads that add edges at once all get ids of their own", "",
                        RacingDatabases) {
  Fixture<TestType> f;
  Ids ids;  // all of one counter
  for (int i = 0; ids.size() < 4; ++i) {
    const auto id = std::to_string(i);
    if (strata::store::detail::counter_of(id) == 0) {
      ids.push_back(id);
    }
  }
  f.add_nodes(ids);
  std::vector<std::thread> threads;
  for (const auto& id : ids) {
    threads.emplace_back([&f, &id] {
      for (int i = 0; i < 200; ++i) {
        static_cast<void>(f.graph.add_edge(id, id, "t"));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(f.graph.check()->edges == 800);
  CHECK(*f.graph.degree(ids[0]) == 200);
  f.check_whole();
}
