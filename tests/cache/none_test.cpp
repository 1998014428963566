// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/none.hpp>

#include <catch2/catch.hpp>
#include <strata/testing/cache_conformance.hpp>

using strata::cache::None;
using strata::testing::Sentences;

TEST_CASE("None keeps the promises of the cache slot") {
  const auto found = strata::testing::cache_conformance<None>();
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 40000);
  CHECK(strata::testing::cache_thread_conformance<None>().violations == Sentences{});
}

TEST_CASE("None finds nothing, and a handle owns what was inserted") {
  None::type<std::uint64_t, int, strata::testing::detail::PoorHash> cache(None::Options{});
  const auto handle = cache.insert(1, 42, 100);
  CHECK(*handle == 42);
  CHECK_FALSE(cache.find(1));
  CHECK(cache.used_bytes() == 0);
}
