// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The operating system's files (Linux). Stateless; all threads may call everything, a file
/// object belongs to one thread at a time but for `RandomFile::read`.
///
/// A log is preallocated and mapped: an append is a copy into the page cache, without a system
/// call, and survives the death of the process. Files are created with mode 0600. Network file
/// systems are unsupported: their locks and mappings promise less.

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/io/concept.hpp>

namespace strata::io {

namespace detail {

[[nodiscard]] inline tl::unexpected<Error> system_error(std::string_view call,
                                                        std::string_view path, int code) {
  ErrorCode kind = ErrorCode::io;
  std::string_view hint;
  switch (code) {
    case ENOENT: kind = ErrorCode::not_found; break;
    case EEXIST: kind = ErrorCode::already_exists; break;
    case ENOSPC:
    case EDQUOT:
      kind = ErrorCode::disk_full;
      hint = "; free some space, writes resume by themselves";
      break;
    case EMFILE:
    case ENFILE: hint = "; raise the limit of open files (ulimit -n)"; break;
    case EACCES:
    case EPERM: hint = "; check owner and mode of the directory"; break;
    default: break;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc 2.32 and later, and musl, keep no shared buffer.
  return fail(kind, path, ": ", call, " failed: ", std::strerror(code), hint);
}

[[nodiscard]] inline Result<void> check(int outcome, std::string_view call, std::string_view path) {
  if (outcome != 0) {
    return system_error(call, path, errno);
  }
  return {};
}

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
  [[nodiscard]] int get() const noexcept { return number_; }
  /// Closes and reports: the last chance to see a write error.
  [[nodiscard]] Result<void> close(std::string_view path) {
    return is_open() ? check(::close(std::exchange(number_, -1)), "close", path) : Result<void>();
  }

 private:
  int number_;
};

[[nodiscard]] inline Result<Descriptor> open_descriptor(const std::string& path, int flags) {
  for (;;) {
    Descriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    if (file.is_open()) {
      return file;
    }
    if (errno != EINTR) {
      return system_error("open", path, errno);
    }
  }
}

[[nodiscard]] inline Result<void> write_all(int file, std::string_view bytes,
                                            std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return system_error("write", path, errno);
    }
  }
  return {};
}

}  // namespace detail

class Posix {
 public:
  using policy_slot = file_system_slot;
  static constexpr std::string_view name = "posix";

  /// Buffers appends in user space; a write error surfaces in a later call at the latest.
  class WritableFile {
   public:
    WritableFile(detail::Descriptor file, std::string path)
        : file_(std::move(file)), path_(std::move(path)) {}

    [[nodiscard]] Result<void> append(std::string_view bytes) {
      size_ += bytes.size();
      if (buffer_.size() + bytes.size() <= buffer_bytes) {
        buffer_.append(bytes);
        return {};
      }
      if (auto flushed = flush(); !flushed) {
        return flushed;
      }
      if (bytes.size() >= buffer_bytes) {
        return detail::write_all(file_.get(), bytes, path_);
      }
      buffer_.assign(bytes);
      return {};
    }
    [[nodiscard]] Result<void> flush() {
      auto written = detail::write_all(file_.get(), buffer_, path_);
      buffer_.clear();
      return written;
    }
    [[nodiscard]] Result<void> sync() {
      if (auto flushed = flush(); !flushed) {
        return flushed;
      }
      return detail::check(::fdatasync(file_.get()), "fdatasync", path_);
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
    detail::Descriptor file_;
    std::string path_;
    std::string buffer_;
    std::uint64_t size_ = 0;
  };

  class LogFile {
   public:
    LogFile(detail::Descriptor file, std::string path, char* map, std::uint64_t capacity) noexcept
        : file_(std::move(file)), path_(std::move(path)), map_(map), capacity_(capacity) {}
    LogFile(LogFile&& other) noexcept
        : file_(std::move(other.file_)),
          path_(std::move(other.path_)),
          map_(std::exchange(other.map_, nullptr)),
          capacity_(other.capacity_),
          size_(other.size_),
          touched_(other.touched_) {}
    LogFile& operator=(LogFile&& other) noexcept {
      std::swap(file_, other.file_);
      std::swap(path_, other.path_);
      std::swap(map_, other.map_);
      std::swap(capacity_, other.capacity_);
      std::swap(size_, other.size_);
      std::swap(touched_, other.touched_);
      return *this;
    }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;
    ~LogFile() { unmap(); }

