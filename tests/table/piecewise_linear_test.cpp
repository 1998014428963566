// SPDX-License-Identifier: BSL-1.0
#include <strata/table/piecewise_linear.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

using strata::table::PiecewiseLinear;
using strata::table::PiecewiseLinearFit;
using Numbers = std::vector<std::uint64_t>;
using Random = std::mt19937_64;

namespace {

constexpr std::uint32_t error = 16;

std::optional<std::string> fitted(const Numbers& numbers, std::size_t segments_most = SIZE_MAX) {
  std::string bytes;
  if (!PiecewiseLinearFit(numbers, error).write(segments_most, bytes)) {
    REQUIRE(bytes.empty());
    return std::nullopt;
  }
  return bytes;
}

PiecewiseLinear parsed(std::string_view bytes, const Numbers& numbers) {
  const auto model = PiecewiseLinear::parse(bytes, static_cast<std::uint32_t>(numbers.size()));
  REQUIRE(model);
  return *model;
}

/// Asks for every number, its neighbours, and numbers between.
void check_windows(const PiecewiseLinear& model, const Numbers& numbers) {
  Numbers probes{0, UINT64_MAX, UINT64_MAX / 2};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::uint64_t next = i + 1 < numbers.size() ? numbers[i + 1] : UINT64_MAX;
    probes.insert(probes.end(), {numbers[i] - 1, numbers[i], numbers[i] + 1,
                                 numbers[i] + (next - numbers[i]) / 2, next - 1});
  }
  for (const std::uint64_t probe : probes) {
    const auto rank = std::lower_bound(numbers.begin(), numbers.end(), probe) - numbers.begin();
    const auto window = model.window(probe);
    CAPTURE(probe, rank);
    REQUIRE(window.from <= static_cast<std::size_t>(rank));
    REQUIRE(window.to >= static_cast<std::size_t>(rank));
    REQUIRE(window.to <= numbers.size());
    REQUIRE(window.to - window.from <= 2 * error);
  }
}

std::uint32_t check(Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  const auto bytes = fitted(numbers);
  REQUIRE(bytes);
  const PiecewiseLinear model = parsed(*bytes, numbers);
  CHECK(model.error() == error);
  CHECK(bytes->size() == 8 + model.segments() * PiecewiseLinear::segment_bytes);
  check_windows(model, numbers);
  return model.segments();
}

template <class Next>
Numbers made(std::size_t count, Next next) {
  Numbers numbers;
  for (std::size_t i = 0; i < count; ++i) {
    numbers.push_back(next(i));
  }
  return numbers;
}

}  // namespace

TEST_CASE("numbers at even distances take one line, whatever the distance", "[table]") {
  for (const unsigned shift : {0U, 1U, 7U, 31U, 32U, 33U, 40U, 52U}) {
    CAPTURE(shift);
    CHECK(check(made(4'000, [&](std::uint64_t i) { return i << shift; })) == 1);
    CHECK(check(made(4'000, [&](std::uint64_t i) { return UINT64_MAX - (i << shift); })) == 1);
  }
}

TEST_CASE("one number, two, and both ends of the range", "[table]") {
  CHECK(check({7}) == 1);
  CHECK(check({0}) == 1);
  CHECK(check({UINT64_MAX}) == 1);
  CHECK(check({0, UINT64_MAX}) == 1);
  CHECK(check({0, 1, UINT64_MAX - 1, UINT64_MAX}) >= 1);
}

TEST_CASE("random numbers take few lines", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 5));
  CAPTURE(seed);
  Random random(seed);
  CHECK(check(made(20'000, [&](std::size_t) { return random(); })) < 20'000 / 50);
  CHECK(check(made(20'000, [&](std::size_t) { return random() % 200'000; })) < 20'000 / 50);
}

TEST_CASE("hard sets are right at every number and between", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 5));
  CAPTURE(seed);
  Random random(seed);
  SECTION("each twice as far as the one before") {
    check(made(64, [](std::uint64_t i) { return std::uint64_t{1} << i; }));
  }
  SECTION("of random magnitudes") {
    check(made(5'000, [&](std::size_t) { return random() >> random() % 54; }));
  }
  SECTION("dense runs, far apart") {
    check(made(5'000, [&](std::uint64_t i) { return (i / 100 << 56) + i % 100; }));
  }
  SECTION("dense runs of random lengths, random distances apart") {
    std::uint64_t at = 0;
    check(made(5'000, [&](std::size_t) { return at += random() % 50 == 0 ? random() >> 12 : 1; }));
  }
  SECTION("runs of equal numbers, no longer than the error") {
    check(made(5'000, [&](std::uint64_t i) { return i / (1 + seed * 3) * 1'000; }));
    check(made(5'000, [&](std::uint64_t i) { return i / (1 + seed * 3); }));
  }
  SECTION("decimal digits as bytes") {
    check(made(5'000, [&](std::uint64_t i) {
      std::uint64_t head = 0;
      for (const char digit : std::to_string(10'000'000 + i * (seed + 1) * 7)) {
        head = head << 8 | static_cast<unsigned char>(digit);
      }
      return head;
    }));
  }
  SECTION("steps that grow") {
    check(made(5'000, [&](std::uint64_t i) { return i * i * i * (seed + 1); }));
  }
}

TEST_CASE("a run of equal numbers beyond the error, or too many segments, is no model", "[table]") {
  CHECK(fitted(Numbers(error, 7)));
  CHECK_FALSE(fitted(Numbers(error + 1, 7)));
  const Numbers doubling = made(64, [](std::uint64_t i) { return std::uint64_t{1} << i; });
  const std::uint32_t segments = parsed(*fitted(doubling), doubling).segments();
  REQUIRE(segments > 1);
  CHECK(fitted(doubling, segments));
  CHECK_FALSE(fitted(doubling, segments - 1));
  CHECK_FALSE(fitted({}));
}

TEST_CASE("lines that are cut off, or go on, are no model", "[table]") {
  const Numbers numbers{1, 100, 10'000};
  const std::string bytes = *fitted(numbers);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    REQUIRE_FALSE(PiecewiseLinear::parse(std::string_view(bytes).substr(0, length), 3));
  }
  CHECK_FALSE(PiecewiseLinear::parse(bytes + "x", 3));
}

TEST_CASE("lines of any bytes give windows within the column", "[table]") {
  const Numbers numbers = made(500, [](std::uint64_t i) { return i * i * i; });
  const std::string whole = *fitted(numbers);
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 10));
  CAPTURE(seed);
  Random random(seed);
  std::size_t opened = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 6; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    const auto model = PiecewiseLinear::parse(bytes, 500);
    opened += model ? 1 : 0;
    for (int i = 0; model && i < 20; ++i) {
      const auto window = model->window(random() >> random() % 64);
      REQUIRE(window.from <= window.to);
      REQUIRE(window.to <= 500);
    }
  }
  CHECK(opened > 100);
}
