// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The table format slot and its model.
///
/// | expression                  | promise                                                      |
/// |-----------------------------|--------------------------------------------------------------|
/// | `T::name`, `T::format_version` | in the manifest for ever                                  |
/// | `T::Options`                | knobs; `block_bytes` at least                                |
/// | `T::builder<Spec>`          | table/builder.hpp shows the interface                        |
/// | `T::reader<Spec, Cache>`    | table/reader.hpp shows the interface                         |

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/policy.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/reader.hpp>

namespace strata {

template <class T>
concept TableFormatPolicy = std::same_as<typename T::policy_slot, table_format_slot> &&
    requires(typename T::Options options) {
  { T::name } -> std::convertible_to<std::string_view>;
  { T::format_version } -> std::convertible_to<std::uint32_t>;
  { options.block_bytes } -> std::convertible_to<std::size_t>;
};

namespace table {

/// Sorted blocks under one index: the default.
struct BlockBased {
  using policy_slot = table_format_slot;
  static constexpr std::string_view name = "block_based";
  static constexpr std::uint32_t format_version = table_format_version;
  struct Options {
    std::size_t block_bytes = 4_KiB;  ///< of a block before compression, about
    bool block_hash = false;          ///< a hash table in each block: faster reads of one key
    /// A larger index is cut, and the filter with it: parts are read through the cache.
    std::size_t partition_bytes = 1_MiB;
    /// Cursors that go forward, and merges for each of their inputs, read so much at once.
    std::size_t read_ahead_bytes = 256_KiB;
    bool warm_cache = true;  ///< what flushes and merges write is cached, as far as there is room
  };
  template <class Spec>
  using builder = Builder<Spec>;
  template <class Spec, class BlockCache>
  using reader = Reader<Spec, BlockCache>;
};

static_assert(TableFormatPolicy<BlockBased>);

}  // namespace table
}  // namespace strata
