// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The words of the time-series store: points, the names of series, and what selects them.
///
/// A series is a metric and its tags; a tag without a value is the same as no tag. Times are
/// milliseconds since 1970 UTC, before it too. Ranges are half open. Tested through the store:
/// tests/store/time_series_test.cpp.

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace strata::store {

using Tags = std::map<std::string, std::string, std::less<>>;

/// A sample. Requires, where it is written: a finite value, a time below the greatest `int64_t`.
struct Point {
  std::int64_t time_ms = 0;
  double value = 0;

  friend bool operator==(const Point&, const Point&) = default;
};

/// Ordered by metric, then by tags, as bytes.
struct SeriesName {
  std::string metric;
  Tags tags;

  friend bool operator==(const SeriesName&, const SeriesName&) = default;
};

/// The times in [first_ms, last_ms); all times where it is not said.
struct TimeRange {
  static constexpr std::int64_t least_ms = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t most_ms = std::numeric_limits<std::int64_t>::max();

  std::int64_t first_ms = least_ms;
  std::int64_t last_ms = most_ms;

  [[nodiscard]] bool empty() const noexcept { return last_ms <= first_ms; }
};

/// A condition on one tag. An absent tag has the value "". Patterns must match the whole value.
struct Matcher {
  enum class Kind : std::uint8_t {
    equal,
    not_equal,
    regex,
    not_regex
  };

  Kind kind = Kind::equal;
  std::string tag;
  std::string pattern;

  [[nodiscard]] static Matcher equal(std::string tag, std::string value) {
    return {Kind::equal, std::move(tag), std::move(value)};
  }
  [[nodiscard]] static Matcher not_equal(std::string tag, std::string value) {
    return {Kind::not_equal, std::move(tag), std::move(value)};
  }
  /// The expressions are those of store/regex.hpp.
  [[nodiscard]] static Matcher regex(std::string tag, std::string pattern) {
    return {Kind::regex, std::move(tag), std::move(pattern)};
  }
  [[nodiscard]] static Matcher not_regex(std::string tag, std::string pattern) {
    return {Kind::not_regex, std::move(tag), std::move(pattern)};
  }
};

/// The series of a metric that meet all matchers.
struct Selector {
  std::string metric;
  std::vector<Matcher> matchers = {};
};

/// A series and its points, oldest first.
struct SeriesPoints {
  SeriesName name;
  std::vector<Point> points;
};

/// A series and one of its points.
struct SeriesPoint {
  SeriesName name;
  Point point;
};

}  // namespace strata::store
