// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The graph store: a property graph of nodes and directed, typed, weighted edges in one family.
///
///     Graph<Db> graph(db, locks);
///     graph.add_node({.id = "ann", .label = "person"});
///     graph.add_node({.id = "bob", .label = "person"});
///     auto edge = graph.add_edge("ann", "bob", "knows", 0.5, {{"since", 2019}});
///     auto path = graph.shortest_path("ann", "bob");
///
/// A node or edge and all its entries change in one batch, and an edge never outlives its nodes.
/// What a call *names* must be there: `not_found` says what is missing, so that a misspelt id does
/// not look like a node without edges. Lookups (`node`, `edge`) return nothing instead.
///
/// Every change exists twice: alone (it commits itself), and inside a unit of work, which must be
/// exclusive, as that of `batch`, and may span stores. Reads are as of now, of a snapshot, or of a
/// unit. A read that takes several steps sees one moment.
///
/// Threads: all calls concurrent; a unit stays with its thread. Keys: store/graph_keys.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/store/graph_around.hpp>
#include <strata/store/graph_check.hpp>
#include <strata/store/graph_core.hpp>
#include <strata/store/graph_paths.hpp>
#include <strata/store/graph_simple_paths.hpp>
#include <strata/store/graph_traverse.hpp>
#include <strata/store/graph_types.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>
#include <strata/txn/view.hpp>

namespace strata::store {

template <class Db, FixedString Name = "graph">
class Graph {
 public:
  using Unit = txn::Unit<Db>;
  using Properties = boost::json::object;

  /// Requires: both outlive the store; every writer of the family uses the same locks.
  Graph(Db& db, txn::KeyLocks& locks)
      : db_(&db), locks_(&locks), core_(db.template family<Name>()) {}

  // ---- Nodes ----

  /// Errors: `already_exists`.
  [[nodiscard]] Result<void> add_node(const Node& node, const WriteOptions& options = {}) {
    return alone(node_unit(node.id), options,
                 [&](Unit& u) { return core_.put_node(u, node, true); });
  }
  [[nodiscard]] Result<void> add_node(Unit& unit, const Node& node) {
    return within(unit, [&] { return core_.put_node(unit, node, true); });
  }
  /// Adds the node, or replaces its label and properties; its edges stay.
  [[nodiscard]] Result<void> put_node(const Node& node, const WriteOptions& options = {}) {
    return alone(node_unit(node.id), options,
                 [&](Unit& u) { return core_.put_node(u, node, false); });
  }
  [[nodiscard]] Result<void> put_node(Unit& unit, const Node& node) {
    return within(unit, [&] { return core_.put_node(unit, node, false); });
  }
  /// Each of `changes` replaces the property of its name; null removes it. Errors: `not_found`.
  [[nodiscard]] Result<void> update_node(std::string_view id, const Properties& changes,
                                         const WriteOptions& options = {}) {
    return alone(node_unit(id), options,
                 [&](Unit& u) { return core_.update_node(u, id, changes); });
  }
  [[nodiscard]] Result<void> update_node(Unit& unit, std::string_view id,
                                         const Properties& changes) {
    return within(unit, [&] { return core_.update_node(unit, id, changes); });
  }
  /// Returns false where there is no such node. Errors: `conflict` where it has edges and `how`
  /// does not say to remove them too.
  [[nodiscard]] Result<bool> remove_node(std::string_view id, OnRemove how = OnRemove::refuse,
                                         const WriteOptions& options = {}) {
    return alone(node_unit(id), options, [&](Unit& u) { return core_.remove_node(u, id, how); });
  }
  [[nodiscard]] Result<bool> remove_node(Unit& unit, std::string_view id,
                                         OnRemove how = OnRemove::refuse) {
    return within(unit, [&] { return core_.remove_node(unit, id, how); });
  }

