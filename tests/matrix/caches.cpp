// SPDX-License-Identifier: BSL-1.0
#include <strata/cache.hpp>
#include <strata/testing/cache_conformance.hpp>

#include "matrix.hpp"

namespace strata::matrix {

namespace {

template <class... Caches>
void add_all(Rows& rows) {
  (add<Caches>(rows, together({testing::cache_conformance<Caches>(),
                               testing::cache_thread_conformance<Caches>({}, 4, 5000)})),
   ...);
}

}  // namespace

void add_caches(Rows& rows) {
  using namespace cache;
  add_all<AdaptiveScore, Arc, Clock, Lru, None, S3Fifo, Sharded<Lru, 4>, Sieve, WTinyLfu>(rows);
}

}  // namespace strata::matrix
