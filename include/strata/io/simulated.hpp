// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A file system that can lose power and break, the same way each time it is asked to.
///
/// A test runs a script against it, stops it at the k-th mutating call, and opens what survived:
///
///     io::Simulated fs;
///     fs.crash_at(k);                                              // calls k, k + 1, ... fail
///     run_script(fs);
///     io::Simulated disk = fs.crash_image(io::CrashChoice::random(seed));
///     check(reopened(disk));
///
/// Running the script once more without a crash tells how many calls there are: `fs.calls()`.
/// Content and size become durable by the `sync` of their file, names by `sync_directory` of
/// their directory, and nothing else: harsher than any file system in use. `detail/crash_image.hpp`
/// says what may survive; `faults.hpp` says what may fail.
///
/// All calls are serialised by one mutex; results depend on nothing but the calls and the seed.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>
#include <strata/io/concept.hpp>
#include <strata/io/detail/crash_image.hpp>
#include <strata/io/detail/simulated_files.hpp>
#include <strata/io/detail/simulated_state.hpp>
#include <strata/io/faults.hpp>

namespace strata::io {

class Simulated {
  using State = detail::SimulatedState;
  using Tree = detail::SimulatedTree;
  using Handle = detail::SimulatedHandle;
  using CallKind = detail::CallKind;

 public:
  using policy_slot = file_system_slot;
  static constexpr std::string_view name = "simulated";

  using WritableFile = detail::SimulatedWritableFile;
  using LogFile = detail::SimulatedLogFile;
  using RandomFile = detail::SimulatedRandomFile;
  using Lock = detail::SimulatedLock;

  Simulated() : state_(std::make_shared<State>()) {}

  // --- what a test asks of it ---------------------------------------------------------------

  /// Mutating calls so far, failed ones included.
  [[nodiscard]] std::uint64_t calls() const { return locked()->calls; }
  [[nodiscard]] std::uint64_t read_calls() const { return locked()->read_calls; }

  /// The power fails just before mutating call `call` (the first is 1): it fails and does nothing,
  /// and so do all calls after it, reads included. 0: never.
  void crash_at(std::uint64_t call) { locked()->crash_at = call; }
  [[nodiscard]] bool has_crashed() const { return locked()->has_crashed(); }

  /// A new file system that holds what survives if the power fails now. This one is unchanged.
  [[nodiscard]] Simulated crash_image(CrashChoice choice) const {
    const auto state = locked();
    Simulated image;
    image.state_->tree =
        detail::CrashImage(choice).survivors(state->tree, state->durable_names, state->pending);
    image.state_->capacity_bytes = state->capacity_bytes;
    image.all_names_are_durable(image.state_->tree.root());
    return image;
  }

  /// Equal for disks of equal names and contents, as far as 64 bits of a hash can tell.
  [[nodiscard]] std::uint64_t fingerprint() const {
    return detail::fingerprint(*locked()->tree.root());
  }

  void inject(Fault fault) { locked()->faults.add(std::move(fault)); }
  void clear_faults() { locked()->faults.clear(); }
  [[nodiscard]] std::size_t faults_fired() const { return locked()->faults.fired(); }

  /// The size of the disk: what would exceed it fails with `disk_full` and does nothing.
  void set_capacity_bytes(std::uint64_t bytes) { locked()->capacity_bytes = bytes; }
  [[nodiscard]] std::uint64_t used_bytes() const { return locked()->used_bytes(); }

  /// Files and locks that are open: a test for leaks of descriptors.
  [[nodiscard]] std::size_t files_open() const { return locked()->open_files.size(); }

  /// Lists calls from now on: "12 append db/000001.log", reads as "r7 open ...".
  void start_trace() { locked()->is_traced = true; }
  [[nodiscard]] std::vector<std::string> trace() const { return locked()->trace; }

  // --- what a file system is ----------------------------------------------------------------

