// SPDX-License-Identifier: BSL-1.0
// A compaction policy, and what is missing from each that is none.
// expect: doubling is no compaction policy
// explain-g++: the required expression 'picker.pressure(levels)' is invalid
// explain-clang++: 'picker.pressure(levels)' would be invalid: no member named 'pressure'
// expect 2: doubling is no compaction policy
// explain 2: Job
// expect 3: strata: the compaction slot needs a CompactionPolicy; see strata/compaction/concept.hpp
// explain 3: pressure
#include <optional>
#include <string_view>

#include <strata/compaction/concept.hpp>
#if WRONG == 3
#include <strata/lsm_tree.hpp>
#endif

struct Doubling {
  using policy_slot = strata::compaction_slot;
  static constexpr std::string_view name = "doubling";
  struct Options {};
  explicit Doubling(Options) {}
#if WRONG == 2
  bool pick(const strata::compaction::Levels&, const strata::compaction::Conditions&);
#else
  std::optional<strata::compaction::Job> pick(const strata::compaction::Levels&,
                                              const strata::compaction::Conditions&);
#endif
#if WRONG != 1 && WRONG != 3
  strata::compaction::Pressure pressure(const strata::compaction::Levels&);
#endif
};

#if WRONG == 3
bool use() {
  return strata::LsmTree<Doubling>::open("db").has_value();
}
#else
static_assert(strata::CompactionPolicy<Doubling>, "doubling is no compaction policy");
#endif

int main() {}
