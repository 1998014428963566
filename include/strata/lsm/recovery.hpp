// SPDX-License-Identifier: BSL-1.0
#pragma once

/// From a directory to a running database.
///
/// Recovery reads first and writes last: lock, manifest, tables, log. Only when all of it was
/// understood does it change anything, in this order: what the log held goes into new tables,
/// synced; a new manifest that names them and the next log segment replaces the old one in one
/// rename; only then are old log segments, old manifests and orphans removed (invariants 3, 4).
/// Replayed data is rewritten rather than kept in the old log, because pages of a log whose sync
/// once failed may be in the cache and not on the disk (RocksDB #4990). A crash at any point
/// inside leaves the old state or the new one.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/lsm/live_compaction.hpp>
#include <strata/lsm/log_replay.hpp>
#include <strata/lsm/stored_families.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/version/manifest.hpp>
#include <strata/wal/options.hpp>

namespace strata::lsm {

/// Takes back the tables that `core` made since the number `first` was the next.
template <class Core>
void remove_files_from(Core& core, std::uint64_t first) {
  const std::uint64_t end = core.next_file_number();
  for (std::uint64_t number = first; number < end; ++number) {
    (void)core.file_system().remove(table_path(core.path(), number));
    (void)core.file_system().remove(value_path(core.path(), number));
  }
}

template <class Core>
class Recovery {
  using Db = typename Core::Db;
  using FileSystem = typename Core::FileSystem;
  using Options = typename Core::Options;
  using Checksum = typename Db::Checksum;
  using State = version::State;

 public:
  [[nodiscard]] static Result<std::unique_ptr<Core>> open(std::string path, Options options) {
    if (path.empty()) {
      return fail(ErrorCode::invalid_argument, "the path is empty; give a directory");
    }
    if (auto sound = check_compaction<Core>(options); !sound) {
      return propagate(std::move(sound));
    }
    Recovery recovery(std::make_unique<Core>(std::move(path), std::move(options)));
    if (auto done = recovery.run(); !done) {
      recovery.remove_own_tables();
      return propagate(std::move(done));
    }
    return std::move(recovery.core_);
  }

 private:
  explicit Recovery(std::unique_ptr<Core> core)
      : core_(std::move(core)), fs_(core_->file_system()), path_(core_->path()) {}

  [[nodiscard]] Result<void> run() {
    if (auto exists = directory_exists(); !exists) {
      return exists;
    }
    // Before the lock, which creates a file: a foreign directory stays untouched.
    if (auto ours = list_names(); !ours) {
      return ours;
    }
    if (!core_->options().read_only) {
      auto lock = fs_.lock(io::join(path_, lock_name));
      if (!lock) {
        return propagate(std::move(lock));
      }
      lock_.emplace(std::move(*lock));
    }
    if (auto listed = list_names(); !listed) {
      return listed;
    }
    if (auto loaded = load_state(); !loaded) {
      return loaded;
    }
    complete_families(*core_, state_);
    if (auto tables = open_tables(); !tables) {
      return tables;
    }
    next_file_number_ = std::max(state_.next_file_number, number_after_all(names_));
    core_->set_next_file_number(next_file_number_);
    LogReplay replay(*core_, state_);
    if (auto replayed = replay.run(); !replayed) {
      return replayed;
    }
    return core_->options().read_only ? start_read_only(replay) : start(replay);
  }

  /// Makes the directory where that is wanted. Its parent must exist.
  [[nodiscard]] Result<void> directory_exists() {
    auto there = fs_.exists(path_);
    if (!there) {
      return propagate(std::move(there));
    }
    if (*there) {
      return {};
    }
    if (!core_->options().create_if_missing || core_->options().read_only) {
      return fail(ErrorCode::not_found, path_,
                  ": there is no such directory; set Options::create_if_missing to make it");
    }
    auto made = fs_.create_directory(path_);
    return made ? fs_.sync_directory(io::parent_of(path_)) : made;
  }

