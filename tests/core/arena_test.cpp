// SPDX-License-Identifier: BSL-1.0
#include <strata/core/arena.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

using strata::Arena;

TEST_CASE("An arena takes nothing before it is asked") {
  CHECK(Arena().memory_bytes() == 0);
}

TEST_CASE("Pieces of any size are aligned to 8 and do not overlap") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Arena arena;
  std::vector<std::pair<char*, std::size_t>> pieces;
  std::size_t total_bytes = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::size_t bytes = i % 500 == 0  ? random() % 3'000'000
                              : i % 10 == 0 ? random() % 30'000
                                            : random() % 100;
    char* const at = arena.allocate(bytes);
    REQUIRE(reinterpret_cast<std::uintptr_t>(at) % 8 == 0);
    std::fill_n(at, bytes, static_cast<char>(i));
    pieces.emplace_back(at, bytes);
    total_bytes += bytes;
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto [at, bytes] = pieces[i];
    const auto same = std::count(at, at + bytes, static_cast<char>(i));
    REQUIRE(same == static_cast<std::ptrdiff_t>(bytes));
  }
  CHECK(arena.memory_bytes() >= total_bytes);
}

TEST_CASE("Chunks grow with what is asked, from 16 KiB to a large page") {
  Arena arena;
  (void)arena.allocate(1);
  CHECK(arena.memory_bytes() == 16 * 1024);
  std::size_t most = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::size_t before = arena.memory_bytes();
    (void)arena.allocate(100);
    most = std::max(most, arena.memory_bytes() - before);
  }
  CHECK(most == strata::large_page_bytes);
  CHECK(arena.memory_bytes() < 104 * 100'000 + 2 * most);
}

TEST_CASE("A large piece gets a chunk of its own and leaves the current one as it is") {
  Arena arena;
  char* const first = arena.allocate(8);
  const std::size_t before = arena.memory_bytes();
  (void)arena.allocate(10'000'000);
  CHECK(arena.memory_bytes() == before + 10'000'000);
  CHECK(arena.allocate(8) == first + 8);
}

TEST_CASE("An arena makes objects of trivial types") {
  struct Point {
    Point(int a, double b) : x(a), y(b) {}
    int x;
    double y;
  };
  Arena arena;
  const Point* const point = arena.create<Point>(3, 0.5);
  CHECK(point->x == 3);
  CHECK(point->y == 0.5);
}
