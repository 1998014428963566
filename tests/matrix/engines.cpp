// SPDX-License-Identifier: BSL-1.0
#include <strata/table/value_separation.hpp>
#include <strata/testing/value_separation_conformance.hpp>

#include "matrix.hpp"

namespace strata::matrix {

void add_engines(Rows& rows) {
  using namespace value_separation;
  using testing::value_separation_conformance;
  add<None>(rows, value_separation_conformance<None>());
  add<ValueLog>(rows, value_separation_conformance<ValueLog>(
                          {.threshold_bytes = 200, .file_bytes = 10'000, .garbage_ratio = 0.3}));
}

}  // namespace strata::matrix
