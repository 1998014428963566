// SPDX-License-Identifier: BSL-1.0
#pragma once

/// No metrics: an empty class whose calls compile to nothing.

#include <cstdint>
#include <string_view>

#include <strata/core/policy.hpp>
#include <strata/observe/concept.hpp>

namespace strata::metrics {

struct None {
  using policy_slot = metrics_slot;
  static constexpr std::string_view name = "none";
  static constexpr bool enabled = false;

  class type {
   public:
    type() = default;
    type(const type&) = delete;
    type& operator=(const type&) = delete;
    ~type() = default;

    static constexpr void add(Counter, std::uint64_t) noexcept {}
    static constexpr void record(Latency, std::uint64_t) noexcept {}
    [[nodiscard]] static Snapshot snapshot() noexcept { return {}; }
  };
};

static_assert(MetricsPolicy<None>);

}  // namespace strata::metrics
