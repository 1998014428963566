// SPDX-License-Identifier: BSL-1.0
/// Prints slot, model, promises looked at and promises broken; fails where one is broken.

#include "matrix.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>

int main() {
  using namespace strata::matrix;
  Rows rows;
  for (const auto add_slots : {add_storage, add_memtables, add_tables, add_compactions, add_caches,
                               add_basics, add_engines}) {
    add_slots(rows);
  }
  std::size_t cases = 0;
  std::size_t broken = 0;
  std::printf("%-18s | %-50s | %8s | %s\n", "slot", "model", "cases", "violations");
  for (const Row& row : rows) {
    std::printf("%-18s | %-50s | %8zu | %zu\n", row.slot.c_str(), row.model.c_str(),
                row.found.checked, row.found.violations.size());
    for (const std::string& violation : row.found.violations) {
      std::printf("  violated: %s\n", violation.c_str());
    }
    cases += row.found.checked;
    broken += row.found.violations.size() + (row.found.checked == 0 ? 1 : 0);
  }
  std::printf("%zu models, %zu cases, %zu violations\n", rows.size(), cases, broken);
  return broken == 0 ? 0 : 1;
}
