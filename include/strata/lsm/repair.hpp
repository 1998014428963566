// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Makes a damaged database open again, with all of it that can be read, and says what is lost.
///
/// 1. The manifest is read. If it is damaged or missing, what its readable beginning says of the
///    families counts.
/// 2. All tables are read, and what can be read of damaged ones is kept (lsm/table_rescue.hpp).
///    Without a manifest, deleted keys whose tombstones were merged away may come back then, and
///    tables that were ingested count as older than everything else.
/// 3. A new manifest is put in force; the database is opened with `RecoveryMode::salvage`, which
///    rescues what the log has beyond its damages, and closed.
///
/// Where a block or table is lost, older values of its keys may show again. Damaged files keep
/// their bytes under the name `<name>.damaged`; everything else is changed only once the new
/// manifest is in force, so a crash on the way leaves the database as it was, to be repaired again.
///
/// Source: RocksDB's and LevelDB's repairers, which put all tables into level 0; here entries are
/// merged by sequence, as places say nothing without a manifest.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/lsm/live_compaction.hpp>
#include <strata/lsm/recovery.hpp>
#include <strata/lsm/repair_report.hpp>
#include <strata/lsm/stored_families.hpp>
#include <strata/lsm/table_rescue.hpp>
#include <strata/lsm/tree_set.hpp>
#include <strata/version/manifest.hpp>
#include <strata/version/salvage.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/options.hpp>
#include <strata/wal/segment_name.hpp>
#include <strata/wal/segments.hpp>

namespace strata {

namespace lsm {

template <class Core>
class Repair {
  using Db = typename Core::Db;
  using FileSystem = typename Core::FileSystem;
  using Checksum = typename Db::Checksum;
  using Options = typename Core::Options;

 public:
  /// Errors: not_found (no directory), incompatible_format (no database, or another composition's),
  /// newer_format, locked, io, invalid_argument (`options` make no sense). None of them has changed
  /// anything.
  [[nodiscard]] static Result<RepairReport> run(const std::string& path, Options options) {
    options.read_only = false;
    options.create_if_missing = false;
    options.error_if_exists = false;
    if (auto sound = check_compaction<Core>(options); !sound) {
      return propagate(std::move(sound));
    }
    Repair repair(std::make_unique<Core>(path, options));
    if (auto done = repair.rebuild(); !done) {
      repair.remove_own_tables();
      return propagate(std::move(done));
    }
    repair.core_.reset();
    repair.lock_.reset();
    if constexpr (requires { options.wal.recovery; }) {
      options.wal.recovery = wal::RecoveryMode::salvage;
    }
    auto opened = Recovery<Core>::open(path, std::move(options));
    if (!opened) {
      return propagate(std::move(opened));
    }
    const wal::ReplayReport& log = (*opened)->replay_report();
    for (const wal::Damage& damage : log.damages) {
      repair.report_.findings.push_back(damage.file + ": offset " + std::to_string(damage.offset) +
                                        ": " + damage.what);
    }
    repair.report_.lost_log = log.lost;
    repair.report_.log_bytes_dropped = log.dropped_bytes;
    if (auto closed = (*opened)->close(); !closed) {
      return propagate(std::move(closed));
    }
    return std::move(repair.report_);
  }

 private:
  explicit Repair(std::unique_ptr<Core> core)
      : core_(std::move(core)), fs_(core_->file_system()), path_(core_->path()) {}

  [[nodiscard]] Result<void> rebuild() {
    auto names = fs_.list(path_);
    if (!names) {
      return propagate(std::move(names));
    }
    names_ = std::move(*names);
    const bool is_ours = std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
      const FileKind kind = classify(name).kind;
      return kind == FileKind::table || kind == FileKind::manifest || kind == FileKind::current;
    });
    if (!is_ours) {
      return fail(ErrorCode::incompatible_format, path_, ": holds nothing of a database to repair");
    }
    auto lock = fs_.lock(io::join(path_, lock_name));
    if (!lock) {
      return propagate(std::move(lock));
    }
    lock_.emplace(std::move(*lock));
    if (auto loaded = load_state(); !loaded) {
      return loaded;
    }
    if (auto readable = check_log_is_ours(); !readable) {
      return readable;
    }
    next_file_number_ = std::max(state_.next_file_number, number_after_all(names_));
    core_->set_next_file_number(next_file_number_);
    TableRescue rescue(*core_, state_, report_);
    Result<void> done;
    if (report_.manifest_was_damaged) {
      done = rescue.merge_all_tables(names_);
      begin_with_oldest_log();
    } else {
      done = rescue.keep_named_tables();
    }
    done = done ? fs_.sync_directory(path_) : done;
    return done ? put_in_force(rescue.damaged()) : done;
  }

