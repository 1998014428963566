// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The operating system's files, with many reads in one system call (io_uring, Linux 5.6).
///
/// `RandomFile::read_many` (see `io/read_many.hpp`) puts its reads into the kernel's queue and
/// waits for all of them, so a device with several channels works on them side by side. A single
/// `read`, writes and logs are those of `Posix`: one call costs no less through a ring.
///
/// Where the kernel has no io_uring or forbids it, as container runtimes do, `read_many` reads one
/// after the other; `uses_ring()` tells. A ring belongs to one thread at a time; copies of the
/// file system share those that were made, as many as threads were in `read_many` at once.
///
/// Source: Axboe, "Efficient IO with io_uring" (2019); liburing.

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __has_include(<liburing.h>)
#include <liburing.h>
#else
#error "strata: <strata/io/uring.hpp> needs liburing; link the CMake target strata::uring"
#endif

#include <strata/core/error.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/descriptor.hpp>
#include <strata/io/detail/names_of.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/read_many.hpp>

namespace strata::io {

namespace detail {

inline constexpr unsigned ring_entries = 64;

struct CloseRing {
  void operator()(io_uring* ring) const noexcept {
    ::io_uring_queue_exit(ring);
    delete ring;
  }
};
using Ring = std::unique_ptr<io_uring, CloseRing>;

/// None where the kernel gives none.
[[nodiscard]] inline Ring make_ring() {
  auto ring = std::make_unique<io_uring>();
  if (::io_uring_queue_init(ring_entries, ring.get(), 0) != 0) {
    return nullptr;
  }
  return Ring(ring.release());
}

/// Rings that no thread is in.
class RingPool {
 public:
  explicit RingPool(bool wants_ring) {
    if (wants_ring) {
      give(make_ring());
    }
    has_rings_ = !idle_.empty();
  }

  [[nodiscard]] bool has_rings() const noexcept { return has_rings_; }
  /// None where there are none, or no more.
  [[nodiscard]] Ring take() {
    if (!has_rings_) {
      return nullptr;
    }
    {
      const std::lock_guard guard(mutex_);
      if (!idle_.empty()) {
        Ring ring = std::move(idle_.back());
        idle_.pop_back();
        return ring;
      }
    }
    return make_ring();
  }
  void give(Ring ring) {
    if (ring) {
      const std::lock_guard guard(mutex_);
      idle_.push_back(std::move(ring));
    }
  }

 private:
  std::mutex mutex_;
  std::vector<Ring> idle_;
  bool has_rings_ = false;
};

class UringRandomFile {
 public:
  UringRandomFile(Readable found, const std::string& path, std::shared_ptr<RingPool> rings)
      : number_(found.file.get()),
        file_(std::move(found.file), path, found.size_bytes),
        path_(path),
        rings_(std::move(rings)) {}

  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
    return file_.read(offset, to, size);
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return file_.size_bytes(); }

  [[nodiscard]] Result<void> read_many(std::span<ReadRequest> requests) const {
    for (ReadRequest& request : requests) {
      request.done = 0;
    }
    if (requests.size() > 1) {
      if (Ring ring = rings_->take()) {
        for (auto rest = requests; !rest.empty();) {
          const auto some = rest.first(std::min<std::size_t>(rest.size(), ring_entries));
          if (auto read = read_some(*ring, some); !read) {
            return read;  // the ring goes: what is left in it is nobody's
          }
          rest = rest.subspan(some.size());
        }
        rings_->give(std::move(ring));
      }
    }
    return read_rest(requests);
  }

 private:
  /// Submits all, waits for all. Nothing is in flight afterwards.
  [[nodiscard]] Result<void> read_some(io_uring& ring, std::span<ReadRequest> requests) const {
    for (ReadRequest& request : requests) {
      io_uring_sqe* const entry = ::io_uring_get_sqe(&ring);
      assert(entry != nullptr && "the queue holds as many as are submitted at once");
      const auto size = static_cast<unsigned>(std::min<std::size_t>(request.size, INT_MAX));
      ::io_uring_prep_read(entry, number_, request.to, size, request.offset);
      ::io_uring_sqe_set_data(entry, &request);
    }
    std::size_t submitted = 0;
    int failed = 0;
    while (submitted < requests.size() && failed == 0) {
      const int count = ::io_uring_submit(&ring);
      submitted += count > 0 ? static_cast<std::size_t>(count) : 0;
      failed = count < 0 && count != -EINTR && count != -EAGAIN ? -count : 0;
    }
    for (std::size_t i = 0; i < submitted; ++i) {
      io_uring_cqe* completion = nullptr;
      while (::io_uring_wait_cqe(&ring, &completion) != 0) {
        // Interrupted. The kernel writes to the caller's memory: there is no leaving before it is
        // done.
      }
      auto* const request = static_cast<ReadRequest*>(::io_uring_cqe_get_data(completion));
      if (completion->res >= 0) {
        request->done = static_cast<std::size_t>(completion->res);
      } else if (completion->res != -EINTR && completion->res != -EAGAIN) {
        failed = -completion->res;
      }
      ::io_uring_cqe_seen(&ring, completion);
    }
    return failed == 0 ? Result<void>() : system_error("io_uring read", path_, failed);
  }

  /// What no ring has read, or only in part.
  [[nodiscard]] Result<void> read_rest(std::span<ReadRequest> requests) const {
    for (ReadRequest& request : requests) {
      if (request.done < request.size) {
        auto read = file_.read(request.offset + request.done, request.to + request.done,
                               request.size - request.done);
        if (!read) {
          return propagate(std::move(read));
        }
        request.done += *read;
      }
    }
    return {};
  }

  int number_;  ///< of `file_`, which owns it
  PosixRandomFile file_;
  std::string path_;
  std::shared_ptr<RingPool> rings_;
};

}  // namespace detail

class Uring : public detail::NamesOf<Posix> {
 public:
  static constexpr std::string_view name = "uring";

  using WritableFile = Posix::WritableFile;
  using LogFile = Posix::LogFile;
  using RandomFile = detail::UringRandomFile;

  /// `wants_ring` false: as where the kernel has none.
  explicit Uring(bool wants_ring = true) : rings_(std::make_shared<detail::RingPool>(wants_ring)) {}

  [[nodiscard]] bool uses_ring() const noexcept { return rings_->has_rings(); }

  [[nodiscard]] Result<WritableFile> create(const std::string& path) const {
    return inner().create(path);
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
    return RandomFile(std::move(*found), path, rings_);
  }

 private:
  std::shared_ptr<detail::RingPool> rings_;
};

static_assert(FileSystemPolicy<Uring>);
static_assert(BatchReadable<Uring::RandomFile>);

}  // namespace strata::io
