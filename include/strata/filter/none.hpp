// SPDX-License-Identifier: BSL-1.0
#pragma once

/// No filter: "maybe" to every key, no bytes, no work. For families that only scan.

#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/policy.hpp>
#include <strata/filter/concept.hpp>

namespace strata::filter {

struct None {
  using policy_slot = filter_slot;
  static constexpr std::string_view name = "none";
  static constexpr std::uint32_t format_version = 1;

  class Builder {
   public:
    void add(std::string_view) noexcept {}
    void add_hash(std::uint64_t) noexcept {}
    void finish(std::string&) noexcept {}
  };

  [[nodiscard]] static std::uint64_t hash(std::string_view) noexcept { return 0; }
  [[nodiscard]] static bool may_contain(std::string_view, std::string_view) noexcept {
    return true;
  }
  [[nodiscard]] static bool may_contain_hash(std::string_view, std::uint64_t) noexcept {
    return true;
  }
};

static_assert(HashedFilterPolicy<None>);

}  // namespace strata::filter
