// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The state behind all handles of one simulated file system, and the gate that every call
/// passes: numbering, trace, crash, faults, room on the disk. One mutex guards all of it.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/detail/crash_image.hpp>
#include <strata/io/detail/name_tree.hpp>
#include <strata/io/faults.hpp>

namespace strata::io::detail {

struct SimulatedState {
  using File = SimulatedFile;
  using Tree = SimulatedTree;
  using FilePointer = std::shared_ptr<File>;

  std::mutex mutex;
  Tree tree;
  DurableNames durable_names;
  std::vector<Tree::Changes> pending;  ///< operations on directories, not synced, oldest first
  FaultPlan faults;
  std::uint64_t calls = 0;
  std::uint64_t read_calls = 0;
  std::uint64_t crash_at = 0;  ///< 0: never
  std::uint64_t capacity_bytes = unlimited;
  std::vector<FilePointer> open_files;  ///< one entry a handle
  std::vector<std::string> trace;
  bool is_traced = false;

  static constexpr std::uint64_t unlimited = std::uint64_t{1} << 40;

  [[nodiscard]] bool has_crashed() const noexcept { return crash_at != 0 && calls >= crash_at; }

  /// To be called first by every call. An error: the call does nothing but return it. A fault: the
  /// call carries out its part of it. Null: all is well.
  [[nodiscard]] Result<const FaultKind*> enter(CallKind kind, std::string_view call,
                                               std::string_view path,
                                               std::string_view other_path = {}) {
    const bool reading = is_reading(kind);
    const std::uint64_t number = reading ? ++read_calls : ++calls;
    if (is_traced) {
      trace.push_back((reading ? "r" : "") + std::to_string(number) + " " + std::string(call) +
                      " " + std::string(path));
    }
    if (has_crashed()) {
      return fail(ErrorCode::io, path, ": ", call, " failed: simulated crash");
    }
    const FaultKind* const fault = faults.next(kind, number, path, other_path);
    if (fault == nullptr) {
      return fault;
    }
    switch (*fault) {
      case FaultKind::eio:
      case FaultKind::read_eio:
        return fail(ErrorCode::io, path, ": ", call, " failed: simulated input/output error");
      case FaultKind::enospc: return disk_full(call, path);
      case FaultKind::emfile:
        return fail(ErrorCode::io, path, ": ", call,
                    " failed: too many open files (simulated); raise the limit of open files "
                    "(ulimit -n)");
      default: return fault;
    }
  }

  [[nodiscard]] static tl::unexpected<Error> disk_full(std::string_view call,
                                                       std::string_view path) {
    return fail(ErrorCode::disk_full, path, ": ", call, " failed: no space left (simulated)");
  }

  /// Takes note of what an operation did to directories.
  [[nodiscard]] Result<void> done(Result<Tree::Changes>&& changes) {
    if (!changes) {
      return propagate(std::move(changes));
    }
    if (!changes->empty()) {
      pending.push_back(std::move(*changes));
    }
    return {};
  }

  void sync_names(const Tree::DirectoryPointer& directory) {
    std::vector<Tree::Changes> kept;
    for (Tree::Changes& operation : pending) {
      if (!touches(operation, directory)) {
        kept.push_back(std::move(operation));
        continue;
      }
      for (const Tree::Change& change : operation) {
        Tree::assign(durable_names[change.directory], change);
        supersede(kept, change);
      }
    }
    pending = std::move(kept);
  }

  /// What the files take that have a name or a handle.
  [[nodiscard]] std::uint64_t used_bytes() const {
    std::map<const File*, std::uint64_t> sizes;
    add_sizes(*tree.root(), sizes);
    for (const FilePointer& file : open_files) {
      sizes[file.get()] = file->current.size_bytes();
    }
    std::uint64_t sum = 0;
    for (const auto& [file, size] : sizes) {
      sum += size;
    }
    return sum;
  }
  /// Whether `file` may grow to `size`.
  [[nodiscard]] bool has_room(const File& file, std::uint64_t size) const {
    return capacity_bytes == unlimited || size <= file.current.size_bytes() ||
           used_bytes() + (size - file.current.size_bytes()) <= capacity_bytes;
  }

 private:
  [[nodiscard]] static bool touches(const Tree::Changes& operation,
                                    const Tree::DirectoryPointer& directory) {
    for (const Tree::Change& change : operation) {
      if (change.directory == directory) {
        return true;
      }
    }
    return false;
  }
  /// A durable rename out of another directory overtakes what was done to that name before.
  static void supersede(std::vector<Tree::Changes>& operations, const Tree::Change& later) {
    for (Tree::Changes& operation : operations) {
      std::erase_if(operation, [&later](const Tree::Change& earlier) {
        return earlier.directory == later.directory && earlier.name == later.name;
      });
    }
  }
  static void add_sizes(const Tree::Directory& directory,
                        std::map<const File*, std::uint64_t>& sizes) {
    for (const auto& [name, node] : directory.entries) {
      if (node.file) {
        sizes[node.file.get()] = node.file->current.size_bytes();
      } else {
        add_sizes(*node.directory, sizes);
      }
    }
  }
};

/// Keeps a file open: counted while it lives.
class SimulatedHandle {
 public:
  using State = SimulatedState;

  /// Requires: the state's mutex is held.
  SimulatedHandle(std::shared_ptr<State> state, State::FilePointer file, std::string path)
      : state_(std::move(state)), file_(std::move(file)), path_(std::move(path)) {
    state_->open_files.push_back(file_);
  }
  SimulatedHandle(SimulatedHandle&&) noexcept = default;
  SimulatedHandle& operator=(SimulatedHandle&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(file_, other.file_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~SimulatedHandle() {
    if (is_open()) {
      const std::lock_guard guard(state_->mutex);
      release();
    }
  }

  [[nodiscard]] bool is_open() const noexcept { return file_ != nullptr; }
  [[nodiscard]] State& state() const noexcept { return *state_; }
  [[nodiscard]] SimulatedFile& file() const noexcept { return *file_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Requires: the state's mutex is held.
  void release() {
    auto& open = state_->open_files;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (open[i] == file_) {
        open[i] = std::move(open.back());
        open.pop_back();
        break;
      }
    }
    file_.reset();
  }
  [[nodiscard]] tl::unexpected<Error> was_closed() const {
    return fail(ErrorCode::closed, path_, ": the file was closed");
  }

 private:
  std::shared_ptr<State> state_;
  State::FilePointer file_;
  std::string path_;
};

}  // namespace strata::io::detail
