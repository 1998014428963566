// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where a cache had each block of a table the last time: eight bytes a block instead of a walk
/// through a hash table, whose cache lines a reader would have to wait for one after the other.
/// Neighbouring blocks have neighbouring hints, so that a walk can ask for the next ones early.
/// (The idea: pointer swizzling, as in LeanStore; V. Leis et al., ICDE 2018.)
///
/// Of a cache that gives no hints, this is nothing. Any number of threads. Tested through the
/// reader: tests/table/reader_test.cpp.

#include <cstddef>
#include <cstdint>
#include <memory>

#include <strata/table/pinned_block.hpp>

namespace strata::table {

template <class BlockCache>
class BlockHints {
 public:
  explicit BlockHints(std::uint32_t = 0) {}
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return 0; }
  [[nodiscard]] auto find(BlockCache& cache, const BlockKey& key, std::uint32_t) const {
    return cache.find(key);
  }
  void prefetch(std::uint32_t) const noexcept {}
};

template <class BlockCache>
requires requires {
  typename BlockCache::Hint;
}
class BlockHints<BlockCache> {
 public:
  /// For blocks 0 to `blocks` - 1.
  explicit BlockHints(std::uint32_t blocks = 0)
      : hints_(std::make_unique<typename BlockCache::Hint[]>(blocks)), blocks_(blocks) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return std::size_t{blocks_} * sizeof(typename BlockCache::Hint);
  }
  /// Also for blocks without a hint.
  [[nodiscard]] auto find(BlockCache& cache, const BlockKey& key, std::uint32_t block) const {
    return block < blocks_ ? cache.find(key, hints_[block]) : cache.find(key);
  }
  /// What `find` will look at first.
  void prefetch(std::uint32_t block) const noexcept {
    if (block < blocks_) {
      hints_[block].prefetch();
    }
  }

 private:
  std::unique_ptr<typename BlockCache::Hint[]> hints_;
  std::uint32_t blocks_;
};

}  // namespace strata::table
