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
/// `index::Binary` keeps separators in the form of a block: a branch-free binary search over a
/// column of key heads, in memory since open.

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/coding.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/policy.hpp>
#include <strata/table/block.hpp>
#include <strata/table/block_builder.hpp>
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

namespace index {

struct Binary {
  using policy_slot = table_index_slot;
  static constexpr std::string_view name = "binary";
  static constexpr std::uint32_t format_version = 1;

  class Builder {
   public:
    void add(std::string_view separator, const table::Handle& handle) {
      char bytes[12];
      store_fixed(bytes, handle.offset);
      store_fixed(bytes + 8, handle.bytes);
      block_.add(separator, Trailer(), {bytes, sizeof bytes});
    }
    void finish(std::string& out) { block_.finish(out); }

   private:
    table::BlockBuilder block_;
  };

  template <class Comparator>
  class type {
   public:
    [[nodiscard]] static std::optional<type> open(std::unique_ptr<char[]> bytes, std::size_t size) {
      auto block = table::Block::parse(std::move(bytes), size);
      if (!block) {
        return std::nullopt;
      }
      for (std::uint32_t i = 0; i < block->count(); ++i) {
        if (block->value(i).size() != 12) {
          return std::nullopt;
        }
      }
      return type(std::move(*block));
    }
    [[nodiscard]] std::uint32_t block_of(std::string_view key) const noexcept {
      return block_.template lower_bound<Comparator>(key, Trailer::from_packed(UINT64_MAX));
    }
    [[nodiscard]] table::Handle handle(std::uint32_t i) const noexcept {
      const char* const bytes = block_.value(i).data();
      return {load_fixed<std::uint64_t>(bytes), load_fixed<std::uint32_t>(bytes + 8)};
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return block_.count(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return block_.size_bytes(); }

   private:
    explicit type(table::Block block) noexcept : block_(std::move(block)) {}
    table::Block block_;
  };
};

static_assert(TableIndexPolicy<Binary>);

}  // namespace index

namespace table {

/// A short key at or above `last` and below `next`; just `last` where there is nothing shorter, or
/// the order is not that of bytes.
template <class Comparator>
[[nodiscard]] std::string separator_of(std::string_view last, std::string_view next) {
  if constexpr (Comparator::is_bytewise) {
    const std::size_t shared = common_prefix(last, next);
    if (shared < last.size() && shared < next.size()) {
      const auto own = static_cast<unsigned char>(last[shared]);
      if (own + 1 < static_cast<unsigned char>(next[shared])) {
        std::string separator(last.substr(0, shared + 1));
        separator.back() = static_cast<char>(own + 1);
        return separator;
      }
    }
  }
  return std::string(last);
}

}  // namespace table
}  // namespace strata