  [[nodiscard]] Result<std::optional<Node>> node(std::string_view id,
                                                 const Snapshot* snapshot = nullptr) const {
    const txn::View view(snapshot);
    return core_.node(view, id);
  }
  [[nodiscard]] Result<std::optional<Node>> node(Unit& unit, std::string_view id) const {
    return core_.node(unit, id);
  }
  /// The ids of the nodes with the label, sorted.
  [[nodiscard]] Result<std::vector<std::string>> nodes_with_label(
      std::string_view label, const Snapshot* snapshot = nullptr) const {
    const txn::View view(snapshot);
    return core_.nodes_with_label(view, label);
  }
  [[nodiscard]] Result<std::vector<std::string>> nodes_with_label(Unit& unit,
                                                                  std::string_view label) const {
    return core_.nodes_with_label(unit, label);
  }
  /// Calls `fn(const Node&) -> bool` for all nodes, sorted by id, while it returns true.
  template <class Fn>
  requires std::is_invocable_r_v<bool, Fn, const Node&>
  [[nodiscard]] Result<void> for_each_node(Fn&& fn, const Snapshot* snapshot = nullptr) const {
    const txn::View view(snapshot);
    return core_.for_each_node(view, fn);
  }
  template <class Fn>
  requires std::is_invocable_r_v<bool, Fn, const Node&>
  [[nodiscard]] Result<void> for_each_node(Unit& unit, Fn&& fn) const {
    return core_.for_each_node(unit, fn);
  }

  // ---- Edges ----

  /// Returns the id of the new edge; there may be others like it. Errors: `not_found` where one of
  /// the nodes is missing.
  [[nodiscard]] Result<std::uint64_t> add_edge(std::string_view from, std::string_view to,
                                               std::string_view type, double weight = 1,
                                               const Properties& properties = {},
                                               const WriteOptions& options = {}) {
    auto unit =
        Unit::single(*db_, *locks_,
                     {core_.lock_of(detail::node_key(from)), core_.lock_of(detail::node_key(to)),
                      core_.lock_of(detail::counter_key(detail::counter_of(from)))});
    return alone(std::move(unit), options, [&](Unit& u) {
      return core_.add_edge(u, edge_of(from, to, type, weight, properties));
    });
  }
  [[nodiscard]] Result<std::uint64_t> add_edge(Unit& unit, std::string_view from,
                                               std::string_view to, std::string_view type,
                                               double weight = 1,
                                               const Properties& properties = {}) {
    return within(
        unit, [&] { return core_.add_edge(unit, edge_of(from, to, type, weight, properties)); });
  }
  /// Errors: `not_found`.
  [[nodiscard]] Result<void> update_edge(std::uint64_t id, const EdgeUpdate& update,
                                         const WriteOptions& options = {}) {
    return alone(edge_unit(id), options, [&](Unit& u) { return core_.update_edge(u, id, update); });
  }
  [[nodiscard]] Result<void> update_edge(Unit& unit, std::uint64_t id, const EdgeUpdate& update) {
    return within(unit, [&] { return core_.update_edge(unit, id, update); });
  }
  /// Returns false where there is no such edge.
  [[nodiscard]] Result<bool> remove_edge(std::uint64_t id, const WriteOptions& options = {}) {
    return alone(edge_unit(id), options, [&](Unit& u) { return core_.remove_edge(u, id); });
  }
  [[nodiscard]] Result<bool> remove_edge(Unit& unit, std::uint64_t id) {
    return within(unit, [&] { return core_.remove_edge(unit, id); });
  }

  [[nodiscard]] Result<std::optional<Edge>> edge(std::uint64_t id,
                                                 const Snapshot* snapshot = nullptr) const {
    const txn::View view(snapshot);
    return core_.edge(view, id);
  }
  [[nodiscard]] Result<std::optional<Edge>> edge(Unit& unit, std::uint64_t id) const {
    return core_.edge(unit, id);
  }

  // ---- Around a node: all with `not_found` where there is none ----