  [[nodiscard]] Result<WritableFile> create(const std::string& path) {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::name, "create", path); !entered) {
      return propagate(std::move(entered));
    }
    auto file = std::make_shared<detail::SimulatedFile>();
    if (auto added = state->done(state->tree.add("create", path, {file, nullptr})); !added) {
      return propagate(std::move(added));
    }
    return WritableFile(Handle(state_, std::move(file), path));
  }

  [[nodiscard]] Result<LogFile> create_log(const std::string& path, std::uint64_t capacity_bytes) {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::name, "create_log", path); !entered) {
      return propagate(std::move(entered));
    }
    auto file = std::make_shared<detail::SimulatedFile>();
    if (!state->has_room(*file, capacity_bytes)) {
      return State::disk_full("create_log", path);
    }
    if (auto added = state->done(state->tree.add("create_log", path, {file, nullptr})); !added) {
      return propagate(std::move(added));
    }
    file->current.resize(capacity_bytes);
    return LogFile(Handle(state_, std::move(file), path), capacity_bytes);
  }

  [[nodiscard]] Result<RandomFile> open(const std::string& path) const {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::open, "open", path); !entered) {
      return propagate(std::move(entered));
    }
    auto file = state->tree.find_file("open", path);
    if (!file) {
      return propagate(std::move(file));
    }
    return RandomFile(Handle(state_, std::move(*file), path));
  }

  [[nodiscard]] Result<void> rename(const std::string& from, const std::string& to) {
    const auto state = locked();
    auto fault = state->enter(CallKind::rename, "rename", from, to);
    if (!fault) {
      return propagate(std::move(fault));
    }
    auto renamed = state->done(state->tree.rename(from, to));
    if (renamed && *fault != nullptr) {
      return fail(ErrorCode::io, from, ": rename failed: simulated input/output error");
    }
    return renamed;
  }
  [[nodiscard]] Result<void> link(const std::string& from, const std::string& to) {
    const auto state = locked();
    auto entered = state->enter(CallKind::name, "link", from, to);
    return entered ? state->done(state->tree.link(from, to)) : propagate(std::move(entered));
  }
  [[nodiscard]] Result<void> remove(const std::string& path) {
    const auto state = locked();
    auto entered = state->enter(CallKind::remove, "remove", path);
    return entered ? state->done(state->tree.remove(path)) : propagate(std::move(entered));
  }

  [[nodiscard]] Result<bool> exists(const std::string& path) const {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::read, "exists", path); !entered) {
      return propagate(std::move(entered));
    }
    return bool(state->tree.find(path));
  }
  [[nodiscard]] Result<std::uint64_t> file_size(const std::string& path) const {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::read, "file_size", path); !entered) {
      return propagate(std::move(entered));
    }
    auto file = state->tree.find_file("file_size", path);
    if (!file) {
      return propagate(std::move(file));
    }
    return (*file)->current.size_bytes();
  }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::read, "list", path); !entered) {
      return propagate(std::move(entered));
    }
    auto directory = state->tree.find_directory("list", path);
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
    const auto state = locked();
    if (auto entered = state->enter(CallKind::name, "create_directory", path); !entered) {
      return propagate(std::move(entered));
    }
    return state->done(
        state->tree.add("create_directory", path, {nullptr, std::make_shared<Tree::Directory>()}));
  }
  [[nodiscard]] Result<void> remove_directory(const std::string& path) {
    const auto state = locked();
    auto entered = state->enter(CallKind::remove, "remove_directory", path);
    return entered ? state->done(state->tree.remove_directory(path))
                   : propagate(std::move(entered));
  }
  /// Durable afterwards: all names of this directory; of others only what was moved from or to it.
  [[nodiscard]] Result<void> sync_directory(const std::string& path) {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::sync_names, "sync_directory", path); !entered) {
      return propagate(std::move(entered));
    }
    auto directory = state->tree.find_directory("sync_directory", path);
    if (!directory) {
      return propagate(std::move(directory));
    }
    state->sync_names(*directory);
    return {};
  }

  [[nodiscard]] Result<Lock> lock(const std::string& path) {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::name, "lock", path); !entered) {
      return propagate(std::move(entered));
    }
    if (!state->tree.find(path)) {
      auto added = state->done(
          state->tree.add("lock", path, {std::make_shared<detail::SimulatedFile>(), nullptr}));
      if (!added) {
        return propagate(std::move(added));
      }
    }
    auto file = state->tree.find_file("lock", path);
    if (!file) {
      return propagate(std::move(file));
    }
    if (std::exchange((*file)->is_locked, true)) {
      return fail(ErrorCode::locked, path, ": locked by another handle; close that one first");
    }
    return Lock(Handle(state_, std::move(*file), path));
  }

  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::string& path) const {
    const auto state = locked();
    if (auto entered = state->enter(CallKind::read, "free_bytes", path); !entered) {
      return propagate(std::move(entered));
    }
    const std::uint64_t used = state->used_bytes();
    return used < state->capacity_bytes ? state->capacity_bytes - used : 0;
  }

 private:
  /// The state, with its mutex held.
  struct Locked {
    State* state;
    std::unique_lock<std::mutex> guard;
    State* operator->() const noexcept { return state; }
  };
  [[nodiscard]] Locked locked() const { return {state_.get(), std::unique_lock(state_->mutex)}; }

  void all_names_are_durable(const Tree::DirectoryPointer& directory) {
    state_->durable_names[directory] = directory->entries;
    for (const auto& [entry, node] : directory->entries) {
      if (node.directory) {
        all_names_are_durable(node.directory);
      }
    }
  }

  std::shared_ptr<State> state_;
};

static_assert(FileSystemPolicy<Simulated>);

}  // namespace strata::io
