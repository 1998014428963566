// SPDX-License-Identifier: BSL-1.0
/// Aggregates, ranges and retention over measured series, with answers that were computed by other
/// means.
#include <strata/store/time_series.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "databases.hpp"
#include "real_data.hpp"

using strata::store::AggregatedSeries;
using strata::store::AggregateQuery;
using strata::store::Fill;
using strata::store::Function;
using strata::store::Matcher;
using strata::store::Point;
using strata::store::Selector;
using strata::store::Tags;
using strata::store::TimeRange;
using strata::store::TimeSeries;
using strata::txn::KeyLocks;
using Json = boost::json::value;

namespace {

using Databases = databases::all<"series">;

constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t hour_ms = 3600 * second_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;

/// "2014-07-01" or "2014-07-01 00:30:00", as UTC.
std::int64_t time_of(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  REQUIRE(std::sscanf(text.c_str(), "%d-%u-%u %d:%d:%d", &year, &month, &day, &hour, &minute,
                      &second) >= 3);
  const std::chrono::sys_days date =
      std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day);
  return date.time_since_epoch().count() * day_ms + hour * hour_ms +
         (minute * 60 + second) * second_ms;
}
TimeRange between(const char* first, const char* last) {
  return {time_of(first), time_of(last)};
}

/// The facts of a file; none where there is no data.
std::optional<Json> facts_of(const std::string& name) {
  const auto all = real_data::read("facts.json");
  return all ? std::optional<Json>(boost::json::parse(*all).at(name)) : std::nullopt;
}
/// A file of `timestamp,value`.
std::vector<Point> points_of(const std::string& file) {
  std::vector<Point> points;
  const auto lines = real_data::lines(*real_data::read("timeseries/" + file));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto fields = real_data::csv_fields(lines[i]);
    points.push_back({time_of(fields.at(0)), std::stod(fields.at(1))});
  }
  return points;
}

std::size_t number(const Json& json) {
  return json.to_number<std::size_t>();
}
/// The functions of which the facts tell, in the order of `check_bucket`.
const std::vector<Function> functions = {Function::count(), Function::sum(), Function::avg(),
                                         Function::min(),   Function::max(), Function::p50(),
                                         Function::p95(),   Function::p99()};
void check_bucket(const AggregatedSeries::Bucket& bucket, const Json& facts) {
  const char* names[] = {"count", "sum", "avg", "min", "max", "p50", "p95", "p99"};
  REQUIRE(bucket.values.size() == std::size(names));
  CHECK(bucket.count == number(facts.at("count")));
  for (std::size_t i = 0; i < std::size(names); ++i) {
    INFO(names[i]);
    REQUIRE(bucket.values[i]);
    const auto expected = facts.at(names[i]).to_number<double>();
    const std::string_view name = names[i];
    // The parser of the facts is right to a few units in the last place.
    const bool added_up = name == "sum" || name == "avg";
    CHECK(*bucket.values[i] == Approx(expected).epsilon(added_up ? 1e-9 : 1e-15));
  }
}

