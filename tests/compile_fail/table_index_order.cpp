// SPDX-License-Identifier: BSL-1.0
// An index that lives by the order of bytes, under a comparator of another.
// expect: strata: index::Eytzinger needs keys in the order of bytes
// explain: index::Learned, which serve every comparator
#include <strata/core/comparator.hpp>
#include <strata/table/index.hpp>
#include <strata/table/index_eytzinger.hpp>

#ifdef WRONG
using Index = strata::index::Eytzinger;
#else
using Index = strata::index::Binary;
#endif

int main() {
  return Index::type<strata::comparator::ReverseBytewise>::open(nullptr, 0) ? 1 : 0;
}
