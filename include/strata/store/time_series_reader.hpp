// SPDX-License-Identifier: BSL-1.0
#pragma once

/// All that is read of time series, written once for any reader (txn/view.hpp): as of a snapshot,
/// or as a unit of work sees them. The calls are those of store/time_series.hpp. Tested through the
/// store: tests/store/time_series_test.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/store/time_series_aggregate.hpp>
#include <strata/store/time_series_keys.hpp>
#include <strata/store/time_series_match.hpp>
#include <strata/store/time_series_types.hpp>
#include <strata/txn/view.hpp>

namespace strata::store::detail {

/// Requires: `from` reads one moment.
template <class From, class Family>
class SeriesReader {
 public:
  SeriesReader(From& from, const Family& family) : from_(&from), family_(&family) {}

  [[nodiscard]] Result<std::vector<KnownSeries>> find(const Selector& selector) {
    return SeriesFinder<From, Family>(*from_, *family_).find(selector);
  }

  [[nodiscard]] Result<std::vector<SeriesPoints>> range(const Selector& selector,
                                                        const TimeRange& range) {
    std::vector<SeriesPoints> result;
    auto done = each(selector, [&](KnownSeries& series) -> Result<bool> {
      std::vector<Point> points;
      auto read = read_points(series.id, range, [&](const Point& point) {
        points.push_back(point);
        return true;
      });
      if (!read) {
        return propagate(std::move(read));
      }
      if (!points.empty()) {
        result.push_back({std::move(series.name), std::move(points)});
      }
      return true;
    });
    return done ? Result<std::vector<SeriesPoints>>(std::move(result)) : propagate(std::move(done));
  }

  template <class Fn>
  [[nodiscard]] Result<void> scan(const Selector& selector, const TimeRange& range, Fn& fn) {
    return each(selector, [&](const KnownSeries& series) -> Result<bool> {
      bool more = true;
      auto read = read_points(series.id, range,
                              [&](const Point& point) { return more = fn(series.name, point); });
      return read ? Result<bool>(more) : propagate(std::move(read));
    });
  }

  [[nodiscard]] Result<std::vector<SeriesPoint>> latest(const Selector& selector) {
    std::vector<SeriesPoint> result;
    auto done = each(selector, [&](KnownSeries& series) -> Result<bool> {
      auto read = read_points(
          series.id, {},
          [&](const Point& point) {
            result.push_back({std::move(series.name), point});
            return false;
          },
          txn::Direction::backward);
      return read ? Result<bool>(true) : propagate(std::move(read));
    });
    return done ? Result<std::vector<SeriesPoint>>(std::move(result)) : propagate(std::move(done));
  }

  [[nodiscard]] Result<std::vector<AggregatedSeries>> aggregate(const AggregateQuery& query) {
    auto aggregator = Aggregator::make(query);
    if (!aggregator) {
      return propagate(std::move(aggregator));
    }
    auto done = each(query.selector, [&](const KnownSeries& series) -> Result<bool> {
      aggregator->begin_series(series.name.tags);
      bool more = true;
      auto read = read_points(series.id, query.range,
                              [&](const Point& point) { return more = aggregator->add(point); });
      return read ? Result<bool>(more) : propagate(std::move(read));
    });
    return done ? aggregator->finish() : propagate(std::move(done));
  }

  [[nodiscard]] Result<std::vector<SeriesName>> list(const Selector& selector) {
    std::vector<SeriesName> names;
    auto done = each(selector, [&](KnownSeries& series) -> Result<bool> {
      names.push_back(std::move(series.name));
      return true;
    });
    return done ? Result<std::vector<SeriesName>>(std::move(names)) : propagate(std::move(done));
  }

