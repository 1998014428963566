// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/shared_arena.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using strata::memtable::detail::SharedArena;

namespace {

using Piece = std::pair<char*, std::size_t>;

/// Each filled from end to end, so that who got it too small, or twice, is seen.
std::vector<Piece> take(SharedArena& arena, unsigned seed, int count) {
  std::mt19937 random(seed);
  std::vector<Piece> pieces;
  for (int i = 0; i < count; ++i) {
    const std::size_t bytes = random() % 100 == 0 ? random() % 20'000 : random() % 200;
    pieces.emplace_back(arena.allocate(bytes), bytes);
    std::fill_n(pieces.back().first, bytes, static_cast<char>(seed));
  }
  return pieces;
}

}  // namespace

TEST_CASE("A shared arena takes nothing before it is asked") {
  SharedArena arena;
  CHECK(arena.memory_bytes() == 0);
  (void)arena.allocate(1);
  CHECK(arena.memory_bytes() > 0);
  CHECK(arena.memory_bytes() <= 32 * 1024);
}

TEST_CASE("Threads get pieces of their own, aligned to 8") {
  constexpr unsigned threads = 4;
  SharedArena arena;
  std::vector<std::vector<Piece>> taken(threads);
  std::vector<std::thread> running;
  for (unsigned id = 0; id < threads; ++id) {
    running.emplace_back([&, id] { taken[id] = take(arena, id + 1, 20'000); });
  }
  for (std::thread& thread : running) {
    thread.join();
  }
  std::size_t bytes = 0;
  unsigned misaligned = 0;
  unsigned overwritten = 0;
  for (unsigned id = 0; id < threads; ++id) {
    for (const Piece& piece : taken[id]) {
      bytes += piece.second;
      misaligned += reinterpret_cast<std::uintptr_t>(piece.first) % 8 == 0 ? 0U : 1U;
      overwritten +=
          std::count(piece.first, piece.first + piece.second, static_cast<char>(id + 1)) ==
                  static_cast<std::ptrdiff_t>(piece.second)
              ? 0U
              : 1U;
    }
  }
  CHECK(misaligned == 0);
  CHECK(overwritten == 0);
  CHECK(arena.memory_bytes() >= bytes);
}

TEST_CASE("What is lost between blocks is little") {
  SharedArena arena;
  std::mt19937 random(1);
  std::size_t bytes = 0;
  while (bytes < 20'000'000) {
    const std::size_t more = 8 * (1 + random() % 64);  // up to an eighth of a block
    bytes += more;
    (void)arena.allocate(more);
  }
  CHECK(arena.memory_bytes() < bytes + bytes / 8);
}
