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
#include <string_view>
#include <utility>
#include <vector>

namespace strata::io::detail {

class PagedBytes {
 public:
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

  /// New bytes are zero, also those that once were something else.
  void resize(std::uint64_t size) {
    pages_.resize(static_cast<std::size_t>((size + page_bytes - 1) / page_bytes));
    const std::size_t rest = static_cast<std::size_t>(size % page_bytes);
    if (size < size_ && rest != 0 && pages_.back().bytes() != nullptr) {
      std::memset(pages_.back().writable() + rest, 0, page_bytes - rest);
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
      const char* page = pages_[static_cast<std::size_t>((offset + done) / page_bytes)].bytes();
      if (page == nullptr) {
        std::memset(to + done, 0, part);
      } else {
        std::memcpy(to + done, page + at, part);
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
      std::memcpy(pages_[static_cast<std::size_t>(offset / page_bytes)].writable() + at,
                  bytes.data(), part);
      bytes.remove_prefix(part);
      offset += part;
    }
  }

 private:
  static constexpr std::size_t page_bytes = 4096;

  /// A page, shared by count. `shared_ptr` will not do: its `use_count` orders nothing, so that a
  /// write could overtake the last read of an owner that has just let go.
  class Page {
   public:
    Page() = default;
    Page(const Page& other) noexcept : shared_(other.shared_) {
      if (shared_ != nullptr) {
        shared_->owners.fetch_add(1, std::memory_order_relaxed);
      }
    }
    Page(Page&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    Page& operator=(Page other) noexcept {
      std::swap(shared_, other.shared_);
      return *this;
    }
    ~Page() {
      if (shared_ != nullptr && shared_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete shared_;
      }
    }

    /// Null: zeros.
    [[nodiscard]] const char* bytes() const noexcept {
      return shared_ == nullptr ? nullptr : shared_->bytes.data();
    }
    /// Makes the page this owner's alone.
    [[nodiscard]] char* writable() {
      if (shared_ == nullptr || shared_->owners.load(std::memory_order_acquire) > 1) {
        Page own(new Shared());
        if (shared_ != nullptr) {
          own.shared_->bytes = shared_->bytes;
        }
        *this = std::move(own);
      }
      return shared_->bytes.data();
    }

   private:
    struct Shared {
      std::array<char, page_bytes> bytes{};
      std::atomic<std::uint32_t> owners{1};
    };
    explicit Page(Shared* shared) noexcept : shared_(shared) {}

    Shared* shared_ = nullptr;
  };

  [[nodiscard]] static std::size_t least(std::size_t a, std::size_t b) noexcept {
    return a < b ? a : b;
  }

  std::vector<Page> pages_;
  std::uint64_t size_ = 0;
};

}  // namespace strata::io::detail
