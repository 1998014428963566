// SPDX-License-Identifier: BSL-1.0
#include <strata/core/large_pages.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>

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
