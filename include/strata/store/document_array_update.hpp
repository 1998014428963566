// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The update operators that work on one array: `$push`, `$addToSet`, `$pull`, `$pop`. What they
/// mean is in store/document_update.hpp. Errors say what is wrong; the caller adds where. Tested
/// with the other operators: tests/store/document_update_test.cpp.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <strata/core/error.hpp>
#include <strata/store/document_filter_parser.hpp>
#include <strata/store/document_value.hpp>

namespace strata::store::detail {

[[nodiscard]] inline Result<std::string> key_of_json(const Json& json) {
  auto stored = StoredValue::of(json);
  if (!stored) {
    return propagate(std::move(stored));
  }
  return key_of(stored->root());
}

[[nodiscard]] inline Result<void> add_to_set(boost::json::array& array,
                                             const boost::json::array& values) {
  std::vector<std::string> present;
  for (const Json& element : array) {
    auto key = key_of_json(element);
    if (!key) {
      return propagate(std::move(key));
    }
    present.push_back(std::move(*key));
  }
  for (const Json& value : values) {
    auto key = key_of_json(value);
    if (!key) {
      return propagate(std::move(key));
    }
    if (std::find(present.begin(), present.end(), *key) == present.end()) {
      array.push_back(value);
      present.push_back(std::move(*key));
    }
  }
  return {};
}

/// `$slice`: keeps the first n elements, or with -n the last n.
inline void keep_slice(boost::json::array& array, std::int64_t n) {
  const auto size = static_cast<std::int64_t>(array.size());
  if (n >= 0 && n < size) {
    array.resize(static_cast<std::size_t>(n));
  } else if (n < 0 && -size < n) {
    array.erase(array.begin(), array.begin() + (size + n));
  }
}

/// `$push`, or `$addToSet` where values come `once`. The operand is a value, or an object with
/// `$each`.
[[nodiscard]] inline Result<void> grow_array(boost::json::array& array, const Json& operand,
                                             bool once) {
  boost::json::array values;
  std::size_t position = array.size();
  std::int64_t slice = INT64_MAX;
  const bool modified = operand.is_object() && operand.get_object().contains("$each");
  if (!modified) {
    values.push_back(operand);
  } else {
    for (const auto& modifier : operand.get_object()) {
      const Json& value = modifier.value();
      if (modifier.key() == "$each" && value.is_array()) {
        values = value.get_array();
      } else if (modifier.key() == "$position" && value.is_int64() && value.get_int64() >= 0) {
        position = std::min(position, static_cast<std::size_t>(value.get_int64()));
      } else if (modifier.key() == "$slice" && value.is_int64()) {
        slice = value.get_int64();
      } else {
        return fail(ErrorCode::invalid_argument,
                    "takes $each with an array, $position with a whole number from 0, and $slice "
                    "with a whole number");
      }
    }
  }
  if (once) {
    return add_to_set(array, values);
  }
  array.insert(array.begin() + static_cast<std::ptrdiff_t>(position), values.begin(), values.end());
  keep_slice(array, slice);
  return {};
}

/// Removes the elements that equal the operand, or match it where it is a condition.
[[nodiscard]] inline Result<void> pull_from(boost::json::array& array, const Json& operand) {
  // A condition on fields is a filter for elements that are objects. Everything else becomes one by
  // putting each element into an object of its own.
  const bool on_fields = operand.is_object() && !operand.get_object().empty() &&
                         !operand.get_object().begin()->key().starts_with('$');
  const auto comparable = [&](const Json& value) {
    boost::json::object wrapped;
    wrapped.emplace("element", value);
    return on_fields ? value : Json(std::move(wrapped));
  };
  auto filter = parse_filter(comparable(operand));
  if (!filter) {
    return propagate(std::move(filter));
  }
  boost::json::array kept;
  for (Json& element : array) {
    auto stored = StoredValue::of(comparable(element));
    if (!stored) {
      return propagate(std::move(stored));
    }
    if ((on_fields && !element.is_object()) || !filter->matches(stored->root())) {
      kept.push_back(std::move(element));
    }
  }
  array = std::move(kept);
  return {};
}

[[nodiscard]] inline Result<void> pop_from(boost::json::array& array, const Json& operand) {
  if (!operand.is_int64() || (operand.get_int64() != 1 && operand.get_int64() != -1)) {
    return fail(ErrorCode::invalid_argument, "takes 1 for the last element or -1 for the first");
  }
  if (!array.empty()) {
    array.erase(operand.get_int64() == 1 ? array.end() - 1 : array.begin());
  }
  return {};
}

}  // namespace strata::store::detail
