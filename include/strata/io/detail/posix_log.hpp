// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A log file of the operating system: preallocated, mapped, appended to by memcpy.
///
/// What is copied into a shared mapping is in the page cache at once, so an append survives the
/// death of the process without a system call; `sync` makes it survive the machine's. Blocks are
/// reserved before they are touched, some megabytes at a time, so that a full disk is an error of
/// `create` or of an append, not a SIGBUS. Pages are also populated before use, which turns what is
/// left of that danger (file systems that copy on write) into an error.
///
/// Measured: 130 bytes in 8 ns into pages that were made ready ahead (and are still in the
/// processor's cache), in 35 ns where an append makes them ready itself; write(2) takes 610.
/// Threads: `sync` may run beside `append`; it covers the appends that had returned.

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/core/prefetch.hpp>
#include <strata/io/detail/descriptor.hpp>
#include <strata/io/detail/posix_log_pages.hpp>

namespace strata::io::detail {

class PosixLogFile {
 public:
  /// Takes over a new, empty file.
  [[nodiscard]] static Result<PosixLogFile> start(Descriptor file, const std::string& path,
                                                  std::uint64_t capacity) {
    auto pages = PosixLogPages::start(file.get(), path, std::max<std::uint64_t>(capacity, 1));
    if (!pages) {
      return propagate(std::move(pages));
    }
    return PosixLogFile(std::move(file), path, std::move(*pages));
  }

  PosixLogFile(PosixLogFile&&) noexcept = default;
  PosixLogFile& operator=(PosixLogFile&& other) noexcept {
    // By turns: what was here must let go of its pages before its file.
    std::swap(file_, other.file_);
    std::swap(path_, other.path_);
    std::swap(pages_, other.pages_);
    std::swap(size_, other.size_);
    std::swap(alert_, other.alert_);
    std::swap(wants_ahead_, other.wants_ahead_);
    std::swap(synced_, other.synced_);
    return *this;
  }
  PosixLogFile(const PosixLogFile&) = delete;
  PosixLogFile& operator=(const PosixLogFile&) = delete;
  ~PosixLogFile() {
    if (pages_) {
      pages_->unmap();
    }
  }

  /// Grows beyond the capacity by half of it, which costs system calls. All or nothing.
  [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
    const std::uint64_t end = size_ + header.size() + payload.size();
    if (end > alert_) [[unlikely]] {
      if (auto ready = prepare(end); !ready) {
        return ready;
      }
    }
    char* const to = pages_->map() + size_;
    std::copy_n(header.data(), header.size(), to);
    std::copy_n(payload.data(), payload.size(), to + header.size());
    size_ = end;
    if (end + next_bytes <= alert_) {
      prefetch_behind(pages_->map() + end, next_bytes);
    }
    return {};
  }

  /// Whether `take_ahead` would save appends some work.
  [[nodiscard]] bool wants_ahead() const noexcept { return wants_ahead_; }
  [[nodiscard]] PosixLogAhead take_ahead() noexcept {
    wants_ahead_ = false;
    return {pages_, size_ + ahead_bytes};
  }

  /// A failure stays: a second fdatasync would report success without the lost pages.
  [[nodiscard]] Result<void> sync() {
    if (!file_.is_open()) {
      return was_closed();
    }
    pages_->note_sync();
    if (synced_) {
      synced_ = check(::fdatasync(file_.get()), "fdatasync", path_);
    }
    return synced_;
  }

  /// Cuts off the zeros behind the last append. Does not sync.
  [[nodiscard]] Result<void> close() {
    if (!file_.is_open()) {
      return {};
    }
    pages_->unmap();
    alert_ = 0;
    auto cut = check(::ftruncate(file_.get(), static_cast<off_t>(size_)), "ftruncate", path_);
    auto closed = file_.close(path_);
    return cut ? closed : cut;
  }

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return pages_->capacity_bytes(); }

 private:
  /// Of the next record: what will be written next.
  static constexpr std::size_t next_bytes = 256;
  /// A log that has this much grows so fast that others should make its pages ready ...
  static constexpr std::uint64_t ahead_from_bytes = std::uint64_t{1} << 20;
  /// ... so far ahead that a helper that waits for a processor (some milliseconds, in which a
  /// writer fills a megabyte) is not late.
  static constexpr std::uint64_t ahead_bytes = std::uint64_t{4} << 20;

  PosixLogFile(Descriptor file, std::string path, std::shared_ptr<PosixLogPages> pages) noexcept
      : file_(std::move(file)), path_(std::move(path)), pages_(std::move(pages)) {}

  [[nodiscard]] tl::unexpected<Error> was_closed() const {
    return fail(ErrorCode::closed, path_, ": the log file was closed");
  }

  /// Makes bytes up to `end` ready to be written. Out of line: one append in some hundred.
  [[nodiscard, gnu::noinline]] Result<void> prepare(std::uint64_t end) {
    if (!file_.is_open()) {
      return was_closed();
    }
    if (end > pages_->ready()) {
      if (auto ready = pages_->prepare(end); !ready) {
        return ready;
      }
    }
    const std::uint64_t ready = pages_->ready();
    const std::uint64_t call_at = ready - std::min(ready, ahead_bytes / 2);
    wants_ahead_ = end >= std::max(call_at, ahead_from_bytes) && ready < capacity_bytes();
    alert_ = end < call_at ? call_at : ready;
    return {};
  }

  Descriptor file_;
  std::string path_;
  std::shared_ptr<PosixLogPages> pages_;
  std::uint64_t size_ = 0;
  std::uint64_t alert_ = 0;  ///< an append beyond it has to look at what is ready
  bool wants_ahead_ = false;
  Result<void> synced_;
};

}  // namespace strata::io::detail
