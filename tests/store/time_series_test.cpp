// SPDX-License-Identifier: BSL-1.0
#include <strata/store/time_series.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "databases.hpp"

using strata::ErrorCode;
using strata::Result;
using strata::WriteOptions;
using strata::store::Function;
using strata::store::Matcher;
using strata::store::Point;
using strata::store::Selector;
using strata::store::SeriesName;
using strata::store::Tags;
using strata::store::TimeRange;
using strata::store::TimeSeries;
using strata::txn::KeyLocks;

namespace {

using Databases = databases::all<"series">;
using RacingDatabases = databases::racing<"series">;

std::string text(const SeriesName& name) {
  std::string joined = name.metric;
  for (const auto& [tag, value] : name.tags) {
    joined.append(" ").append(tag).append("=").append(value);
  }
  return joined;
}
template <class Store>
std::string names(const Store& store, const Selector& selector) {
  std::string joined;
  const auto listed = store.list_series(selector);
  REQUIRE(listed);
  for (const auto& name : *listed) {
    joined += "[" + text(name) + "]";
  }
  return joined;
}
std::string text(const std::vector<Point>& points) {
  std::string joined;
  for (const auto& [time_ms, value] : points) {
    joined += std::to_string(time_ms) + ":" + std::to_string(static_cast<long>(value)) + " ";
  }
  return joined;
}
/// The points of the one series that matches; "" where none does.
template <class Store>
std::string points(const Store& store, const Selector& selector, const TimeRange& range = {}) {
  const auto found = store.range(selector, range);
  REQUIRE(found);
  REQUIRE(found->size() <= 1);
  return found->empty() ? "" : text(found->front().points);
}
template <class T>
ErrorCode code(const Result<T>& result) {
  REQUIRE_FALSE(result);
  return result.error().code();
}
/// How many keys the family has, whatever they are.
template <class Holder>
std::size_t keys_in(Holder& holder) {
  std::size_t count = 0;
  REQUIRE(
      strata::txn::View().scan(holder.db.template family<"series">(), {""},
                               [&](std::string_view, std::string_view) { return ++count > 0; }));
  return count;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("points come back in order of time, within a half-open range", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const Point some[] = {{30, 3}, {-10, -1}, {10, 1}};
  REQUIRE(series.write("cpu", {{"host", "a"}}, some));
  REQUIRE(series.write("cpu", {{"host", "a"}}, Point{20, 2}));
  CHECK(points(series, {"cpu"}) == "-10:-1 10:1 20:2 30:3 ");
  CHECK(points(series, {"cpu"}, {-10, 20}) == "-10:-1 10:1 ");
  CHECK(points(series, {"cpu"}, {11, 30}) == "20:2 ");
  CHECK(points(series, {"cpu"}, {30, 10}).empty());
  CHECK(points(series, {"cpu"}, {20, 20}).empty());
  CHECK(points(series, {"cp"}).empty());
  CHECK(points(series, {"cpus"}).empty());
}

TEMPLATE_LIST_TEST_CASE("of the points with one timestamp, the last written stays", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const Point twice[] = {{1, 10}, {2, 20}, {1, 11}};
  REQUIRE(series.write("m", {}, twice));
  CHECK(points(series, {"m"}) == "1:11 2:20 ");
  REQUIRE(series.write("m", {}, Point{1, 12}));
  CHECK(points(series, {"m"}) == "1:12 2:20 ");
}

TEMPLATE_LIST_TEST_CASE("every finite value comes back bit for bit, at the ends of time too", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const std::vector<Point> extremes = {{TimeRange::least_ms, -0.0},
                                       {-1, std::numeric_limits<double>::denorm_min()},
                                       {0, std::numeric_limits<double>::max()},
                                       {TimeRange::most_ms - 1, 0.1}};
  REQUIRE(series.write("m", {}, extremes));
  const auto found = series.range({"m"}, {});
  REQUIRE(found);
  REQUIRE(found->at(0).points == extremes);
  CHECK(std::signbit(found->at(0).points[0].value));
}

TEMPLATE_LIST_TEST_CASE("what can not be stored is refused, and nothing of it is kept", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {nan, infinity, -infinity}) {
    const Point bad[] = {{1, 1}, {2, value}};
    CHECK(code(series.write("m", {}, bad)) == ErrorCode::invalid_argument);
  }
  CHECK(code(series.write("", {}, Point{1, 1})) == ErrorCode::invalid_argument);
  CHECK(code(series.write("m", {{"", "x"}}, Point{1, 1})) == ErrorCode::invalid_argument);
  CHECK(code(series.write("m", {}, Point{TimeRange::most_ms, 1})) == ErrorCode::invalid_argument);
  CHECK(code(series.write("m", {{"t", std::string(70000, 'x')}}, Point{1, 1})) ==
        ErrorCode::invalid_argument);
  REQUIRE(series.write("m", {}, std::span<const Point>()));
  CHECK(keys_in(holder) == 0);
  // The longest name that passes the check is one that the database takes.
  std::size_t length = 65600;
  while (!series.write("m", {{"t", std::string(length, 'x')}}, Point{1, 1})) {
    REQUIRE(--length > 65000);
  }
  CHECK(length > 65500);
}

TEMPLATE_LIST_TEST_CASE("a tag without a value is no tag", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  REQUIRE(series.write("m", {{"host", ""}}, Point{1, 1}));
  REQUIRE(series.write("m", {}, Point{2, 2}));
  CHECK(points(series, {"m"}) == "1:1 2:2 ");
  CHECK(series.list_series({"m"})->at(0).tags.empty());
  CHECK(series.tag_values("m", "host")->empty());
}

TEMPLATE_LIST_TEST_CASE("no names run into each other, whatever bytes they have", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const std::string zero(1, '\0');
  const std::vector<SeriesName> all = {
      {"m", {}},
      {"m", {{"a", "b,c=d"}}},
      {"m", {{"a", "b"}, {"c", "d"}}},
      {"m", {{"a", "b:c"}, {"d", "e"}}},
      {"m", {{"a:b", "c"}, {"d", "e"}}},
      {"m", {{"a", "b" + zero}}},
      {"m", {{"a" + zero, "b"}}},
      {"m", {{"A", "b"}}},
      {"m", {{"\xc3\xa4", "\xff"}}},
      {"m{a=b}", {}},
      {"m" + zero, {{"a", "b"}}},
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    REQUIRE(series.write(all[i].metric, all[i].tags, Point{0, static_cast<double>(i)}));
  }
  std::set<double> values;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto found = series.range({all[i].metric}, {});
    REQUIRE(found);
    for (const auto& one : *found) {
      if (one.name == all[i]) {
        REQUIRE(one.points.size() == 1);
        CHECK(one.points[0].value == static_cast<double>(i));
        values.insert(one.points[0].value);
      }
    }
  }
  CHECK(values.size() == all.size());
  CHECK(*series.metrics() == std::vector<std::string>{"m", "m" + zero, "m{a=b}"});
  // In the order of bytes: upper case before lower, ASCII before the rest.
  CHECK(series.list_series({"m"})->at(1).tags.contains("A"));
  CHECK(series.list_series({"m"})->back().tags.contains("\xc3\xa4"));
}

