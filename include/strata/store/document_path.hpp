// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Dotted paths into documents, with MongoDB's meaning.
///
/// Each part names a field of an object. In an array a part that is a number picks an element, and
/// any part is looked up in every element that is an object, so `items.price` stands for the prices
/// of all items. A path can therefore have several values, or none. Tested through filters:
/// tests/store/document_filter_test.cpp.

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/document_value.hpp>

namespace strata::store {

struct PathPart {
  std::string name;
  std::optional<std::size_t> index;  ///< Where the name is a plain number.
};

class Path {
 public:
  static constexpr std::size_t parts_max = 64;

  /// Errors: `invalid_argument` for an empty part ("a..b") or more than 64 parts.
  [[nodiscard]] static Result<Path> of(std::string_view text) {
    Path path;
    path.text_ = text;
    for (std::string_view rest = text;;) {
      const std::size_t dot = rest.find('.');
      const std::string_view name = rest.substr(0, dot);
      if (name.empty() || path.parts_.size() == parts_max ||
          name.find('\0') != std::string_view::npos) {
        return fail(ErrorCode::invalid_argument, "the path '", text,
                    "' is none: write 1 to 64 names of fields with a dot between them");
      }
      path.parts_.push_back({std::string(name), index_of(name)});
      if (dot == std::string_view::npos) {
        return path;
      }
      rest.remove_prefix(dot + 1);
    }
  }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::span<const PathPart> parts() const noexcept { return parts_; }

 private:
  [[nodiscard]] static std::optional<std::size_t> index_of(std::string_view name) noexcept {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    const bool plain = error == std::errc() && end == name.data() + name.size() &&
                       (name.size() == 1 || name.front() != '0');
    return plain ? std::optional(index) : std::nullopt;
  }

  std::string text_;
  std::vector<PathPart> parts_;
};

/// Calls `fn(const ValueRef*) -> bool` for each value that the path has in `from`, and with null
/// for each object on the way that lacks the next part; an array at the path's end comes as one
/// value. Stops, and returns false, once `fn` returns false.
template <class Fn>
bool visit_path(ValueRef from, std::span<const PathPart> parts, Fn&& fn) {
  if (parts.empty()) {
    return fn(static_cast<const ValueRef*>(&from));
  }
  if (from.IsUntypedVector()) {
    const auto elements = from.AsVector();
    if (parts[0].index && *parts[0].index < elements.size() &&
        !visit_path(elements[*parts[0].index], parts.subspan(1), fn)) {
      return false;
    }
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const ValueRef element = elements[i];
      // An element that only lacks a field with a number for a name says nothing about the path.
      ValueRef field;
      if (element.IsMap() && (!parts[0].index || find_field(element, parts[0].name, field)) &&
          !visit_path(element, parts, fn)) {
        return false;
      }
    }
    return true;
  }
  ValueRef field;
  if (!find_field(from, parts[0].name, field)) {
    return fn(static_cast<const ValueRef*>(nullptr));
  }
  return visit_path(field, parts.subspan(1), fn);
}

/// As `visit_path`, and for an array at the path's end also with each of its elements: first them,
/// then the array itself. This is what filters compare with and what indexes hold.
template <class Fn>
bool visit_values(ValueRef from, std::span<const PathPart> parts, Fn&& fn) {
  return visit_path(from, parts, [&](const ValueRef* value) {
    if (value != nullptr && value->IsUntypedVector()) {
      const auto elements = value->AsVector();
      for (std::size_t i = 0; i < elements.size(); ++i) {
        const ValueRef element = elements[i];
        if (!fn(&element)) {
          return false;
        }
      }
    }
    return fn(value);
  });
}

}  // namespace strata::store
