// SPDX-License-Identifier: BSL-1.0
//
// Keys and values of the time-series store.
//
//     input   what u8, the key sized, the value
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/store/time_series_keys.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
using store::SeriesName;
using Keys = store::detail::SeriesKeys;

void check_name(std::string_view bytes) {
  SeriesName name;
  if (Keys::decode_name(bytes, name)) {
    SeriesName again;
    fuzz::require(Keys::decode_name(Keys::name(name), again));
    fuzz::require(again.metric == name.metric && again.tags == name.tags);
  }
}

void check_point(std::string_view key, std::string_view value) {
  store::Point point;
  if (!Keys::decode_point(key, value, point)) {
    return;
  }
  store::KeyReader reader(key.substr(1));
  store::detail::SeriesId id = 0;
  fuzz::require(reader.take_u64(id));
  fuzz::require(Keys::point(id, point.time_ms) == key);
  fuzz::require(Keys::point_value(point.value) == value);
}

void check_others(std::string_view key, std::string_view value) {
  std::string metric;
  if (Keys::decode_retention(key, metric)) {
    fuzz::require(Keys::retention(metric) == key);
  }
  std::uint64_t number = 0;
  if (Keys::decode_number(value, number)) {
    fuzz::require(Keys::number(number) == value);
  }
  std::string tag_value;
  store::detail::SeriesId id = 0;
  (void)Keys::decode_inverted(key, tag_value, id);
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const auto what = in.number() % 3;
  const std::string_view key = in.string();
  switch (what) {
    case 0: check_name(key); break;
    case 1: check_point(key, in.rest()); break;
    default: check_others(key, in.rest()); break;
  }
}

std::vector<fuzz::Seed> seeds() {
  const SeriesName name{"cpu", {{"host", "a"}, {"zone", std::string("x\0y", 3)}}};
  const auto seed = [](char what, const std::string& key, const std::string& value) {
    return what + fuzz::sized(key) + value;
  };
  return {{"name", seed(0, Keys::name(name), "")},
          {"name_without_tags", seed(0, Keys::name({"m", {}}), "")},
          {"point", seed(1, Keys::point(5, -1'600'000'000'000), Keys::point_value(2.5))},
          {"retention", seed(2, Keys::retention("cpu"), Keys::number(3'600'000))},
          {"inverted", seed(2, Keys::inverted("cpu", "host", "a", 5), "")}};
}

const fuzz::Target target("time_series", run, seeds);

}  // namespace