    [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
      const std::uint64_t end = size_ + header.size() + payload.size();
      if (end > capacity_) {
        if (auto grown = grow(end); !grown) {
          return grown;
        }
      }
      if (end > touched_) {
        touch_ahead(end);
      }
      std::memcpy(map_ + size_, header.data(), header.size());
      std::memcpy(map_ + size_ + header.size(), payload.data(), payload.size());
      size_ = end;
      return {};
    }
    [[nodiscard]] Result<void> sync() {
      return detail::check(::fdatasync(file_.get()), "fdatasync", path_);
    }
    /// Cuts off the preallocated tail. Does not sync.
    [[nodiscard]] Result<void> close() {
      if (map_ == nullptr) {
        return {};
      }
      unmap();
      auto cut =
          detail::check(::ftruncate(file_.get(), static_cast<off_t>(size_)), "ftruncate", path_);
      auto closed = file_.close(path_);
      return cut ? closed : cut;
    }
    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return capacity_; }

   private:
    [[nodiscard]] Result<void> grow(std::uint64_t needed) {
      const std::uint64_t capacity = std::max(capacity_ + capacity_ / 2, needed);
      if (auto reserved = reserve(file_.get(), capacity, path_); !reserved) {
        return reserved;
      }
      void* const map = ::mremap(map_, capacity_, capacity, MREMAP_MAYMOVE);
      if (map == MAP_FAILED) {
        return detail::system_error("mremap", path_, errno);
      }
      map_ = static_cast<char*>(map);
      capacity_ = capacity;
      return {};
    }
    /// Faults pages in by the megabyte, which costs a third of faulting them one by one.
    void touch_ahead(std::uint64_t end) noexcept {
      constexpr std::uint64_t step = 1 << 20;
      const std::uint64_t to = std::min(capacity_, std::max(end, touched_ + step));
      const std::uint64_t from = touched_ / 4096 * 4096;
      constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, Linux 5.14
      // Where the kernel does not know it, pages fault in as they are written: slower, not wrong.
      ::madvise(map_ + from, static_cast<std::size_t>(to - from), populate_write);
      touched_ = to;
    }
    void unmap() noexcept {
      if (map_ != nullptr) {
        ::munmap(std::exchange(map_, nullptr), static_cast<std::size_t>(capacity_));
      }
    }

    detail::Descriptor file_;
    std::string path_;
    char* map_;
    std::uint64_t capacity_;
    std::uint64_t size_ = 0;
    std::uint64_t touched_ = 0;
  };

  class RandomFile {
   public:
    RandomFile(detail::Descriptor file, std::string path, std::uint64_t size)
        : file_(std::move(file)), path_(std::move(path)), size_(size) {}

    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
      std::size_t done = 0;
      while (done < size) {
        const ssize_t got =
            ::pread(file_.get(), to + done, size - done, static_cast<off_t>(offset + done));
        if (got > 0) {
          done += static_cast<std::size_t>(got);
        } else if (got == 0) {
          break;
        } else if (errno != EINTR) {
          return detail::system_error("pread", path_, errno);
        }
      }
      return done;
    }
    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

