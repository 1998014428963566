// SPDX-License-Identifier: BSL-1.0
// The archetype of a comparator, and what is missing from each that is not one.
// expect: by_length is no comparator
// explain: name
// expect 2: by_length is no comparator
// explain-g++ 2: 'noexcept'
// explain-clang++ 2: noexcept
// expect 3: by_length is no comparator
// explain 3: is_bytewise
// expect 4: by_length is no comparator
// explain 4: cache_slot
#include <string_view>

#include <strata/core/comparator.hpp>

#ifndef WRONG
#define WRONG 0
#endif

struct ByLength {
#if WRONG == 4
  using policy_slot = strata::cache_slot;
#else
  using policy_slot = strata::comparator_slot;
#endif
#if WRONG != 1
  static constexpr std::string_view name = "by_length";
#endif
#if WRONG != 3
  static constexpr bool is_bytewise = false;
#endif
  static int compare(std::string_view a, std::string_view b) noexcept(WRONG != 2);
};

static_assert(strata::ComparatorPolicy<ByLength>, "by_length is no comparator");

int main() {}