TEMPLATE_LIST_TEST_CASE("matchers say which series are meant", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  for (const Tags& tags : {Tags{{"host", "b1"}, {"dc", "x"}}, Tags{{"host", "a1"}, {"dc", "x"}},
                           Tags{{"host", "a2"}, {"dc", "y"}}, Tags{{"host", "a11"}}, Tags{}}) {
    REQUIRE(series.write("cpu", tags, Point{1, 1}));
  }
  REQUIRE(series.write("mem", {{"host", "a1"}, {"dc", "x"}}, Point{1, 1}));
  const std::string a1 = "[cpu dc=x host=a1]";
  const std::string a2 = "[cpu dc=y host=a2]";
  const std::string a11 = "[cpu host=a11]";
  const std::string b1 = "[cpu dc=x host=b1]";
  const std::string bare = "[cpu]";
  using M = Matcher;
  CHECK(names(series, {"cpu"}) == bare + a1 + b1 + a2 + a11);
  CHECK(names(series, {"cpu", {M::equal("host", "a1")}}) == a1);
  CHECK(names(series, {"cpu", {M::equal("dc", "x")}}) == a1 + b1);
  CHECK(names(series, {"cpu", {M::equal("dc", "x"), M::equal("host", "b1")}}) == b1);
  CHECK(names(series, {"cpu", {M::equal("dc", "y"), M::equal("host", "b1")}}).empty());
  CHECK(names(series, {"cpu", {M::equal("dc", "x"), M::equal("dc", "y")}}).empty());
  CHECK(names(series, {"cpu", {M::equal("dc", "")}}) == bare + a11);
  CHECK(names(series, {"cpu", {M::not_equal("dc", "")}}) == a1 + b1 + a2);
  CHECK(names(series, {"cpu", {M::not_equal("host", "a1")}}) == bare + b1 + a2 + a11);
  CHECK(names(series, {"cpu", {M::equal("dc", "x"), M::not_equal("host", "a1")}}) == b1);
  CHECK(names(series, {"cpu", {M::regex("host", "a.")}}) == a1 + a2);  // anchored at both ends
  CHECK(names(series, {"cpu", {M::regex("host", "a1|b1")}}) == a1 + b1);
  CHECK(names(series, {"cpu", {M::regex("host", "a.*|")}}) == bare + a1 + a2 + a11);
  CHECK(names(series, {"cpu", {M::not_regex("host", "a.*")}}) == bare + b1);
  CHECK(names(series, {"cpu", {M::equal("dc", "x"), M::regex("host", "a.*")}}) == a1);
  CHECK(names(series, {"cpu", {M::equal("nothing", "x")}}).empty());
  CHECK(names(series, {"disk"}).empty());
}

