// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Memory that is taken bit by bit and given back all at once.
///
/// Allocation is a pointer bump in a chunk; chunks double from 16 KiB to the size of a large page
/// (core/large_pages.hpp), and what is larger than an eighth of that gets a chunk of its own. One
/// thread allocates at a time; `memory_bytes` may be asked by any.

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/large_pages.hpp>
#include <strata/core/prefetch.hpp>

namespace strata {

class Arena {
 public:
  /// `pool`: where large pages come from, and go to in the end; null: the system.
  explicit Arena(std::shared_ptr<LargePagePool> pool = nullptr) noexcept : pool_(std::move(pool)) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    if (pool_ != nullptr) {
      pool_->give(std::move(pages_));
    }
  }

  /// `bytes` of memory aligned to 8. Throws std::bad_alloc as `new` does.
  [[nodiscard]] char* allocate(std::size_t bytes) {
    bytes = (bytes + 7) & ~std::size_t{7};
    if (bytes > left_) [[unlikely]] {
      return allocate_from_new_chunk(bytes);
    }
    char* const at = next_;
    next_ += bytes;
    left_ -= bytes;
    if (left_ >= next_bytes) {
      prefetch_behind(next_, next_bytes);
    }
    return at;
  }
  /// Raw memory for an object of type `T`, aligned to its cache line.
  template <class T, class... Arguments>
  [[nodiscard]] T* create(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    static_assert(alignof(T) <= 8);
    return new (allocate(sizeof(T))) T(std::forward<Arguments>(arguments)...);
  }

  /// Of all chunks, used or not.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return memory_bytes_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t chunk_bytes_most = large_page_bytes;
  /// Of what will be allocated next, most often a record, and written at once.
  static constexpr std::size_t next_bytes = 256;

  [[nodiscard]] char* allocate_from_new_chunk(std::size_t bytes) {
    if (bytes > chunk_bytes_most / 8) {
      return add_chunk(bytes);  // the current chunk keeps what it has left
    }
    while (chunk_bytes_ < bytes * 4 && chunk_bytes_ < chunk_bytes_most) {
      chunk_bytes_ *= 2;
    }
    next_ = chunk_bytes_ < chunk_bytes_most ? add_chunk(chunk_bytes_) : add_large_page();
    left_ = chunk_bytes_;
    chunk_bytes_ = chunk_bytes_ < chunk_bytes_most ? chunk_bytes_ * 2 : chunk_bytes_;
    return allocate(bytes);
  }
  [[nodiscard]] char* add_chunk(std::size_t bytes) {
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    memory_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    return chunks_.back().get();
  }

  [[nodiscard]] char* add_large_page() {
    pages_.push_back(pool_ != nullptr ? pool_->take() : allocate_large_page());
    memory_bytes_.fetch_add(large_page_bytes, std::memory_order_relaxed);
    return pages_.back().get();
  }

  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t chunk_bytes_ = 16 << 10;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<LargePage> pages_;
  std::shared_ptr<LargePagePool> pool_;
  std::atomic<std::size_t> memory_bytes_{0};
};

}  // namespace strata
