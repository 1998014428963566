// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The time-series store: points of tagged series on one family of a database.
///
///     TimeSeries<Db> series(db, locks);
///     series.write("cpu", {{"host", "a"}}, Point{1700000000000, 0.5});
///     auto points = series.range({"cpu", {Matcher::regex("host", "a|b")}}, {from_ms, to_ms});
///     auto hours = series.aggregate({.selector = {"cpu"}, .range = {from_ms, to_ms},
///                                    .interval_ms = 3'600'000,
///                                    .functions = {Function::avg(), Function::p95()},
///                                    .group_by = {"host"}});
///     series.set_retention("cpu", 30 * day_ms);
///     series.apply_retention(now_ms);
///
/// A series comes into being with its first point; points may come in any order, and of those with
/// one timestamp the last that was written stays. Points and the catalogue change in one batch.
/// Retention is no part of a write: the owner calls it when he likes, with his own idea of now, and
/// it costs one range erase a series however many points go. Series come in the order of their
/// names. Reads are as of now, of a snapshot, or of a unit, and of one moment each.
///
/// Errors, everywhere: `invalid_argument` names the argument; `corruption` what can not be read.
/// Threads: all calls concurrent; a unit stays with its thread. Keys: store/time_series_keys.hpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/lsm/options.hpp>
#include <strata/store/time_series_aggregate.hpp>
#include <strata/store/time_series_catalogue.hpp>
#include <strata/store/time_series_reader.hpp>
#include <strata/store/time_series_types.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>
#include <strata/txn/view.hpp>

namespace strata::store {

template <class Db, FixedString Name = "series">
class TimeSeries {
 public:
  using Unit = txn::Unit<Db>;

  /// Requires: both outlive the store; every writer of the family uses the same locks.
  TimeSeries(Db& db, txn::KeyLocks& locks)
      : db_(&db), locks_(&locks), family_(db.template family<Name>()) {}

  // ---- Writing ----

  [[nodiscard]] Result<void> write(std::string_view metric, const Tags& tags, const Point& point,
                                   const WriteOptions& options = {}) {
    return write(metric, tags, std::span(&point, 1), options);
  }
  /// All of the points or none.
  [[nodiscard]] Result<void> write(std::string_view metric, const Tags& tags,
                                   std::span<const Point> points,
                                   const WriteOptions& options = {}) {
    auto series = checked(metric, tags, points);
    if (!series) {
      return propagate(std::move(series));
    }
    auto unit = Unit::single(*db_, *locks_, {Catalogue::lock_of(family_, series->bytes)});
    auto written = put(unit, *series, points);
    return written ? unit.commit(options) : written;
  }
  /// Requires: the unit is exclusive.
  [[nodiscard]] Result<void> write(Unit& unit, std::string_view metric, const Tags& tags,
                                   std::span<const Point> points) {
    if (auto whole = whole_unit(unit); !whole) {
      return whole;
    }
    auto series = checked(metric, tags, points);
    return series ? put(unit, *series, points) : propagate(std::move(series));
  }
  [[nodiscard]] Result<void> write(Unit& unit, std::string_view metric, const Tags& tags,
                                   const Point& point) {
    return write(unit, metric, tags, std::span(&point, 1));
  }

  /// Runs `change(Unit&) -> Result<void>` alone, and commits what it wrote unless it failed.
  template <class Change>
  [[nodiscard]] Result<void> batch(Change&& change, const WriteOptions& options = {}) {
    auto unit = Unit::exclusive(*db_, *locks_);
    if (Result<void> changed = change(unit); !changed) {
      return changed;
    }
    return unit.commit(options);
  }

  // ---- Reading points ----

  /// The series that match, with their points in the range; those without any are left out.
  [[nodiscard]] Result<std::vector<SeriesPoints>> range(const Selector& selector,
                                                        const TimeRange& range,
                                                        const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [&](auto reader) { return reader.range(selector, range); });
  }
  [[nodiscard]] Result<std::vector<SeriesPoints>> range(Unit& unit, const Selector& selector,
                                                        const TimeRange& range) const {
    return Reader<Unit>(unit, family_).range(selector, range);
  }

