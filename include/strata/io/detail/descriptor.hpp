// SPDX-License-Identifier: BSL-1.0
#pragma once

/// File descriptors of the operating system, and its error numbers as sentences.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>

namespace strata::io::detail {

/// "path: call failed: what the system says; what to do".
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
    if (is_open()) {
      ::close(number_);
    }
  }

  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
  [[nodiscard]] int get() const noexcept { return number_; }

  /// Closes and reports: the last chance to see a write error. Linux has closed the descriptor
  /// even when it says EINTR; trying again could close somebody else's.
  [[nodiscard]] Result<void> close(std::string_view path) {
    if (!is_open() || ::close(std::exchange(number_, -1)) == 0 || errno == EINTR) {
      return {};
    }
    return system_error("close", path, errno);
  }

 private:
  int number_;
};

/// Created files belong to their owner alone: mode 0600.
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

/// A file that is there, for reading, and its size.
struct Readable {
  Descriptor file;
  std::uint64_t size_bytes = 0;
};
[[nodiscard]] inline Result<Readable> open_readable(const std::string& path) {
  auto file = open_descriptor(path, O_RDONLY);
  if (!file) {
    return propagate(std::move(file));
  }
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) {
    return system_error("fstat", path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return system_error("open", path, EISDIR);
  }
  return Readable{std::move(*file), static_cast<std::uint64_t>(status.st_size)};
}

[[nodiscard]] inline Result<void> write_all(int file, std::string_view bytes,
                                            std::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0) {
      return system_error("write", path, EIO);
    } else if (errno != EINTR) {
      return system_error("write", path, errno);
    }
  }
  return {};
}

}  // namespace strata::io::detail
