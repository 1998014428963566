// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Bytes that grow at their end. The first few hundred lie in the object itself: a batch of one
/// small write allocates nothing.
///
/// Appending is amortised O(bytes); it throws std::bad_alloc, and then nothing has changed. Not
/// thread-safe. Tested through batches: tests/lsm/write_batch_test.cpp.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace strata::lsm {

class BatchBytes {
 public:
  static constexpr std::size_t own_bytes = 256;

  BatchBytes() noexcept = default;
  BatchBytes(const BatchBytes& other) { append(other.view()); }
  BatchBytes(BatchBytes&& other) noexcept { take(other); }
  BatchBytes& operator=(const BatchBytes& other) {
    if (this != &other) {
      *this = BatchBytes(other);
    }
    return *this;
  }
  BatchBytes& operator=(BatchBytes&& other) noexcept {
    if (this != &other) {
      take(other);
    }
    return *this;
  }
  ~BatchBytes() = default;

  [[nodiscard]] std::string_view view() const noexcept { return {data(), size_}; }
  /// Its memory stays, for what comes next.
  void clear() noexcept { size_ = 0; }
  /// Requires: `bytes` lie elsewhere.
  void append(std::string_view bytes) {
    grow_to(std::copy_n(bytes.data(), bytes.size(), room(bytes.size())));
  }
  /// Where the next `bytes` bytes may be written; then they have to be counted.
  [[nodiscard]] char* room(std::size_t bytes) {
    if (bytes > capacity_ - size_) [[unlikely]] {
      reserve(std::max(size_ + bytes, 2 * capacity_));
    }
    return data() + size_;
  }
  /// Counts what was written from `room` up to `end`.
  void grow_to(const char* end) noexcept { size_ = static_cast<std::size_t>(end - data()); }
  void reserve(std::size_t bytes) {
    if (bytes <= capacity_) {
      return;
    }
    auto larger = std::make_unique_for_overwrite<char[]>(bytes);
    std::copy_n(data(), size_, larger.get());
    allocated_ = std::move(larger);
    capacity_ = bytes;
  }

 private:
  [[nodiscard]] char* data() noexcept { return allocated_ ? allocated_.get() : own_; }
  [[nodiscard]] const char* data() const noexcept { return allocated_ ? allocated_.get() : own_; }
  /// Leaves `other` empty.
  void take(BatchBytes& other) noexcept {
    allocated_ = std::move(other.allocated_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, own_bytes);
    if (!allocated_) {
      std::copy_n(other.own_, size_, own_);
    }
  }

  std::unique_ptr<char[]> allocated_;  ///< where the own bytes do not suffice
  std::size_t size_ = 0;
  std::size_t capacity_ = own_bytes;
  char own_[own_bytes];
};

}  // namespace strata::lsm
