// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compaction filters: values that may be forgotten when a compaction passes them.
///
/// | expression            | result        | promise                                            |
/// |-----------------------|---------------|----------------------------------------------------|
/// | `F::name`             | `string_view` | shown in stats                                     |
/// | `f.keep(key, value)`  | `bool`        | false: erase this key; asked only for values that  |
/// |                       |               | no snapshot saw when the job began                 |
///
/// A flush or compaction asks when it happens to pass; a filter is therefore for data whose
/// disappearance at any moment is correct (expired sessions), never for logic. A snapshot that is
/// taken while a job runs may see a value go once. Threads: called by several jobs at once.

#include <concepts>
#include <string_view>

#include <strata/core/policy.hpp>

namespace strata {

template <class F>
concept CompactionFilterPolicy = std::same_as<typename F::policy_slot, compaction_filter_slot> &&
    requires(const F& filter, std::string_view bytes) {
  { F::name } -> std::convertible_to<std::string_view>;
  { filter.keep(bytes, bytes) } -> std::same_as<bool>;
};

namespace compaction_filter {

struct None {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "none";
  [[nodiscard]] static bool keep(std::string_view, std::string_view) noexcept { return true; }
};

static_assert(CompactionFilterPolicy<None>);

}  // namespace compaction_filter
}  // namespace strata
