// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A file system in memory: for tests, and for databases that need not outlive the process.
///
/// Copies of a handle share the files, so a database can be closed and opened again. Syncs do
/// nothing and say so with success. All threads may call everything; a file object belongs to one
/// thread at a time, but for `RandomFile::read`.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/name_tree.hpp>
#include <strata/io/detail/paged_bytes.hpp>

namespace strata::io {

namespace detail {

class MemoryFile {
 public:
  void write(std::uint64_t offset, std::string_view bytes) {
    const std::lock_guard guard(mutex_);
    content_.write(offset, bytes);
  }
  void write(std::uint64_t offset, std::string_view first, std::string_view second) {
    const std::lock_guard guard(mutex_);
    content_.write(offset, first);
    content_.write(offset + first.size(), second);
  }
  void resize(std::uint64_t size) {
    const std::lock_guard guard(mutex_);
    content_.resize(size);
  }
  [[nodiscard]] std::size_t read(std::uint64_t offset, char* to, std::size_t size) const {
    const std::lock_guard guard(mutex_);
    return content_.read(offset, to, size);
  }
  [[nodiscard]] std::uint64_t size_bytes() const {
    const std::lock_guard guard(mutex_);
    return content_.size_bytes();
  }

  /// Whether a `Lock` holds this file. Guarded by the file system's mutex.
  bool is_locked = false;

 private:
  mutable std::mutex mutex_;
  PagedBytes content_;
};

struct MemoryState {
  std::mutex mutex;
  NameTree<MemoryFile> names;
};

}  // namespace detail

class Memory {
  using State = detail::MemoryState;
  using File = detail::MemoryFile;
  using Tree = detail::NameTree<File>;

 public:
  using policy_slot = file_system_slot;
  static constexpr std::string_view name = "memory";

  class WritableFile {
   public:
    WritableFile(std::shared_ptr<File> file, std::string path)
        : file_(std::move(file)), path_(std::move(path)) {}

    [[nodiscard]] Result<void> append(std::string_view bytes) {
      if (!file_) {
        return fail(ErrorCode::closed, path_, ": the file was closed");
      }
      file_->write(size_, bytes);
      size_ += bytes.size();
      return {};
    }
    [[nodiscard]] Result<void> flush() { return sync(); }
    [[nodiscard]] Result<void> sync() {
      if (!file_) {
        return fail(ErrorCode::closed, path_, ": the file was closed");
      }
      return {};
    }
    [[nodiscard]] Result<void> close() {
      file_.reset();
      return {};
    }
    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

   private:
    std::shared_ptr<File> file_;
    std::string path_;
    std::uint64_t size_ = 0;
  };

  class LogFile {
   public:
    LogFile(std::shared_ptr<File> file, std::string path, std::uint64_t capacity)
        : file_(std::move(file)), path_(std::move(path)), capacity_(capacity) {}

    [[nodiscard]] Result<void> append(std::string_view header, std::string_view payload) {
      if (!file_) {
        return fail(ErrorCode::closed, path_, ": the log file was closed");
      }
      file_->write(size_, header, payload);
      size_ += header.size() + payload.size();
      capacity_ = size_ > capacity_ ? size_ : capacity_;
      return {};
    }
    [[nodiscard]] Result<void> sync() {
      if (!file_) {
        return fail(ErrorCode::closed, path_, ": the log file was closed");
      }
      return {};
    }
    [[nodiscard]] Result<void> close() {
      if (file_) {
        std::exchange(file_, nullptr)->resize(size_);
      }
      return {};
    }
    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return capacity_; }

   private:
    std::shared_ptr<File> file_;
    std::string path_;
    std::uint64_t capacity_;
    std::uint64_t size_ = 0;
  };

  class RandomFile {
   public:
    explicit RandomFile(std::shared_ptr<const File> file)
        : file_(std::move(file)), size_(file_->size_bytes()) {}

    [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
      return file_->read(offset, to, size);
    }
    [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_; }

   private:
    std::shared_ptr<const File> file_;
    std::uint64_t size_;
  };

  class Lock {
   public:
    Lock(std::shared_ptr<State> state, std::shared_ptr<File> file) noexcept
        : state_(std::move(state)), file_(std::move(file)) {}
    Lock(Lock&&) noexcept = default;
    Lock& operator=(Lock&& other) noexcept {
      std::swap(state_, other.state_);
      std::swap(file_, other.file_);
      return *this;
    }
    ~Lock() {
      if (state_) {
        const std::lock_guard guard(state_->mutex);
        file_->is_locked = false;
      }
    }

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<File> file_;
  };

