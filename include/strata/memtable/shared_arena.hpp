// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An arena that many threads allocate from at once.
///
/// Threads share the current block and take from it with one atomic add. Who finds it used up gets
/// the next one from an `Arena`, under a lock; so does who asks for more than an eighth of a block.
/// So what is lost at the ends of blocks stays below an eighth, and small tables stay small.

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include <strata/core/arena.hpp>
#include <strata/core/large_pages.hpp>
#include <strata/memtable/record.hpp>

namespace strata::memtable::detail {

class SharedArena {
 public:
  /// `pool`: as of Arena.
  explicit SharedArena(std::shared_ptr<LargePagePool> pool = nullptr) noexcept
      : arena_(std::move(pool)) {}
  SharedArena(const SharedArena&) = delete;
  SharedArena& operator=(const SharedArena&) = delete;

  /// `bytes` of memory aligned to 8. Throws std::bad_alloc as `new` does.
  [[nodiscard]] char* allocate(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > block_bytes / 8) {
      const SpinGuard guard(locked_);
      return arena_.allocate(bytes);
    }
    Block* block = block_.load(std::memory_order_acquire);
    for (;;) {
      if (block != nullptr) {
        const std::size_t at = block->used.fetch_add(bytes, std::memory_order_relaxed);
        if (at + bytes <= block_bytes) {
          return reinterpret_cast<char*>(block) + at;
        }
      }
      block = replace(block);
    }
  }

  /// Of all memory taken from the system, used or not. Any thread may ask.
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return arena_.memory_bytes(); }

 private:
  static constexpr std::size_t block_bytes = 4096;

  /// The start of each block; `used` counts it, too.
  struct Block {
    std::atomic<std::size_t> used{sizeof(Block)};
  };

  /// The block that comes after `used_up`, which another thread may have replaced already.
  [[nodiscard]] Block* replace(const Block* used_up) {
    const SpinGuard guard(locked_);
    Block* block = block_.load(std::memory_order_relaxed);
    if (block == used_up) {
      block = new (arena_.allocate(block_bytes)) Block;
      block_.store(block, std::memory_order_release);
    }
    return block;
  }

  Arena arena_;
  std::atomic<Block*> block_{nullptr};
  std::atomic<bool> locked_{false};
};

}  // namespace strata::memtable::detail
