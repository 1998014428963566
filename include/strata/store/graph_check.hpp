// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whether a graph is whole: each edge has both its nodes, and the lists of labels and of edges say
/// exactly what the records say.
///
/// Each entry that a record must have is looked up; then the entries are counted. As many as must
/// be, and all that must be there: they are the same. Memory does not grow with the graph.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/graph_core.hpp>
#include <strata/store/graph_keys.hpp>
#include <strata/store/graph_types.hpp>

namespace strata::store {

struct GraphReport {
  std::uint64_t nodes = 0;
  std::uint64_t edges = 0;
  /// What disagrees, one sentence each; the first 100.
  std::vector<std::string> problems;

  [[nodiscard]] bool good() const noexcept { return problems.empty(); }
};

namespace detail {

/// Requires: `reader` reads one moment.
template <class Core, class Reader>
class GraphChecker {
 public:
  GraphChecker(const Core& core, Reader& reader) : core_(&core), reader_(&reader) {}

  [[nodiscard]] Result<GraphReport> check() {
    using Self = GraphChecker;
    std::uint64_t counted[3] = {};
    const auto count = [&](std::uint64_t& into) {
      return [&into](std::string_view, std::string_view) -> Result<bool> {
        ++into;
        return true;
      };
    };
    const auto with = [&](Result<bool> (Self::*check_one)(std::string_view, std::string_view)) {
      return [this, check_one](std::string_view key, std::string_view value) {
        return (this->*check_one)(key.substr(1), value);
      };
    };
    const Result<void> scans[] = {
        core_->for_each_key(*reader_, graph_key(GraphKind::node).take(), with(&Self::check_node)),
        core_->for_each_key(*reader_, graph_key(GraphKind::edge).take(), with(&Self::check_edge)),
        core_->for_each_key(*reader_, graph_key(GraphKind::label).take(), count(counted[0])),
        core_->for_each_key(*reader_, graph_key(GraphKind::out).take(), count(counted[1])),
        core_->for_each_key(*reader_, graph_key(GraphKind::in).take(), count(counted[2])),
    };
    for (const auto& scan : scans) {
      if (!scan) {
        return propagate(scan);
      }
    }
    compare("entries of labels", counted[0], labelled_);
    compare("entries of outgoing edges", counted[1], report_.edges);
    compare("entries of incoming edges", counted[2], report_.edges);
    return std::move(report_);
  }

 private:
  static constexpr std::size_t problems_max = 100;

  void report(std::string problem) {
    if (report_.problems.size() < problems_max) {
      report_.problems.push_back(std::move(problem));
    }
  }
  void compare(const char* what, std::uint64_t found, std::uint64_t expected) {
    if (found != expected) {
      report(std::to_string(found) + " " + what + ", " + std::to_string(expected) + " expected");
    }
  }
  /// Reports where `key` does not have `value`.
  [[nodiscard]] Result<bool> expect(const std::string& key, std::string_view value,
                                    const std::string& problem) {
    auto found = core_->get(*reader_, key);
    if (!found) {
      return propagate(std::move(found));
    }
    if (*found != value) {
      report(problem);
    }
    return true;
  }

  [[nodiscard]] Result<bool> check_node(std::string_view key, std::string_view value) {
    ++report_.nodes;
    std::string id;
    if (KeyReader fields(key); !fields.take_bytes(id) || !fields.done()) {
      report("the key of a node is damaged");
      return true;
    }
    const auto node = decode_node(id, value);
    if (!node) {
      report(node.error().message());
      return true;
    }
    if (node->label.empty()) {
      return true;
    }
    ++labelled_;
    return expect(label_key(node->label, id), "", "node '" + id + "' is not listed by its label");
  }

  [[nodiscard]] Result<bool> check_edge(std::string_view key, std::string_view value) {
    ++report_.edges;
    std::uint64_t id = 0;
    if (KeyReader fields(key); !fields.take_u64(id) || !fields.done()) {
      report("the key of an edge is damaged");
      return true;
    }
    const auto edge = decode_edge(id, value);
    if (!edge) {
      report(edge.error().message());
      return true;
    }
    const std::string name = "edge " + std::to_string(id);
    for (const std::string* end : {&edge->from, &edge->to}) {
      auto node = core_->get(*reader_, node_key(*end));
      if (!node) {
        return propagate(std::move(node));
      }
      if (!*node) {
        report(name + " has lost its node '" + *end + "'");
      }
    }
    auto out = expect(step_key(Side::out, edge->from, edge->type, id),
                      encode_step(edge->weight, edge->to), name + " is not listed where it leaves");
    if (!out) {
      return out;
    }
    return expect(step_key(Side::in, edge->to, edge->type, id),
                  encode_step(edge->weight, edge->from), name + " is not listed where it arrives");
  }

  const Core* core_;
  Reader* reader_;
  GraphReport report_;
  std::uint64_t labelled_ = 0;
};

}  // namespace detail
}  // namespace strata::store
