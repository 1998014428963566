// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A cache of blocks that brings the memory which their bytes are in: `Cache` is any model of the
/// cache slot (cache/concept.hpp), for `Block`. Threads: as the cache.

#include <strata/table/block_memory.hpp>

namespace strata::table {

namespace detail {

/// A base, so that it is there before the cache and after it.
struct HasBlockMemory {
  BlockMemory memory;
};

}  // namespace detail

template <class Cache>
class BlockCache : private detail::HasBlockMemory, public Cache {
 public:
  using Cache::Cache;
  /// For blocks that are to be inserted. Whoever holds one of them holds a handle of the cache, so
  /// none outlives it.
  [[nodiscard]] BlockMemory& block_memory() noexcept { return memory; }
};

/// That of `cache`; null where it has none.
template <class Cache>
[[nodiscard]] BlockMemory* block_memory_of(Cache& cache) noexcept {
  if constexpr (requires { cache.block_memory(); }) {
    return &cache.block_memory();
  } else {
    return nullptr;
  }
}

}  // namespace strata::table