TEMPLATE_LIST_TEST_CASE("a selector that can not be meant is refused", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  CHECK(code(series.list_series({""})) == ErrorCode::invalid_argument);
  CHECK(code(series.range({"m", {Matcher::equal("", "x")}}, {})) == ErrorCode::invalid_argument);
  const auto bad = series.list_series({"m", {Matcher::regex("host", "(")}});
  CHECK(code(bad) == ErrorCode::invalid_argument);
  CHECK(bad.error().message().find("'host'") != std::string::npos);
  CHECK(code(series.drop({""})) == ErrorCode::invalid_argument);
}

TEMPLATE_LIST_TEST_CASE("index and catalogue name the same series, for any selector", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&](unsigned count) { return std::to_string(random() % count); };
  std::set<Tags> model;
  for (int i = 0; i < 60; ++i) {
    Tags tags;
    for (const char* tag : {"a", "b", "c"}) {
      if (const auto value = pick(4); value != "0") {
        tags[tag] = value;
      }
    }
    REQUIRE(series.write("m", tags, Point{1, 1}));
    model.insert(tags);
  }
  REQUIRE(series.list_series({"m"})->size() == model.size());
  for (int i = 0; i < 40; ++i) {
    const std::string a = pick(5);
    const std::string b = pick(5);
    const std::vector<SeriesName> found =
        *series.list_series({"m", {Matcher::equal("a", a), Matcher::equal("b", b)}});
    // A regular expression without operators means the same, and is not looked up in the index.
    CHECK(found == *series.list_series({"m", {Matcher::regex("a", a), Matcher::regex("b", b)}}));
    const auto expected = std::count_if(model.begin(), model.end(), [&](const Tags& tags) {
      return tags.contains("a") && tags.at("a") == a && tags.contains("b") && tags.at("b") == b;
    });
    CHECK(static_cast<std::ptrdiff_t>(found.size()) == expected);
  }
}

TEMPLATE_LIST_TEST_CASE("metrics and values of tags are listed once each", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  CHECK(series.metrics()->empty());
  for (const char* host : {"b", "a", "c"}) {
    for (const char* dc : {"x", "y"}) {
      REQUIRE(series.write("cpu", {{"host", host}, {"dc", dc}}, Point{1, 1}));
    }
  }
  REQUIRE(series.write("cp", {{"host", "z"}}, Point{1, 1}));
  REQUIRE(series.write("disk", {}, Point{1, 1}));
  CHECK(*series.metrics() == std::vector<std::string>{"cp", "cpu", "disk"});
  CHECK(*series.tag_values("cpu", "host") == std::vector<std::string>{"a", "b", "c"});
  CHECK(*series.tag_values("cpu", "dc") == std::vector<std::string>{"x", "y"});
  CHECK(series.tag_values("cpu", "hos")->empty());
  CHECK(series.tag_values("disk", "host")->empty());
}

