// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Archetypes of what happens to old data: compaction, compaction filter, merge.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/filter.hpp>
#include <strata/compaction/merge.hpp>
#include <strata/core/policy.hpp>

namespace strata::testing::archetype {

/// Four tables in level 0 are merged with all of level 1, into level 1.
class Compaction {
 public:
  using policy_slot = compaction_slot;
  struct Options {};
  static constexpr std::string_view name = "archetype";

  explicit Compaction(const Options&) {}

  [[nodiscard]] std::optional<compaction::Job> pick(const compaction::Levels& levels,
                                                    const compaction::Conditions&) const {
    if (levels[0].size() < 4) {
      return std::nullopt;
    }
    compaction::Job job{.output_level = 1};
    for (const unsigned level : {0U, 1U}) {
      compaction::Input input{level};
      for (const compaction::FileView& file : levels[level]) {
        if (file.busy) {
          return std::nullopt;
        }
        input.files.push_back(file.number);
      }
      if (!input.files.empty()) {
        job.inputs.push_back(input);
      }
    }
    return job;
  }
  [[nodiscard]] compaction::Pressure pressure(const compaction::Levels& levels) const {
    return {std::min(static_cast<double>(levels[0].size()) / 8, 2.0)};
  }
};

struct CompactionFilter {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "archetype";
  [[nodiscard]] bool keep(std::string_view, std::string_view) const { return true; }
};

/// The last operand is the value.
struct Merge {
  using policy_slot = merge_slot;
  static constexpr std::string_view name = "archetype";
  static bool full(std::string_view, const std::string_view*, std::string_view operand,
                   std::string& out) {
    out = operand;
    return true;
  }
  static bool combine(std::string_view, std::string_view, std::string_view newer,
                      std::string& out) {
    out = newer;
    return true;
  }
};

static_assert(CompactionPolicy<Compaction> && CompactionFilterPolicy<CompactionFilter>);
static_assert(MergePolicy<Merge>);

}  // namespace strata::testing::archetype