  Memory() : state_(std::make_shared<State>()) {}

  [[nodiscard]] Result<WritableFile> create(const std::string& path) {
    auto file = add_file(path);
    if (!file) {
      return propagate(std::move(file));
    }
    return WritableFile(std::move(*file), path);
  }
  [[nodiscard]] Result<LogFile> create_log(const std::string& path, std::uint64_t capacity_bytes) {
    auto file = add_file(path);
    if (!file) {
      return propagate(std::move(file));
    }
    (*file)->resize(capacity_bytes);
    return LogFile(std::move(*file), path, capacity_bytes);
  }
  [[nodiscard]] Result<RandomFile> open(const std::string& path) const {
    const std::lock_guard guard(state_->mutex);
    auto file = state_->names.find_file("open", path);
    if (!file) {
      return propagate(std::move(file));
    }
    return RandomFile(std::move(*file));
  }

  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) {
    const std::lock_guard guard(state_->mutex);
    return outcome(state_->names.rename(from, to));
  }
  [[nodiscard]] Result<void> link(const std::string& from, const std::string& to) {
    const std::lock_guard guard(state_->mutex);
    return outcome(state_->names.link(from, to));
  }
  [[nodiscard]] Result<void> remove(const std::string& path) {
    const std::lock_guard guard(state_->mutex);
    return outcome(state_->names.remove(path));
  }

  [[nodiscard]] Result<bool> exists(const std::string& path) const {
    const std::lock_guard guard(state_->mutex);
    return bool(state_->names.find(path));
  }
  [[nodiscard]] Result<std::uint64_t> file_size(const std::string& path) const {
    const std::lock_guard guard(state_->mutex);
    auto file = state_->names.find_file("stat", path);
    if (!file) {
      return propagate(std::move(file));
    }
    return (*file)->size_bytes();
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const {
    const std::lock_guard guard(state_->mutex);
    auto directory = state_->names.find_directory("list", path);
    if (!directory) {
      return propagate(std::move(directory));
    }
    std::vector<std::string> names;
    for (const auto& [entry, node] : (*directory)->entries) {
      names.push_back(entry);
    }
    return names;
  }

  [[nodiscard]] Result<void> create_directory(const std::string& path) {
    const std::lock_guard guard(state_->mutex);
    return outcome(
        state_->names.add("mkdir", path, {nullptr, std::make_shared<Tree::Directory>()}));
  }
  [[nodiscard]] Result<void> remove_directory(const std::string& path) {
    const std::lock_guard guard(state_->mutex);
    return outcome(state_->names.remove_directory(path));
  }
  [[nodiscard]] Result<void> sync_directory(const std::string& path) const {
    const std::lock_guard guard(state_->mutex);
    return outcome(state_->names.find_directory("fsync", path));
  }

  [[nodiscard]] Result<Lock> lock(const std::string& path) {
    const std::lock_guard guard(state_->mutex);
    if (!state_->names.find(path)) {
      if (auto added = state_->names.add("lock", path, {std::make_shared<File>(), nullptr});
          !added) {
        return propagate(std::move(added));
      }
    }
    auto file = state_->names.find_file("lock", path);
    if (!file) {
      return propagate(std::move(file));
    }
    if (std::exchange((*file)->is_locked, true)) {
      return fail(ErrorCode::locked, path, ": locked by another handle; close that one first");
    }
    return Lock(state_, std::move(*file));
  }

  /// As much as anybody asks for: what the process may take is not known here.
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string&) const {
    return std::uint64_t{1} << 40;
  }

 private:
  template <class T>
  [[nodiscard]] static Result<void> outcome(Result<T>&& result) {
    return result ? Result<void>() : propagate(std::move(result));
  }
  [[nodiscard]] Result<std::shared_ptr<File>> add_file(const std::string& path) {
    auto file = std::make_shared<File>();
    const std::lock_guard guard(state_->mutex);
    if (auto added = state_->names.add("create", path, {file, nullptr}); !added) {
      return propagate(std::move(added));
    }
    return file;
  }

  std::shared_ptr<State> state_;
};

static_assert(FileSystemPolicy<Memory>);

}  // namespace strata::io
