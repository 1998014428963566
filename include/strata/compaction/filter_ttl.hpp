// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Values that expire one by one: a compaction forgets those whose time has come.
///
/// `ExpiryOf` reads the expiry out of a key and value: `std::optional<std::uint64_t>(key, value)`
/// in Unix seconds, or just the number; none: never. A value is forgotten once that second has
/// come by `Clock`. Until a compaction passes it is still found: a reader to whom it matters asks
/// the same function. `compaction::TimeWindow` and `Fifo` drop whole tables by age instead, which
/// costs nothing, where everything lives equally long.
///
/// Threads: `ExpiryOf` is called by several jobs at once.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/compaction/filter.hpp>
#include <strata/core/clock.hpp>
#include <strata/core/policy.hpp>

namespace strata::compaction_filter {

template <class Fn>
concept ReadsExpiry = requires(const Fn& expiry_of, std::string_view bytes) {
  { expiry_of(bytes, bytes) } -> std::convertible_to<std::optional<std::uint64_t>>;
};

template <ReadsExpiry ExpiryOf, ClockPolicy Clock = clock::Steady>
struct Ttl {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "ttl";
  [[no_unique_address]] ExpiryOf expiry_of{};

  [[nodiscard]] bool keep(std::string_view key, std::string_view value) const {
    const std::optional<std::uint64_t> expiry = expiry_of(key, value);
    return !expiry || Clock::unix_seconds() < *expiry;
  }
};

}  // namespace strata::compaction_filter
