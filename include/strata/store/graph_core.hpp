// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The reads and writes that everything else of the graph store is made of. Reads take any reader
/// (txn/view.hpp); writes take a unit that their caller commits.
///
/// Who owns what: a node's record, its label entry and the *set* of its edges belong to whoever has
/// locked the node's key; a counter to whoever has locked its key; an edge's record and its two
/// entries to whoever has locked the edge's key. To add an edge locks both nodes, so neither can
/// be removed meanwhile; to remove a node locks it and then all of its edges, so nobody can write
/// one of them back. Tested through the store: tests/store/graph_test.cpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/graph_keys.hpp>
#include <strata/store/graph_types.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

/// Properties with those of `changes` in place; null removes one.
inline void merge_properties(boost::json::object& properties, const boost::json::object& changes) {
  for (const auto& field : changes) {
    if (field.value().is_null()) {
      properties.erase(field.key());
    } else {
      properties.insert_or_assign(field.key(), field.value());
    }
  }
}

template <class Family>
class GraphCore {
 public:
  explicit GraphCore(Family family) : family_(std::move(family)) {}

  [[nodiscard]] txn::LockKey lock_of(const std::string& key) const noexcept {
    return {family_.id(), key};
  }

  // ---- Reads ----

  template <class Reader>
  [[nodiscard]] Result<std::optional<std::string>> get(Reader& reader,
                                                       const std::string& key) const {
    return reader.get(family_, key);
  }
  template <class Reader>
  [[nodiscard]] Result<std::optional<Node>> node(Reader& reader, std::string_view id) const {
    auto value = reader.get(family_, node_key(id));
    if (!value) {
      return propagate(std::move(value));
    }
    if (!*value) {
      return std::nullopt;
    }
    auto decoded = decode_node(id, **value);
    if (!decoded) {
      return propagate(std::move(decoded));
    }
    return std::move(*decoded);
  }
  template <class Reader>
  [[nodiscard]] Result<std::optional<Edge>> edge(Reader& reader, std::uint64_t id) const {
    auto value = reader.get(family_, edge_key(id));
    if (!value) {
      return propagate(std::move(value));
    }
    if (!*value) {
      return std::nullopt;
    }
    auto decoded = decode_edge(id, **value);
    if (!decoded) {
      return propagate(std::move(decoded));
    }
    return std::move(*decoded);
  }
  /// Errors: `not_found`.
  template <class Reader>
  [[nodiscard]] Result<void> require_node(Reader& reader, std::string_view id) const {
    auto value = reader.get(family_, node_key(id));
    if (!value) {
      return propagate(std::move(value));
    }
    return *value ? Result<void>() : no_node(id);
  }

  /// Calls `fn(Step&&) -> bool` while it returns true: out before in, by type, then by edge id.
  template <class Reader, class Fn>
  [[nodiscard]] Result<void> for_each_step(Reader& reader, std::string_view node, Side side,
                                           const std::vector<std::string>& types, Fn&& fn) const {
    bool more = true;
    for (const Side one : {Side::out, Side::in}) {
      if (!more || (side != one && side != Side::both)) {
        continue;
      }
      const auto each = [&](Step&& step) {
        const bool seen_as_out = one == Side::in && side == Side::both && step.node == node;
        return more = seen_as_out || fn(std::move(step));
      };
      if (auto done = scan_side(reader, node, one, types, each); !done) {
        return done;
      }
    }
    return {};
  }
  template <class Reader>
  [[nodiscard]] Result<std::vector<Step>> steps(Reader& reader, std::string_view node, Side side,
                                                const std::vector<std::string>& types) const {
    std::vector<Step> found;
    auto done = for_each_step(reader, node, side, types, [&](Step&& step) {
      found.push_back(std::move(step));
      return true;
    });
    if (!done) {
      return propagate(std::move(done));
    }
    return found;
  }

  /// Calls `fn(key, value) -> Result<bool>` while it returns true.
  template <class Reader, class Fn>
  [[nodiscard]] Result<void> for_each_key(Reader& reader, const std::string& prefix,
                                          Fn&& fn) const {
    Result<void> failed;
    auto scanned = reader.scan(family_, txn::KeyRange::prefix(prefix),
                               [&](std::string_view key, std::string_view value) {
                                 Result<bool> more = fn(key, value);
                                 if (!more) {
                                   failed = propagate(std::move(more));
                                   return false;
                                 }
                                 return *more;
                               });
    return scanned ? failed : scanned;
  }

