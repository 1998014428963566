// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Changes to a document: MongoDB's update operators, or a JSON merge patch (RFC 7386).
///
///     {"$set": {"name.common": "Aruba"}, "$inc": {"visits": 1}}     operators on dotted paths
///     {"name": {"common": "Aruba"}, "draft": null}                  merge patch; null removes
///
/// | operator            | effect                                                                |
/// |---------------------|-----------------------------------------------------------------------|
/// | `$set` `$unset`     | the value is set; the field removed (an element of an array: null)    |
/// | `$inc` `$mul`       | numbers: added, multiplied; a missing field counts as 0               |
/// | `$min` `$max`       | set where the new value sorts lower, higher                           |
/// | `$rename`           | the field moves to another path                                       |
/// | `$push`             | appended; `$each` several, `$position` where, `$slice` keeps n        |
/// | `$addToSet`         | as `$push`, each value once                                           |
/// | `$pull`             | elements that equal the value, or match the filter, are removed       |
/// | `$pop`              | the last element is removed (1), or the first (-1)                    |
///
/// An update applies whole or not at all; two operators on one path are refused. Integers that
/// overflow are refused, never wrapped.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>
#include <strata/core/error.hpp>
#include <strata/store/document_array_update.hpp>
#include <strata/store/document_path.hpp>
#include <strata/store/document_value.hpp>

namespace strata::store {

/// What the store keeps in each document itself; callers do not change it.
[[nodiscard]] inline bool is_kept_field(std::string_view name) noexcept {
  return name == "_id" || name == "_created" || name == "_updated" || name == "_version";
}

namespace detail {

__extension__ using Wide = __int128;

/// Applies one update to one document; the caller throws the document away where it fails.
class Updater {
 public:
  explicit Updater(Json& document) noexcept : document_(document) {}

  [[nodiscard]] Result<void> apply(const boost::json::object& operators) {
    std::vector<Step> steps;
    for (const auto& entry : operators) {
      const std::string_view name(entry.key().data(), entry.key().size());
      if (!entry.value().is_object()) {
        return fail(ErrorCode::invalid_argument, name,
                    " takes an object of paths, such as {\"field\": value}");
      }
      for (const auto& field : entry.value().get_object()) {
        auto path = changeable({field.key().data(), field.key().size()});
        if (!path) {
          return propagate(std::move(path));
        }
        steps.push_back({name, std::move(*path), &field.value()});
      }
    }
    if (auto apart = check_apart(steps); !apart) {
      return apart;
    }
    for (const Step& step : steps) {
      if (auto applied = apply_one(step.name, step.path, *step.operand); !applied) {
        return applied;
      }
    }
    return {};
  }

 private:
  struct Step {
    std::string_view name;
    Path path;
    const Json* operand;
  };
  /// Where a path leads; `made`: nothing was there, and null is now.
  struct Place {
    Json* at;
    bool made;
  };

  static constexpr std::size_t padding_max = 10000;

  [[nodiscard]] static tl::unexpected<Error> refuse(std::string_view name, const Path& path,
                                                    std::string_view what) {
    return fail(ErrorCode::invalid_argument, name, " on '", path.text(), "': ", what);
  }
  [[nodiscard]] static Result<Path> changeable(std::string_view text) {
    auto path = Path::of(text);
    if (!path) {
      return path;
    }
    if (is_kept_field(path->parts().front().name)) {
      return fail(ErrorCode::invalid_argument, "'", text,
                  "' is kept by the store and can not be updated");
    }
    for (const auto& part : path->parts()) {
      if (part.name.starts_with('$')) {
        return fail(ErrorCode::invalid_argument, "'", text,
                    "': positional operators are not supported; name the element by its number");
      }
    }
    return path;
  }
  /// No path may lie in another: the result would depend on the order of the operators.
  [[nodiscard]] static Result<void> check_apart(const std::vector<Step>& steps) {
    std::vector<std::string> paths;
    for (const Step& step : steps) {
      paths.push_back(step.path.text() + ".");
      if (step.name == "$rename" && step.operand->is_string()) {
        paths.push_back(std::string(view_of(step.operand->get_string())) + ".");
      }
    }
    std::sort(paths.begin(), paths.end());
    for (std::size_t i = 1; i < paths.size(); ++i) {
      if (paths[i].starts_with(paths[i - 1])) {
        return fail(ErrorCode::invalid_argument, "the update changes '",
                    std::string_view(paths[i - 1]).substr(0, paths[i - 1].size() - 1),
                    "' twice; name each path once");
      }
    }
    return {};
  }