TEMPLATE_LIST_TEST_CASE("a scan visits series after series and stops when told to", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  for (const char* host : {"b", "a"}) {
    const Point some[] = {{2, 2}, {1, 1}};
    REQUIRE(series.write("cpu", {{"host", host}}, some));
  }
  std::string visited;
  std::size_t left = 3;
  REQUIRE(series.scan({"cpu"}, {}, [&](const SeriesName& name, Point point) {
    visited += name.tags.at("host") + std::to_string(point.time_ms) + " ";
    return --left > 0;
  }));
  CHECK(visited == "a1 a2 b1 ");
  const auto newest = series.latest({"cpu"});
  REQUIRE(newest);
  REQUIRE(newest->size() == 2);
  CHECK(text(newest->at(1).name) == "cpu host=b");
  CHECK(newest->at(1).point == Point{2, 2});
  CHECK(series.latest({"none"})->empty());
}

TEMPLATE_LIST_TEST_CASE("a snapshot keeps its series, points and retention", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  REQUIRE(series.write("cpu", {{"host", "a"}}, Point{1, 1}));
  const auto before = holder.db.snapshot();
  REQUIRE(series.write("cpu", {{"host", "a"}}, Point{1, 2}));
  REQUIRE(series.write("cpu", {{"host", "b"}}, Point{1, 2}));
  REQUIRE(series.write("mem", {}, Point{1, 2}));
  REQUIRE(series.set_retention("cpu", 5));
  REQUIRE(series.drop({"cpu", {Matcher::equal("host", "a")}}));
  CHECK(text(series.range({"cpu"}, {}, &before)->at(0).points) == "1:1 ");
  CHECK(series.latest({"cpu"}, &before)->size() == 1);
  CHECK(series.list_series({"cpu"}, &before)->size() == 1);
  CHECK(series.metrics(&before)->size() == 1);
  CHECK(*series.tag_values("cpu", "host", &before) == std::vector<std::string>{"a"});
  CHECK_FALSE(*series.retention("cpu", &before));
  const auto sum = series.aggregate({.selector = {"cpu"}, .functions = {Function::sum()}}, &before);
  CHECK(sum->at(0).buckets.at(0).values.at(0) == 1.0);
  CHECK(*series.tag_values("cpu", "host") == std::vector<std::string>{"b"});
}

TEMPLATE_LIST_TEST_CASE("a batch takes effect whole or not at all, and sees itself", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  using Store = TimeSeries<typename TestType::Db>;
  Store series(holder.db, locks);
  const Point one[] = {{1, 1}};
  const Point bad[] = {{1, std::nan("")}};
  const auto failed = series.batch([&](typename Store::Unit& unit) -> Result<void> {
    REQUIRE(series.write(unit, "cpu", {{"host", "a"}}, one));
    REQUIRE(series.write(unit, "cpu", {{"host", "b"}}, one));
    REQUIRE(series.write(unit, "cpu", {{"host", "a"}}, std::vector<Point>{{2, 2}}));
    const auto found = series.range(unit, {"cpu"}, {});
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(text(found->at(0).points) == "1:1 2:2 ");
    REQUIRE(series.drop(unit, {"cpu", {Matcher::equal("host", "b")}}));
    CHECK(series.range(unit, {"cpu"}, {})->size() == 1);
    return series.write(unit, "cpu", {}, bad);
  });
  CHECK(code(failed) == ErrorCode::invalid_argument);
  CHECK(keys_in(holder) == 0);
  REQUIRE(series.batch([&](typename Store::Unit& unit) -> Result<void> {
    REQUIRE(series.write(unit, "cpu", {{"host", "a"}}, one));
    return series.write(unit, "cpu", {{"host", "b"}}, one);
  }));
  CHECK(names(series, {"cpu"}) == "[cpu host=a][cpu host=b]");
}

TEMPLATE_LIST_TEST_CASE("a unit that owns only some keys is refused", "", Databases) {
  TestType holder;
  KeyLocks locks;
  using Store = TimeSeries<typename TestType::Db>;
  Store series(holder.db, locks);
  auto unit = Store::Unit::single(holder.db, locks, {});
  const Point one[] = {{1, 1}};
  CHECK(code(series.write(unit, "m", {}, one)) == ErrorCode::invalid_argument);
  CHECK(code(series.drop(unit, {"m"})) == ErrorCode::invalid_argument);
  CHECK(code(series.erase(unit, {"m"}, {})) == ErrorCode::invalid_argument);
}

