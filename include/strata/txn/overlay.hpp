// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The writes of a unit of work on one family, in key order, so that it can read them before they
/// are committed: points (a value, or erased) above ranges that are erased as a whole.
///
/// Ranges are disjoint and do not touch: [a,c) and [b,d) are kept as [a,d). Not thread-safe.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace strata::txn {

class Overlay {
 public:
  /// No value: erased.
  using Points = std::map<std::string, std::optional<std::string>, std::less<>>;

  void put(std::string_view key, std::string_view value) { point(key) = std::string(value); }
  void erase(std::string_view key) { point(key) = std::nullopt; }
  void erase_range(std::string_view first, std::string_view last) {
    if (first >= last) {
      return;
    }
    points_.erase(points_.lower_bound(first), points_.lower_bound(last));
    std::string from(first);
    std::string to(last);
    auto range = ranges_.upper_bound(first);
    if (range != ranges_.begin() && std::prev(range)->second >= first) {
      --range;
    }
    while (range != ranges_.end() && range->first <= to) {
      from = std::min(from, range->first);
      to = std::max(to, range->second);
      range = ranges_.erase(range);
    }
    ranges_.emplace(std::move(from), std::move(to));
  }

  [[nodiscard]] const Points& points() const noexcept { return points_; }

  /// The erased range around `key`: its first key, and the key behind it.
  [[nodiscard]] const std::pair<const std::string, std::string>* erased_range(
      std::string_view key) const {
    auto range = ranges_.upper_bound(key);
    if (range == ranges_.begin() || (--range)->second <= key) {
      return nullptr;
    }
    return &*range;
  }

 private:
  std::optional<std::string>& point(std::string_view key) {
    const auto at = points_.lower_bound(key);
    if (at != points_.end() && at->first == key) {
      return at->second;
    }
    return points_.emplace_hint(at, key, std::nullopt)->second;
  }

  Points points_;
  std::map<std::string, std::string, std::less<>> ranges_;
};

}  // namespace strata::txn
