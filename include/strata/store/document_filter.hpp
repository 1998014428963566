// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Filters: which documents a query means, in MongoDB's query language.
///
///     {"region": "Europe", "area": {"$gt": 300000}, "borders": "DEU"}
///
/// A field is compared with each value that its path has (see store/document_path.hpp): one that
/// matches suffices, so `{"borders": "DEU"}` finds arrays that contain it. `$ne`, `$nin` and `$not`
/// are the exact opposite of the whole condition. Order operators compare within a type only. A
/// field that is missing equals null.
///
/// | kind       | operators                                                          |
/// |------------|--------------------------------------------------------------------|
/// | comparison | `$eq $ne $gt $gte $lt $lte $in $nin`                                |
/// | logic      | `$and $or $nor $not`                                               |
/// | element    | `$exists $type`                                                    |
/// | array      | `$all $elemMatch $size`                                            |
/// | value      | `$regex` (with `$options`), `$mod`                                 |
///
/// A filter is parsed once into a tree whose leaves are one operator on one path; the planner reads
/// the same tree. Values are compared as key bytes, so filters and indexes agree on every order.
/// Threads: a parsed filter may be shared.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/store/document_path.hpp>
#include <strata/store/document_value.hpp>
#include <strata/store/key_number.hpp>
#include <strata/store/regex.hpp>

namespace strata::store {

struct FilterNode {
  enum class Op : std::uint8_t {
    all_of,   ///< every child; without any: always
    any_of,   ///< some child
    none_of,  ///< no child
    eq,
    gt,
    gte,
    lt,
    lte,
    in,
    exists,
    type,
    size,
    mod,
    regex,
    elem_match
  };

  Op op = Op::all_of;
  std::vector<FilterNode> children = {};
  Path path = {};
  /// `eq` to `lte`: one; `in`: sorted. Key bytes with tag.
  std::vector<std::string> operands = {};
  std::optional<Regex> regex = std::nullopt;
  std::uint32_t types = 0;     ///< `type`: bit i stands for `detail::filter_types[i]`.
  std::int64_t divisor = 0;    ///< `mod`
  std::int64_t remainder = 0;  ///< `mod`, and the length that `size` asks for
};

namespace detail {

struct FilterType {
  std::string_view name;
  std::int64_t bson_number;
};
/// The names of types that `$type` takes, with BSON's numbers.
inline constexpr FilterType filter_types[] = {
    {"null", 10},  {"double", 1}, {"int", 16},    {"long", 18}, {"string", 2},
    {"object", 3}, {"array", 4},  {"binData", 5}, {"bool", 8},  {"date", 9}};

/// Which of `filter_types` a value is.
[[nodiscard]] inline std::uint32_t type_bit(ValueRef value) {
  switch (tag_of(value)) {
    case KeyTag::null: return 1U << 0;
    case KeyTag::number: {
      if (value.IsFloat()) {
        return 1U << 1;
      }
      const bool small =
          value.IsInt() && value.AsInt64() == static_cast<std::int32_t>(value.AsInt64());
      return small ? 1U << 2 : 1U << 3;
    }
    case KeyTag::string: return 1U << 4;
    case KeyTag::object: return 1U << 5;
    case KeyTag::array: return 1U << 6;
    case KeyTag::binary: return 1U << 7;
    case KeyTag::boolean: return 1U << 8;
    default: return 1U << 9;
  }
}

}  // namespace detail

class Filter {
 public:
  /// Matches every document. `parse_filter` makes others (store/document_filter_parser.hpp).
  Filter() = default;
  explicit Filter(FilterNode root) noexcept : root_(std::move(root)) {}

  [[nodiscard]] bool matches(ValueRef document) const { return matches(root_, document); }
  [[nodiscard]] const FilterNode& root() const noexcept { return root_; }

 private:
  using Op = FilterNode::Op;

  [[nodiscard]] static bool matches(const FilterNode& node, ValueRef document) {
    switch (node.op) {
      case Op::all_of:
        return std::all_of(node.children.begin(), node.children.end(),
                           [&](const FilterNode& child) { return matches(child, document); });
      case Op::any_of:
      case Op::none_of: {
        const bool any =
            std::any_of(node.children.begin(), node.children.end(),
                        [&](const FilterNode& child) { return matches(child, document); });
        return any == (node.op == Op::any_of);
      }
      default: return leaf_matches(node, document);
    }
  }

  [[nodiscard]] static bool leaf_matches(const FilterNode& node, ValueRef document) {
    const auto parts = node.path.parts();
    bool found = false;
    switch (node.op) {
      case Op::exists:
        return !visit_path(document, parts, [](const ValueRef* value) { return value == nullptr; });
      case Op::size:
        return !visit_path(document, parts, [&](const ValueRef* value) {
          return value == nullptr || !value->IsUntypedVector() ||
                 static_cast<std::int64_t>(value->AsVector().size()) != node.remainder;
        });
      case Op::elem_match:
        return !visit_path(document, parts, [&](const ValueRef* value) {
          return value == nullptr || !value->IsUntypedVector() || !has_element(node, *value);
        });
      default: break;
    }
    std::string scratch;
    visit_values(document, parts, [&](const ValueRef* value) {
      found = value != nullptr ? value_matches(node, *value, scratch) : missing_matches(node);
      return !found;
    });
    return found;
  }
  [[nodiscard]] static bool has_element(const FilterNode& node, ValueRef array) {
    const auto elements = array.AsVector();
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (matches(node.children.front(), elements[i])) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] static bool missing_matches(const FilterNode& node) {
    const std::string_view null("\x10", 1);
    switch (node.op) {
      case Op::eq:
      case Op::gte:
      case Op::lte: return node.operands.front() == null;
      case Op::in: return std::binary_search(node.operands.begin(), node.operands.end(), null);
      default: return false;
    }
  }

  [[nodiscard]] static bool value_matches(const FilterNode& node, ValueRef value,
                                          std::string& scratch) {
    switch (node.op) {
      case Op::type: return (node.types & detail::type_bit(value)) != 0;
      case Op::regex: return value.IsString() && node.regex->search(text_of(value));
      case Op::mod: return mod_matches(node, value);
      default: break;
    }
    if (node.op != Op::in && static_cast<char>(tag_of(value)) != node.operands.front().front()) {
      return false;  // another type: neither equal nor in order
    }
    scratch.clear();
    KeyWriter writer(std::move(scratch));
    write_key(writer, value);
    scratch = writer.take();
    switch (node.op) {
      case Op::eq: return scratch == node.operands.front();
      case Op::gt: return scratch > node.operands.front();
      case Op::gte: return scratch >= node.operands.front();
      case Op::lt: return scratch < node.operands.front();
      case Op::lte: return scratch <= node.operands.front();
      default: return std::binary_search(node.operands.begin(), node.operands.end(), scratch);
    }
  }
  [[nodiscard]] static bool mod_matches(const FilterNode& node, ValueRef value) {
    if (tag_of(value) != KeyTag::number || (value.IsUInt() && value.AsUInt64() > INT64_MAX)) {
      return false;
    }
    if (value.IsFloat() && !(std::abs(value.AsDouble()) < detail::two_to_63)) {
      return false;
    }
    const std::int64_t dividend = value.AsInt64();  // fractions are cut off, as MongoDB does
    return (node.divisor == -1 ? 0 : dividend % node.divisor) == node.remainder;
  }

  FilterNode root_;
};

}  // namespace strata::store
