// SPDX-License-Identifier: BSL-1.0
#pragma once

/// From a filter as JSON to the tree of store/document_filter.hpp. Derived operators are written
/// in terms of others here, so that matching and planning know few: `$ne`, `$nin` and `$not` are
/// `none_of`, and `$all` is `all_of`. Tested through filters: tests/store/document_filter_test.cpp.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/value.hpp>
#include <strata/core/error.hpp>
#include <strata/store/document_filter.hpp>

namespace strata::store {
namespace detail {

class FilterParser {
 public:
  [[nodiscard]] Result<FilterNode> document(const Json& json, int nesting = 0) {
    if (!json.is_object()) {
      return refuse("a filter is an object such as {\"field\": value}");
    }
    if (nesting > nesting_max) {
      return refuse("a filter nests deeper than 50; simplify it");
    }
    FilterNode all;
    for (const auto& field : json.get_object()) {
      const std::string_view name(field.key().data(), field.key().size());
      auto child = name.starts_with('$') ? logical(name, field.value(), nesting)
                                         : condition(name, field.value(), nesting);
      if (!child) {
        return child;
      }
      all.children.push_back(std::move(*child));
    }
    return unwrapped(std::move(all));
  }

 private:
  using Op = FilterNode::Op;
  using Parsed = Result<FilterNode>;
  static constexpr int nesting_max = 50;

  [[nodiscard]] static tl::unexpected<Error> refuse(std::string_view what) {
    return fail(ErrorCode::invalid_argument, what);
  }
  [[nodiscard]] static FilterNode unwrapped(FilterNode node) {
    if (node.op == Op::all_of && node.children.size() == 1) {
      FilterNode only = std::move(node.children.front());
      return only;
    }
    return node;
  }
  [[nodiscard]] static FilterNode negated(FilterNode node) {
    FilterNode none{.op = Op::none_of};
    none.children.push_back(std::move(node));
    return none;
  }
  [[nodiscard]] static FilterNode leaf(Op op, const Path& path) { return {.op = op, .path = path}; }

  /// `$and`, `$or` and `$nor` of whole filters.
  [[nodiscard]] Parsed logical(std::string_view name, const Json& json, int nesting) {
    FilterNode node;
    if (name == "$or") {
      node.op = Op::any_of;
    } else if (name == "$nor") {
      node.op = Op::none_of;
    } else if (name != "$and") {
      return fail(ErrorCode::invalid_argument, "unknown operator '", name,
                  "' in the place of a field; known there are $and, $or and $nor");
    }
    if (!json.is_array() || json.get_array().empty()) {
      return fail(ErrorCode::invalid_argument, name, " takes an array of at least one filter");
    }
    for (const Json& element : json.get_array()) {
      auto child = document(element, nesting + 1);
      if (!child) {
        return child;
      }
      node.children.push_back(std::move(*child));
    }
    return node;
  }

  [[nodiscard]] static bool is_operators(const Json& json) {
    if (!json.is_object() || json.get_object().empty()) {
      return false;
    }
    const auto first = json.get_object().begin()->key();
    return first.starts_with('$') && first != "$date" && first != "$binary";
  }

