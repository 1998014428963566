// SPDX-License-Identifier: BSL-1.0
#include <strata/store/time_series_keys.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

using strata::store::Point;
using strata::store::SeriesName;
using strata::store::TimeRange;
using Keys = strata::store::detail::SeriesKeys;

namespace {

/// Short texts over few bytes, among them those that the encoding escapes.
std::string random_text(std::mt19937& random) {
  std::string text;
  for (auto left = random() % 4; left > 0; --left) {
    text.push_back(
        "\0\x01\xff"
        "ab"[random() % 5]);
  }
  return text;
}
SeriesName random_name(std::mt19937& random) {
  SeriesName name{random_text(random), {}};
  for (auto left = random() % 3; left > 0; --left) {
    name.tags[random_text(random)] = random_text(random);
  }
  return name;
}

}  // namespace

TEST_CASE("a name comes back from its bytes, and names sort as their bytes do") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const SeriesName a = random_name(random);
    const SeriesName b = random_name(random);
    SeriesName decoded;
    REQUIRE(Keys::decode_name(Keys::name(a), decoded));
    REQUIRE(decoded == a);
    const bool before = std::tie(a.metric, a.tags) < std::tie(b.metric, b.tags);
    REQUIRE((Keys::name(a) < Keys::name(b)) == before);
    REQUIRE((Keys::name(a) == Keys::name(b)) == (a == b));
    REQUIRE(Keys::name_of_catalogue(Keys::catalogue(Keys::name(a))) == Keys::name(a));
    REQUIRE(Keys::catalogue_of(a.metric).contains(Keys::catalogue(Keys::name(b))) ==
            (a.metric == b.metric));
  }
}

TEST_CASE("entries of the tag index lie under their metric, tag and value, and nowhere else") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const std::string metric[] = {random_text(random), random_text(random)};
    const std::string tag[] = {random_text(random), random_text(random)};
    const std::string value[] = {random_text(random), random_text(random)};
    const std::string key = Keys::inverted(metric[0], tag[0], value[0], 7);
    std::string decoded;
    std::uint64_t id = 0;
    REQUIRE(Keys::decode_inverted(key, decoded, id));
    REQUIRE(decoded == value[0]);
    REQUIRE(id == 7);
    const bool same_tag = metric[0] == metric[1] && tag[0] == tag[1];
    REQUIRE(Keys::inverted_of(metric[1], tag[1]).contains(key) == same_tag);
    REQUIRE(Keys::inverted_of(metric[1], tag[1], value[1]).contains(key) ==
            (same_tag && value[0] == value[1]));
    REQUIRE(key.size() <= Keys::catalogue(Keys::name({metric[0], {{tag[0], value[0]}}})).size() +
                              Keys::longer_bytes_max);
  }
}

TEST_CASE("points sort by series, then by time, before 1970 too") {
  const std::int64_t times[] = {TimeRange::least_ms, -256, -1, 0, 1, 255, 256, TimeRange::most_ms};
  std::string before;
  for (const std::uint64_t id : {1U, 2U, 255U, 256U}) {
    for (const auto time_ms : times) {
      const std::string key = Keys::point(id, time_ms);
      CHECK(before < key);
      before = key;
      Point decoded;
      REQUIRE(Keys::decode_point(key, Keys::point_value(-1.5), decoded));
      CHECK(decoded == Point{time_ms, -1.5});
    }
  }
  CHECK(Keys::points(1, {0, 2}).contains(Keys::point(1, 1)));
  CHECK_FALSE(Keys::points(1, {0, 2}).contains(Keys::point(1, 2)));
  CHECK_FALSE(Keys::points(1, {}).contains(Keys::point(2, TimeRange::least_ms)));
}

TEST_CASE("each kind of key has a place of its own") {
  const std::vector<std::string> ascending = {Keys::catalogue(Keys::name({"\xff", {}})),
                                              Keys::reverse(~std::uint64_t{0}),
                                              Keys::inverted("\xff", "", "", 0),
                                              Keys::point(~std::uint64_t{0}, 0),
                                              Keys::retention("\xff"),
                                              Keys::next_id()};
  for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
    CHECK(ascending[i] < ascending[i + 1]);
  }
  for (const auto& key : ascending) {
    CHECK(Keys::catalogues().contains(key) == (&key == &ascending[0]));
    CHECK(Keys::retentions().contains(key) == (&key == &ascending[4]));
  }
}

TEST_CASE("the layout is what the table says") {
  using namespace std::string_literals;
  CHECK(Keys::catalogue(Keys::name({"m", {{"t", "v"}}})) == "\1m\0\1t\0\1v\0\1"s);
  CHECK(Keys::reverse(2) == "\2\0\0\0\0\0\0\0\2"s);
  CHECK(Keys::inverted("m", "t", "v", 2) == "\3m\0\1t\0\1v\0\1\0\0\0\0\0\0\0\2"s);
  CHECK(Keys::point(2, 3) == "\4\0\0\0\0\0\0\0\2\x80\0\0\0\0\0\0\3"s);
  CHECK(Keys::retention("m") == "\5m\0\1"s);
  CHECK(Keys::next_id() == "\6"s);
  CHECK(Keys::number(1) == "\1\0\0\0\0\0\0\0"s);
  CHECK(Keys::point_value(1.0) == "\0\0\0\0\0\0\xf0\x3f"s);
}

TEST_CASE("bytes cut short or of another kind are refused") {
  SeriesName name;
  Point point;
  std::string value;
  std::string metric;
  std::uint64_t number = 0;
  const std::string names = Keys::name({"m", {{"t", "v"}}});
  for (std::size_t size = 0; size < names.size(); ++size) {
    const bool at_an_end = size == Keys::name({"m", {}}).size();
    CHECK(Keys::decode_name(std::string_view(names).substr(0, size), name) == at_an_end);
  }
  for (const std::string& key :
       {Keys::point(1, 1), Keys::inverted("m", "t", "v", 1), Keys::retention("m")}) {
    for (const auto& wrong : {key.substr(0, key.size() - 1), key + "x", std::string()}) {
      CHECK_FALSE(Keys::decode_point(wrong, Keys::point_value(1), point));
      CHECK_FALSE(Keys::decode_inverted(wrong, value, number));
      CHECK_FALSE(Keys::decode_retention(wrong, metric));
    }
  }
  CHECK_FALSE(Keys::decode_point(Keys::point(1, 1), "1234567", point));
  CHECK_FALSE(Keys::decode_point(Keys::point(1, 1), "123456789", point));
  CHECK_FALSE(Keys::decode_number("1234567", number));
  CHECK_FALSE(Keys::decode_number("123456789", number));
}
