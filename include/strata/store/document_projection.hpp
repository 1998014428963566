// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which fields of a document a query returns: `{"name.common": 1, "area": 1}` only these and
/// `_id`, `{"translations": 0}` all but these. `_id` may be left out of either with `"_id": 0`.
/// Paths go through arrays, into each element that is an object. Only what is returned is decoded.
/// Tested through the store: tests/store/document_store_test.cpp.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <strata/core/error.hpp>
#include <strata/store/document_path.hpp>
#include <strata/store/document_value.hpp>

namespace strata::store {

class Projection {
 public:
  /// Everything.
  Projection() = default;

  /// Null and `{}` mean everything.
  /// Errors: `invalid_argument` for a mix of 0 and 1, or a path inside another.
  [[nodiscard]] static Result<Projection> parse(const Json& json) {
    Projection made;
    if (json.is_null()) {
      return made;
    }
    if (!json.is_object()) {
      return refuse("is an object of paths with 1 (return) or 0 (leave out)");
    }
    bool include = false;
    bool exclude = false;
    bool without_id = false;
    for (const auto& field : json.get_object()) {
      bool wanted = false;
      if (!truth_of(field.value(), wanted)) {
        return refuse("takes 1 or 0, true or false for each path");
      }
      if (field.key() == "_id") {
        without_id = !wanted;
        continue;
      }
      (wanted ? include : exclude) = true;
      auto path = Path::of({field.key().data(), field.key().size()});
      if (!path) {
        return propagate(std::move(path));
      }
      if (!made.root_.add(path->parts())) {
        return refuse("names a path inside another; keep one of them");
      }
    }
    if (include && exclude) {
      return refuse("mixes 1 and 0; only _id may differ from the rest");
    }
    const bool only_id = !include && !exclude && !json.get_object().empty() && !without_id;
    made.mode_ = include || only_id      ? Mode::include
                 : exclude || without_id ? Mode::exclude
                                         : Mode::everything;
    if ((made.mode_ == Mode::include) != without_id) {
      made.root_.children.emplace("_id", Node());
    }
    return made;
  }

  [[nodiscard]] Json apply(ValueRef document) const {
    return mode_ == Mode::everything ? to_json(document) : project(root_, document);
  }

 private:
  enum class Mode {
    everything,
    include,
    exclude
  };
  struct Node {
    std::map<std::string, Node, std::less<>> children;  // none: the path ends here

    [[nodiscard]] bool add(std::span<const PathPart> parts) {
      auto [child, fresh] = children.try_emplace(parts.front().name);
      if (parts.size() == 1) {
        return fresh;
      }
      return (fresh || !child->second.children.empty()) && child->second.add(parts.subspan(1));
    }
  };

  [[nodiscard]] static tl::unexpected<Error> refuse(std::string_view what) {
    return fail(ErrorCode::invalid_argument, "a projection ", what);
  }
  [[nodiscard]] static bool truth_of(const Json& json, bool& truth) {
    if (json.is_bool()) {
      truth = json.get_bool();
      return true;
    }
    truth = json.is_int64() && json.get_int64() == 1;
    return truth || (json.is_int64() && json.get_int64() == 0);
  }

  [[nodiscard]] Json project(const Node& node, ValueRef value) const {
    const bool include = mode_ == Mode::include;
    if (value.IsUntypedVector()) {
      const auto elements = value.AsVector();
      boost::json::array array;
      for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i].IsMap() || elements[i].IsUntypedVector() || !include) {
          array.push_back(project(node, elements[i]));
        }
      }
      return array;
    }
    if (!value.IsMap()) {
      return to_json(value);
    }
    const auto names = value.AsMap().Keys();
    const auto values = value.AsMap().Values();
    boost::json::object object;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const char* name = names[i].AsKey();
      const auto child = node.children.find(std::string_view(name));
      if (child == node.children.end()) {
        if (!include) {
          object.emplace(name, to_json(values[i]));
        }
      } else if (child->second.children.empty()) {
        if (include) {
          object.emplace(name, to_json(values[i]));
        }
      } else if (values[i].IsMap() || values[i].IsUntypedVector() || !include) {
        object.emplace(name, project(child->second, values[i]));
      }
    }
    return object;
  }

  Mode mode_ = Mode::everything;
  Node root_;
};

}  // namespace strata::store
