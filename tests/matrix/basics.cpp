// SPDX-License-Identifier: BSL-1.0
#include <strata/core/checksum.hpp>
#include <strata/core/clock.hpp>
#include <strata/core/comparator.hpp>
#include <strata/lsm/executor.hpp>
#include <strata/observe/counters.hpp>
#include <strata/observe/none.hpp>
#include <strata/testing/checksum_conformance.hpp>
#include <strata/testing/clock_conformance.hpp>
#include <strata/testing/comparator_conformance.hpp>
#include <strata/testing/executor_conformance.hpp>
#include <strata/testing/metrics_conformance.hpp>

#include "matrix.hpp"

namespace strata::matrix {

void add_basics(Rows& rows) {
  using namespace testing;
  add<comparator::Bytewise>(rows, comparator_conformance<comparator::Bytewise>());
  add<comparator::ReverseBytewise>(rows, comparator_conformance<comparator::ReverseBytewise>());
  add<checksum::Crc32c>(rows, checksum_conformance<checksum::Crc32c>());
  add<clock::Steady>(rows, clock_conformance<clock::Steady>());
  add<clock::Frozen>(rows, clock_conformance<clock::Frozen>());
  add<metrics::Counters>(rows, metrics_conformance<metrics::Counters>());
  add<metrics::None>(rows, metrics_conformance<metrics::None>());
  add<executor::Threads>(rows, executor_conformance<executor::Threads>());
  add<executor::Inline>(rows, executor_conformance<executor::Inline>());
}

}  // namespace strata::matrix
