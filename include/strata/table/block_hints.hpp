// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where a cache had each block of a table the last time, and where the block had its bytes:
/// sixteen bytes a block instead of a walk through a hash table, whose cache lines a reader would
/// have to wait for one after the other. The bytes are asked for before the cache's entry is there;
/// that they may be others' by now does no harm, as nobody looks at them before the entry is
/// pinned. Neighbouring blocks have neighbouring hints, so that a walk can ask for the next ones
/// early. (The idea: pointer swizzling, as in LeanStore; V. Leis et al., ICDE 2018.)
///
/// Of a cache that gives no hints, this is nothing. Any number of threads. Tested through the
/// reader: tests/table/reader_test.cpp.

#include <atomic>
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
  void prefetch_place(std::uint32_t) const noexcept {}
  void prefetch_block(std::uint32_t) const noexcept {}
};

template <class BlockCache>
requires requires {
  typename BlockCache::Hint;
}
class BlockHints<BlockCache> {
 public:
  /// For blocks 0 to `blocks` - 1.
  explicit BlockHints(std::uint32_t blocks = 0)
      : places_(std::make_unique<Place[]>(blocks)), blocks_(blocks) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return std::size_t{blocks_} * sizeof(Place);
  }
  /// Also for blocks without a hint.
  [[nodiscard]] auto find(BlockCache& cache, const BlockKey& key, std::uint32_t block) const {
    if (block >= blocks_) {
      return cache.find(key);
    }
    Place& place = places_[block];
    const void* const expected = place.bytes.load(std::memory_order_relaxed);
    if (expected != nullptr) {
      Block::prefetch_at(expected);
    }
    auto found = cache.find(key, place.hint);
    if (found && found->address() != expected) [[unlikely]] {
      place.bytes.store(found->address(), std::memory_order_relaxed);
    }
    return found;
  }
  /// What `find` will look at first.
  void prefetch(std::uint32_t block) const noexcept {
    if (block < blocks_) {
      places_[block].hint.prefetch();
    }
  }
  /// The hint itself; then, once that is here, all that it leads to.
  void prefetch_place(std::uint32_t block) const noexcept {
    if (block < blocks_) {
      __builtin_prefetch(&places_[block]);
    }
  }
  void prefetch_block(std::uint32_t block) const noexcept {
    if (block < blocks_) {
      const Place& place = places_[block];
      place.hint.prefetch();
      if (const void* const bytes = place.bytes.load(std::memory_order_relaxed)) {
        Block::prefetch_at(bytes);
      }
    }
  }

 private:
  struct Place {
    typename BlockCache::Hint hint;
    std::atomic<const void*> bytes{nullptr};  ///< only ever asked for
  };

  std::unique_ptr<Place[]> places_;
  std::uint32_t blocks_;
};

}  // namespace strata::table
