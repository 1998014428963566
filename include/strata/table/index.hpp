// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `index::Binary`, the default table index: separators in the form of a block, found by a
/// branch-free binary search over its column of key heads; in memory since open. The slot is
/// described in table/index_concept.hpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/comparator.hpp>
#include <strata/core/policy.hpp>
#include <strata/table/block.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index_concept.hpp>
#include <strata/table/separators.hpp>

namespace strata::index {

struct Binary {
  using policy_slot = table_index_slot;
  static constexpr std::string_view name = "binary";
  static constexpr std::uint32_t format_version = 1;

  using Builder = table::SeparatorsBuilder;

  template <class Comparator>
  class type {
   public:
    [[nodiscard]] static std::optional<type> open(std::unique_ptr<char[]> bytes, std::size_t size) {
      auto block = table::parse_separators(std::move(bytes), size);
      return block ? std::optional<type>(type(std::move(*block))) : std::nullopt;
    }
    [[nodiscard]] std::uint32_t block_of(std::string_view key) const noexcept {
      return block_.template lower_bound<Comparator>(key, table::before_all_versions);
    }
    [[nodiscard]] table::Handle handle(std::uint32_t i) const noexcept {
      return table::handle_of(block_, i);
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return block_.count(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return block_.size_bytes(); }

   private:
    explicit type(table::Block block) noexcept : block_(std::move(block)) {}
    table::Block block_;
  };
};

static_assert(TableIndexPolicy<Binary>);

}  // namespace strata::index