  template <class Reader>
  [[nodiscard]] Result<std::vector<std::string>> nodes_with_label(Reader& reader,
                                                                  std::string_view label) const {
    std::vector<std::string> ids;
    const std::string prefix = label_prefix(label);
    auto done =
        for_each_key(reader, prefix, [&](std::string_view key, std::string_view) -> Result<bool> {
          KeyReader fields(key.substr(prefix.size()));
          if (!fields.take_bytes(ids.emplace_back()) || !fields.done()) {
            return fail(ErrorCode::corruption, "an entry of label '", label, "' is damaged");
          }
          return true;
        });
    if (!done) {
      return propagate(std::move(done));
    }
    return ids;
  }
  template <class Reader, class Fn>
  [[nodiscard]] Result<void> for_each_node(Reader& reader, Fn& fn) const {
    return for_each_key(reader, graph_key(GraphKind::node).take(),
                        [&](std::string_view key, std::string_view value) -> Result<bool> {
                          KeyReader fields(key.substr(1));
                          std::string id;
                          if (!fields.take_bytes(id) || !fields.done()) {
                            return fail(ErrorCode::corruption, "the key of a node is damaged");
                          }
                          auto found = decode_node(id, value);
                          if (!found) {
                            return propagate(std::move(found));
                          }
                          return fn(std::as_const(*found));
                        });
  }

  // ---- Writes: the unit owns what it changes, see above ----

  /// `is_new`: fails with `already_exists` where the node is there.
  template <class Unit>
  [[nodiscard]] Result<void> put_node(Unit& unit, const Node& next, bool is_new) const {
    if (auto good = check_node_id(next.id); !good) {
      return good;
    }
    if (auto good = check_name("label", next.label); !good) {
      return good;
    }
    auto value = encode_node(next);
    if (!value) {
      return propagate(std::move(value));
    }
    auto old = node(unit, next.id);
    if (!old) {
      return propagate(std::move(old));
    }
    if (*old && is_new) {
      return fail(ErrorCode::already_exists, "node '", next.id,
                  "' is there already; use put_node to replace it, update_node to change it");
    }
    if (*old && (*old)->label != next.label) {
      erase_label(unit, **old);
    }
    if (!next.label.empty()) {
      unit.put(family_, label_key(next.label, next.id), "");
    }
    unit.put(family_, node_key(next.id), *value);
    return {};
  }
  template <class Unit>
  [[nodiscard]] Result<void> update_node(Unit& unit, std::string_view id,
                                         const boost::json::object& changes) const {
    auto found = node(unit, id);
    if (!found) {
      return propagate(std::move(found));
    }
    if (!*found) {
      return no_node(id);
    }
    merge_properties((*found)->properties, changes);
    return put_node(unit, **found, false);
  }
  /// Claims the edges itself. Returns false where there is no such node.
  template <class Unit>
  [[nodiscard]] Result<bool> remove_node(Unit& unit, std::string_view id, OnRemove how) const {
    for (;;) {
      auto found = node(unit, id);
      if (!found) {
        return propagate(std::move(found));
      }
      if (!*found) {
        return false;
      }
      auto edges = steps(unit, id, Side::both, {});
      if (!edges) {
        return propagate(std::move(edges));
      }
      if (how == OnRemove::refuse && !edges->empty()) {
        return fail(ErrorCode::conflict, "node '", id, "' has ", std::to_string(edges->size()),
                    " edges; remove them first, or remove the node with OnRemove::cascade");
      }
      if (!claim_edges(unit, id, *edges)) {
        continue;
      }
      for (const Step& step : *edges) {
        const bool leaves = step.side == Side::out;
        erase_edge(unit, step.edge, leaves ? id : step.node, leaves ? step.node : id, step.type);
      }
      erase_label(unit, **found);
      unit.erase(family_, node_key(id));
      return true;
    }
  }