TEMPLATE_LIST_TEST_CASE("erase takes the points of a range and leaves the series", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const Point some[] = {{-1, 1}, {0, 2}, {1, 3}, {2, 4}};
  REQUIRE(series.write("m", {{"host", "a"}}, some));
  REQUIRE(series.write("m", {{"host", "b"}}, some));
  REQUIRE(series.erase({"m", {Matcher::equal("host", "a")}}, {0, 2}));
  CHECK(points(series, {"m", {Matcher::equal("host", "a")}}) == "-1:1 2:4 ");
  CHECK(points(series, {"m", {Matcher::equal("host", "b")}}) == "-1:1 0:2 1:3 2:4 ");
  REQUIRE(series.erase({"m"}, {2, 0}));  // an empty range
  REQUIRE(series.erase({"m"}, {}));
  CHECK(series.range({"m"}, {})->empty());
  CHECK(series.latest({"m"})->empty());
  CHECK(series.list_series({"m"})->size() == 2);
}

TEMPLATE_LIST_TEST_CASE("drop leaves no key of a series behind, and its id is not given again", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const Tags a{{"host", "a"}, {"dc", "x"}};
  REQUIRE(series.write("cpu", {{"host", "b"}}, Point{1, 1}));
  const auto before = keys_in(holder);
  REQUIRE(series.write("cpu", a, Point{1, 7}));
  REQUIRE(series.drop({"cpu", {Matcher::equal("host", "a")}}));
  CHECK(keys_in(holder) == before);
  CHECK(names(series, {"cpu"}) == "[cpu host=b]");
  CHECK(*series.tag_values("cpu", "host") == std::vector<std::string>{"b"});
  REQUIRE(series.write("cpu", a, Point{2, 8}));
  CHECK(points(series, {"cpu", {Matcher::equal("host", "a")}}) == "2:8 ");
}

TEMPLATE_LIST_TEST_CASE("retention erases what is as old as it or older, only when called", "",
                        Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  const Point some[] = {{100, 1}, {190, 2}, {191, 3}, {200, 4}};
  REQUIRE(series.set_retention("m", 10));
  CHECK(*series.retention("m") == 10);
  CHECK_FALSE(*series.retention("other"));
  REQUIRE(series.write("m", {}, some));
  REQUIRE(series.write("m", {{"host", "old"}}, Point{150, 1}));
  REQUIRE(series.write("m", {{"host", "new"}}, Point{199, 1}));
  REQUIRE(series.write("mm", {}, some));
  CHECK(points(series, {"mm"}) == "100:1 190:2 191:3 200:4 ");
  CHECK(series.range({"m"}, {})->size() == 3);  // a write erases nothing
  CHECK(*series.apply_retention(200) == 2);
  CHECK(points(series, {"m", {Matcher::equal("host", "")}}) == "191:3 200:4 ");
  // A series without points is forgotten; others, and other metrics, are as they were.
  CHECK(names(series, {"m"}) == "[m][m host=new]");
  CHECK(*series.tag_values("m", "host") == std::vector<std::string>{"new"});
  CHECK(points(series, {"mm"}) == "100:1 190:2 191:3 200:4 ");
  CHECK(*series.apply_retention(200) == 0);
  CHECK(*series.apply_retention(TimeRange::least_ms) == 0);
  REQUIRE(series.set_retention("m", std::nullopt));
  CHECK_FALSE(*series.retention("m"));
  CHECK(*series.apply_retention(TimeRange::most_ms) == 0);
  REQUIRE(series.set_retention("m", 1));
  CHECK(*series.apply_retention(TimeRange::most_ms) == 2);
  CHECK(names(series, {"m"}).empty());
  CHECK(code(series.set_retention("m", 0)) == ErrorCode::invalid_argument);
  CHECK(code(series.set_retention("m", -5)) == ErrorCode::invalid_argument);
  CHECK(code(series.set_retention("", 5)) == ErrorCode::invalid_argument);
}

TEMPLATE_LIST_TEST_CASE("retention goes over more series than it locks at once", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  for (int i = 0; i < 150; ++i) {
    const Point some[] = {{1, 1}, {100, i % 3 == 0 ? 1.0 : 2.0}};
    REQUIRE(
        series.write("m", {{"n", std::to_string(i)}}, std::span(some).first(i % 3 == 0 ? 1 : 2)));
  }
  REQUIRE(series.set_retention("m", 10));
  CHECK(*series.apply_retention(100) == 150);
  CHECK(series.list_series({"m"})->size() == 100);
  const auto kept = series.range({"m"}, {});
  REQUIRE(kept);
  for (const auto& one : *kept) {
    CHECK(text(one.points) == "100:2 ");
  }
}