  [[nodiscard]] Result<std::vector<std::string>> metrics() {
    SeriesName name;
    return distinct(
        SeriesKeys::catalogues(),
        [&](std::string_view key) -> const std::string* {
          return SeriesKeys::decode_name(SeriesKeys::name_of_catalogue(key), name) ? &name.metric
                                                                                   : nullptr;
        },
        [](std::string_view metric) { return SeriesKeys::catalogue_of(metric); });
  }
  [[nodiscard]] Result<std::vector<std::string>> tag_values(std::string_view metric,
                                                            std::string_view tag) {
    std::string value;
    SeriesId id = 0;
    return distinct(
        SeriesKeys::inverted_of(metric, tag),
        [&](std::string_view key) -> const std::string* {
          return SeriesKeys::decode_inverted(key, value, id) ? &value : nullptr;
        },
        [&](std::string_view found) { return SeriesKeys::inverted_of(metric, tag, found); });
  }

  [[nodiscard]] Result<std::optional<std::int64_t>> retention(std::string_view metric) {
    auto bytes = from_->get(*family_, SeriesKeys::retention(metric));
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    if (!*bytes) {
      return std::nullopt;
    }
    std::uint64_t duration_ms = 0;
    if (!SeriesKeys::decode_number(**bytes, duration_ms)) {
      return damaged_series("the retention of '" + std::string(metric) + "'");
    }
    return static_cast<std::int64_t>(duration_ms);
  }
  /// Metrics and durations.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> retentions() {
    std::vector<std::pair<std::string, std::int64_t>> all;
    bool good = true;
    auto scanned = from_->scan(
        *family_, SeriesKeys::retentions(), [&](std::string_view key, std::string_view value) {
          auto& [metric, duration_ms] = all.emplace_back();
          std::uint64_t bits = 0;
          good =
              SeriesKeys::decode_retention(key, metric) && SeriesKeys::decode_number(value, bits);
          duration_ms = static_cast<std::int64_t>(bits);
          good = good && duration_ms > 0;
          return good;
        });
    if (!scanned) {
      return propagate(std::move(scanned));
    }
    if (!good) {
      return damaged_series("a retention");
    }
    return all;
  }

  /// Whether the series has a point in the range.
  [[nodiscard]] Result<bool> any(SeriesId id, const TimeRange& range) {
    bool found = false;
    auto read = read_points(id, range, [&](const Point&) {
      found = true;
      return false;
    });
    return read ? Result<bool>(found) : propagate(std::move(read));
  }

 private:
  /// `fn(KnownSeries&) -> Result<bool>` for each series that matches, while it returns true.
  template <class Fn>
  [[nodiscard]] Result<void> each(const Selector& selector, Fn&& fn) {
    auto found = find(selector);
    if (!found) {
      return propagate(std::move(found));
    }
    for (auto& series : *found) {
      auto more = fn(series);
      if (!more) {
        return propagate(std::move(more));
      }
      if (!*more) {
        break;
      }
    }
    return {};
  }

  template <class Fn>
  [[nodiscard]] Result<void> read_points(SeriesId id, const TimeRange& range, Fn&& fn,
                                         txn::Direction direction = txn::Direction::forward) {
    bool good = true;
    Point point;
    auto scanned = from_->scan(
        *family_, SeriesKeys::points(id, range),
        [&](std::string_view key, std::string_view value) {
          good = SeriesKeys::decode_point(key, value, point);
          return good && fn(point);
        },
        direction);
    if (scanned && !good) {
      return damaged_series("a point of series " + std::to_string(id));
    }
    return scanned;
  }

  /// The different values of a field: `field` takes it from a key, and the keys that share it,
  /// which are skipped by a seek, are `same`.
  template <class Field, class Same>
  [[nodiscard]] Result<std::vector<std::string>> distinct(txn::KeyRange rest, Field&& field,
                                                          Same&& same) {
    std::vector<std::string> values;
    for (bool found = true; found;) {
      found = false;
      bool good = true;
      auto scanned = from_->scan(*family_, rest, [&](std::string_view key, std::string_view) {
        const std::string* value = field(key);
        good = value != nullptr;
        if (good) {
          values.push_back(*value);
          found = true;
        }
        return false;
      });
      if (!scanned) {
        return propagate(std::move(scanned));
      }
      if (!good) {
        return damaged_series("an entry of the catalogue or the tag index");
      }
      if (found) {
        rest.first = *same(values.back()).last;
      }
    }
    return values;
  }

  From* from_;
  const Family* family_;
};

}  // namespace strata::store::detail
