// SPDX-License-Identifier: BSL-1.0
// expect: by_length is a comparator
// A comparator without a name could not be recorded in the manifest.
#include <string_view>

#include <strata/core/comparator.hpp>

struct ByLength {
  using policy_slot = strata::comparator_slot;
  static constexpr bool is_bytewise = false;
#ifndef WRONG
  static constexpr std::string_view name = "by_length";
#endif
  static int compare(std::string_view a, std::string_view b) noexcept {
    return static_cast<int>(a.size()) - static_cast<int>(b.size());
  }
};

static_assert(strata::ComparatorPolicy<ByLength>, "by_length is a comparator");

int main() {}
