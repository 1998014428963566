// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A data block in memory: its name in the cache, and whoever keeps it there.
///
/// Tested through the reader: tests/table/reader_test.cpp.

#include <cstdint>
#include <memory>
#include <utility>

#include <strata/core/hash.hpp>
#include <strata/table/block.hpp>

namespace strata::table {

/// The name of a block in a cache that all tables of a database share.
struct BlockKey {
  std::uint64_t file_number = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const BlockKey&, const BlockKey&) = default;
};
struct BlockKeyHash {
  [[nodiscard]] std::uint64_t operator()(const BlockKey& key) const noexcept {
    return mix64(key.file_number * 0x9e3779b97f4a7c15 ^ key.offset);
  }
};

/// A block that stays: held by the cache, or by this object alone.
template <class CacheHandle>
class PinnedBlock {
 public:
  PinnedBlock() = default;
  explicit PinnedBlock(CacheHandle cached) noexcept
      : cached_(std::move(cached)), block_(&*cached_) {}
  explicit PinnedBlock(Block own) : own_(new Block(std::move(own))), block_(own_.get()) {}
  [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
  [[nodiscard]] const Block& operator*() const noexcept { return *block_; }

 private:
  CacheHandle cached_;
  std::unique_ptr<Block> own_;
  const Block* block_ = nullptr;
};

}  // namespace strata::table
