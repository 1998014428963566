// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a table says of itself, compared: all but its size, which only the file knows.

#include <catch2/catch.hpp>

#include <strata/table/properties.hpp>

namespace table_test {

inline void check_same(const strata::table::TableInfo& a, const strata::table::TableInfo& b) {
  CHECK(a.smallest == b.smallest);
  CHECK(a.largest == b.largest);
  CHECK(a.largest_exclusive == b.largest_exclusive);
  CHECK(a.smallest_sequence == b.smallest_sequence);
  CHECK(a.largest_sequence == b.largest_sequence);
  CHECK(a.entries == b.entries);
  CHECK(a.tombstones == b.tombstones);
  CHECK(a.range_erases == b.range_erases);
  CHECK(a.raw_bytes == b.raw_bytes);
}

}  // namespace table_test
