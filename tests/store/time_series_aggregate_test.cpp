// SPDX-License-Identifier: BSL-1.0
#include <strata/store/time_series_aggregate.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

using strata::ErrorCode;
using strata::Result;
using strata::store::aggregate_buckets_max;
using strata::store::AggregatedSeries;
using strata::store::AggregateQuery;
using strata::store::Fill;
using strata::store::Function;
using strata::store::Point;
using strata::store::Tags;
using strata::store::TimeRange;
using strata::store::detail::Aggregator;

namespace {

using Series = std::pair<Tags, std::vector<Point>>;

Result<std::vector<AggregatedSeries>> run(const AggregateQuery& query,
                                          const std::vector<Series>& all) {
  auto aggregator = Aggregator::make(query);
  if (!aggregator) {
    return strata::propagate(std::move(aggregator));
  }
  for (const auto& [tags, points] : all) {
    aggregator->begin_series(tags);
    for (const auto& point : points) {
      if (!aggregator->add(point)) {
        return aggregator->finish();
      }
    }
  }
  return aggregator->finish();
}
/// The values of the one bucket that all points fall into.
std::vector<std::optional<double>> values(const std::vector<Function>& functions,
                                          const std::vector<Series>& all) {
  const auto found = run({.functions = functions}, all);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  REQUIRE(found->front().buckets.size() == 1);
  return found->front().buckets.front().values;
}
std::optional<double> value(Function function, const std::vector<double>& of) {
  std::vector<Point> points;
  for (const double one : of) {
    points.push_back({static_cast<std::int64_t>(points.size()), one});
  }
  return values({function}, {{{}, points}}).at(0);
}
std::string text(const std::vector<AggregatedSeries::Bucket>& buckets) {
  std::string joined;
  for (const auto& bucket : buckets) {
    joined += std::to_string(bucket.start_ms) + "(" + std::to_string(bucket.count) + ")";
    for (const auto& one : bucket.values) {
      joined += one ? " " + std::to_string(static_cast<long>(*one)) : " -";
    }
    joined += "; ";
  }
  return joined;
}
std::string buckets(const AggregateQuery& query, const std::vector<Series>& all) {
  const auto found = run(query, all);
  REQUIRE(found);
  REQUIRE(found->size() <= 1);
  return found->empty() ? "" : text(found->front().buckets);
}

}  // namespace

TEST_CASE("functions over a bucket are what their names say") {
  const std::vector<Series> all = {{{}, {{10, 4}, {20, 2}, {30, 6}, {40, 4}}}};
  const auto found =
      values({Function::avg(), Function::sum(), Function::min(), Function::max(), Function::count(),
              Function::first(), Function::last(), Function::stddev(), Function::p50()},
             all);
  CHECK(found == std::vector<std::optional<double>>{4, 16, 2, 6, 4, 4, 4, std::sqrt(2.0), 4});
  CHECK(value(Function::stddev(), {5}) == 0.0);
  CHECK(value(Function::min(), {-1}) == -1.0);
  CHECK(value(Function::max(), {-1}) == -1.0);
}

TEST_CASE("sums and averages do not lose small values beside large ones") {
  CHECK(value(Function::sum(), {1, 1e100, 1, -1e100}) == 2.0);
  CHECK(value(Function::avg(), {1e16, 1, -1e16, 1}) == 0.5);
  std::vector<double> tenths(1'000'000, 0.1);
  CHECK(value(Function::sum(), tenths) == 100000.0);
}

TEST_CASE("an average of huge values is right where their sum can not be said") {
  const double huge = std::numeric_limits<double>::max();
  CHECK(value(Function::avg(), {huge, huge, huge}) == huge);
  CHECK(value(Function::avg(), {huge, huge, -huge, -huge}) == 0.0);
  CHECK(value(Function::sum(), {huge, huge, -huge, -huge}) == 0.0);
  CHECK(value(Function::sum(), {huge, huge, -huge}) == huge);
  CHECK_FALSE(value(Function::sum(), {huge, huge}));
  CHECK_FALSE(value(Function::stddev(), {huge, -huge}));
}

TEST_CASE("a deviation is not the difference of two large squares") {
  CHECK(value(Function::stddev(), {1e9 + 1, 1e9 + 2, 1e9 + 3}) ==
        Approx(std::sqrt(2.0 / 3)).epsilon(1e-12));
}

TEST_CASE("quantiles are values at the nearest rank") {
  std::vector<double> hundred;
  for (int i = 100; i >= 1; --i) {
    hundred.push_back(i);
  }
  for (int percent = 1; percent <= 100; ++percent) {
    // No rounding of percent / 100 moves the rank.
    CHECK(value(Function::quantile(percent / 100.0), hundred) == static_cast<double>(percent));
  }
  CHECK(value(Function::quantile(0), hundred) == 1.0);
  CHECK(value(Function::quantile(0.001), hundred) == 1.0);
  CHECK(value(Function::quantile(0.9901), hundred) == 100.0);
  CHECK(value(Function::p50(), {3, 1}) == 1.0);
  CHECK(value(Function::p99(), {7}) == 7.0);
  const auto both =
      values({Function::p95(), Function::p50(), Function::p99()}, {{{}, {{1, 5}, {2, 1}, {3, 3}}}});
  CHECK(both == std::vector<std::optional<double>>{5, 3, 5});
}