  /// Error: there are files, and no database.
  [[nodiscard]] Result<void> list_names() {
    auto names = fs_.list(path_);
    if (!names) {
      return propagate(std::move(names));
    }
    names_ = std::move(*names);
    if (has_database()) {
      return {};
    }
    const auto why = version::why_no_database(path_, names_);
    return why.value().code() == ErrorCode::not_found ? Result<void>() : why;
  }
  [[nodiscard]] bool has_database() const {
    return std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
      return classify(name).kind == FileKind::current;
    });
  }

  [[nodiscard]] Result<void> load_state() {
    if (has_database()) {
      if (core_->options().error_if_exists) {
        return fail(ErrorCode::already_exists, path_,
                    ": there is a database already; clear Options::error_if_exists to open it");
      }
      auto state = version::read_manifest<FileSystem, Checksum>(fs_, path_);
      if (!state) {
        return propagate(std::move(state));
      }
      state_ = std::move(*state);
      return check_families(*core_, state_);
    }
    return new_state();
  }

  [[nodiscard]] Result<void> new_state() {
    if (!core_->options().create_if_missing || core_->options().read_only) {
      return fail(ErrorCode::not_found, path_,
                  ": there is no database here; set Options::create_if_missing to make one");
    }
    state_.database_id = new_database_id();
    state_.fingerprint = core_->fingerprint();
    return {};
  }

  [[nodiscard]] Result<void> open_tables() {
    Result<void> outcome;
    core_->for_each_tree([&](auto& tree) {
      using Files = typename std::remove_reference_t<decltype(tree)>::Files;
      using Values = typename std::remove_reference_t<decltype(tree)>::Values;
      auto& family = family_of(state_, tree);
      std::vector<Files> levels;
      for (const auto& level : family.levels) {
        auto files = outcome ? tree.open_tables(level)
                             : Result<Files>(tl::unexpected<Error>(outcome.error()));
        if (!files) {
          outcome = must_be_there(files.error());
          return;
        }
        levels.push_back(std::move(*files));
      }
      auto values = outcome ? tree.open_values(family.value_files)
                            : Result<typename Values::List>(propagate(outcome));
      outcome = values ? tree.install_levels(std::move(levels), *values)
                       : Result<void>(must_be_there(values.error()));
    });
    return outcome;
  }
  /// A file that the manifest names and that is gone is damage: `not_found` would say that there is
  /// no database.
  [[nodiscard]] static tl::unexpected<Error> must_be_there(const Error& error) {
    if (error.code() != ErrorCode::not_found) {
      return tl::unexpected<Error>(error);
    }
    return fail(ErrorCode::corruption, error.message(),
                "; the manifest names this file, or is cut off; restore a backup, or repair");
  }

  [[nodiscard]] Result<void> start(LogReplay<Core>& replay) {
    if (auto finished = replay.finish(); !finished) {
      return finished;
    }
    if (auto synced = fs_.sync_directory(path_); !synced) {
      return synced;
    }
    for (auto& family : state_.families) {
      family.flushed_through = replay.last_sequence();  // nothing is left in memory
    }
    state_.last_sequence = replay.last_sequence();
    state_.next_file_number = core_->next_file_number();
    state_.first_log_segment = replay.next_segment();
    is_committing_ = true;
    auto manifest = Core::Manifest::create(fs_, path_, state_,
                                           {.roll_bytes = core_->options().manifest_roll_bytes});
    if (!manifest) {
      return propagate(std::move(manifest));
    }
    auto log = Core::Log::create(fs_, path_, core_->options().wal,
                                 wal::Start{.database_id = state_.database_id,
                                            .next_segment_id = replay.next_segment(),
                                            .last_sequence = state_.last_sequence});
    if (!log) {
      return propagate(std::move(log));
    }
    remove_unneeded();
    core_->start(std::move(lock_), std::move(*manifest), std::move(*log), state_.database_id,
                 state_.last_sequence);
    return {};
  }
  [[nodiscard]] Result<void> start_read_only(const LogReplay<Core>& replay) {
    core_->start(std::nullopt, std::nullopt, std::nullopt, state_.database_id,
                 replay.last_sequence());
    return {};
  }

  /// Whatever the manifest does not name: old logs and manifests, orphans of a crash. Failing to
  /// remove one is no failure of the open; the next one tries again.
  void remove_unneeded() {
    for (const std::string& name : names_) {
      const auto file = classify(name);
      const bool is_old_log = file.kind == FileKind::log && file.number < state_.first_log_segment;
      const bool is_orphan =
          (file.kind == FileKind::table || file.kind == FileKind::values) && !is_named(file.number);
      if (is_old_log || is_orphan || file.kind == FileKind::temporary) {
        (void)fs_.remove(io::join(path_, name));
      }
    }
  }
  /// A failed open leaves nothing behind. Once the new manifest is being written its outcome is in
  /// doubt, and with it whether the tables are needed.
  void remove_own_tables() {
    if (!is_committing_ && lock_) {
      remove_files_from(*core_, next_file_number_);
    }
  }
  [[nodiscard]] bool is_named(std::uint64_t number) const {
    for (const auto& family : state_.families) {
      for (const auto& level : family.levels) {
        for (const auto& table : level) {
          if (table.number == number) {
            return true;
          }
        }
      }
      for (const auto& file : family.value_files) {
        if (file.number == number) {
          return true;
        }
      }
    }
    return false;
  }

  /// Tells the files of one database from those of another that were copied over them.
  [[nodiscard]] static std::uint64_t new_database_id() {
    std::random_device entropy;
    return (std::uint64_t{entropy()} << 32) | entropy();
  }

  std::unique_ptr<Core> core_;
  FileSystem& fs_;
  const std::string& path_;
  std::optional<typename FileSystem::Lock> lock_;
  std::vector<std::string> names_;
  State state_;
  std::uint64_t next_file_number_ = 1;
  bool is_committing_ = false;
};

}  // namespace strata::lsm
