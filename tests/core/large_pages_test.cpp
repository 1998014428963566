// SPDX-License-Identifier: BSL-1.0
#include <strata/core/large_pages.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <strata/core/arena.hpp>

TEST_CASE("Large pages are aligned, whole, and can be written to") {
  constexpr std::size_t count = 3;
  const strata::LargePages pages = strata::allocate_large_pages(count);
  CHECK(reinterpret_cast<std::uintptr_t>(pages.get()) % strata::large_page_bytes == 0);
  const std::size_t bytes = count * strata::large_page_bytes;
  std::fill_n(pages.get(), bytes, 'x');
  CHECK(static_cast<std::size_t>(std::count(pages.get(), pages.get() + bytes, 'x')) == bytes);
}

TEST_CASE("Without memory there is an exception, as from new") {
  constexpr std::size_t too_many =
      std::numeric_limits<std::size_t>::max() / strata::large_page_bytes / 4;
  CHECK_THROWS_AS(strata::allocate_large_pages(too_many), std::bad_alloc);
}

TEST_CASE("A pool hands out the pages that it was given back") {
  strata::LargePagePool pool;
  std::vector<strata::LargePages> pages;
  pages.push_back(pool.take());
  const char* const first = pages.front().get();
  pool.give(std::move(pages));
  CHECK(pool.kept() == 1);
  CHECK(pool.take().get() == first);
  CHECK(pool.kept() == 0);
}

TEST_CASE("A pool keeps what the largest owner gave back, and no more") {
  strata::LargePagePool pool;
  const auto give = [&pool](std::size_t count) {
    std::vector<strata::LargePages> pages;
    for (std::size_t i = 0; i < count; ++i) {
      pages.push_back(strata::allocate_large_pages(1));
    }
    pool.give(std::move(pages));
  };
  give(2);
  give(3);
  CHECK(pool.kept() == 3);
  give(2);
  CHECK(pool.kept() == 3);
}

TEST_CASE("An arena takes its large pages from a pool and gives them back") {
  const auto pool = std::make_shared<strata::LargePagePool>();
  const auto fill = [&] {
    strata::Arena arena(pool);
    while (arena.memory_bytes() < 3 * strata::large_page_bytes) {
      (void)arena.allocate(1000);
    }
  };
  fill();
  const std::size_t kept = pool->kept();
  CHECK(kept > 1);
  fill();
  CHECK(pool->kept() == kept);
}
