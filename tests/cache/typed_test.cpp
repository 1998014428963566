// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/typed.hpp>

#include <catch2/catch.hpp>
#include <cstring>
#include <strata/cache/memory_level.hpp>
#include <strata/cache/tiered.hpp>
#include <string>

using strata::ErrorCode;
using strata::Result;
using strata::cache::MemoryLevel;
using strata::cache::Tiered;
using strata::cache::TieredOptions;
using strata::cache::Typed;

namespace {

struct Point {
  int x = 0;
  int y = 0;
  bool operator==(const Point&) const = default;
};

template <class T>
struct Plain {
  static std::string encode(const T& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static std::optional<T> decode(std::string_view bytes) {
    T value;
    if (bytes.size() != sizeof value) {
      return std::nullopt;
    }
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};

using Tiers = Tiered<MemoryLevel<>, MemoryLevel<>>;
using Points = Typed<int, Point, Plain<int>, Plain<Point>, Tiers>;

}  // namespace

TEST_CASE("Values of a type go through tiers of bytes and come back") {
  Tiers tiers(TieredOptions{}, MemoryLevel<>(), MemoryLevel<>());
  Points points(tiers);
  int loads = 0;
  const auto loader = [&loads](int key) -> Result<std::optional<Point>> {
    ++loads;
    return key < 0 ? std::nullopt : std::optional(Point{key, 2 * key});
  };
  for (int i = 0; i < 4; ++i) {
    CHECK(points.get(3, loader).value() == Point{3, 6});
  }
  CHECK(loads == 1);
  CHECK(points.find(3) == Point{3, 6});
  CHECK(points.get(-1, loader).value() == std::nullopt);
  CHECK(loads == 2);
  points.insert(3, {1, 1});
  CHECK(points.find(3) == Point{1, 1});
  points.erase(3);
  CHECK(points.find(3) == std::nullopt);
  const auto failed = points.get(
      9, [](int) -> Result<std::optional<Point>> { return strata::fail(ErrorCode::io, "down"); });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message() == "down");
}

TEST_CASE("Bytes that the codec does not know are made anew") {
  Tiers tiers(TieredOptions{}, MemoryLevel<>(), MemoryLevel<>());
  Points points(tiers);
  tiers.insert(Plain<int>::encode(5), "of an older program");
  CHECK(points.find(5) == std::nullopt);
  CHECK(tiers.find(Plain<int>::encode(5)) == std::nullopt);
  tiers.insert(Plain<int>::encode(5), "of an older program");
  const auto got = points.get(5, [](int) -> Result<std::optional<Point>> { return Point{5, 5}; });
  CHECK(got.value() == Point{5, 5});
  CHECK(points.find(5) == Point{5, 5});
}
