// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The pages of a log file: blocks of the disk that are reserved, mapped, and made ready to be
/// written.
///
///     0         ready()          reserved_           capacity
///     | populated | zeros on the disk | addresses alone |
///
/// To make a page ready the kernel takes it, clears it and books its block. Who appends waits for
/// that for sixteen pages at a time, unless somebody has done it ahead.
///
/// The kernel takes, books and writes back folios, of one page or of many. A fault takes one page,
/// for four microseconds; a `write` of zeros takes as large folios as it can, for one microsecond
/// a page. But the larger a folio, the longer a sync of a record in it (4 KiB: 118 us, 64 KiB:
/// 141, 256 KiB: 191). So an append behind a sync has its pages singly; all others, and whoever
/// works ahead, which those who sync do not ask for, write zeros.
///
/// Threads: `prepare_ahead`, `ready` and `note_sync` are everybody's; all else is the appender's.
/// Tested through the file system: tests/io/posix_log_test.cpp, tests/io/posix_log_full_test.cpp,
/// tests/io/posix_test.cpp.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/io/detail/descriptor.hpp>

namespace strata::io::detail {

class PosixLogPages {
 public:
  /// `file` is new and empty; it is used until `unmap`.
  [[nodiscard]] static Result<std::shared_ptr<PosixLogPages>> start(int file, std::string path,
                                                                    std::uint64_t capacity) {
    auto pages = std::make_shared<PosixLogPages>(file, std::move(path), capacity);
    if (auto done = pages->reserve(std::min(capacity, reserve_bytes)); !done) {
      return propagate(std::move(done));
    }
    void* const map = ::mmap(nullptr, static_cast<std::size_t>(capacity), PROT_READ | PROT_WRITE,
                             MAP_SHARED, file, 0);
    if (map == MAP_FAILED) {
      return system_error("mmap", pages->path_, errno);
    }
    pages->map_ = static_cast<char*>(map);
    // Or the first fault would read all that is reserved. Advice: where it fails, nothing is lost.
    (void)::madvise(map, static_cast<std::size_t>(capacity), MADV_RANDOM);
    return pages;
  }
  /// For `start`.
  PosixLogPages(int file, std::string path, std::uint64_t capacity) noexcept
      : file_(file), path_(std::move(path)), capacity_(capacity) {}
  PosixLogPages(const PosixLogPages&) = delete;
  PosixLogPages& operator=(const PosixLogPages&) = delete;
  ~PosixLogPages() { unmap(); }

  /// Where byte 0 is. Changes in `prepare` only.
  [[nodiscard]] char* map() const noexcept { return map_; }
  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return capacity_; }
  /// Bytes before it can be written without asking.
  [[nodiscard]] std::uint64_t ready() const noexcept {
    return populated_.load(std::memory_order_acquire);
  }

  /// Somebody syncs what was appended.
  void note_sync() noexcept { was_synced_.store(true, std::memory_order_relaxed); }

  /// Makes bytes up to `end` ready, and some more.
  [[nodiscard]] Result<void> prepare(std::uint64_t end) {
    const auto lock = take_over();
    if (end > capacity_) {
      if (auto grown = grow(end); !grown) {
        return grown;
      }
    }
    if (end <= ready()) {
      return {};
    }
    const bool is_synced = was_synced_.exchange(false, std::memory_order_relaxed);
    return populate(end, is_synced ? Folio::page : Folio::step);
  }
  /// As far towards `end` as the capacity and the disk allow, step by step, until the appender
  /// wants the lock; it then asks again.
  void prepare_ahead(std::uint64_t end) {
    while (!appender_waits_.load(std::memory_order_relaxed)) {
      const std::lock_guard lock(mutex_);
      const std::uint64_t ready_now = ready();
      if (map_ == nullptr || ready_now >= std::min(end, capacity_) ||
          !populate(ready_now + 1, Folio::step)) {
        return;
      }
    }
  }
  /// Nothing is ready any more, and the file is left alone.
  void unmap() noexcept {
    const auto lock = take_over();
    if (map_ != nullptr) {
      ::munmap(std::exchange(map_, nullptr), static_cast<std::size_t>(capacity_));
    }
    populated_.store(0, std::memory_order_release);
  }

 private:
  static constexpr std::uint64_t page_bytes = 4096;
  /// Longer steps would make the one append that populates slower, and syncs, and save nothing.
  static constexpr std::uint64_t step_bytes = 16 * page_bytes;
  /// What a log that has just begun takes. A sync behind each step also writes the file's size.
  static constexpr std::uint64_t reserve_bytes = std::uint64_t{4} << 20;

  enum class Folio : std::uint8_t {
    page,  ///< Each page is one.
    step,  ///< All that is made ready at once.
  };

