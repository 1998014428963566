// SPDX-License-Identifier: BSL-1.0
#pragma once

/// All simple paths between two nodes: those that meet no node twice.
///
/// Depth-first, with the nodes of the *path* marked and not those ever seen, as a node may lie on
/// many paths. A breadth-first search back from the target first tells how many edges each node is
/// away from it, so that no way is followed that can not arrive in time.
///
/// Memory: the ids of the nodes within `max_depth` of the target, and the edges along one path.
/// Requires of `follow`: the same answer for the same step.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/graph_core.hpp>
#include <strata/store/graph_paths.hpp>
#include <strata/store/graph_traverse.hpp>
#include <strata/store/graph_types.hpp>

namespace strata::store {

struct SimplePathOptions {
  Side side = Side::out;
  std::vector<std::string> types = {};  ///< Of edges that may be taken; empty: all.
  /// There may be exponentially many paths; none: all of them.
  std::optional<std::size_t> limit = std::nullopt;
  const Snapshot* snapshot = nullptr;
};

namespace detail {

template <class Core, class Reader, class Follow>
class SimplePaths {
 public:
  SimplePaths(const Core& core, Reader& reader, const SimplePathOptions& how, Follow& follow)
      : core_(&core), reader_(&reader), how_(&how), follow_(&follow) {}

  /// Paths of at most `max_depth` edges. Errors: `not_found`.
  [[nodiscard]] Result<std::vector<GraphPath>> find(std::string_view from, std::string_view to,
                                                    std::size_t max_depth) {
    if (auto there = core_->require_node(*reader_, from); !there) {
      return propagate(std::move(there));
    }
    if (auto measured = measure(to, max_depth); !measured) {
      return propagate(std::move(measured));
    }
    to_ = to;
    max_depth_ = max_depth;
    if (within_reach(std::string(from), 0) && how_->limit != std::size_t{0}) {
      if (auto searched = search(std::string(from)); !searched) {
        return propagate(std::move(searched));
      }
    }
    return std::move(found_);
  }

 private:
  /// The steps from the last node of the path, and the next one to take.
  struct Level {
    std::vector<Step> steps;
    std::size_t next = 0;
  };

  [[nodiscard]] Result<void> measure(std::string_view to, std::size_t max_depth) {
    const Traversal back{
        .side = reversed(how_->side), .types = how_->types, .max_depth = max_depth};
    auto visit = [&](const Visit& at) {
      edges_left_.emplace(at.node, at.depth);
      return true;
    };
    auto all = FollowAll();  // `follow` sees forward steps only; without it the bound is lower
    return traverse(*core_, *reader_, to, back, visit, all);
  }
  [[nodiscard]] bool within_reach(const std::string& node, std::size_t depth) const {
    const auto left = edges_left_.find(node);
    return left != edges_left_.end() && left->second <= max_depth_ - depth;
  }

  [[nodiscard]] Result<void> search(const std::string& from) {
    if (auto entered = enter(from); !entered) {
      return entered;
    }
    while (!levels_.empty() && (!how_->limit || found_.size() < *how_->limit)) {
      Level& level = levels_.back();
      if (level.next == level.steps.size()) {
        leave();
        continue;
      }
      Step& step = level.steps[level.next++];
      if (on_path_.contains(step.node) || !within_reach(step.node, path_.edges.size() + 1) ||
          !(*follow_)(std::as_const(step))) {
        continue;
      }
      path_.edges.push_back(step.edge);
      if (auto entered = enter(step.node); !entered) {
        return entered;
      }
    }
    return {};
  }
  /// Puts `node` at the end of the path; the target has no steps onward.
  [[nodiscard]] Result<void> enter(const std::string& node) {
    path_.nodes.push_back(node);
    on_path_.insert(node);
    Level level;
    if (node == to_) {
      GraphPath& path = found_.emplace_back(path_);
      for (const Level& passed : levels_) {
        path.cost += passed.steps[passed.next - 1].weight;
      }
    } else {
      auto steps = core_->steps(*reader_, node, how_->side, how_->types);
      if (!steps) {
        return propagate(std::move(steps));
      }
      level.steps = std::move(*steps);
    }
    levels_.push_back(std::move(level));
    return {};
  }
  void leave() {
    levels_.pop_back();
    on_path_.erase(path_.nodes.back());
    path_.nodes.pop_back();
    if (!levels_.empty()) {
      path_.edges.pop_back();
    }
  }

  const Core* core_;
  Reader* reader_;
  const SimplePathOptions* how_;
  Follow* follow_;
  std::string to_;
  std::size_t max_depth_ = 0;
  std::unordered_map<std::string, std::size_t> edges_left_;
  std::unordered_set<std::string> on_path_;
  std::vector<Level> levels_;
  GraphPath path_;
  std::vector<GraphPath> found_;
};

}  // namespace detail
}  // namespace strata::store
