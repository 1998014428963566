// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The file objects of the simulated file system. Nothing is buffered: an append is with the
/// simulated kernel when it returns, so that each of them is a point to crash at.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/io/detail/simulated_state.hpp>

namespace strata::io::detail {

class SimulatedAppender {
 public:
  SimulatedAppender(SimulatedHandle handle, std::uint64_t capacity)
      : handle_(std::move(handle)), capacity_(capacity) {}

  /// Durable afterwards: content and size, not the name.
  [[nodiscard]] Result<void> sync() {
    if (auto open = check_open(); !open) {
      return open;
    }
    const std::lock_guard guard(handle_.state().mutex);
    auto fault = handle_.state().enter(CallKind::sync, "sync", handle_.path());
    if (!fault) {
      return propagate(std::move(fault));
    }
    if (*fault != nullptr) {
      handle_.file().forget_unsynced(**fault == FaultKind::sync_fails_pages_visible);
      return fail(ErrorCode::io, handle_.path(), ": sync failed: simulated input/output error");
    }
    handle_.file().sync();
    return {};
  }

  [[nodiscard]] Result<void> close() {
    if (!handle_.is_open()) {
      return {};
    }
    const std::lock_guard guard(handle_.state().mutex);
    auto fault = handle_.state().enter(CallKind::close, "close", handle_.path());
    if (fault) {
      handle_.file().truncate(size_);
    }
    handle_.release();
    if (!fault) {
      return propagate(std::move(fault));
    }
    if (*fault != nullptr) {
      return fail(ErrorCode::io, handle_.path(), ": close failed: simulated input/output error");
    }
    return {};
  }

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

 protected:
  /// `is_log`: a failed append does not move the end, and the file grows ahead of it.
  [[nodiscard]] Result<void> append_parts(std::string_view first, std::string_view second,
                                          bool is_log) {
    if (auto open = check_open(); !open) {
      return open;
    }
    const std::lock_guard guard(handle_.state().mutex);
    SimulatedFile& file = handle_.file();
    auto fault = handle_.state().enter(CallKind::append, "append", handle_.path());
    if (!fault) {
      return propagate(std::move(fault));
    }
    const std::uint64_t end = size_ + first.size() + second.size();
    if (!handle_.state().has_room(file, end)) {
      return SimulatedState::disk_full("append", handle_.path());
    }
    if (*fault != nullptr) {
      const std::string whole = std::string(first).append(second);
      const std::string_view half = std::string_view(whole).substr(0, whole.size() / 2);
      file.write(size_, half);
      size_ += is_log ? 0 : half.size();
      return SimulatedState::disk_full("append", handle_.path());
    }
    file.write(size_, first);
    file.write(size_ + first.size(), second);
    size_ = end;
    capacity_ = capacity_ > end ? capacity_ : end;
    return {};
  }
  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] Result<void> check_open() const {
    return handle_.is_open() ? Result<void>() : handle_.was_closed();
  }

 private:
  SimulatedHandle handle_;
  std::uint64_t capacity_;
  std::uint64_t size_ = 0;
};

class SimulatedWritableFile : public SimulatedAppender {
 public:
  explicit SimulatedWritableFile(SimulatedHandle handle)
      : SimulatedAppender(std::move(handle), 0) {}
  [[nodiscard]] Result<void> append(std::string_view bytes) {
    return append_parts(bytes, {}, false);
  }
  /// Nothing is held back.
  [[nodiscard]] Result<void> flush() { return check_open(); }
};

class SimulatedLogFile : public SimulatedAppender {
 public:
  using SimulatedAppender::SimulatedAppender;
  [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
    return append_parts(header, payload, true);
  }
  [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return capacity(); }
};

class SimulatedRandomFile {
 public:
  /// Requires: the state's mutex is held.
  explicit SimulatedRandomFile(SimulatedHandle handle)
      : handle_(std::move(handle)), size_(handle_.file().current.size_bytes()) {}

  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
    const std::lock_guard guard(handle_.state().mutex);
    if (auto fault = handle_.state().enter(CallKind::read, "read", handle_.path()); !fault) {
      return propagate(std::move(fault));
    }
    return handle_.file().current.read(offset, to, size);
  }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

 private:
  SimulatedHandle handle_;
  std::uint64_t size_;
};

class SimulatedLock {
 public:
  explicit SimulatedLock(SimulatedHandle handle) noexcept : handle_(std::move(handle)) {}
  SimulatedLock(SimulatedLock&&) noexcept = default;
  SimulatedLock& operator=(SimulatedLock&&) noexcept = default;
  ~SimulatedLock() {
    if (handle_.is_open()) {
      const std::lock_guard guard(handle_.state().mutex);
      handle_.file().is_locked = false;
      handle_.release();
    }
  }

 private:
  SimulatedHandle handle_;
};

}  // namespace strata::io::detail