  /// The node's edges with their properties: out before in, by type, then by id.
  [[nodiscard]] Result<std::vector<Edge>> edges(std::string_view id,
                                                const EdgeQuery& query = {}) const {
    return at_moment(query.snapshot,
                     [&](auto& view) { return detail::edges_of(core_, view, id, query); });
  }
  [[nodiscard]] Result<std::vector<Edge>> edges(Unit& unit, std::string_view id,
                                                const EdgeQuery& query = {}) const {
    return detail::edges_of(core_, unit, id, query);
  }
  /// The same edges without their properties: one read in all, not one for each.
  [[nodiscard]] Result<std::vector<Step>> steps(std::string_view id,
                                                const EdgeQuery& query = {}) const {
    return at_moment(query.snapshot,
                     [&](auto& view) { return detail::steps_of(core_, view, id, query); });
  }
  [[nodiscard]] Result<std::vector<Step>> steps(Unit& unit, std::string_view id,
                                                const EdgeQuery& query = {}) const {
    return detail::steps_of(core_, unit, id, query);
  }
  /// The ids of the nodes at the other ends, each once, in the order of the edges.
  [[nodiscard]] Result<std::vector<std::string>> neighbours(std::string_view id,
                                                            const EdgeQuery& query = {}) const {
    return at_moment(query.snapshot,
                     [&](auto& view) { return detail::neighbours_of(core_, view, id, query); });
  }
  [[nodiscard]] Result<std::vector<std::string>> neighbours(Unit& unit, std::string_view id,
                                                            const EdgeQuery& query = {}) const {
    return detail::neighbours_of(core_, unit, id, query);
  }
  /// The number of the node's edges.
  [[nodiscard]] Result<std::uint64_t> degree(std::string_view id, Side side = Side::both,
                                             const Snapshot* snapshot = nullptr) const {
    return at_moment(snapshot,
                     [&](auto& view) { return detail::degree_of(core_, view, id, side); });
  }
  [[nodiscard]] Result<std::uint64_t> degree(Unit& unit, std::string_view id,
                                             Side side = Side::both) const {
    return detail::degree_of(core_, unit, id, side);
  }

  // ---- Further: `follow(const Step&) -> bool` says which steps may be taken ----

  /// Visits each node that can be reached once: `visit(const Visit&) -> bool` ends it with false.
  template <class Fn, class Follow = FollowAll>
  requires std::is_invocable_r_v<bool, Fn, const Visit&>
  [[nodiscard]] Result<void> traverse(std::string_view start, const Traversal& how, Fn&& visit,
                                      Follow follow = {}) const {
    return at_moment(how.snapshot, [&](auto& view) {
      return detail::traverse(core_, view, start, how, visit, follow);
    });
  }
  template <class Fn, class Follow = FollowAll>
  requires std::is_invocable_r_v<bool, Fn, const Visit&>
  [[nodiscard]] Result<void> traverse(Unit& unit, std::string_view start, const Traversal& how,
                                      Fn&& visit, Follow follow = {}) const {
    return detail::traverse(core_, unit, start, how, visit, follow);
  }
  /// How many nodes a traversal visits, with the start. `both` sides: the size of its component.
  template <class Follow = FollowAll>
  [[nodiscard]] Result<std::uint64_t> count_reachable(std::string_view start,
                                                      const Traversal& how = {},
                                                      Follow follow = {}) const {
    std::uint64_t count = 0;
    auto done = traverse(
        start, how, [&](const Visit&) { return ++count > 0; }, std::move(follow));
    return done ? Result<std::uint64_t>(count) : propagate(std::move(done));
  }

