// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Memory that asks the system for large pages.
///
/// What is megabytes large and read here and there misses the processor's table of pages at almost
/// every read; with pages of 2 MiB instead of 4 KiB it does not, and the first touch of each page
/// costs a fault 512 times less often. Where the system has no such pages, or its administrator
/// forbids them, the memory is like any other. (Linux: transparent huge pages, `madvise`.)

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace strata {

inline constexpr std::size_t large_page_bytes = std::size_t{2} << 20;

struct FreeLargePages {
  void operator()(char* pages) const noexcept {
    ::operator delete(pages, std::align_val_t(large_page_bytes));
  }
};
using LargePages = std::unique_ptr<char[], FreeLargePages>;

/// `count` pages, not initialised. Throws std::bad_alloc as `new` does.
[[nodiscard]] inline LargePages allocate_large_pages(std::size_t count) {
  const std::size_t bytes = count * large_page_bytes;
  LargePages pages(static_cast<char*>(::operator new(bytes, std::align_val_t(large_page_bytes))));
#if defined(MADV_HUGEPAGE)
  (void)::madvise(pages.get(), bytes, MADV_HUGEPAGE);  // a wish: nothing depends on it
#endif
  return pages;
}

/// Keeps what one owner gave back for the next one: the system clears each page before it hands it
/// out, which takes longer than to fill it. Holds at most what was given back at once, the largest
/// time. Any number of threads.
class LargePagePool {
 public:
  /// One page, of those kept or a new one. Throws std::bad_alloc as `new` does.
  [[nodiscard]] LargePages take() {
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) {
        LargePages page = std::move(spare_.back());
        spare_.pop_back();
        return page;
      }
    }
    return allocate_large_pages(1);
  }
  /// Each element is one page.
  void give(std::vector<LargePages> pages) noexcept {
    const std::lock_guard lock(mutex_);
    if (pages.size() > spare_.size()) {
      spare_.swap(pages);
    }
  }
  [[nodiscard]] std::size_t kept() const {
    const std::lock_guard lock(mutex_);
    return spare_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<LargePages> spare_;
};

}  // namespace strata