  /// The value at the path, `at` null where it is missing. With `create`, objects are made on the
  /// way, and arrays filled up with null.
  [[nodiscard]] Result<Place> locate(std::string_view name, const Path& path, bool create) {
    Place place{&document_, false};
    for (const auto& part : path.parts()) {
      if (place.made) {
        place.at->emplace_object();
      }
      if (place.at->is_object()) {
        auto& object = place.at->get_object();
        Json* field = object.if_contains(part.name);
        place.made = field == nullptr;
        place.at =
            field == nullptr && create ? &object.emplace(part.name, nullptr).first->value() : field;
      } else if (place.at->is_array() && part.index) {
        auto& array = place.at->get_array();
        place.made = *part.index >= array.size();
        if (place.made && create) {
          if (*part.index - array.size() > padding_max) {
            return refuse(name, path, "the position is more than 10000 behind the array's end");
          }
          array.resize(*part.index + 1);
        }
        place.at = *part.index < array.size() ? &array[*part.index] : nullptr;
      } else if (create) {
        return refuse(name, path,
                      "'" + part.name + "' can not be made inside a value that is " +
                          (place.at->is_array() ? "an array" : "no object"));
      } else {
        place.at = nullptr;
      }
      if (place.at == nullptr) {
        return Place{nullptr, false};
      }
    }
    return place;
  }

  [[nodiscard]] Result<void> apply_one(std::string_view name, const Path& path,
                                       const Json& operand) {
    if (name == "$unset") return unset(name, path);
    if (name == "$rename") return rename(name, path, operand);
    if (name == "$pull" || name == "$pop") return shrink(name, path, operand);
    const bool known = name == "$set" || name == "$inc" || name == "$mul" || name == "$min" ||
                       name == "$max" || name == "$push" || name == "$addToSet";
    if (!known) {
      return fail(ErrorCode::invalid_argument, "unknown update operator '", name,
                  "'; known are $set $unset $inc $mul $min $max $rename $push $addToSet $pull "
                  "$pop");
    }
    auto located = locate(name, path, true);
    if (!located) {
      return propagate(std::move(located));
    }
    const Place place = *located;
    if (name == "$set" || (place.made && (name == "$min" || name == "$max"))) {
      *place.at = operand;
      return {};
    }
    if (name == "$inc" || name == "$mul") {
      if (place.made) {
        *place.at = 0;
      }
      return calculate(name, path, *place.at, operand);
    }
    if (name == "$min" || name == "$max") {
      return bound(name, *place.at, operand);
    }
    if (place.made) {
      place.at->emplace_array();
    }
    if (!place.at->is_array()) {
      return refuse(name, path, "the field is no array");
    }
    auto grown = grow_array(place.at->get_array(), operand, name == "$addToSet");
    return grown ? grown : refuse(name, path, grown.error().message());
  }

  [[nodiscard]] Result<void> unset(std::string_view name, const Path& path) {
    auto found = locate(name, path, false);
    if (!found || found->at == nullptr) {
      return found ? Result<void>() : propagate(std::move(found));
    }
    const auto& last = path.parts().back();
    Json* parent = &document_;
    for (const auto& part : path.parts().first(path.parts().size() - 1)) {
      parent = parent->is_object() ? parent->get_object().if_contains(part.name)
                                   : &parent->get_array()[*part.index];
    }
    if (parent->is_object()) {
      parent->get_object().erase(last.name);
    } else {
      parent->get_array()[*last.index] = nullptr;
    }
    return {};
  }
  [[nodiscard]] Result<void> rename(std::string_view name, const Path& path, const Json& operand) {
    if (!operand.is_string()) {
      return refuse(name, path, "takes the new path as a string");
    }
    auto target = changeable(view_of(operand.get_string()));
    if (!target) {
      return propagate(std::move(target));
    }
    auto source = locate(name, path, false);
    if (!source || source->at == nullptr) {
      return source ? Result<void>() : propagate(std::move(source));
    }
    Json value = *source->at;
    if (auto removed = unset(name, path); !removed) {
      return removed;
    }
    auto located = locate(name, *target, true);
    if (!located) {
      return propagate(std::move(located));
    }
    *located->at = std::move(value);
    return {};
  }

