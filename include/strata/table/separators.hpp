// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What indexes are made of: the separators of a table with the handles of their blocks, in the
/// form of a block (table/block.hpp) of one trailer, and how a separator is chosen.
///
///     key    separator
///     value  offset u64 | bytes u32
///
/// Tested through the indexes: tests/table/index_test.cpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/table/block.hpp>
#include <strata/table/block_builder.hpp>
#include <strata/table/format.hpp>

namespace strata::table {

inline constexpr std::size_t handle_bytes = 12;

class SeparatorsBuilder {
 public:
  void add(std::string_view separator, const Handle& handle) {
    char bytes[handle_bytes];
    store_fixed(bytes, handle.offset);
    store_fixed(bytes + 8, handle.bytes);
    block_.add(separator, Trailer(), {bytes, sizeof bytes});
  }
  [[nodiscard]] std::size_t count() const noexcept { return block_.count(); }
  [[nodiscard]] bool empty() const noexcept { return block_.empty(); }
  [[nodiscard]] std::size_t estimated_bytes() const noexcept { return block_.estimated_bytes(); }
  [[nodiscard]] std::string_view last() const noexcept { return block_.last_key(); }
  void finish(std::string& out) { block_.finish(out); }

 private:
  BlockBuilder block_;
};

/// Takes over the first `size` bytes at `bytes`. Nothing where they are no block of handles.
[[nodiscard]] inline std::optional<Block> parse_separators(std::unique_ptr<char[]> bytes,
                                                           std::size_t size) {
  auto block = Block::parse(std::move(bytes), size);
  for (std::uint32_t i = 0; block && i < block->count(); ++i) {
    if (block->value(i).size() != handle_bytes) {
      return std::nullopt;
    }
  }
  return block;
}

[[nodiscard]] inline Handle handle_of(const Block& separators, std::uint32_t i) noexcept {
  const char* const bytes = separators.value(i).data();
  return {load_fixed<std::uint64_t>(bytes), load_fixed<std::uint32_t>(bytes + 8)};
}

/// The trailer before those of all versions: a search with it finds the first of equal keys.
inline constexpr Trailer before_all_versions = Trailer::from_packed(UINT64_MAX);

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

}  // namespace strata::table
