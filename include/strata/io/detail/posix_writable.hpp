// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A new file of the operating system, written front to back.
///
/// Appends gather in a buffer of 64 KiB, so a write error may surface in a later call. It stays:
/// after a failed write or sync every call fails, for the bytes in between are lost, and a second
/// fdatasync would report success without them (Rebello et al., ATC 2020).
///
/// The device is told to begin with each two megabytes as they are complete: it works while the
/// rest is made, and a sync finds less to wait for. Nothing is promised by that, but what has gone
/// wrong by then is an error of the write.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
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
      return write_out(bytes);
    }
    buffer_.append(bytes);
    return {};
  }

  /// Hands everything appended to the kernel: it survives the death of the process.
  [[nodiscard]] Result<void> flush() {
    if (auto usable = check_usable(); !usable) {
      return usable;
    }
    auto written = write_out(buffer_);
    buffer_.clear();
    return written;
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
  static constexpr std::uint64_t early_bytes = 2 << 20;
  static constexpr std::uint64_t page_bytes = 4096;

  [[nodiscard]] Result<void> write_out(std::string_view bytes) {
    outcome_ = write_all(file_.get(), bytes, path_);
    written_ += bytes.size();
    if (outcome_ && written_ - begun_ >= early_bytes) {
      begin_writing();
    }
    return outcome_;
  }
  /// Up to the last whole page, as the one behind it will change yet.
  void begin_writing() {
    const std::uint64_t end = written_ / page_bytes * page_bytes;
    const int told = ::sync_file_range(file_.get(), static_cast<off_t>(begun_),
                                       static_cast<off_t>(end - begun_), SYNC_FILE_RANGE_WRITE);
    if (told != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT)) {
      outcome_ = system_error("sync_file_range", path_, errno);
    }  // others mean that the file system has no such call
    begun_ = end;
  }
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
  std::uint64_t written_ = 0;  ///< of them, not in the buffer any more
  std::uint64_t begun_ = 0;    ///< of those, which the device was told to begin with
  Result<void> outcome_;       ///< of the first write or sync that failed
};

}  // namespace strata::io::detail