TEST_CASE("quantiles agree with sorting, for any values") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 100; ++round) {
    std::vector<double> some(1 + random() % 300);
    for (auto& one : some) {
      one = static_cast<double>(random() % 50);
    }
    auto sorted = some;
    std::sort(sorted.begin(), sorted.end());
    const auto thousandth = static_cast<unsigned>(random() % 1001);
    const std::size_t rank = std::max<std::size_t>((thousandth * sorted.size() + 999) / 1000, 1);
    CAPTURE(thousandth, some.size());
    REQUIRE(value(Function::quantile(thousandth / 1000.0), some) == sorted[rank - 1]);
  }
}

TEST_CASE("first and last go by time over all series of a group") {
  const std::vector<Series> all = {{{{"h", "a"}}, {{10, 1}, {30, 2}}},
                                   {{{"h", "b"}}, {{5, 3}, {30, 4}}},
                                   {{{"h", "c"}}, {{5, 5}, {20, 6}}}};
  CHECK(values({Function::first(), Function::last()}, all) ==
        std::vector<std::optional<double>>{3, 4});
}

TEST_CASE("buckets are aligned to 1970, before it as well") {
  const std::vector<Series> all = {{{}, {{-11, 1}, {-10, 2}, {-1, 3}, {0, 4}, {9, 5}, {10, 6}}}};
  const std::vector<Function> sum = {Function::sum()};
  CHECK(buckets({.interval_ms = 10, .functions = sum}, all) ==
        "-20(1) 1; -10(2) 5; 0(2) 9; 10(1) 6; ");
  // A range that starts elsewhere does not move them.
  CHECK(buckets({.range = {-11, 11}, .interval_ms = 10, .functions = sum}, all) ==
        "-20(1) 1; -10(2) 5; 0(2) 9; 10(1) 6; ");
  CHECK(buckets({.range = {-11, 11}, .functions = sum}, all) == "-11(6) 21; ");
  CHECK(buckets({.interval_ms = 10}, {{{}, {{3, 1}}}}) == "0(1); ");
  CHECK(buckets({.interval_ms = 1000},
                {{{}, {{TimeRange::least_ms, 1}, {TimeRange::most_ms - 1, 1}}}}) ==
        "-9223372036854775808(1); 9223372036854775000(1); ");
}

TEST_CASE("groups are the series that agree in some tags") {
  const std::vector<Series> all = {{{{"dc", "x"}, {"h", "a"}}, {{1, 1}, {11, 10}}},
                                   {{{"dc", "y"}, {"h", "a"}}, {{1, 2}}},
                                   {{{"dc", "x"}, {"h", "b"}}, {{2, 4}}},
                                   {{{"h", "c"}}, {{1, 8}}}};
  const auto found =
      run({.interval_ms = 10, .functions = {Function::sum()}, .group_by = {"dc"}}, all);
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK(found->at(0).group.empty());
  CHECK(text(found->at(0).buckets) == "0(1) 8; ");
  CHECK(found->at(1).group == Tags{{"dc", "x"}});
  CHECK(text(found->at(1).buckets) == "0(2) 5; 10(1) 10; ");
  CHECK(found->at(2).group == Tags{{"dc", "y"}});
  CHECK(buckets({.interval_ms = 10, .functions = {Function::sum()}}, all) == "0(4) 15; 10(1) 10; ");
  CHECK(run({.group_by = {"dc", "h"}}, all)->size() == 4);
  CHECK(run({.group_by = {"h", "h"}}, all)->size() == 3);
  CHECK(run({.group_by = {"none"}}, all)->size() == 1);
}

TEST_CASE("buckets without points are there, filled as asked") {
  const std::vector<Series> all = {{{}, {{10, 1}, {30, 3}}}};
  AggregateQuery query{.range = {0, 50},
                       .interval_ms = 10,
                       .functions = {Function::sum(), Function::count(), Function::avg()}};
  CHECK(buckets(query, all) == "10(1) 1 1 1; 30(1) 3 1 3; ");
  query.fill = Fill::null;
  CHECK(buckets(query, all) == "0(0) - 0 -; 10(1) 1 1 1; 20(0) - 0 -; 30(1) 3 1 3; 40(0) - 0 -; ");
  query.fill = Fill::zero;
  CHECK(buckets(query, all) == "0(0) 0 0 0; 10(1) 1 1 1; 20(0) 0 0 0; 30(1) 3 1 3; 40(0) 0 0 0; ");
  query.fill = Fill::previous;
  CHECK(buckets(query, all) == "0(0) - 0 -; 10(1) 1 1 1; 20(0) 1 0 1; 30(1) 3 1 3; 40(0) 3 0 3; ");
  query.range = {9, 41};
  CHECK(buckets(query, all) == "0(0) - 0 -; 10(1) 1 1 1; 20(0) 1 0 1; 30(1) 3 1 3; 40(0) 3 0 3; ");
  query.range = {0, 0};
  CHECK(buckets(query, {}).empty());
}

