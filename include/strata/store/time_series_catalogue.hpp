// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which series there are: names to ids and back, the tag index, and what goes with a series.
///
/// One rule keeps it right: whoever writes points of a series, creates it or forgets it owns the
/// lock of its catalogue key until the commit. So an id that was read stays good, two threads that
/// meet a new name agree on one id, and a series is never forgotten under a write. A new series
/// claims the counter of ids as well; writes to known ones do not meet there. Tested through the
/// store: tests/store/time_series_test.cpp.

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/store/time_series_keys.hpp>
#include <strata/store/time_series_match.hpp>
#include <strata/store/time_series_types.hpp>
#include <strata/txn/key_locks.hpp>

namespace strata::store::detail {

/// A name as it is stored: tags without a value are left out. Errors: `invalid_argument`.
[[nodiscard]] inline Result<KnownSeries> canonical_series(std::string_view metric,
                                                          const Tags& tags) {
  if (metric.empty()) {
    return fail(ErrorCode::invalid_argument, "the metric is empty; name what is measured");
  }
  KnownSeries series;
  series.name.metric = metric;
  for (const auto& [tag, value] : tags) {
    if (tag.empty()) {
      return fail(ErrorCode::invalid_argument, "metric '", metric,
                  "' has a tag without a name; name it or leave it out");
    }
    if (!value.empty()) {
      series.name.tags.emplace_hint(series.name.tags.end(), tag, value);
    }
  }
  series.bytes = SeriesKeys::name(series.name);
  if (series.bytes.size() + 1 + SeriesKeys::longer_bytes_max > key_bytes_max) {
    return fail(ErrorCode::invalid_argument, "a series has a metric and tags of ",
                std::to_string(series.bytes.size()),
                " bytes; together they may have about 65500: store long texts elsewhere");
  }
  return series;
}

/// Errors: `invalid_argument` for a point that can not be stored.
[[nodiscard]] inline Result<void> check_points(std::string_view metric,
                                               std::span<const Point> points) {
  for (const auto& point : points) {
    if (!std::isfinite(point.value)) {
      return fail(ErrorCode::invalid_argument, "the value of '", metric, "' at ",
                  std::to_string(point.time_ms),
                  " ms is infinite or not a number; leave such points out");
    }
    if (point.time_ms == TimeRange::most_ms) {
      return fail(ErrorCode::invalid_argument, "a point of '", metric,
                  "' has the greatest time, which stands for the open end of a range");
    }
  }
  return {};
}

template <class Unit, class Family>
class SeriesCatalogue {
 public:
  SeriesCatalogue(Unit& unit, const Family& family) : unit_(&unit), family_(&family) {}

  /// What a unit that writes to the series must own.
  [[nodiscard]] static txn::LockKey lock_of(const Family& family, std::string_view name_bytes) {
    return {family.id(), SeriesKeys::catalogue(name_bytes)};
  }

  /// The id of a series, which is made where there is none.
  /// Requires: the unit owns `lock_of` the series, and is exclusive or has written nothing.
  [[nodiscard]] Result<SeriesId> id_of(const KnownSeries& series) {
    const txn::LockKey counter[] = {{family_->id(), SeriesKeys::next_id()}};
    for (;;) {
      auto known = find(series.bytes);
      if (!known) {
        return propagate(std::move(known));
      }
      if (*known) {
        return **known;
      }
      if (unit_->claim(counter)) {
        return create(series);
      }
    }
  }

  /// The id of the series now; none: it is not known.
  [[nodiscard]] Result<std::optional<SeriesId>> find(std::string_view name_bytes) {
    return read_number(SeriesKeys::catalogue(name_bytes), "an entry of the catalogue");
  }

  /// Erases the series: its points and all that tells of it. Requires: as `id_of`.
  void forget(const KnownSeries& series) {
    erase_points(series.id, {});
    unit_->erase(*family_, SeriesKeys::catalogue(series.bytes));
    unit_->erase(*family_, SeriesKeys::reverse(series.id));
    for (const auto& [tag, value] : series.name.tags) {
      unit_->erase(*family_, SeriesKeys::inverted(series.name.metric, tag, value, series.id));
    }
  }
  void erase_points(SeriesId id, const TimeRange& range) {
    const auto keys = SeriesKeys::points(id, range);
    unit_->erase_range(*family_, keys.first, *keys.last);
  }

 private:
  [[nodiscard]] Result<std::optional<std::uint64_t>> read_number(std::string_view key,
                                                                 std::string_view what) {
    auto bytes = unit_->get(*family_, key);
    if (!bytes) {
      return propagate(std::move(bytes));
    }
    if (!*bytes) {
      return std::nullopt;
    }
    std::uint64_t number = 0;
    if (!SeriesKeys::decode_number(**bytes, number)) {
      return damaged_series(what);
    }
    return number;
  }

  [[nodiscard]] Result<SeriesId> create(const KnownSeries& series) {
    auto next = read_number(SeriesKeys::next_id(), "the counter of series");
    if (!next) {
      return propagate(std::move(next));
    }
    const SeriesId id = next->value_or(1);
    unit_->put(*family_, SeriesKeys::next_id(), SeriesKeys::number(id + 1));
    unit_->put(*family_, SeriesKeys::catalogue(series.bytes), SeriesKeys::number(id));
    unit_->put(*family_, SeriesKeys::reverse(id), series.bytes);
    for (const auto& [tag, value] : series.name.tags) {
      unit_->put(*family_, SeriesKeys::inverted(series.name.metric, tag, value, id), "");
    }
    return id;
  }

  Unit* unit_;
  const Family* family_;
};

}  // namespace strata::store::detail