  /// The lock, as the appender takes it. std::mutex is not fair: whoever works ahead would have it
  /// again before an append that sleeps has woken up.
  [[nodiscard]] std::unique_lock<std::mutex> take_over() {
    appender_waits_.store(true, std::memory_order_relaxed);
    std::unique_lock lock(mutex_);
    appender_waits_.store(false, std::memory_order_relaxed);
    return lock;
  }
  [[nodiscard]] Result<void> reserve(std::uint64_t end) {
    for (;;) {
      const int code = ::posix_fallocate(file_, static_cast<off_t>(reserved_),
                                         static_cast<off_t>(end - reserved_));
      if (code == 0) {
        reserved_ = end;
        return {};
      }
      if (code != EINTR) {
        return system_error("posix_fallocate", path_, code);
      }
    }
  }
  /// Requires: under the lock, ready() < end <= capacity.
  [[nodiscard]] Result<void> populate(std::uint64_t end, Folio folio) {
    if (end > reserved_) {
      if (auto done = reserve(std::min(capacity_, end + reserve_bytes)); !done) {
        return done;
      }
    }
    const std::uint64_t from = ready() / page_bytes * page_bytes;
    const std::uint64_t to = std::min(reserved_, std::max(end, from + step_bytes));
    if (folio == Folio::step) {
      // Where it fails, the pages are taken singly.
      (void)write_zeros(ready(), to);
    }
    if (!fault_in(from, to)) {
      // A fault has no reason, a write may have one: file systems that copy on write can be full in
      // spite of what was reserved. On some (btrfs of older kernels) the write passes, not the
      // fault.
      if (const int code = write_zeros(ready(), to); code != 0) {
        return system_error("write", path_, code);
      }
      if (!fault_in(from, to)) {
        return is_disk_full()
                   ? system_error("write", path_, ENOSPC)
                   : fail(ErrorCode::io, path_, ": a page of the log can not be written at offset ",
                          std::to_string(from), ": the disk is failing");
      }
    }
    populated_.store(to, std::memory_order_release);
    return {};
  }
  /// Whether the pages can be written, as far as the system says.
  [[nodiscard]] bool fault_in(std::uint64_t from, std::uint64_t to) const noexcept {
    constexpr int madv_populate_write = 23;  // since Linux 5.14; older ones say EINVAL
    return ::madvise(map_ + from, static_cast<std::size_t>(to - from), madv_populate_write) == 0 ||
           errno != EFAULT;
  }
  [[nodiscard]] bool is_disk_full() const noexcept {
    struct statvfs disk {};
    return ::fstatvfs(file_, &disk) == 0 && disk.f_bavail * disk.f_frsize < step_bytes;
  }
  /// The error's number, or 0. Requires: from >= ready(), or it would write over the log.
  [[nodiscard]] int write_zeros(std::uint64_t from, std::uint64_t to) const noexcept {
    static constexpr char zeros[4 * page_bytes] = {};
    while (from < to) {
      iovec pieces[step_bytes / sizeof zeros];
      std::uint64_t left = to - from;
      for (iovec& piece : pieces) {
        piece.iov_base = const_cast<char*>(zeros);  // it is only read
        piece.iov_len = static_cast<std::size_t>(std::min<std::uint64_t>(left, sizeof zeros));
        left -= piece.iov_len;
      }
      const ssize_t written =
          ::pwritev(file_, pieces, static_cast<int>(std::size(pieces)), static_cast<off_t>(from));
      if (written > 0) {
        from += static_cast<std::uint64_t>(written);
      } else if (written == 0 || errno != EINTR) {
        return written == 0 ? EIO : errno;
      }
    }
    return 0;
  }
  [[nodiscard]] Result<void> grow(std::uint64_t needed) {
    const std::uint64_t capacity = std::max(capacity_ + capacity_ / 2, needed);
    void* const map = ::mremap(map_, static_cast<std::size_t>(capacity_),
                               static_cast<std::size_t>(capacity), MREMAP_MAYMOVE);
    if (map == MAP_FAILED) {
      return system_error("mremap", path_, errno);
    }
    map_ = static_cast<char*>(map);
    capacity_ = capacity;
    return {};
  }

  const int file_;
  const std::string path_;
  std::mutex mutex_;  ///< of what follows; the appender alone changes `map_` and `capacity_`
  char* map_ = nullptr;
  std::uint64_t capacity_;
  std::uint64_t reserved_ = 0;
  std::atomic<std::uint64_t> populated_{0};
  std::atomic<bool> appender_waits_{false};  ///< for the lock
  std::atomic<bool> was_synced_{true};       ///< since the appender last made pages ready; or new
};

/// Space that a log will soon want: `prepare` may run in any thread, or not at all.
class PosixLogAhead {
 public:
  PosixLogAhead(std::shared_ptr<PosixLogPages> pages, std::uint64_t end) noexcept
      : pages_(std::move(pages)), end_(end) {}

  void prepare() const { pages_->prepare_ahead(end_); }

 private:
  std::shared_ptr<PosixLogPages> pages_;
  std::uint64_t end_;
};

}  // namespace strata::io::detail