   private:
    detail::Descriptor file_;
    std::string path_;
    std::uint64_t size_;
  };

  /// Held through an open file description, so a second handle of the same process is refused too.
  class Lock {
   public:
    explicit Lock(detail::Descriptor file) noexcept : file_(std::move(file)) {}

   private:
    detail::Descriptor file_;
  };

  [[nodiscard]] Result<WritableFile> create(const std::string& path) const {
    auto file = detail::open_descriptor(path, O_CREAT | O_EXCL | O_WRONLY);
    if (!file) {
      return propagate(std::move(file));
    }
    return WritableFile(std::move(*file), path);
  }
  [[nodiscard]] Result<LogFile> create_log(const std::string& path, std::uint64_t capacity) const {
    auto file = detail::open_descriptor(path, O_CREAT | O_EXCL | O_RDWR);
    if (!file) {
      return propagate(std::move(file));
    }
    auto reserved = reserve(file->get(), capacity, path);
    if (reserved) {
      void* const map = ::mmap(nullptr, static_cast<std::size_t>(capacity), PROT_READ | PROT_WRITE,
                               MAP_SHARED, file->get(), 0);
      if (map != MAP_FAILED) {
        return LogFile(std::move(*file), path, static_cast<char*>(map), capacity);
      }
      reserved = detail::system_error("mmap", path, errno);
    }
    ::unlink(path.c_str());
    return propagate(std::move(reserved));
  }
  [[nodiscard]] Result<RandomFile> open(const std::string& path) const {
    auto file = detail::open_descriptor(path, O_RDONLY);
    if (!file) {
      return propagate(std::move(file));
    }
    struct stat status {};
    if (::fstat(file->get(), &status) != 0) {
      return detail::system_error("fstat", path, errno);
    }
    return RandomFile(std::move(*file), path, static_cast<std::uint64_t>(status.st_size));
  }
  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) const {
    return detail::check(::rename(from.c_str(), to.c_str()), "rename", from);
  }
  [[nodiscard]] Result<void> link(const std::string& from, const std::string& to) const {
    return detail::check(::link(from.c_str(), to.c_str()), "link", to);
  }
  [[nodiscard]] Result<void> remove(const std::string& path) const {
    return detail::check(::unlink(path.c_str()), "unlink", path);
  }
  [[nodiscard]] Result<bool> exists(const std::string& path) const {
    if (::access(path.c_str(), F_OK) == 0) {
      return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
      return false;
    }
    return detail::system_error("access", path, errno);
  }
  [[nodiscard]] Result<std::uint64_t> file_size(const std::string& path) const {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      return detail::system_error("stat", path, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const {
    DIR* const directory = ::opendir(path.c_str());
    if (directory == nullptr) {
      return detail::system_error("opendir", path, errno);
    }
    std::vector<std::string> names;
    while (const dirent* const entry = ::readdir(directory)) {
      const std::string_view entry_name = entry->d_name;
      if (entry_name != "." && entry_name != "..") {
        names.emplace_back(entry_name);
      }
    }
    ::closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
  }
  [[nodiscard]] Result<void> create_directory(const std::string& path) const {
    return detail::check(::mkdir(path.c_str(), 0700), "mkdir", path);
  }
  [[nodiscard]] Result<void> remove_directory(const std::string& path) const {
    return detail::check(::rmdir(path.c_str()), "rmdir", path);
  }
  [[nodiscard]] Result<void> sync_directory(const std::string& path) const {
    auto directory = detail::open_descriptor(path, O_RDONLY | O_DIRECTORY);
    if (!directory) {
      return propagate(std::move(directory));
    }
    return detail::check(::fsync(directory->get()), "fsync", path);
  }
  [[nodiscard]] Result<Lock> lock(const std::string& path) const {
    auto file = detail::open_descriptor(path, O_CREAT | O_RDWR);
    if (!file) {
      return propagate(std::move(file));
    }
    if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        return fail(ErrorCode::locked, path,
                    ": the database is open already, in this process or another; close it there, "
                    "or open it read-only here");
      }
      return detail::system_error("flock", path, errno);
    }
    return Lock(std::move(*file));
  }
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& path) const {
    struct statvfs status {};
    if (::statvfs(path.c_str(), &status) != 0) {
      return detail::system_error("statvfs", path, errno);
    }
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  }

 private:
  [[nodiscard]] static Result<void> reserve(int file, std::uint64_t bytes,
                                            const std::string& path) {
    for (;;) {
      const int code = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
      if (code == 0) {
        return {};
      }
      if (code != EINTR) {
        return detail::system_error("fallocate", path, code);
      }
    }
  }
};

static_assert(FileSystemPolicy<Posix>);

}  // namespace strata::io