template <class Store>
std::vector<AggregatedSeries> aggregate(const Store& store, AggregateQuery query) {
  query.functions = functions;
  auto found = store.aggregate(query);
  REQUIRE(found);
  return std::move(*found);
}
/// The buckets of the one group that there is.
template <class Store>
std::vector<AggregatedSeries::Bucket> buckets(const Store& store, const AggregateQuery& query) {
  auto found = aggregate(store, query);
  REQUIRE(found.size() == 1);
  return std::move(found.front().buckets);
}
/// The one bucket that there is.
template <class Store>
AggregatedSeries::Bucket bucket(const Store& store, const AggregateQuery& query) {
  auto found = buckets(store, query);
  REQUIRE(found.size() == 1);
  return std::move(found.front());
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("taxis of New York: buckets, percentiles and retention", "", Databases) {
  const auto facts = facts_of("timeseries/nyc_taxi.csv");
  if (!facts) {
    return;
  }
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const auto rows = points_of("nyc_taxi.csv");
  REQUIRE(series.write("taxi", {}, rows));

  check_bucket(bucket(series, {.selector = {"taxi"}}), facts->at("all"));
  CHECK(bucket(series, {.selector = {"taxi"}}).values[4] == 39197.0);
  const auto november = between("2014-11-01", "2014-12-01");
  check_bucket(bucket(series, {.selector = {"taxi"}, .range = november}),
               facts->at("range [2014-11-01, 2014-12-01)"));

  const auto& largest = facts->at("time of max").at(0);
  REQUIRE(series.scan({"taxi"}, {}, [&](const auto&, Point point) {
    const bool at_the_time = point.time_ms == largest.as_int64() * second_ms;
    CHECK((point.value == 39197.0) == at_the_time);
    return true;
  }));

  const auto days = buckets(series, {.selector = {"taxi"}, .interval_ms = day_ms});
  CHECK(days.size() == number(facts->at("number of 1 day buckets")));
  const auto day = std::find_if(days.begin(), days.end(), [](const auto& one) {
    return one.start_ms == 1414886400 * second_ms;
  });
  REQUIRE(day != days.end());
  check_bucket(*day, facts->at("1 day bucket 2014-11-02 (unix 1414886400)"));
  const auto& most = facts->at("day with the largest sum");
  const auto best = std::max_element(days.begin(), days.end(), [](const auto& a, const auto& b) {
    return a.values[1] < b.values[1];
  });
  CHECK(best->values[1] == most.at(0).to_number<double>());
  CHECK(best->start_ms == most.at(1).as_int64() * second_ms);

  const auto hours = buckets(series, {.selector = {"taxi"},
                                      .range = between("2015-01-01", "2015-01-01 01:00:00"),
                                      .interval_ms = hour_ms});
  REQUIRE(hours.size() == 1);
  check_bucket(hours[0], facts->at("1 hour bucket 2015-01-01 00:00"));

  const auto newest = series.latest({"taxi"});
  REQUIRE(newest);
  CHECK(newest->at(0).point == rows.back());
  REQUIRE(series.set_retention("taxi", 30 * day_ms));
  CHECK(series.apply_retention(rows.back().time_ms) == 1U);
  const auto kept = series.range({"taxi"}, {});
  REQUIRE(kept);
  CHECK(kept->at(0).points.size() ==
        number(facts->at("points kept by a retention of 30 days at the last point "
                         "(t > last - 30*86400)")));
  CHECK(kept->at(0).points.front().time_ms > rows.back().time_ms - 30 * day_ms);
}

TEMPLATE_LIST_TEST_CASE("a machine whose clock was put back: the last row of a time wins", "",
                        Databases) {
  const auto facts = facts_of("timeseries/machine_temperature.csv");
  if (!facts) {
    return;
  }
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const auto rows = points_of("machine_temperature.csv");
  CHECK(rows.size() == number(facts->at("rows")));
  // In parts, each its own unit: the second reading of a time may come much later than the first.
  const std::span<const Point> all(rows);
  for (std::size_t at = 0; at < all.size(); at += 100) {
    REQUIRE(
        series.write("machine", {}, all.subspan(at, std::min<std::size_t>(100, all.size() - at))));
  }
  check_bucket(bucket(series, {.selector = {"machine"}}),
               facts->at("after keeping the last row of each timestamp"));
  const auto christmas = buckets(series, {.selector = {"machine"},
                                          .range = between("2013-12-25", "2013-12-26"),
                                          .interval_ms = day_ms});
  REQUIRE(christmas.size() == 1);
  check_bucket(christmas[0], facts->at("1 day bucket 2013-12-25, last row wins"));

  const auto found = series.range({"machine"}, {});
  REQUIRE(found);
  const auto& points = found->at(0).points;
  CHECK(std::is_sorted(points.begin(), points.end(),
                       [](const Point& a, const Point& b) { return a.time_ms < b.time_ms; }));
  std::map<std::int64_t, std::vector<double>> by_time;
  std::size_t back_in_time = 0;
  std::int64_t before = rows.front().time_ms;
  for (const auto& row : rows) {
    by_time[row.time_ms].push_back(row.value);
    back_in_time += row.time_ms < before ? 1 : 0;
    before = row.time_ms;
  }
  CHECK(back_in_time == number(facts->at("rows out of time order")));
  std::vector<std::int64_t> twice;
  for (const auto& point : points) {
    const auto& values = by_time.at(point.time_ms);
    REQUIRE(point.value == values.back());
    if (values.size() == 2) {
      twice.push_back(point.time_ms);
    }
  }
  REQUIRE(twice.size() == number(facts->at("timestamps that occur twice")));
  const auto& ends = facts->at("their first and last");
  CHECK(twice.front() == ends.at(0).as_int64() * second_ms);
  CHECK(twice.back() == ends.at(1).as_int64() * second_ms);

  // Under a tag of their own the first readings of those times are no duplicates.
  for (const auto time_ms : twice) {
    REQUIRE(series.write("machine", {{"clock", "put back"}}, Point{time_ms, by_time[time_ms][0]}));
  }
  check_bucket(bucket(series, {.selector = {"machine"}}), facts->at("all rows"));
}

TEMPLATE_LIST_TEST_CASE("three hosts: each by its tag, and all as one", "", Databases) {
  const auto facts = facts_of("timeseries/ec2_cpu_*.csv (tag host = file suffix)");
  if (!facts) {
    return;
  }
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const std::vector<std::string> hosts = {"24ae8d", "5f5533", "fe7f93"};
  for (const auto& host : hosts) {
    REQUIRE(series.write("cpu", {{"host", host}}, points_of("ec2_cpu_" + host + ".csv")));
  }
  CHECK(*series.tag_values("cpu", "host") == hosts);
  const auto groups = aggregate(series, {.selector = {"cpu"}, .group_by = {"host"}});
  REQUIRE(groups.size() == hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto& expected = facts->at("host " + hosts[i]);
    CHECK(groups[i].group == Tags{{"host", hosts[i]}});
    check_bucket(groups[i].buckets.at(0), expected);
    check_bucket(bucket(series, {.selector = {"cpu", {Matcher::equal("host", hosts[i])}}}),
                 expected);
  }
  check_bucket(bucket(series, {.selector = {"cpu"}}), facts->at("all hosts"));
  check_bucket(bucket(series, {.selector = {"cpu"}, .range = between("2014-02-20", "2014-02-21")}),
               facts->at("all hosts, range [2014-02-20, 2014-02-21)"));

  const auto hours = buckets(series, {.selector = {"cpu"}, .interval_ms = hour_ms});
  CHECK(hours.size() == number(facts->at("number of 1 h buckets, all hosts merged")));
  const auto noon = std::find_if(hours.begin(), hours.end(), [](const auto& one) {
    return one.start_ms == time_of("2014-02-20 12:00:00");
  });
  REQUIRE(noon != hours.end());
  check_bucket(*noon, facts->at("1 h bucket 2014-02-20 12:00, all hosts merged"));
}

TEMPLATE_LIST_TEST_CASE("weather of two cities: tags select and group the days", "", Databases) {
  const auto facts = facts_of("timeseries/weather_daily.csv (tags location, weather)");
  if (!facts) {
    return;
  }
  TestType holder;
  KeyLocks locks;
  using Store = TimeSeries<typename TestType::Db>;
  Store series(holder.db, locks);
  const auto lines = real_data::lines(*real_data::read("timeseries/weather_daily.csv"));
  CHECK(lines.size() - 1 == number(facts->at("rows")));
  REQUIRE(series.batch([&](typename Store::Unit& unit) -> strata::Result<void> {
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const auto fields = real_data::csv_fields(lines[i]);
      const Tags tags{{"location", fields.at(0)}, {"weather", fields.at(6)}};
      const Point rain[] = {{time_of(fields.at(1)), std::stod(fields.at(2))}};
      const Point warmth[] = {{time_of(fields.at(1)), std::stod(fields.at(3))}};
      REQUIRE(series.write(unit, "precipitation", tags, rain));
      REQUIRE(series.write(unit, "temp_max", tags, warmth));
    }
    return {};
  }));
  CHECK(*series.metrics() == std::vector<std::string>{"precipitation", "temp_max"});
  CHECK(series.list_series({"temp_max"})->size() == 10);
  for (const std::string city : {"Seattle", "New York"}) {
    const Selector selector{"temp_max", {Matcher::equal("location", city)}};
    check_bucket(bucket(series, {.selector = selector}), facts->at(city + " temp_max"));
    const auto groups = aggregate(series, {.selector = selector, .group_by = {"weather"}});
    const auto& expected = facts->at(city + " by weather").as_object();
    REQUIRE(groups.size() == expected.size());
    for (const auto& group : groups) {
      CHECK(group.buckets.at(0).count == number(expected.at(group.group.at("weather"))));
    }
  }
  const auto rain =
      bucket(series, {.selector = {"precipitation", {Matcher::equal("location", "Seattle")}},
                      .range = between("2014-01-01", "2015-01-01")});
  CHECK(*rain.values[1] ==
        Approx(facts->at("Seattle precipitation sum 2014").as_double()).epsilon(1e-9));
  for (const auto& snow : {Matcher::equal("weather", "snow"), Matcher::regex("weather", "s.*w")}) {
    CHECK(*bucket(series, {.selector = {"precipitation", {snow}}}).values[1] ==
          Approx(facts->at("days with weather=snow, precipitation sum").as_double()).epsilon(1e-9));
  }
  // Each day has one weather, so most days of a single one are empty: they are there when asked
  // for.
  const auto days = buckets(
      series,
      {.selector = {"precipitation",
                    {Matcher::equal("weather", "snow"), Matcher::equal("location", "Seattle")}},
       .range = between("2014-01-01", "2015-01-01"),
       .interval_ms = day_ms,
       .fill = Fill::zero});
  CHECK(days.size() == 365);
}
