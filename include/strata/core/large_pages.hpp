// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Memory that asks the system for large pages.
///
/// What is megabytes large and read here and there misses the processor's table of pages at almost
/// every read; with pages of 2 MiB instead of 4 KiB it does not, and the first touch of each page
/// costs a fault 512 times less often. Where the system has no such pages, or its administrator
/// forbids them, the memory is like any other. (Linux: transparent huge pages, `madvise`.)

#include <cstddef>
#include <cstdint>
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

/// Gives a page back to the system.
struct FreeLargePage {
  void operator()(char* page) const noexcept {
#if defined(__linux__)
    (void)::munmap(page, large_page_bytes);
#else
    ::operator delete(page, std::align_val_t(large_page_bytes));
#endif
  }
};
using LargePage = std::unique_ptr<char[], FreeLargePage>;

namespace detail {

#if defined(__linux__)
/// Some addresses that nobody else has; null: there are none.
[[nodiscard]] inline char* map_pages(std::size_t bytes) noexcept {
  void* const at =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<char*>(at);
}
[[nodiscard]] inline std::size_t bytes_to_large_page(const char* at) noexcept {
  return -reinterpret_cast<std::uintptr_t>(at) % large_page_bytes;
}
/// The large page that lies in the addresses of two at `twice`; the others go back.
[[nodiscard]] inline char* cut_large_page(char* twice) noexcept {
  const std::size_t before = bytes_to_large_page(twice);
  if (before != 0) {
    (void)::munmap(twice, before);
  }
  (void)::munmap(twice + before + large_page_bytes, large_page_bytes - before);
  return twice + before;
}
/// Not of the heap, which would cut it of twice its size, and keeps what comes back: with pages
/// that come and go it held three times what was in use.
[[nodiscard]] inline char* map_large_page() noexcept {
  char* const page = map_pages(large_page_bytes);
  if (page == nullptr || bytes_to_large_page(page) == 0) {  // Linux 6.7 sees to that
    return page;
  }
  (void)::munmap(page, large_page_bytes);
  char* const twice = map_pages(2 * large_page_bytes);
  return twice == nullptr ? nullptr : cut_large_page(twice);
}
#endif

}  // namespace detail

/// One page; what it holds is not said. Throws std::bad_alloc as `new` does.
[[nodiscard]] inline LargePage allocate_large_page() {
#if defined(__linux__)
  LargePage page(detail::map_large_page());
  if (page == nullptr) {
    throw std::bad_alloc();
  }
#if defined(MADV_HUGEPAGE)
  (void)::madvise(page.get(), large_page_bytes, MADV_HUGEPAGE);  // a wish: nothing depends on it
#endif
  return page;
#else
  return LargePage(
      static_cast<char*>(::operator new(large_page_bytes, std::align_val_t(large_page_bytes))));
#endif
}

/// Keeps what one owner gave back for the next one: the system clears each page before it hands it
/// out, which takes longer than to fill it. Holds at most what was given back at once, the largest
/// time. Any number of threads.
class LargePagePool {
 public:
  /// One page, of those kept or a new one. Throws std::bad_alloc as `new` does.
  [[nodiscard]] LargePage take() {
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) {
        LargePage page = std::move(spare_.back());
        spare_.pop_back();
        return page;
      }
    }
    return allocate_large_page();
  }
  void give(std::vector<LargePage> pages) noexcept {
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
  std::vector<LargePage> spare_;
};

}  // namespace strata
