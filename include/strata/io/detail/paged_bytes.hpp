// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The content of a file in memory: pages that copies share until one of them writes.
///
/// A copy costs a pointer per page, so that a simulation can afford an image per step. Pages that
/// were never written are absent and read as zero, as in a preallocated log. Not thread-safe;
/// copies that share pages may live in different threads.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace strata::io::detail {

class PagedBytes {
 public:
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

  /// New bytes are zero, also those that once were something else.
  void resize(std::uint64_t size) {
    pages_.resize(static_cast<std::size_t>((size + page_bytes - 1) / page_bytes));
    const std::size_t rest = static_cast<std::size_t>(size % page_bytes);
    if (size < size_ && rest != 0 && pages_.back() != nullptr) {
      Page& last = writable(pages_.size() - 1);
      std::memset(last.data() + rest, 0, page_bytes - rest);
    }
    size_ = size;
  }

  /// Copies what there is of `[offset, offset + size)`; says how much that was.
  std::size_t read(std::uint64_t offset, char* to, std::size_t size) const {
    if (offset >= size_) {
      return 0;
    }
    if (size > size_ - offset) {
      size = static_cast<std::size_t>(size_ - offset);
    }
    for (std::size_t done = 0; done < size;) {
      const std::size_t at = static_cast<std::size_t>((offset + done) % page_bytes);
      const std::size_t part = least(size - done, page_bytes - at);
      const auto& page = pages_[static_cast<std::size_t>((offset + done) / page_bytes)];
      if (page == nullptr) {
        std::memset(to + done, 0, part);
      } else {
        std::memcpy(to + done, page->data() + at, part);
      }
      done += part;
    }
    return size;
  }

  /// Grows as needed.
  void write(std::uint64_t offset, std::string_view bytes) {
    if (offset + bytes.size() > size_) {
      resize(offset + bytes.size());
    }
    while (!bytes.empty()) {
      const std::size_t at = static_cast<std::size_t>(offset % page_bytes);
      const std::size_t part = least(bytes.size(), page_bytes - at);
      std::memcpy(writable(static_cast<std::size_t>(offset / page_bytes)).data() + at, bytes.data(),
                  part);
      bytes.remove_prefix(part);
      offset += part;
    }
  }

 private:
  static constexpr std::size_t page_bytes = 4096;
  using Page = std::array<char, page_bytes>;

  [[nodiscard]] static std::size_t least(std::size_t a, std::size_t b) noexcept {
    return a < b ? a : b;
  }

  [[nodiscard]] Page& writable(std::size_t number) {
    auto& page = pages_[number];
    if (page == nullptr) {
      page = std::make_shared<Page>();
    } else if (page.use_count() > 1) {
      page = std::make_shared<Page>(*page);
    } else {
      // Whoever shared the page has let go of it; its reads come before our write.
      std::atomic_thread_fence(std::memory_order_acquire);
    }
    return *page;
  }

  std::vector<std::shared_ptr<Page>> pages_;  ///< null: zeros
  std::uint64_t size_ = 0;
};

}  // namespace strata::io::detail
