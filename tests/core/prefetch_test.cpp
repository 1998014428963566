// SPDX-License-Identifier: BSL-1.0
#include <strata/core/prefetch.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <string>

#include <catch2/catch.hpp>

TEST_CASE("asking for memory changes nothing of it") {
  std::string bytes(1000, 'x');
  for (const std::size_t size : {0U, 1U, 64U, 65U, 1000U}) {
    strata::prefetch(bytes.data(), size);
    strata::prefetch_behind(bytes.data(), size);
  }
  CHECK(bytes == std::string(1000, 'x'));
}

TEST_CASE("asking for memory that nobody may touch is no error") {
  constexpr std::size_t size = 1 << 16;
  void* const pages = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(pages != MAP_FAILED);
  strata::prefetch(pages, size);
  strata::prefetch_behind(pages, size);
  CHECK(::munmap(pages, size) == 0);
}
