// SPDX-License-Identifier: BSL-1.0
// A component by itself: a batch of writes, and the walk over its encoding.
#include <cstdio>
#include <strata/lsm/write_batch.hpp>

int main() {
  strata::WriteBatch batch;
  batch.put("city:DEN", "Denver");
  batch.put("city:SEA", "Seattle");
  batch.erase_range("city:A", "city:B");

  if (const auto within_limits = batch.check_limits(); !within_limits) {
    std::puts(to_string(within_limits.error()).c_str());
    return 1;
  }
  strata::BatchReader reader(batch.bytes());
  for (strata::BatchOperation operation; reader.next(operation);) {
    std::printf("%.*s\n", static_cast<int>(operation.key.size()), operation.key.data());
  }
}
