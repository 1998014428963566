// SPDX-License-Identifier: BSL-1.0
#pragma once

/// No compaction by itself: tables pile up until `compact()` is called. For bulk loads and tests.

#include <optional>
#include <string_view>

#include <strata/compaction/concept.hpp>

namespace strata::compaction {

class Manual {
 public:
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "manual";
  static constexpr bool only_on_demand = true;
  struct Options {};

  explicit Manual(Options) {}
  [[nodiscard]] static std::optional<Job> pick(const Levels&, const Conditions&) {
    return std::nullopt;
  }
  [[nodiscard]] static Pressure pressure(const Levels&) { return {}; }
};

static_assert(CompactionPolicy<Manual>);

}  // namespace strata::compaction