  /// `"path": value` or `"path": {"$op": operand, ...}`.
  [[nodiscard]] Parsed condition(std::string_view name, const Json& json, int nesting) {
    auto path = Path::of(name);
    if (!path) {
      return propagate(std::move(path));
    }
    return is_operators(json) ? operators(*path, json.get_object(), nesting)
                              : compare(Op::eq, *path, json);
  }
  [[nodiscard]] Parsed operators(const Path& path, const boost::json::object& object, int nesting) {
    if (nesting > nesting_max) {
      return refuse("a filter nests deeper than 50; simplify it");
    }
    FilterNode all;
    for (const auto& field : object) {
      const std::string_view name(field.key().data(), field.key().size());
      if (name == "$options") {
        if (!object.contains("$regex")) {
          return refuse("$options only goes with $regex");
        }
        continue;
      }
      auto child = one_operator(name, path, field.value(), object, nesting);
      if (!child) {
        return child;
      }
      all.children.push_back(std::move(*child));
    }
    return unwrapped(std::move(all));
  }
  [[nodiscard]] Parsed one_operator(std::string_view name, const Path& path, const Json& operand,
                                    const boost::json::object& siblings, int nesting) {
    if (name == "$eq") return compare(Op::eq, path, operand);
    if (name == "$gt") return compare(Op::gt, path, operand);
    if (name == "$gte") return compare(Op::gte, path, operand);
    if (name == "$lt") return compare(Op::lt, path, operand);
    if (name == "$lte") return compare(Op::lte, path, operand);
    if (name == "$in") return in(path, operand, name);
    if (name == "$ne") return compare(Op::eq, path, operand).map(negated);
    if (name == "$nin") return in(path, operand, name).map(negated);
    if (name == "$not") return negation(path, operand, nesting);
    if (name == "$exists") return exists(path, operand);
    if (name == "$type") return type(path, operand);
    if (name == "$all") return all(path, operand, nesting);
    if (name == "$elemMatch") return elem_match(path, operand, nesting);
    if (name == "$size") return size(path, operand);
    if (name == "$regex") return regex(path, operand, siblings);
    if (name == "$mod") return mod(path, operand);
    return fail(ErrorCode::invalid_argument, "unknown operator '", name, "' on the field '",
                path.text(),
                "'; known are $eq $ne $gt $gte $lt $lte $in $nin $not $exists $type $all "
                "$elemMatch $size $regex $options $mod");
  }

