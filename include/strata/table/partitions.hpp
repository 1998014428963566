// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Index and filter of a large table, cut in partitions that are read as they are needed.
///
/// Each time the index of the blocks written so far reaches `partition_bytes`, it goes out as a
/// block of separators (table/separators.hpp), followed by a filter of the keys of those blocks,
/// framed where the table has come to. The index section then leads to partitions instead of data
/// blocks, and in place of the filter there is
///
///     (u32 data blocks | u64 offset, u32 bytes of the filter) * one for each partition
///
/// Blocks are numbered through all partitions. A filter lies in a block of one entry, as its value,
/// so that whatever a table has is in the cache under one type; 0 bytes: there is none.
///
/// Tested through the reader: tests/table/partitions_test.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/table/block_builder.hpp>
#include <strata/table/format.hpp>

namespace strata::table {

inline void put_partition(std::string& out, std::uint32_t blocks, const Handle& filter) {
  put_fixed(out, blocks);
  put_fixed(out, filter.offset);
  put_fixed(out, filter.bytes);
}

/// A block whose one value is `filter`.
[[nodiscard]] inline std::string filter_block(std::string_view filter) {
  BlockBuilder builder;
  builder.add({}, Trailer(), filter);
  std::string out;
  builder.finish(out);
  return out;
}

class Partitions {
 public:
  /// Nothing where the bytes are no partitions, or have more than `blocks_max` blocks: who walks
  /// through all blocks must come to an end, whatever the file says.
  [[nodiscard]] static std::optional<Partitions> parse(std::string_view bytes,
                                                       std::uint32_t blocks_max) {
    Partitions parsed;
    Decoder decoder(bytes);
    std::uint64_t end = 0;
    while (!decoder.done()) {
      std::uint32_t blocks = 0;
      Handle filter;
      if (!decoder.take_fixed(blocks) || !decoder.take_fixed(filter.offset) ||
          !decoder.take_fixed(filter.bytes) || (end += blocks) > blocks_max || blocks == 0) {
        return std::nullopt;
      }
      parsed.ends_.push_back(static_cast<std::uint32_t>(end));
      parsed.filters_.push_back(filter);
    }
    return parsed;
  }

  /// 0: the table is whole.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(ends_.size());
  }
  /// Data blocks in all of them.
  [[nodiscard]] std::uint32_t blocks() const noexcept { return ends_.empty() ? 0 : ends_.back(); }
  [[nodiscard]] std::uint32_t first_block(std::uint32_t partition) const noexcept {
    return partition == 0 ? 0 : ends_[partition - 1];
  }
  [[nodiscard]] std::uint32_t blocks_of(std::uint32_t partition) const noexcept {
    return ends_[partition] - first_block(partition);
  }
  /// The partition of data block `block`, which is below `blocks()`.
  [[nodiscard]] std::uint32_t with_block(std::uint32_t block) const noexcept {
    return static_cast<std::uint32_t>(std::upper_bound(ends_.begin(), ends_.end(), block) -
                                      ends_.begin());
  }
  [[nodiscard]] const Handle& filter(std::uint32_t partition) const noexcept {
    return filters_[partition];
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return ends_.size() * (sizeof(std::uint32_t) + sizeof(Handle));
  }

 private:
  std::vector<std::uint32_t> ends_;  // blocks up to the end of each
  std::vector<Handle> filters_;
};

/// The partition that one reader looked at last.
template <class Pin>
struct PinnedPartition {
  Pin block;
  std::uint32_t number = UINT32_MAX;
};

}  // namespace strata::table