  /// One of the cheapest paths; none where there is no path of at most `max_cost`.
  /// Errors: `invalid_argument` where a negative weight is met.
  template <class Follow = FollowAll>
  [[nodiscard]] Result<std::optional<GraphPath>> shortest_path(std::string_view from,
                                                               std::string_view to,
                                                               const PathOptions& how = {},
                                                               Follow follow = {}) const {
    return at_moment(how.snapshot, [&](auto& view) {
      return detail::shortest_path(core_, view, from, to, how, follow);
    });
  }
  template <class Follow = FollowAll>
  [[nodiscard]] Result<std::optional<GraphPath>> shortest_path(Unit& unit, std::string_view from,
                                                               std::string_view to,
                                                               const PathOptions& how = {},
                                                               Follow follow = {}) const {
    return detail::shortest_path(core_, unit, from, to, how, follow);
  }
  /// What it costs to get to each node that can be reached for at most `max_cost`; 0 to the start.
  template <class Follow = FollowAll>
  [[nodiscard]] Result<Distances> distances(std::string_view start, const PathOptions& how = {},
                                            Follow follow = {}) const {
    return at_moment(how.snapshot, [&](auto& view) {
      return detail::distances(core_, view, start, how, follow);
    });
  }
  template <class Follow = FollowAll>
  [[nodiscard]] Result<Distances> distances(Unit& unit, std::string_view start,
                                            const PathOptions& how = {}, Follow follow = {}) const {
    return detail::distances(core_, unit, start, how, follow);
  }
  /// All paths of at most `max_depth` edges that meet no node twice; their cost is by weight.
  template <class Follow = FollowAll>
  [[nodiscard]] Result<std::vector<GraphPath>> all_simple_paths(std::string_view from,
                                                                std::string_view to,
                                                                std::size_t max_depth,
                                                                const SimplePathOptions& how = {},
                                                                Follow follow = {}) const {
    return at_moment(how.snapshot, [&](auto& view) {
      return detail::SimplePaths(core_, view, how, follow).find(from, to, max_depth);
    });
  }
  template <class Follow = FollowAll>
  [[nodiscard]] Result<std::vector<GraphPath>> all_simple_paths(Unit& unit, std::string_view from,
                                                                std::string_view to,
                                                                std::size_t max_depth,
                                                                const SimplePathOptions& how = {},
                                                                Follow follow = {}) const {
    return detail::SimplePaths(core_, unit, how, follow).find(from, to, max_depth);
  }

  // ---- The whole ----

  /// Runs `change(Unit&) -> Result<void>` alone, and commits what it wrote unless it failed.
  template <class Change>
  [[nodiscard]] Result<void> batch(Change&& change, const WriteOptions& options = {}) {
    return alone(Unit::exclusive(*db_, *locks_), options, change);
  }
  /// Reads everything, to tell whether it fits together.
  [[nodiscard]] Result<GraphReport> check(const Snapshot* snapshot = nullptr) const {
    return at_moment(snapshot,
                     [&](auto& view) { return detail::GraphChecker(core_, view).check(); });
  }

 private:
  using Core = detail::GraphCore<decltype(std::declval<Db&>().template family<Name>())>;

  [[nodiscard]] Unit node_unit(std::string_view id) {
    return Unit::single(*db_, *locks_, {core_.lock_of(detail::node_key(id))});
  }
  [[nodiscard]] Unit edge_unit(std::uint64_t id) {
    return Unit::single(*db_, *locks_, {core_.lock_of(detail::edge_key(id))});
  }
  [[nodiscard]] static Edge edge_of(std::string_view from, std::string_view to,
                                    std::string_view type, double weight,
                                    const Properties& properties) {
    return {0, std::string(from), std::string(to), std::string(type), weight, properties};
  }

  template <class Change>
  [[nodiscard]] static auto alone(Unit unit, const WriteOptions& options, Change&& change)
      -> std::invoke_result_t<Change&, Unit&> {
    auto changed = change(unit);
    if (!changed) {
      return changed;
    }
    if (auto committed = unit.commit(options); !committed) {
      return propagate(std::move(committed));
    }
    return changed;
  }
  template <class Change>
  [[nodiscard]] static auto within(Unit& unit, Change&& change) -> std::invoke_result_t<Change&> {
    if (!unit.is_exclusive()) {
      return fail(ErrorCode::invalid_argument,
                  "a graph changes within an exclusive unit of work: use Unit::exclusive or batch");
    }
    return change();
  }
  template <class Read>
  [[nodiscard]] auto at_moment(const Snapshot* snapshot, Read&& read) const {
    std::optional<Snapshot> now;
    if (snapshot == nullptr) {
      snapshot = &now.emplace(db_->snapshot());
    }
    const txn::View view(snapshot);
    return read(view);
  }

  Db* db_;
  txn::KeyLocks* locks_;
  Core core_;
};

}  // namespace strata::store
