// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A compaction filter out of any function of (key, value), and several filters as one.
///
///     using Keep = compaction_filter::Keep<decltype([](std::string_view, std::string_view value) {
///       return !value.starts_with("draft");
///     })>;
///
/// `All` keeps what every one of its filters keeps; they are asked in order, up to the first that
/// does not. Threads: functions are called by several jobs at once.

#include <concepts>
#include <string_view>
#include <tuple>

#include <strata/compaction/filter.hpp>
#include <strata/core/policy.hpp>

namespace strata::compaction_filter {

/// `Fn`: `bool(std::string_view key, std::string_view value)`; true: stays. A lambda that captures
/// nothing, or a type that is default-constructible.
template <std::predicate<std::string_view, std::string_view> Fn>
struct Keep {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "keep";
  [[no_unique_address]] Fn function{};

  [[nodiscard]] bool keep(std::string_view key, std::string_view value) const {
    return function(key, value);
  }
};

template <class Fn>
Keep(Fn) -> Keep<Fn>;

template <CompactionFilterPolicy... Filters>
struct All {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "all";
  std::tuple<Filters...> filters{};

  [[nodiscard]] bool keep(std::string_view key, std::string_view value) const {
    return std::apply([&](const auto&... each) { return (each.keep(key, value) && ...); }, filters);
  }
};

}  // namespace strata::compaction_filter
