// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A node's surroundings: its edges, its neighbours, its degree. All fail with `not_found` where
/// there is no such node; that is looked up only where no edge was found. Tested through the store:
/// tests/store/graph_test.cpp.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/graph_core.hpp>
#include <strata/store/graph_types.hpp>

namespace strata::store::detail {

/// Calls `take(Step&&) -> bool` for the edges that are asked for; true counts against the limit.
template <class Core, class Reader, class Take>
[[nodiscard]] Result<void> visit_steps(const Core& core, Reader& reader, std::string_view id,
                                       const EdgeQuery& query, Take&& take) {
  std::size_t left = query.limit.value_or(std::numeric_limits<std::size_t>::max());
  if (left > 0) {
    bool any = false;
    auto done = core.for_each_step(reader, id, query.side, query.types, [&](Step&& step) {
      any = true;
      return !take(std::move(step)) || --left > 0;
    });
    if (!done || any) {
      return done;
    }
  }
  return core.require_node(reader, id);
}

template <class Core, class Reader>
[[nodiscard]] Result<std::vector<Step>> steps_of(const Core& core, Reader& reader,
                                                 std::string_view id, const EdgeQuery& query) {
  std::vector<Step> steps;
  auto done = visit_steps(core, reader, id, query, [&](Step&& step) {
    steps.push_back(std::move(step));
    return true;
  });
  if (!done) {
    return propagate(std::move(done));
  }
  return steps;
}

/// Requires: `reader` reads one moment.
template <class Core, class Reader>
[[nodiscard]] Result<std::vector<Edge>> edges_of(const Core& core, Reader& reader,
                                                 std::string_view id, const EdgeQuery& query) {
  auto steps = steps_of(core, reader, id, query);
  if (!steps) {
    return propagate(std::move(steps));
  }
  std::vector<Edge> edges;
  edges.reserve(steps->size());
  for (const Step& step : *steps) {
    auto edge = core.edge(reader, step.edge);
    if (!edge) {
      return propagate(std::move(edge));
    }
    if (!*edge) {
      return fail(ErrorCode::corruption, "node '", id, "' lists edge ", std::to_string(step.edge),
                  ", which has no record; run check()");
    }
    edges.push_back(std::move(**edge));
  }
  return edges;
}

template <class Core, class Reader>
[[nodiscard]] Result<std::vector<std::string>> neighbours_of(const Core& core, Reader& reader,
                                                             std::string_view id,
                                                             const EdgeQuery& query) {
  std::vector<std::string> nodes;
  std::unordered_set<std::string> met;
  auto done = visit_steps(core, reader, id, query, [&](Step&& step) {
    const bool is_new = met.insert(step.node).second;
    if (is_new) {
      nodes.push_back(std::move(step.node));
    }
    return is_new;
  });
  if (!done) {
    return propagate(std::move(done));
  }
  return nodes;
}

template <class Core, class Reader>
[[nodiscard]] Result<std::uint64_t> degree_of(const Core& core, Reader& reader, std::string_view id,
                                              Side side) {
  std::uint64_t count = 0;
  auto done = visit_steps(core, reader, id, {.side = side}, [&](Step&&) { return ++count > 0; });
  if (!done) {
    return propagate(std::move(done));
  }
  return count;
}

}  // namespace strata::store::detail
