// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/growing_bloom.hpp>

#include <atomic>
#include <cstdint>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/core/arena.hpp>
#include <strata/core/hash.hpp>

using strata::Arena;
using strata::mix64;
using strata::memtable::detail::GrowingBloom;

TEST_CASE("a filter that grows denies nothing that was added, and most of the rest", "[memtable]") {
  Arena arena;
  GrowingBloom filter;
  CHECK_FALSE(filter.may_contain(mix64(1)));
  constexpr std::uint64_t keys = 400'000;
  std::uint64_t checked_at = 1;
  for (std::uint64_t i = 0; i < keys; ++i) {
    filter.add(mix64(i), arena);
    if (i == checked_at) {  // through every size
      checked_at *= 3;
      std::uint64_t denied = 0;
      std::uint64_t passed = 0;
      for (std::uint64_t j = 0; j <= i; ++j) {
        denied += filter.may_contain(mix64(j)) ? 0U : 1U;
        passed += filter.may_contain(mix64(keys + j)) ? 1U : 0U;
      }
      CHECK(denied == 0);
      CHECK(passed <= (i + 1) / 20 + 3);
    }
  }
  CHECK(arena.memory_bytes() < 5 * keys);
}

TEST_CASE("versions of a key take no room in a filter", "[memtable]") {
  Arena arena;
  GrowingBloom filter;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    filter.add(mix64(i % 100), arena);
  }
  CHECK(arena.memory_bytes() < 64 << 10);
}

TEST_CASE("who sees that a key was added is not told that it is absent", "[memtable]") {
  Arena arena;
  GrowingBloom filter;
  constexpr std::uint64_t keys = 50'000;
  std::atomic<std::uint64_t> added{0};
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < keys; ++i) {
      filter.add(mix64(i), arena);
      added.store(i + 1, std::memory_order_release);
    }
  });
  std::uint64_t denied = 0;
  for (std::uint64_t seen = 0; seen < keys;) {
    seen = added.load(std::memory_order_acquire);
    for (std::uint64_t i = seen < 50 ? 0 : seen - 50; i < seen; ++i) {
      denied += filter.may_contain(mix64(i)) ? 0U : 1U;
    }
  }
  writer.join();
  CHECK(denied == 0);
}