TEST_CASE("an open range is filled between the first and the last point of any group") {
  const std::vector<Series> all = {
      {{{"h", "a"}}, {{-10, 1}}}, {{{"h", "b"}}, {{10, 2}}}, {{{"h", "c"}}, {}}};
  const auto found = run(
      {.interval_ms = 10, .functions = {Function::sum()}, .group_by = {"h"}, .fill = Fill::zero},
      all);
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK(text(found->at(0).buckets) == "-10(1) 1; 0(0) 0; 10(0) 0; ");
  CHECK(text(found->at(1).buckets) == "-10(0) 0; 0(0) 0; 10(1) 2; ");
  CHECK(text(found->at(2).buckets) == "-10(0) 0; 0(0) 0; 10(0) 0; ");
  CHECK(run({.interval_ms = 10, .fill = Fill::zero}, {{{}, {}}})->empty());
  const auto one =
      run({.range = {5, 20}, .functions = {Function::avg()}, .fill = Fill::null}, {{{}, {}}});
  CHECK(text(one->at(0).buckets) == "5(0) -; ");
}

TEST_CASE("increase counts rises, a fall is a reset, and each series is its own counter") {
  CHECK(value(Function::increase(), {10, 15, 15, 2, 5}) == 10.0);  // 5, 0, from 0 to 2, 3
  CHECK_FALSE(value(Function::increase(), {10}));
  CHECK_FALSE(value(Function::rate(), {10}));
  const std::vector<Series> all = {{{{"h", "a"}}, {{0, 100}, {1000, 104}, {2000, 106}}},
                                   {{{"h", "b"}}, {{0, 7}, {500, 8}}},
                                   {{{"h", "c"}}, {{700, 50}}}};
  // a: 6 in 2 s; b: 1 in 0.5 s; c is not known to rise.
  CHECK(values({Function::increase(), Function::rate()}, all) ==
        std::vector<std::optional<double>>{7, 5});
}

TEST_CASE("a rise counts in the bucket of its later point, so no rise is lost between two") {
  const std::vector<Series> all = {{{}, {{0, 0}, {900, 9}, {1100, 11}, {2900, 29}, {3000, 40}}}};
  CHECK(buckets({.interval_ms = 1000, .functions = {Function::increase(), Function::rate()}},
                all) == "0(2) 9 10; 1000(1) 2 10; 2000(1) 18 10; 3000(1) 11 110; ");
}

TEST_CASE("too many buckets are refused with advice") {
  std::vector<Point> points(aggregate_buckets_max + 1);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i].time_ms = static_cast<std::int64_t>(i);
  }
  const auto refused = run({.interval_ms = 1}, {{{}, points}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  CHECK(refused.error().message().find("widen interval_ms") != std::string::npos);
  points.pop_back();
  CHECK(run({.interval_ms = 1}, {{{}, points}})->at(0).buckets.size() == aggregate_buckets_max);
  // Filled ones count, for each group.
  const std::vector<Series> two = {{{{"h", "a"}}, {{0, 1}}}, {{{"h", "b"}}, {{0, 1}}}};
  AggregateQuery query{.range = {0, 1'000'000}, .interval_ms = 1, .fill = Fill::null};
  CHECK(run(query, two)->at(0).buckets.size() == aggregate_buckets_max);
  query.group_by = {"h"};
  CHECK_FALSE(run(query, two));
  query = {.range = {TimeRange::least_ms + 1, TimeRange::most_ms - 1},
           .interval_ms = 1,
           .fill = Fill::null};
  CHECK_FALSE(run(query, two));
}

TEST_CASE("queries that can not be meant are refused") {
  CHECK_FALSE(run({.interval_ms = -1}, {}));
  CHECK_FALSE(run({.group_by = {""}}, {}));
  for (const double q : {-0.01, 1.01, 95.0, std::nan("")}) {
    CHECK_FALSE(run({.functions = {Function::quantile(q)}}, {}));
  }
  CHECK(run({}, {})->empty());
}

TEST_CASE("a million values in one bucket need no stack") {
  std::vector<double> many(1'000'000);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = static_cast<double>(i % 1000);
  }
  CHECK(value(Function::max(), many) == 999.0);
  CHECK(value(Function::p50(), many) == 499.0);
}