  [[nodiscard]] Result<void> load_state() {
    auto whole = version::read_manifest<FileSystem, Checksum>(fs_, path_);
    if (whole) {
      state_ = std::move(*whole);
      return check_composition();
    }
    // `not_found`, `incompatible_format`: CURRENT is missing, but there are manifests or tables.
    const ErrorCode code = whole.error().code();
    if (code == ErrorCode::io || code == ErrorCode::newer_format) {
      return propagate(std::move(whole));
    }
    report_.manifest_was_damaged = true;
    report_.findings.push_back(whole.error().message());
    auto beginning = version::salvage_manifest<FileSystem, Checksum>(fs_, path_, names_);
    if (!beginning) {
      return propagate(std::move(beginning));
    }
    if (*beginning) {
      state_ = std::move(**beginning);
      return check_composition();
    }
    report_.findings.emplace_back("no manifest can be read: the composition is taken at its word");
    state_.fingerprint = core_->fingerprint();
    state_.database_id = database_id_of_log();
    complete_families(*core_, state_);
    return {};
  }
  [[nodiscard]] Result<void> check_composition() {
    bool same = state_.fingerprint == core_->fingerprint();
    for (const auto& family : state_.families) {
      same = same &&
             (family.id >= first_dynamic_family ? add_dynamic_family(family) : is_composed(family));
    }
    if (!same) {
      return fail(ErrorCode::incompatible_format, path_, ": written by [", state_.fingerprint,
                  "] or with other families; repair it with the composition that wrote it");
    }
    core_->set_next_family_id(state_.next_family_id);
    complete_families(*core_, state_);
    return {};
  }
  [[nodiscard]] bool is_composed(const version::FamilyState& family) const {
    return family.id < Core::family_count && family.name == core_->family_name(family.id) &&
           family.fingerprint == core_->family_fingerprint(family.id);
  }
  [[nodiscard]] bool add_dynamic_family(const version::FamilyState& family) {
    if constexpr (Core::has_dynamic) {
      if (family.fingerprint == core_->dynamic_fingerprint()) {
        core_->add_dynamic_family({family.id}, family.name);
        return true;
      }
    }
    return false;
  }
  /// Before anything is changed: the log is replayed only once the new manifest is in force.
  [[nodiscard]] Result<void> check_log_is_ours() {
    for (const std::string& name : names_) {
      const auto id = wal::parse_segment_name(name);
      if (!id || *id < state_.first_log_segment) {
        continue;
      }
      auto segment = wal::inspect_segment<Checksum>(fs_, path_, {state_.database_id, *id});
      if (!segment && is_of_others(segment.error().code())) {
        return propagate(std::move(segment));
      }
    }
    return {};
  }
  /// Segments of another database are not replayed. 0: there is no segment that says.
  [[nodiscard]] std::uint64_t database_id_of_log() {
    std::uint64_t newest = 0;
    for (const std::string& name : names_) {
      if (classify(name).kind != FileKind::log) {
        continue;
      }
      auto file = fs_.open(io::join(path_, name));
      std::string bytes(wal::log_header_bytes, '\0');
      auto read = file ? file->read(0, bytes.data(), bytes.size()) : Result<std::size_t>(0);
      auto header = wal::decode_log_header<Checksum>(
          std::string_view(bytes).substr(0, read ? *read : 0), wal::segment_magic, name);
      newest = header ? header->file.database_id : newest;  // names ascend
    }
    return newest;
  }

  /// Without a manifest nothing says where the log begins: at the oldest segment that is there.
  void begin_with_oldest_log() {
    for (const std::string& name : names_) {
      const ClassifiedFile file = classify(name);
      if (file.kind == FileKind::log) {
        const std::uint64_t first = state_.first_log_segment;
        state_.first_log_segment = first == 0 ? file.number : std::min(first, file.number);
      }
    }
  }
  [[nodiscard]] Result<void> put_in_force(const std::vector<std::string>& damaged) {
    state_.next_file_number = core_->next_file_number();
    for (const auto& family : state_.families) {
      state_.last_sequence = std::max(state_.last_sequence, family.flushed_through);
    }
    // Older manifests go with the new one; the damaged one stays, under another name.
    is_committing_ = true;
    for (const std::string& name : names_) {
      if (report_.manifest_was_damaged && classify(name).kind == FileKind::manifest) {
        (void)fs_.link(io::join(path_, name), io::join(path_, name + ".damaged"));
      }
    }
    auto manifest = Core::Manifest::create(fs_, path_, state_);
    auto done = manifest ? manifest->close() : propagate(std::move(manifest));
    for (const std::string& path : damaged) {
      if (auto there = fs_.exists(path); done && there && *there) {
        done = fs_.rename(path, path + ".damaged");
      }
    }
    return done ? fs_.sync_directory(path_) : done;
  }
  /// A repair that failed leaves nothing behind, unless the new manifest may be in force.
  void remove_own_tables() {
    if (!is_committing_ && lock_) {
      remove_files_from(*core_, next_file_number_);
    }
  }

  std::unique_ptr<Core> core_;
  FileSystem& fs_;
  const std::string path_;
  std::optional<typename FileSystem::Lock> lock_;
  std::vector<std::string> names_;
  version::State state_;
  std::uint64_t next_file_number_ = 1;
  bool is_committing_ = false;
  RepairReport report_;
};

}  // namespace lsm

/// Repairs a database of one unnamed family of these policies: `strata::repair<>(path)`.
template <class... Policies>
[[nodiscard]] Result<RepairReport> repair(std::string_view path,
                                          typename LsmTree<Policies...>::Options options = {}) {
  return LsmTree<Policies...>::repair(path, std::move(options));
}

}  // namespace strata
