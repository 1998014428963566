// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A log file of the operating system: preallocated, mapped, appended to by memcpy.
///
///     0            size_          populated_          reserved_         capacity_
///     | records    | zeros, mapped | zeros on the disk | addresses alone |
///
/// What is copied into a shared mapping is in the page cache at once, so an append survives the
/// death of the process without a system call; `sync` makes it survive the machine's. Blocks are
/// reserved before they are touched, some megabytes at a time, so that a full disk is an error of
/// `create` or of an append, not a SIGBUS. Pages are also populated shortly before use, which turns
/// what is left of that danger (file systems that copy on write) into an error; it neither costs
/// nor saves time.
///
/// Measured: 130 bytes in 35 ns, page faults included; write(2) takes 570.
/// Threads: `sync` may run beside `append`; it covers the appends that had returned.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/io/detail/descriptor.hpp>

namespace strata::io::detail {

class PosixLogFile {
 public:
  /// Takes over a new, empty file.
  [[nodiscard]] static Result<PosixLogFile> start(Descriptor file, const std::string& path,
                                                  std::uint64_t capacity) {
    capacity = std::max<std::uint64_t>(capacity, 1);
    const std::uint64_t reserved = std::min(capacity, reserve_bytes);
    if (auto done = reserve(file.get(), reserved, path); !done) {
      return propagate(std::move(done));
    }
    void* const map = ::mmap(nullptr, static_cast<std::size_t>(capacity), PROT_READ | PROT_WRITE,
                             MAP_SHARED, file.get(), 0);
    if (map == MAP_FAILED) {
      return system_error("mmap", path, errno);
    }
    return PosixLogFile(std::move(file), path, static_cast<char*>(map), capacity, reserved);
  }

  PosixLogFile(PosixLogFile&& other) noexcept
      : file_(std::move(other.file_)),
        path_(std::move(other.path_)),
        map_(std::exchange(other.map_, nullptr)),
        capacity_(other.capacity_),
        reserved_(other.reserved_),
        size_(other.size_),
        populated_(other.populated_),
        synced_(std::move(other.synced_)) {}
  PosixLogFile& operator=(PosixLogFile&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(path_, other.path_);
    std::swap(map_, other.map_);
    std::swap(capacity_, other.capacity_);
    std::swap(reserved_, other.reserved_);
    std::swap(size_, other.size_);
    std::swap(populated_, other.populated_);
    std::swap(synced_, other.synced_);
    return *this;
  }
  PosixLogFile(const PosixLogFile&) = delete;
  PosixLogFile& operator=(const PosixLogFile&) = delete;
  ~PosixLogFile() { unmap(); }

  /// Grows beyond the capacity by half of it, which costs system calls. All or nothing.
  [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
    const std::uint64_t end = size_ + header.size() + payload.size();
    if (end > populated_) [[unlikely]] {
      if (auto ready = prepare(end); !ready) {
        return ready;
      }
    }
    char* const to = map_ + size_;
    std::copy_n(header.data(), header.size(), to);
    std::copy_n(payload.data(), payload.size(), to + header.size());
    size_ = end;
    return {};
  }

  /// A failure stays: a second fdatasync would report success without the lost pages.
  [[nodiscard]] Result<void> sync() {
    if (!file_.is_open()) {
      return was_closed();
    }
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
    unmap();
    populated_ = 0;
    auto cut = check(::ftruncate(file_.get(), static_cast<off_t>(size_)), "ftruncate", path_);
    auto closed = file_.close(path_);
    return cut ? closed : cut;
  }

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return capacity_; }

 private:
  static constexpr std::uint64_t page_bytes = 4096;
  /// Longer steps would only make the one append that populates slower.
  static constexpr std::uint64_t populate_bytes = 16 * page_bytes;
  /// What a log that has just begun takes. A sync behind each step also writes the file's size.
  static constexpr std::uint64_t reserve_bytes = std::uint64_t{4} << 20;

  PosixLogFile(Descriptor file, std::string path, char* map, std::uint64_t capacity,
               std::uint64_t reserved) noexcept
      : file_(std::move(file)),
        path_(std::move(path)),
        map_(map),
        capacity_(capacity),
        reserved_(reserved) {}

  [[nodiscard]] static Result<void> reserve(int file, std::uint64_t bytes,
                                            const std::string& path) {
    for (;;) {
      const int code = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
      if (code == 0) {
        return {};
      }
      if (code != EINTR) {
        return system_error("posix_fallocate", path, code);
      }
    }
  }

  [[nodiscard]] tl::unexpected<Error> was_closed() const {
    return fail(ErrorCode::closed, path_, ": the log file was closed");
  }

  /// Makes bytes up to `end` ready to be written. Out of line: one append in five hundred.
  [[nodiscard, gnu::noinline]] Result<void> prepare(std::uint64_t end) {
    if (!file_.is_open()) {
      return was_closed();
    }
    if (end > capacity_) {
      if (auto grown = grow(end); !grown) {
        return grown;
      }
    }
    if (end > reserved_) {
      const std::uint64_t reserved = std::min(capacity_, end + reserve_bytes);
      if (auto done = reserve(file_.get(), reserved, path_); !done) {
        return done;
      }
      reserved_ = reserved;
    }
    const std::uint64_t from = populated_ / page_bytes * page_bytes;
    const std::uint64_t to = std::min(reserved_, std::max(end, from + populate_bytes));
    constexpr int madv_populate_write = 23;  // since Linux 5.14; older ones say EINVAL
    if (::madvise(map_ + from, static_cast<std::size_t>(to - from), madv_populate_write) != 0 &&
        errno == EFAULT) {
      return fail(ErrorCode::io, path_, ": a page of the log can not be written at offset ",
                  std::to_string(from), ": the disk is full or failing");
    }
    populated_ = to;
    return {};
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

  void unmap() noexcept {
    if (map_ != nullptr) {
      ::munmap(std::exchange(map_, nullptr), static_cast<std::size_t>(capacity_));
    }
  }

  Descriptor file_;
  std::string path_;
  char* map_;
  std::uint64_t capacity_;
  std::uint64_t reserved_;
  std::uint64_t size_ = 0;
  std::uint64_t populated_ = 0;
  Result<void> synced_;
};

}  // namespace strata::io::detail
