// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The operating system's files past its page cache (O_DIRECT, Linux), for tables: what is written
/// and read has its place in the engine's own cache, and need not be in memory twice.
///
/// Logs stay as `Posix` has them. Writing gathers a megabyte; where the end of a file is no
/// multiple of 4096, its last block goes out padded and is cut off again, and is written anew if
/// the file goes on. Reads that are not aligned pass through an aligned buffer.
///
/// A file system or a device that refuses (some network, encrypting and compressing ones do) gets
/// the same calls through the page cache: `is_direct()` of a file tells. There is no read-ahead by
/// the kernel: scans are slower than with `Posix` unless the engine reads ahead.
///
/// Threads: as `Posix`. Source: open(2), "O_DIRECT"; direct reads and writes of flushes and
/// compactions as in RocksDB.

#include <fcntl.h>
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
#include <strata/io/concept.hpp>
#include <strata/io/detail/aligned_buffer.hpp>
#include <strata/io/detail/descriptor.hpp>
#include <strata/io/detail/names_of.hpp>
#include <strata/io/posix.hpp>

namespace strata::io {

namespace detail {

/// False: this file goes through the page cache. Set after opening, for an open with O_DIRECT that
/// fails may have created its file.
[[nodiscard]] inline bool set_direct(int file, bool direct) noexcept {
  const int flags = ::fcntl(file, F_GETFL);
  return flags >= 0 && ::fcntl(file, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0 &&
         direct;
}

class DirectWritableFile {
 public:
  DirectWritableFile(Descriptor file, std::string path, bool wants_direct)
      : file_(std::move(file)),
        path_(std::move(path)),
        buffer_(make_aligned_buffer(buffer_bytes)),
        is_direct_(wants_direct && set_direct(file_.get(), true)) {}

  [[nodiscard]] Result<void> append(std::string_view bytes) {
    if (auto usable = check_usable(); !usable) {
      return usable;
    }
    while (!bytes.empty()) {
      const std::size_t taken = std::min(bytes.size(), buffer_bytes - filled_);
      std::memcpy(buffer_.get() + filled_, bytes.data(), taken);
      filled_ += taken;
      bytes.remove_prefix(taken);
      if (filled_ == buffer_bytes) {
        if (auto written = write(buffer_bytes); !written) {
          return written;
        }
        buffer_at_ += buffer_bytes;
        filled_ = 0;
        is_flushed_ = true;
      } else {
        is_flushed_ = false;
      }
    }
    return {};
  }

  /// Hands everything appended to the kernel; the last block stays here, to be filled.
  [[nodiscard]] Result<void> flush() {
    if (auto usable = check_usable(); !usable || is_flushed_) {
      return usable;
    }
    const auto whole = static_cast<std::size_t>(align_up(filled_));
    std::memset(buffer_.get() + filled_, 0, whole - filled_);
    if (auto written = write(whole); !written) {
      return written;
    }
    if (whole != filled_) {
      outcome_ =
          check(::ftruncate(file_.get(), static_cast<off_t>(size_bytes())), "ftruncate", path_);
    }
    const auto kept_from = static_cast<std::size_t>(align_down(filled_));
    std::memmove(buffer_.get(), buffer_.get() + kept_from, filled_ - kept_from);
    buffer_at_ += kept_from;
    filled_ -= kept_from;
    is_flushed_ = true;
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
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return buffer_at_ + filled_; }
  [[nodiscard]] bool is_direct() const noexcept { return is_direct_; }

 private:
  static constexpr std::size_t buffer_bytes = 1 << 20;

  [[nodiscard]] Result<void> check_usable() const {
    if (!file_.is_open()) {
      return fail(ErrorCode::closed, path_, ": the file was closed");
    }
    return outcome_;
  }
  /// The first `size` bytes of the buffer, a multiple of 4096, to where they belong.
  [[nodiscard]] Result<void> write(std::size_t size) {
    for (std::size_t done = 0; done < size && outcome_;) {
      const ssize_t written = ::pwrite(file_.get(), buffer_.get() + done, size - done,
                                       static_cast<off_t>(buffer_at_ + done));
      if (written > 0) {
        done += static_cast<std::size_t>(written);
        if (is_direct_ && done % direct_alignment != 0) {
          is_direct_ = set_direct(file_.get(), false);  // the rest is not aligned
        }
      } else if (written < 0 && errno == EINVAL && is_direct_) {
        is_direct_ = set_direct(file_.get(), false);
      } else if (written == 0 || errno != EINTR) {
        outcome_ = system_error("write", path_, written == 0 ? EIO : errno);
      }
    }
    return outcome_;
  }

  Descriptor file_;
  std::string path_;
  AlignedBuffer buffer_;
  std::uint64_t buffer_at_ = 0;  ///< where the buffer belongs in the file; aligned
  std::size_t filled_ = 0;
  bool is_flushed_ = true;
  bool is_direct_;
  Result<void> outcome_;  ///< of the first write or sync that failed
};

class DirectRandomFile {
 public:
  DirectRandomFile(Descriptor file, std::string path, std::uint64_t size, bool wants_direct)
      : file_(std::move(file)),
        path_(std::move(path)),
        size_(size),
        is_direct_(wants_direct && set_direct(file_.get(), true)) {}

  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
    const bool is_aligned = offset % direct_alignment == 0 && size % direct_alignment == 0 &&
                            reinterpret_cast<std::uintptr_t>(to) % direct_alignment == 0;
    if (!is_direct_ || is_aligned) {
      return read_aligned(offset, to, size);
    }
    const auto span = static_cast<std::size_t>(align_up(offset + size) - align_down(offset));
    const std::size_t step = std::min(span, bounce_bytes);
    const AlignedBuffer buffer = make_aligned_buffer(step);
    std::size_t done = 0;
    while (done < size) {
      const std::uint64_t from = align_down(offset + done);
      const auto skipped = static_cast<std::size_t>(offset + done - from);
      const auto wanted = std::min(step, static_cast<std::size_t>(align_up(offset + size) - from));
      auto got = read_aligned(from, buffer.get(), wanted);
      if (!got) {
        return got;
      }
      const std::size_t taken =
          std::min(size - done, *got > skipped ? *got - skipped : std::size_t{0});
      std::memcpy(to + done, buffer.get() + skipped, taken);
      done += taken;
      if (*got < wanted) {
        break;  // the end of the file
      }
    }
    return done;
  }
  /// As of `open`.
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
  [[nodiscard]] bool is_direct() const noexcept { return is_direct_; }

 private:
  static constexpr std::size_t bounce_bytes = 1 << 20;

  [[nodiscard]] Result<std::size_t> read_aligned(std::uint64_t offset, char* to,
                                                 std::size_t size) const {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got =
          ::pread(file_.get(), to + done, size - done, static_cast<off_t>(offset + done));
      if (got > 0) {
        done += static_cast<std::size_t>(got);
        if (is_direct_ && done % direct_alignment != 0) {
          break;  // only the end of the file is not aligned
        }
      } else if (got == 0) {
        break;
      } else if (errno != EINTR) {
        return system_error("pread", path_, errno);
      }
    }
    return done;
  }