  /// `edge.id` is ignored. Returns the new one.
  template <class Unit>
  [[nodiscard]] Result<std::uint64_t> add_edge(Unit& unit, Edge edge) const {
    for (const std::string* end : {&edge.from, &edge.to}) {
      if (auto there = require_node(unit, *end); !there) {
        return propagate(std::move(there));
      }
    }
    if (auto good = check_name("type", edge.type); !good) {
      return propagate(std::move(good));
    }
    const std::uint8_t counter = counter_of(edge.from);
    auto stored = unit.get(family_, counter_key(counter));
    if (!stored) {
      return propagate(std::move(stored));
    }
    auto given = decode_count(*stored);
    if (!given) {
      return propagate(std::move(given));
    }
    edge.id = edge_id(counter, *given + 1);
    if (auto written = write_edge(unit, edge); !written) {
      return propagate(std::move(written));
    }
    unit.put(family_, counter_key(counter), encode_count(*given + 1));
    return edge.id;
  }
  template <class Unit>
  [[nodiscard]] Result<void> update_edge(Unit& unit, std::uint64_t id,
                                         const EdgeUpdate& update) const {
    auto found = edge(unit, id);
    if (!found) {
      return propagate(std::move(found));
    }
    if (!*found) {
      return no_edge(id);
    }
    merge_properties((*found)->properties, update.properties);
    (*found)->weight = update.weight.value_or((*found)->weight);
    return write_edge(unit, **found);
  }
  /// Returns false where there is no such edge.
  template <class Unit>
  [[nodiscard]] Result<bool> remove_edge(Unit& unit, std::uint64_t id) const {
    auto found = edge(unit, id);
    if (!found) {
      return propagate(std::move(found));
    }
    if (!*found) {
      return false;
    }
    erase_edge(unit, id, (*found)->from, (*found)->to, (*found)->type);
    return true;
  }

 private:
  template <class Reader, class Fn>
  [[nodiscard]] Result<void> scan_side(Reader& reader, std::string_view node, Side side,
                                       const std::vector<std::string>& types, Fn& fn) const {
    const std::string all = steps_prefix(side, node);
    bool more = true;
    const auto scan = [&](const std::string& prefix) {
      return for_each_key(reader, prefix,
                          [&](std::string_view key, std::string_view value) -> Result<bool> {
                            auto step = decode_step(side, key.substr(all.size()), value);
                            if (!step) {
                              return propagate(std::move(step));
                            }
                            return more = fn(std::move(*step));
                          });
    };
    if (types.empty()) {
      return scan(all);
    }
    for (auto type = types.begin(); type != types.end() && more; ++type) {
      if (std::find(types.begin(), type, *type) != type) {
        continue;  // named twice
      }
      if (auto done = scan(steps_prefix(side, node, *type)); !done) {
        return done;
      }
    }
    return {};
  }

  /// False: others may have run meanwhile.
  template <class Unit>
  [[nodiscard]] bool claim_edges(Unit& unit, std::string_view node,
                                 const std::vector<Step>& edges) const {
    std::vector<txn::LockKey> keys = {lock_of(node_key(node))};
    for (const Step& step : edges) {
      keys.push_back(lock_of(edge_key(step.edge)));
    }
    return unit.claim(keys);
  }

  template <class Unit>
  [[nodiscard]] Result<void> write_edge(Unit& unit, const Edge& edge) const {
    if (auto good = check_weight(edge.weight); !good) {
      return good;
    }
    auto value = encode_edge(edge);
    if (!value) {
      return propagate(std::move(value));
    }
    unit.put(family_, edge_key(edge.id), *value);
    unit.put(family_, step_key(Side::out, edge.from, edge.type, edge.id),
             encode_step(edge.weight, edge.to));
    unit.put(family_, step_key(Side::in, edge.to, edge.type, edge.id),
             encode_step(edge.weight, edge.from));
    return {};
  }
  template <class Unit>
  void erase_edge(Unit& unit, std::uint64_t id, std::string_view from, std::string_view to,
                  std::string_view type) const {
    unit.erase(family_, edge_key(id));
    unit.erase(family_, step_key(Side::out, from, type, id));
    unit.erase(family_, step_key(Side::in, to, type, id));
  }
  template <class Unit>
  void erase_label(Unit& unit, const Node& node) const {
    if (!node.label.empty()) {
      unit.erase(family_, label_key(node.label, node.id));
    }
  }

  Family family_;
};

}  // namespace strata::store::detail