  [[nodiscard]] static bool widen(const Json& json, Wide& value) {
    if (json.is_int64()) {
      value = json.get_int64();
    } else if (json.is_uint64()) {
      value = static_cast<Wide>(json.get_uint64());
    } else {
      return false;
    }
    return true;
  }
  [[nodiscard]] static Result<void> calculate(std::string_view name, const Path& path, Json& at,
                                              const Json& operand) {
    if (!at.is_number() || !operand.is_number()) {
      return refuse(name, path, "the field and the operand must be numbers");
    }
    const bool add = name == "$inc";
    Wide a = 0;
    Wide b = 0;
    if (!widen(at, a) || !widen(operand, b)) {
      const auto x = at.to_number<double>();
      const auto y = operand.to_number<double>();
      at = add ? x + y : x * y;
      return {};
    }
    // Both are below 2^64 in size: neither the sum nor the product of an int64 leaves 128 bits.
    Wide result = 0;
    if (add ? __builtin_add_overflow(a, b, &result) : __builtin_mul_overflow(a, b, &result)) {
      result = static_cast<Wide>(UINT64_MAX) + 1;
    }
    if (result >= INT64_MIN && result <= INT64_MAX) {
      at = static_cast<std::int64_t>(result);
    } else if (result > 0 && result <= static_cast<Wide>(UINT64_MAX)) {
      at = static_cast<std::uint64_t>(result);
    } else {
      return refuse(name, path, "the result does not fit in 64 bits");
    }
    return {};
  }
  [[nodiscard]] static Result<void> bound(std::string_view name, Json& at, const Json& operand) {
    const auto old_key = key_of_json(at);
    const auto new_key = key_of_json(operand);
    if (!old_key || !new_key) {
      return propagate(old_key ? new_key : old_key);
    }
    if (name == "$min" ? *new_key < *old_key : *new_key > *old_key) {
      at = operand;
    }
    return {};
  }

  /// `$pull` and `$pop`.
  [[nodiscard]] Result<void> shrink(std::string_view name, const Path& path, const Json& operand) {
    auto located = locate(name, path, false);
    if (!located || located->at == nullptr) {
      return located ? Result<void>() : propagate(std::move(located));
    }
    if (!located->at->is_array()) {
      return refuse(name, path, "the field is no array");
    }
    auto& array = located->at->get_array();
    auto shrunk = name == "$pull" ? pull_from(array, operand) : pop_from(array, operand);
    return shrunk ? shrunk : refuse(name, path, shrunk.error().message());
  }

  Json& document_;
};

inline void merge_patch(Json& target, const boost::json::object& patch) {
  if (!target.is_object()) {
    target.emplace_object();
  }
  auto& object = target.get_object();
  for (const auto& field : patch) {
    if (field.value().is_null()) {
      object.erase(field.key());
    } else if (field.value().is_object()) {
      merge_patch(object[field.key()], field.value().get_object());
    } else {
      object[field.key()] = field.value();
    }
  }
}

}  // namespace detail

/// The document after the update. The kept fields stay for the caller to set.
/// Errors: `invalid_argument` that names the operator and the path.
[[nodiscard]] inline Result<Json> updated(Json document, const Json& update) {
  if (!update.is_object() || update.get_object().empty()) {
    return fail(ErrorCode::invalid_argument,
                "an update is an object: operators such as {\"$set\": {...}}, or a merge patch");
  }
  std::size_t operators = 0;
  for (const auto& field : update.get_object()) {
    operators += field.key().starts_with('$') ? 1 : 0;
  }
  if (operators != 0 && operators != update.get_object().size()) {
    return fail(ErrorCode::invalid_argument,
                "the update mixes operators and plain fields; put the fields into $set");
  }
  if (operators != 0) {
    if (auto applied = detail::Updater(document).apply(update.get_object()); !applied) {
      return propagate(std::move(applied));
    }
  } else {
    boost::json::object patch = update.get_object();
    for (const auto* kept : {"_id", "_created", "_updated", "_version"}) {
      patch.erase(kept);
    }
    detail::merge_patch(document, patch);
  }
  return document;
}

}  // namespace strata::store