  Descriptor file_;
  std::string path_;
  std::uint64_t size_;
  bool is_direct_;
};

}  // namespace detail

struct DirectOptions {
  bool write = true;  ///< false: through the page cache, as where it is refused
  bool read = true;
};

class Direct : public detail::NamesOf<Posix> {
 public:
  static constexpr std::string_view name = "direct";

  using WritableFile = detail::DirectWritableFile;
  using LogFile = Posix::LogFile;
  using RandomFile = detail::DirectRandomFile;

  using Options = DirectOptions;

  Direct() = default;
  explicit Direct(const Options& options) : options_(options) {}

  [[nodiscard]] Result<WritableFile> create(const std::string& path) const {
    auto file = detail::open_descriptor(path, O_CREAT | O_EXCL | O_WRONLY);
    if (!file) {
      return propagate(std::move(file));
    }
    return WritableFile(std::move(*file), path, options_.write);
  }
  [[nodiscard]] Result<LogFile> create_log(const std::string& path,
                                           std::uint64_t capacity_bytes) const {
    return inner().create_log(path, capacity_bytes);
  }
  [[nodiscard]] Result<RandomFile> open(const std::string& path) const {
    auto found = detail::open_readable(path);
    if (!found) {
      return propagate(std::move(found));
    }
    return RandomFile(std::move(found->file), path, found->size_bytes, options_.read);
  }

 private:
  Options options_{};
};

static_assert(FileSystemPolicy<Direct>);

}  // namespace strata::io