  [[nodiscard]] static Parsed compare(Op op, const Path& path, const Json& operand) {
    auto value = StoredValue::of(operand);
    if (!value) {
      return propagate(std::move(value));
    }
    FilterNode node = leaf(op, path);
    node.operands.push_back(key_of(value->root()));
    return node;
  }
  [[nodiscard]] static Parsed in(const Path& path, const Json& operand, std::string_view name) {
    if (!operand.is_array()) {
      return fail(ErrorCode::invalid_argument, name, " on the field '", path.text(),
                  "' takes an array of values");
    }
    FilterNode node = leaf(Op::in, path);
    for (const Json& element : operand.get_array()) {
      auto value = StoredValue::of(element);
      if (!value) {
        return propagate(std::move(value));
      }
      node.operands.push_back(key_of(value->root()));
    }
    std::sort(node.operands.begin(), node.operands.end());
    node.operands.erase(std::unique(node.operands.begin(), node.operands.end()),
                        node.operands.end());
    return node;
  }
  [[nodiscard]] Parsed negation(const Path& path, const Json& operand, int nesting) {
    if (!is_operators(operand)) {
      return fail(ErrorCode::invalid_argument, "$not on the field '", path.text(),
                  "' takes operators, such as {\"$not\": {\"$gt\": 5}}");
    }
    return operators(path, operand.get_object(), nesting + 1).map(negated);
  }
  [[nodiscard]] static Parsed exists(const Path& path, const Json& operand) {
    if (!operand.is_bool()) {
      return fail(ErrorCode::invalid_argument, "$exists on the field '", path.text(),
                  "' takes true or false");
    }
    FilterNode node = leaf(Op::exists, path);
    return operand.get_bool() ? node : negated(std::move(node));
  }
  [[nodiscard]] static std::uint32_t types_named(const Json& json) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < std::size(filter_types); ++i) {
      const bool named = (json.is_string() && view_of(json.get_string()) == filter_types[i].name) ||
                         (json.is_int64() && json.get_int64() == filter_types[i].bson_number);
      bits |= named ? 1U << i : 0U;
    }
    const bool number = json.is_string() && view_of(json.get_string()) == "number";
    return number ? 1U << 1 | 1U << 2 | 1U << 3 : bits;
  }
  [[nodiscard]] static Parsed type(const Path& path, const Json& operand) {
    FilterNode node = leaf(Op::type, path);
    const auto add = [&](const Json& one) {
      const std::uint32_t bits = types_named(one);
      node.types |= bits;
      return bits != 0;
    };
    const bool known = operand.is_array() ? std::all_of(operand.get_array().begin(),
                                                        operand.get_array().end(), add)
                                          : add(operand);
    if (!known) {
      return fail(ErrorCode::invalid_argument, "$type on the field '", path.text(),
                  "' takes names of types: null double int long number string object array "
                  "binData bool date");
    }
    return node;
  }
  [[nodiscard]] Parsed all(const Path& path, const Json& operand, int nesting) {
    if (!operand.is_array()) {
      return fail(ErrorCode::invalid_argument, "$all on the field '", path.text(),
                  "' takes an array of values");
    }
    FilterNode node;
    if (operand.get_array().empty()) {
      node.op = Op::any_of;  // of nothing: never
    }
    for (const Json& element : operand.get_array()) {
      const bool nested = is_operators(element);
      if (nested &&
          (element.get_object().size() != 1 || !element.get_object().contains("$elemMatch"))) {
        return fail(ErrorCode::invalid_argument, "$all on the field '", path.text(),
                    "' takes values or {\"$elemMatch\": ...} only");
      }
      auto child = nested ? operators(path, element.get_object(), nesting + 1)
                          : compare(Op::eq, path, element);
      if (!child) {
        return child;
      }
      node.children.push_back(std::move(*child));
    }
    return unwrapped(std::move(node));
  }
  [[nodiscard]] Parsed elem_match(const Path& path, const Json& operand, int nesting) {
    const bool logic = is_operators(operand) && [&] {
      const auto first = operand.get_object().begin()->key();
      return first == "$and" || first == "$or" || first == "$nor";
    }();
    auto child = is_operators(operand) && !logic
                     ? operators(Path(), operand.get_object(), nesting + 1)
                     : document(operand, nesting + 1);
    if (!child) {
      return child;
    }
    FilterNode node = leaf(Op::elem_match, path);
    node.children.push_back(std::move(*child));
    return node;
  }
  [[nodiscard]] static Parsed size(const Path& path, const Json& operand) {
    if (!operand.is_int64() || operand.get_int64() < 0) {
      return fail(ErrorCode::invalid_argument, "$size on the field '", path.text(),
                  "' takes a whole number, 0 or more");
    }
    FilterNode node = leaf(Op::size, path);
    node.remainder = operand.get_int64();
    return node;
  }
  [[nodiscard]] static Parsed regex(const Path& path, const Json& operand,
                                    const boost::json::object& siblings) {
    const Json* options = siblings.if_contains("$options");
    if (!operand.is_string() || (options != nullptr && !options->is_string())) {
      return fail(ErrorCode::invalid_argument, "$regex on the field '", path.text(),
                  "' takes a string, and $options a string of i, m, s");
    }
    auto compiled = Regex::compile(view_of(operand.get_string()),
                                   options != nullptr ? view_of(options->get_string()) : "");
    if (!compiled) {
      return propagate(std::move(compiled));
    }
    FilterNode node = leaf(Op::regex, path);
    node.regex = std::move(*compiled);
    return node;
  }
  [[nodiscard]] static Parsed mod(const Path& path, const Json& operand) {
    const bool well_formed = operand.is_array() && operand.get_array().size() == 2 &&
                             operand.get_array()[0].is_int64() &&
                             operand.get_array()[1].is_int64() &&
                             operand.get_array()[0].get_int64() != 0;
    if (!well_formed) {
      return fail(ErrorCode::invalid_argument, "$mod on the field '", path.text(),
                  "' takes [divisor, remainder], whole numbers, the divisor not 0");
    }
    FilterNode node = leaf(Op::mod, path);
    node.divisor = operand.get_array()[0].get_int64();
    node.remainder = operand.get_array()[1].get_int64();
    return node;
  }
};

}  // namespace detail

/// Errors: `invalid_argument` that names the operator and what it takes.
[[nodiscard]] inline Result<Filter> parse_filter(const Json& json) {
  auto root = detail::FilterParser().document(json);
  if (!root) {
    return propagate(std::move(root));
  }
  return Filter(std::move(*root));
}

}  // namespace strata::store