TEMPLATE_LIST_TEST_CASE("bytes that are no time series are reported, not read", "", Databases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  REQUIRE(series.write("m", {{"host", "a"}}, Point{1, 1}));
  using Keys = strata::store::detail::SeriesKeys;
  const auto family = holder.db.template family<"series">();
  const auto put = [&](const std::string& key, std::string_view value) {
    strata::WriteBatch batch;
    batch.put(family.id(), key, value);
    REQUIRE(holder.db.write(batch, WriteOptions{}));
  };
  SECTION("a point") {
    put(Keys::point(1, 1), "short");
    CHECK(code(series.range({"m"}, {})) == ErrorCode::corruption);
    CHECK(code(series.latest({"m"})) == ErrorCode::corruption);
    CHECK(code(series.aggregate({.selector = {"m"}})) == ErrorCode::corruption);
  }
  SECTION("the catalogue") {
    put(Keys::catalogue(Keys::name({"m", {{"host", "a"}}})), "x");
    CHECK(code(series.range({"m"}, {})) == ErrorCode::corruption);
    CHECK(code(series.write("m", {{"host", "a"}}, Point{1, 1})) == ErrorCode::corruption);
  }
  SECTION("a name") {
    put(Keys::reverse(1), "x");
    CHECK(code(series.range({"m", {Matcher::equal("host", "a")}}, {})) == ErrorCode::corruption);
  }
  SECTION("the counter") {
    put(Keys::next_id(), "");
    CHECK(code(series.write("m", {{"host", "b"}}, Point{1, 1})) == ErrorCode::corruption);
  }
  SECTION("a retention") {
    put(Keys::retention("m"), Keys::number(0));
    CHECK(code(series.apply_retention(1)) == ErrorCode::corruption);
  }
}

TEMPLATE_LIST_TEST_CASE("threads that create the same series agree on one", "", RacingDatabases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  constexpr int threads = 4;
  constexpr int rounds = 200;
  std::vector<std::thread> running;
  std::atomic<int> failures{0};
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (int i = 0; i < rounds; ++i) {
        // Two threads meet at each series, while the others are at another: ids are given at once.
        const int n = (i + t / 2 * (rounds / 2)) % rounds;
        const Tags tags{{"n", std::to_string(n)}};
        failures += series.write("m", tags, Point{t, static_cast<double>(n)}) ? 0 : 1;
      }
    });
  }
  for (auto& thread : running) {
    thread.join();
  }
  CHECK(failures == 0);
  const auto all = series.range({"m"}, {});
  REQUIRE(all);
  REQUIRE(all->size() == rounds);
  for (const auto& one : *all) {
    REQUIRE(one.points.size() == threads);  // all under one id
    for (const auto& point : one.points) {
      CHECK(std::to_string(static_cast<int>(point.value)) == one.name.tags.at("n"));
    }
  }
  // A catalogue entry, its reverse and its tag for each, the points, and the counter: no others.
  CHECK(keys_in(holder) == rounds * (3 + threads) + 1);
}

TEMPLATE_LIST_TEST_CASE("a series that retention forgets loses no point written beside it", "",
                        RacingDatabases) {
  TestType holder;
  KeyLocks locks;
  TimeSeries<typename TestType::Db> series(holder.db, locks);
  REQUIRE(series.set_retention("m", 1));
  std::atomic<int> failures{0};
  std::atomic<bool> done{false};
  std::thread retention([&] {
    while (!done) {
      failures += series.apply_retention(1000) ? 0 : 1;
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < 2; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const Tags tags{{"n", std::to_string(i)}};
        failures += series.write("m", tags, Point{t, 1}) ? 0 : 1;         // outdated
        failures += series.write("m", tags, Point{2000 + t, 1}) ? 0 : 1;  // to be kept
      }
    });
  }
  for (auto& writer : writers) {
    writer.join();
  }
  done = true;
  retention.join();
  REQUIRE(series.apply_retention(1000));
  CHECK(failures == 0);
  const auto all = series.range({"m"}, {});
  REQUIRE(all);
  REQUIRE(all->size() == 40);
  for (const auto& one : *all) {
    CHECK(text(one.points) == "2000:1 2001:1 ");
  }
  CHECK(keys_in(holder) == 40 * (3 + 2) + 2);
}
