// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A new file of the operating system, written front to back.
///
/// Appends gather in a buffer of 64 KiB, so a write error may surface in a later call. It stays:
/// after a failed write or sync every call fails, for the bytes in between are lost, and a second
/// fdatasync would report success without them (Rebello et al., ATC 2020).

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/io/detail/descriptor.hpp>

namespace strata::io::detail {

class PosixWritableFile {
 public:
  PosixWritableFile(Descriptor file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  [[nodiscard]] Result<void> append(std::string_view bytes) {
    if (auto usable = check_usable(); !usable) {
      return usable;
    }
    if (buffer_.size() + bytes.size() > buffer_bytes) {
      if (auto flushed = flush(); !flushed) {
        return flushed;
      }
    }
    size_ += bytes.size();
    if (bytes.size() >= buffer_bytes) {
      return outcome_ = write_all(file_.get(), bytes, path_);
    }
    buffer_.append(bytes);
    return {};
  }

  /// Hands everything appended to the kernel: it survives the death of the process.
  [[nodiscard]] Result<void> flush() {
    if (auto usable = check_usable(); !usable) {
      return usable;
    }
    outcome_ = write_all(file_.get(), buffer_, path_);
    buffer_.clear();
    return outcome_;
  }

  [[nodiscard]] Result<void> sync() {
    if (auto flushed = flush(); !flushed) {
      return flushed;
    }
    return outcome_ = check(::fdatasync(file_.get()), "fdatasync", path_);
  }

  [[nodiscard]] Result<void> close() {
    if (!file_.is_open()) {
      return {};
    }
    auto flushed = flush();
    auto closed = file_.close(path_);
    return flushed ? closed : flushed;
  }

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

 private:
  static constexpr std::size_t buffer_bytes = 64 << 10;

  [[nodiscard]] Result<void> check_usable() const {
    if (!file_.is_open()) {
      return fail(ErrorCode::closed, path_, ": the file was closed");
    }
    return outcome_;
  }

  Descriptor file_;
  std::string path_;
  std::string buffer_;
  std::uint64_t size_ = 0;
  Result<void> outcome_;  ///< of the first write or sync that failed
};

}  // namespace strata::io::detail
