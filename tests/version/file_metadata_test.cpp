// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>

#include <strata/version/file_metadata.hpp>

using namespace strata;

TEST_CASE("metadata of files compare by every field", "[version][file_metadata]") {
  version::FileMetadata a;
  a.number = 1;
  a.smallest = "a";
  version::FileMetadata b = a;
  CHECK(a == b);
  b.largest_exclusive = true;
  CHECK_FALSE(a == b);
}
