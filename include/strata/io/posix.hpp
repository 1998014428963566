// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The operating system's files (Linux). Stateless; all threads may call everything.
///
/// Files are created with mode 0600, directories with 0700. Network file systems are unsupported:
/// their locks and mappings promise less. See `detail/posix_log.hpp` for how a log is written
/// without system calls.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/descriptor.hpp>
#include <strata/io/detail/posix_log.hpp>
#include <strata/io/detail/posix_writable.hpp>

namespace strata::io {

namespace detail {

class PosixRandomFile {
 public:
  PosixRandomFile(Descriptor file, std::string path, std::uint64_t size)
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
        return system_error("pread", path_, errno);
      }
    }
    return done;
  }
  /// As of `open`.
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

 private:
  Descriptor file_;
  std::string path_;
  std::uint64_t size_;
};

/// A lock of the open file description: it excludes other processes and other handles of this
/// one alike, and goes when the descriptor does, at the latest with the process.
class PosixLock {
 public:
  [[nodiscard]] static Result<PosixLock> acquire(const std::string& path) {
    for (;;) {
      auto file = open_descriptor(path, O_CREAT | O_RDWR);
      if (!file) {
        return propagate(std::move(file));
      }
      struct flock whole {};
      whole.l_type = F_WRLCK;
      whole.l_whence = SEEK_SET;
      if (::fcntl(file->get(), F_OFD_SETLK, &whole) != 0) {
        if (errno == EAGAIN || errno == EACCES) {
          return fail(ErrorCode::locked, path,
                      ": locked by another process or another handle of this one; close it there, "
                      "or open read-only here (`fuser ",
                      path, "` shows who it is)");
        }
        return system_error("fcntl(F_OFD_SETLK)", path, errno);
      }
      if (is_at(path, file->get())) {
        return PosixLock(std::move(*file));
      }
    }
  }

 private:
  explicit PosixLock(Descriptor file) noexcept : file_(std::move(file)) {}

  /// False if the file was removed before it was locked: then somebody else may lock a new one.
  [[nodiscard]] static bool is_at(const std::string& path, int file) noexcept {
    struct stat ours {};
    struct stat there {};
    return ::fstat(file, &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
  }

  Descriptor file_;
};

}  // namespace detail

class Posix {
 public:
  using policy_slot = file_system_slot;
  static constexpr std::string_view name = "posix";

  using WritableFile = detail::PosixWritableFile;
  using LogFile = detail::PosixLogFile;
  using RandomFile = detail::PosixRandomFile;
  using Lock = detail::PosixLock;

  [[nodiscard]] Result<WritableFile> create(const std::string& path) const {
    auto file = detail::open_descriptor(path, O_CREAT | O_EXCL | O_WRONLY);
    if (!file) {
      return propagate(std::move(file));
    }
    return WritableFile(std::move(*file), path);
  }

  [[nodiscard]] Result<LogFile> create_log(const std::string& path,
                                           std::uint64_t capacity_bytes) const {
    auto file = detail::open_descriptor(path, O_CREAT | O_EXCL | O_RDWR);
    if (!file) {
      return propagate(std::move(file));
    }
    auto log = LogFile::start(std::move(*file), path, capacity_bytes);
    if (!log) {
      ::unlink(path.c_str());
    }
    return log;
  }

  [[nodiscard]] Result<RandomFile> open(const std::string& path) const {
    auto found = detail::open_readable(path);
    if (!found) {
      return propagate(std::move(found));
    }
    return RandomFile(std::move(found->file), path, found->size_bytes);
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
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
      return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
      return false;
    }
    return detail::system_error("stat", path, errno);
  }
  [[nodiscard]] Result<std::uint64_t> file_size(const std::string& path) const {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      return detail::system_error("stat", path, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const {
    struct Close {
      void operator()(DIR* opened) const noexcept { ::closedir(opened); }
    };
    const std::unique_ptr<DIR, Close> directory(::opendir(path.c_str()));
    if (directory == nullptr) {
      return detail::system_error("opendir", path, errno);
    }
    std::vector<std::string> names;
    errno = 0;  // readdir says "end" and "error" alike
    while (const dirent* const entry = ::readdir(directory.get())) {
      const std::string_view entry_name = entry->d_name;
      if (entry_name != "." && entry_name != "..") {
        names.emplace_back(entry_name);
      }
      errno = 0;
    }
    const int code = errno;
    if (code != 0) {
      return detail::system_error("readdir", path, code);
    }
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

  /// Creates the file if need be; never removes it.
  [[nodiscard]] Result<Lock> lock(const std::string& path) const { return Lock::acquire(path); }

  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& path) const {
    struct statvfs status {};
    if (::statvfs(path.c_str(), &status) != 0) {
      return detail::system_error("statvfs", path, errno);
    }
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  }
};

static_assert(FileSystemPolicy<Posix>);

}  // namespace strata::io