  /// Visits the same while `fn(const SeriesName&, Point)` returns true: series after series, each
  /// oldest first. Nothing but the names is held in memory.
  template <class Fn>
  requires std::is_invocable_r_v<bool, Fn, const SeriesName&, Point>
  [[nodiscard]] Result<void> scan(const Selector& selector, const TimeRange& range, Fn&& fn,
                                  const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [&](auto reader) { return reader.scan(selector, range, fn); });
  }
  template <class Fn>
  requires std::is_invocable_r_v<bool, Fn, const SeriesName&, Point>
  [[nodiscard]] Result<void> scan(Unit& unit, const Selector& selector, const TimeRange& range,
                                  Fn&& fn) const {
    return Reader<Unit>(unit, family_).scan(selector, range, fn);
  }

  /// The newest point of each series that matches.
  [[nodiscard]] Result<std::vector<SeriesPoint>> latest(const Selector& selector,
                                                        const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [&](auto reader) { return reader.latest(selector); });
  }

  /// Functions over buckets of time, by group. Groups without a bucket are left out.
  /// Errors: `invalid_argument` for more than `aggregate_buckets_max` buckets.
  [[nodiscard]] Result<std::vector<AggregatedSeries>> aggregate(
      const AggregateQuery& query, const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [&](auto reader) { return reader.aggregate(query); });
  }
  [[nodiscard]] Result<std::vector<AggregatedSeries>> aggregate(Unit& unit,
                                                                const AggregateQuery& query) const {
    return Reader<Unit>(unit, family_).aggregate(query);
  }

  // ---- Which series there are ----

  [[nodiscard]] Result<std::vector<SeriesName>> list_series(
      const Selector& selector, const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [&](auto reader) { return reader.list(selector); });
  }
  /// Sorted as bytes. Costs a seek for each metric, however many series it has.
  [[nodiscard]] Result<std::vector<std::string>> metrics(const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [](auto reader) { return reader.metrics(); });
  }
  /// The values that a tag has in the series of a metric, sorted as bytes.
  [[nodiscard]] Result<std::vector<std::string>> tag_values(
      std::string_view metric, std::string_view tag, const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [&](auto reader) { return reader.tag_values(metric, tag); });
  }

  // ---- Removing ----

  /// Erases the points of a range. The series stay known.
  [[nodiscard]] Result<void> erase(const Selector& selector, const TimeRange& range,
                                   const WriteOptions& options = {}) {
    return batch([&](Unit& unit) { return erase(unit, selector, range); }, options);
  }
  [[nodiscard]] Result<void> erase(Unit& unit, const Selector& selector, const TimeRange& range) {
    return each_whole(unit, selector, [&](Catalogue& catalogue, const Series& series) {
      catalogue.erase_points(series.id, range);
    });
  }
  /// Erases the series: points, names and index entries.
  [[nodiscard]] Result<void> drop(const Selector& selector, const WriteOptions& options = {}) {
    return batch([&](Unit& unit) { return drop(unit, selector); }, options);
  }
  [[nodiscard]] Result<void> drop(Unit& unit, const Selector& selector) {
    return each_whole(unit, selector,
                      [](Catalogue& catalogue, const Series& series) { catalogue.forget(series); });
  }

  /// How long the points of a metric are kept by `apply_retention`; none: for ever.
  [[nodiscard]] Result<void> set_retention(std::string_view metric,
                                           std::optional<std::int64_t> duration_ms,
                                           const WriteOptions& options = {}) {
    if (auto series = detail::canonical_series(metric, {}); !series) {
      return propagate(std::move(series));
    }
    if (duration_ms && *duration_ms <= 0) {
      return fail(ErrorCode::invalid_argument, "the retention of '", metric, "' is ",
                  std::to_string(*duration_ms),
                  " ms; give a duration above 0, or none to keep everything");
    }
    const std::string key = Keys::retention(metric);
    auto unit = Unit::single(*db_, *locks_, {txn::LockKey(family_.id(), key)});
    if (duration_ms) {
      unit.put(family_, key, Keys::number(static_cast<std::uint64_t>(*duration_ms)));
    } else {
      unit.erase(family_, key);
    }
    return unit.commit(options);
  }
  [[nodiscard]] Result<std::optional<std::int64_t>> retention(
      std::string_view metric, const Snapshot* snapshot = nullptr) const {
    return at(snapshot, [&](auto reader) { return reader.retention(metric); });
  }

  /// Erases the points at or before `now_ms` - retention, of each metric that has one. A series
  /// that loses its last point is forgotten. Returns how many series lost points. Runs beside
  /// writes; where it fails, what was erased so far stays erased: call it again.
  [[nodiscard]] Result<std::size_t> apply_retention(std::int64_t now_ms,
                                                    const WriteOptions& options = {}) {
    auto retentions = at(nullptr, [](auto reader) { return reader.retentions(); });
    if (!retentions) {
      return propagate(std::move(retentions));
    }
    std::size_t trimmed = 0;
    for (const auto& [metric, duration_ms] : *retentions) {
      if (now_ms < TimeRange::least_ms + duration_ms) {
        continue;  // nothing can be that old
      }
      const TimeRange outdated{TimeRange::least_ms, now_ms - duration_ms + 1};
      const Selector all{metric};
      auto series = at(nullptr, [&](auto reader) { return reader.find(all); });
      if (!series) {
        return propagate(std::move(series));
      }
      for (std::span<const Series> rest(*series); !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), trimmed_at_once));
        rest = rest.subspan(some.size());
        if (auto done = trim(some, outdated, trimmed, options); !done) {
          return propagate(std::move(done));
        }
      }
    }
    return trimmed;
  }

 private:
  using FamilyHandle = decltype(std::declval<Db&>().template family<Name>());
  using Keys = detail::SeriesKeys;
  using Series = detail::KnownSeries;
  using Catalogue = detail::SeriesCatalogue<Unit, FamilyHandle>;
  template <class From>
  using Reader = detail::SeriesReader<From, FamilyHandle>;

  /// Series that retention locks, and trims in one batch.
  static constexpr std::size_t trimmed_at_once = 32;

  [[nodiscard]] static Result<void> whole_unit(const Unit& unit) {
    if (!unit.is_exclusive()) {
      return fail(ErrorCode::invalid_argument,
                  "changes of time series need a unit made by Unit::exclusive");
    }
    return {};
  }
  [[nodiscard]] static Result<Series> checked(std::string_view metric, const Tags& tags,
                                              std::span<const Point> points) {
    auto series = detail::canonical_series(metric, tags);
    if (!series) {
      return series;
    }
    if (auto good = detail::check_points(metric, points); !good) {
      return propagate(std::move(good));
    }
    return series;
  }

  /// Runs `read` on a reader of one moment: that of the snapshot, or now.
  template <class Read>
  [[nodiscard]] auto at(const Snapshot* snapshot, Read&& read) const {
    std::optional<Snapshot> own;
    if (snapshot == nullptr) {
      snapshot = &own.emplace(db_->snapshot());
    }
    txn::View view(snapshot);
    return read(Reader<txn::View>(view, family_));
  }

  [[nodiscard]] Result<void> put(Unit& unit, const Series& series, std::span<const Point> points) {
    if (points.empty()) {
      return {};
    }
    auto id = Catalogue(unit, family_).id_of(series);
    if (!id) {
      return propagate(std::move(id));
    }
    for (const auto& point : points) {
      unit.put(family_, Keys::point(*id, point.time_ms), Keys::point_value(point.value));
    }
    return {};
  }

  template <class Change>
  [[nodiscard]] Result<void> each_whole(Unit& unit, const Selector& selector, Change&& change) {
    if (auto whole = whole_unit(unit); !whole) {
      return whole;
    }
    auto found = Reader<Unit>(unit, family_).find(selector);
    if (!found) {
      return propagate(std::move(found));
    }
    Catalogue catalogue(unit, family_);
    for (const auto& series : *found) {
      change(catalogue, series);
    }
    return {};
  }

  /// Erases what is outdated of some series that were there a moment ago.
  [[nodiscard]] Result<void> trim(std::span<const Series> some, const TimeRange& outdated,
                                  std::size_t& trimmed, const WriteOptions& options) {
    std::vector<txn::LockKey> keys;
    for (const auto& series : some) {
      keys.push_back(Catalogue::lock_of(family_, series.bytes));
    }
    auto unit = Unit::single(*db_, *locks_, keys);
    Catalogue catalogue(unit, family_);
    Reader<Unit> reader(unit, family_);
    std::size_t changed = 0;
    for (const auto& series : some) {
      auto id = catalogue.find(series.bytes);
      if (!id) {
        return propagate(std::move(id));
      }
      if (*id != series.id) {
        continue;  // dropped meanwhile
      }
      auto old = reader.any(series.id, outdated);
      auto fresh = reader.any(series.id, {outdated.last_ms, TimeRange::most_ms});
      if (!old || !fresh) {
        return propagate(std::move(old ? fresh : old));
      }
      if (!*old) {
        continue;  // a range erase for nothing would only burden reads
      }
      ++changed;
      if (*fresh) {
        catalogue.erase_points(series.id, outdated);
      } else {
        catalogue.forget(series);
      }
    }
    auto done = unit.commit(options);
    trimmed += done ? changed : 0;
    return done;
  }

  Db* db_;
  txn::KeyLocks* locks_;
  FamilyHandle family_;
};

}  // namespace strata::store
