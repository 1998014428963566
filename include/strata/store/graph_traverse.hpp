// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Walks over all nodes that can be reached from one, each visited once.
///
/// Breadth-first meets a node first on a shortest way, so it looks at each edge once. Depth-first
/// follows each way to its end; under a depth limit it may meet a node first by a long way and stop
/// there, though what lies behind is within the limit by a shorter one. It therefore keeps the
/// least depth of each node and goes on from there again whenever a shorter way comes up (at most
/// `max_depth` times a node); the node is visited the first time only.
///
/// Memory: the ids of all nodes met; depth-first also the steps not yet taken.

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/graph_core.hpp>
#include <strata/store/graph_types.hpp>

namespace strata::store {

enum class VisitOrder : std::uint8_t {
  breadth_first,
  depth_first
};

struct Traversal {
  VisitOrder order = VisitOrder::breadth_first;
  Side side = Side::out;
  std::vector<std::string> types = {};  ///< Of edges that may be taken; empty: all.
  /// Nodes within so many edges of the start, which is at depth 0.
  std::size_t max_depth = std::numeric_limits<std::size_t>::max();
  const Snapshot* snapshot = nullptr;
};

/// A node on a traversal. Both references last as long as the call.
struct Visit {
  const std::string& node;
  std::size_t depth;  ///< Edges from the start, by the way on which the node was met.
  const Step* via;    ///< The last of them; null at the start.
};

namespace detail {

struct Waiting {
  Step step;
  std::size_t depth = 0;

  [[nodiscard]] Visit visit() const noexcept {
    return {step.node, depth, depth == 0 ? nullptr : &step};
  }
};

template <class Core, class Reader, class Fn, class Follow>
[[nodiscard]] Result<void> breadth_first(const Core& core, Reader& reader, std::string_view start,
                                         const Traversal& how, Fn& visit, Follow& follow) {
  std::unordered_set<std::string> met = {std::string(start)};
  std::deque<Waiting> waiting;
  waiting.push_back({.step = {.node = std::string(start), .type = {}}});
  for (; !waiting.empty(); waiting.pop_front()) {
    const Waiting& at = waiting.front();
    if (!visit(at.visit())) {
      return {};
    }
    if (at.depth == how.max_depth) {
      continue;
    }
    auto done = core.for_each_step(reader, at.step.node, how.side, how.types, [&](Step&& step) {
      if (!met.contains(step.node) && follow(std::as_const(step))) {
        met.insert(step.node);
        waiting.push_back({std::move(step), at.depth + 1});
      }
      return true;
    });
    if (!done) {
      return done;
    }
  }
  return {};
}

template <class Core, class Reader, class Fn, class Follow>
[[nodiscard]] Result<void> depth_first(const Core& core, Reader& reader, std::string_view start,
                                       const Traversal& how, Fn& visit, Follow& follow) {
  std::unordered_map<std::string, std::size_t> least_depth;
  const auto is_news = [&](const std::string& node, std::size_t depth) {
    const auto met = least_depth.find(node);
    return met == least_depth.end() ||
           (how.max_depth != std::numeric_limits<std::size_t>::max() && depth < met->second);
  };
  std::vector<Waiting> waiting;
  waiting.push_back({.step = {.node = std::string(start), .type = {}}});
  while (!waiting.empty()) {
    const Waiting at = std::move(waiting.back());
    waiting.pop_back();
    if (!is_news(at.step.node, at.depth)) {
      continue;
    }
    if (least_depth.insert_or_assign(at.step.node, at.depth).second && !visit(at.visit())) {
      return {};
    }
    if (at.depth == how.max_depth) {
      continue;
    }
    auto steps = core.steps(reader, at.step.node, how.side, how.types);
    if (!steps) {
      return propagate(std::move(steps));
    }
    for (auto step = steps->rbegin(); step != steps->rend(); ++step) {
      if (is_news(step->node, at.depth + 1) && follow(std::as_const(*step))) {
        waiting.push_back({std::move(*step), at.depth + 1});
      }
    }
  }
  return {};
}

/// `visit(const Visit&) -> bool` ends the walk with false; `follow(const Step&) -> bool` says which
/// steps may be taken. Errors: `not_found` where there is no such start.
template <class Core, class Reader, class Fn, class Follow>
[[nodiscard]] Result<void> traverse(const Core& core, Reader& reader, std::string_view start,
                                    const Traversal& how, Fn& visit, Follow& follow) {
  if (auto there = core.require_node(reader, start); !there) {
    return there;
  }
  return how.order == VisitOrder::breadth_first
             ? breadth_first(core, reader, start, how, visit, follow)
             : depth_first(core, reader, start, how, visit, follow);
}

}  // namespace detail
}  // namespace strata::store
