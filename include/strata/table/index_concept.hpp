// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The table index slot: from a key to the data block that may hold it.
///
/// | expression                     | result           | promise                                |
/// |--------------------------------|------------------|----------------------------------------|
/// | `I::name`, `I::format_version` |                  | in each table for ever                 |
/// | `I::Builder b`                 |                  | one a table                            |
/// | `b.add(separator, handle)`     | `void`           | at or above its block's keys, below    |
/// |                                |                  | the next's; equal where versions go on |
/// | `b.finish(out)`                | `void`           | appends the bytes of the index         |
/// | `I::type<C>::open(bytes, n)`   | `optional<type>` | owns `n` bytes; none where damaged     |
/// | `index.block_of(key)`          | `uint32_t`       | the first block whose separator is     |
/// |                                |                  | at or above `key`; `count()` if none   |
/// | `index.handle(i)`              | `Handle`         | of block `i`                           |
/// | `index.count()`                | `uint32_t`       | blocks                                 |
/// | `index.memory_bytes()`         | `size_t`         | what it pins                           |
///
/// A builder is given separators in the order of the family and does not know its comparator: an
/// index that lives by the order of bytes has to say so where `type<C>` is named, or do without.
/// Bytes are untrusted: what `open` takes may be searched for any key. Threads: an index is
/// immutable, a builder belongs to one.
///
/// Tested through its models: strata/testing/table_index_conformance.hpp,
/// tests/table/index_test.cpp.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/comparator.hpp>
#include <strata/core/policy.hpp>
#include <strata/table/format.hpp>

namespace strata {

template <class I>
concept TableIndexPolicy = std::same_as<typename I::policy_slot, table_index_slot> &&
    requires(typename I::Builder builder, std::string_view key, std::string& out,
             std::unique_ptr<char[]> bytes,
             const typename I::template type<comparator::Bytewise> index) {
  { I::name } -> std::convertible_to<std::string_view>;
  { I::format_version } -> std::convertible_to<std::uint32_t>;
  builder.add(key, table::Handle{});
  builder.finish(out);
  I::template type<comparator::Bytewise>::open(std::move(bytes), std::size_t{});
  { index.block_of(key) } -> std::same_as<std::uint32_t>;
  { index.handle(std::uint32_t{}) } -> std::same_as<table::Handle>;
  { index.count() } -> std::same_as<std::uint32_t>;
  { index.memory_bytes() } -> std::same_as<std::size_t>;
};

}  // namespace strata
