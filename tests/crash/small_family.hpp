// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Options of a family so small that some hundred writes flush and merge it several times, whatever
/// its policies are: where a policy has no such option, there is nothing to set.

#include <cstddef>
#include <cstdint>

namespace crash_test {

struct SmallFamily {
  std::size_t block_bytes = 512;
  unsigned level0_trigger = 2;
  std::uint64_t level1_bytes = 16'000;
  std::uint64_t file_bytes = 4'000;
  std::size_t value_threshold_bytes = 50;
  std::uint64_t value_file_bytes = 10'000;
  double garbage_ratio = 0.3;

  void apply_to(auto& family) const {
    family.table_format.block_bytes = block_bytes;
    if constexpr (requires { family.compaction.level1_bytes; }) {
      family.compaction.level0_trigger = level0_trigger;
      family.compaction.level1_bytes = level1_bytes;
      family.compaction.file_bytes = file_bytes;
    }
    if constexpr (requires { family.value_separation.threshold_bytes; }) {
      family.value_separation = {.threshold_bytes = value_threshold_bytes,
                                 .file_bytes = value_file_bytes,
                                 .garbage_ratio = garbage_ratio};
    }
  }
};

}  // namespace crash_test
