// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The order of keys in a family.
///
/// | expression               | result        | promise                                        |
/// |--------------------------|---------------|------------------------------------------------|
/// | `C::compare(a, b)`       | `int`         | <0, 0, >0; a strict weak order, for ever the same |
/// | `C::name`                | `string_view` | in the manifest; never reused for another order |
/// | `C::is_bytewise`         | `bool`        | true: order of unsigned bytes; enables key heads |
///
/// Two keys that compare equal must be equal as bytes: filters hash the bytes.

#include <concepts>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/policy.hpp>

namespace strata {

template <class C>
concept ComparatorPolicy = std::same_as<typename C::policy_slot, comparator_slot> &&
    requires(std::string_view key) {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::compare(key, key) }
  noexcept->std::same_as<int>;
  { C::is_bytewise } -> std::convertible_to<bool>;
};

namespace comparator {

/// Unsigned bytes, shorter first. The default.
struct Bytewise {
  using policy_slot = comparator_slot;
  static constexpr std::string_view name = "bytewise";
  static constexpr bool is_bytewise = true;
  [[nodiscard]] static int compare(std::string_view a, std::string_view b) noexcept {
    return compare_bytes(a, b);
  }
};

/// The reverse of `Bytewise`: newest-first logs, descending scores.
struct ReverseBytewise {
  using policy_slot = comparator_slot;
  static constexpr std::string_view name = "reverse_bytewise";
  static constexpr bool is_bytewise = false;
  [[nodiscard]] static int compare(std::string_view a, std::string_view b) noexcept {
    return compare_bytes(b, a);
  }
};

static_assert(ComparatorPolicy<Bytewise>);
static_assert(ComparatorPolicy<ReverseBytewise>);

}  // namespace comparator
}  // namespace strata
