// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Makes a damaged database open again, with all of it that can be read, and says what is lost.
///
/// 1. The manifest is whole: every table that it names is read. A damaged one is written anew
/// without
///    its damaged blocks, at its level; one that can not be read at all is left out.
/// 2. The manifest is damaged or missing: what its readable beginning says of the families counts;
/// all
///    tables that can be read, whether they were in use or obsolete, are merged by the sequences of
///    their entries into one run. Deleted keys whose tombstones were merged away may come back
///    then, and tables that were ingested count as older than everything else.
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
#include <map>
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
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/version/manifest.hpp>
#include <strata/version/salvage.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/options.hpp>
#include <strata/wal/segment_name.hpp>
#include <strata/wal/segments.hpp>

namespace strata {

struct RepairReport {
  bool manifest_was_damaged = false;
  std::uint64_t tables_whole = 0;
  std::uint64_t tables_rewritten = 0;  ///< in part
  std::uint64_t tables_lost = 0;
  std::vector<std::string> findings;     ///< a sentence for each damage
  std::vector<wal::LostRange> lost_log;  ///< sequences of which the log has no record any more
  std::uint64_t log_bytes_dropped = 0;

  [[nodiscard]] bool is_clean() const noexcept {
    return !manifest_was_damaged && findings.empty() && lost_log.empty() && log_bytes_dropped == 0;
  }
};

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
    auto done = report_.manifest_was_damaged ? merge_all_tables() : check_named_tables();
    done = done ? fs_.sync_directory(path_) : done;
    return done ? put_in_force() : done;
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
    know_families();
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
    know_families();
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
  void know_families() {
    add_missing_families(*core_, state_);
    core_->for_each_tree([&](auto& tree) {
      using Tree = std::remove_reference_t<decltype(tree)>;
      family_of(tree).compare = &Tree::Comparator::compare;
    });
  }
  template <class Tree>
  [[nodiscard]] version::FamilyState& family_of(const Tree& tree) {
    return *state_.find_family(tree.id().value);
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

  // The manifest is whole.

  [[nodiscard]] Result<void> check_named_tables() {
    Result<void> outcome;
    core_->for_each_tree([&](auto& tree) {
      auto& family = family_of(tree);
      outcome = outcome ? keep_readable_values(tree, family) : outcome;
      for (auto& level : family.levels) {
        std::vector<version::FileMetadata> kept;
        for (const auto& table : level) {
          auto checked = outcome ? check_table(tree, table)
                                 : Result<std::optional<version::FileMetadata>>(std::nullopt);
          if (!checked) {
            outcome = propagate(std::move(checked));
          } else if (*checked) {
            kept.push_back(std::move(**checked));
          }
        }
        level = outcome ? std::move(kept) : std::move(level);
      }
      version::forget_unused_values(family);
    });
    return outcome;
  }
  /// Takes value files that do not open off the list. What points to them stays: to read such a
  /// value is an error, where an older one must not show again.
  template <class Tree>
  [[nodiscard]] Result<void> keep_readable_values(Tree& tree, version::FamilyState& family) {
    std::vector<version::ValueFileMetadata> kept;
    for (const auto& file : family.value_files) {
      if (auto opened = tree.open_values({file})) {
        kept.push_back(file);
      } else if (opened.error().code() == ErrorCode::io || is_of_others(opened.error().code())) {
        return propagate(std::move(opened));
      } else {
        report_.findings.push_back(opened.error().message());
        damaged_.push_back(value_path(path_, file.number));
      }
    }
    family.value_files = std::move(kept);
    return {};
  }
  /// The value files that `tables` refer to, as far as they are there.
  [[nodiscard]] std::vector<version::ValueFileMetadata> values_of(
      const std::vector<version::FileMetadata>& tables) {
    table::ValueShares used;
    for (const auto& table : tables) {
      for (const auto& share : table.values) {
        add_share(used, share);
      }
    }
    std::vector<version::ValueFileMetadata> files;
    for (const auto& share : used) {
      const auto size = fs_.file_size(value_path(path_, share.file));
      if (size) {
        files.push_back({share.file, *size});
      } else {
        report_.findings.push_back(size.error().message());
      }
    }
    return files;
  }
  [[nodiscard]] static bool is_of_others(ErrorCode code) noexcept {
    return code == ErrorCode::incompatible_format || code == ErrorCode::newer_format;
  }
  /// The table as it is, or as much of it as can be read; none: nothing.
  template <class Tree>
  [[nodiscard]] Result<std::optional<version::FileMetadata>> check_table(
      Tree& tree, const version::FileMetadata& table) {
    auto files = tree.open_tables({table});
    auto whole = files ? files->front()->reader().verify() : Result<void>(propagate(files));
    if (whole) {
      ++report_.tables_whole;
      return std::optional<version::FileMetadata>(table);
    }
    // What other policies wrote is whole for those: it must not be taken for damaged.
    const ErrorCode code = whole.error().code();
    if (code == ErrorCode::io || is_of_others(code)) {
      return propagate(std::move(whole));
    }
    report_.findings.push_back(whole.error().message());
    damaged_.push_back(table_path(path_, table.number));
    auto rewritten =
        tree.rewrite_table(table, core_->next_file_number(), [this](const Error& error) {
          if (report_.findings.back() != error.message()) {
            report_.findings.push_back(error.message());
          }
        });
    if (rewritten) {
      ++(*rewritten ? report_.tables_rewritten : report_.tables_lost);
    }
    return rewritten;
  }

  // The manifest is damaged.

  [[nodiscard]] Result<void> merge_all_tables() {
    Result<void> outcome;
    core_->for_each_tree([&](auto& tree) { outcome = outcome ? merge_tables_of(tree) : outcome; });
    for (const std::string& name : names_) {
      const ClassifiedFile file = classify(name);
      const bool is_lost = file.kind == FileKind::table &&
                           std::find(taken_.begin(), taken_.end(), file.number) == taken_.end();
      if (const auto found = of_others_.find(file.number); is_lost && found != of_others_.end()) {
        return tl::unexpected<Error>(found->second);
      }
      if (is_lost) {
        ++report_.tables_lost;
        report_.findings.push_back(io::join(path_, name) + ": is no table that can be read");
        damaged_.push_back(io::join(path_, name));
      }
      if (file.kind == FileKind::log) {
        const std::uint64_t first = state_.first_log_segment;
        state_.first_log_segment = first == 0 ? file.number : std::min(first, file.number);
      }
    }
    return outcome;
  }
  template <class Tree>
  [[nodiscard]] Result<void> merge_tables_of(Tree& tree) {
    auto& family = family_of(tree);
    auto whole = readable_tables_of(tree);
    if (!whole) {
      return propagate(std::move(whole));
    }
    family.levels.assign(version::level_count, {});
    family.value_files = values_of(*whole);
    if (auto kept = keep_readable_values(tree, family); !kept) {
      return kept;
    }
    family.flushed_through = 0;
    if (whole->empty()) {
      return {};
    }
    // Of entries that lost their sequence the ones in the younger table count.
    std::sort(whole->begin(), whole->end(),
              [](const auto& a, const auto& b) { return a.number > b.number; });
    auto files = tree.open_tables(*whole);
    if (!files) {
      return propagate(std::move(files));
    }
    typename Tree::Picked all;
    all.job.output_level = version::level_count - 1;
    all.job.output_file_bytes = tree.file_bytes();
    all.bottommost = true;
    all.garbage_ratio = 1;
    all.inputs.push_back({0, std::move(*files)});
    auto values = tree.open_values(family.value_files);
    auto installed = values ? tree.install_levels({}, *values) : propagate(values);
    if (!installed) {
      return installed;
    }
    auto merged = tree.build_compaction(all, {}, [this] { return core_->next_file_number(); });
    if (!merged) {
      return propagate(std::move(merged));
    }
    for (const version::FileMetadata& table : *whole) {
      family.flushed_through = std::max(family.flushed_through, table.largest_sequence);
    }
    family.levels.back() = std::move(merged->tables);
    family.value_files.insert(family.value_files.end(), merged->values.begin(),
                              merged->values.end());
    version::forget_unused_values(family);
    return {};
  }
  /// The tables of a family that can be read; damaged ones without what can not.
  template <class Tree>
  [[nodiscard]] Result<std::vector<version::FileMetadata>> readable_tables_of(Tree& tree) {
    std::vector<version::FileMetadata> readable;
    for (const std::string& name : names_) {
      const ClassifiedFile file = classify(name);
      if (file.kind != FileKind::table) {
        continue;
      }
      auto described = tree.describe_table(io::join(path_, name), file.number);
      if (!described || described->family != tree.id().value) {
        if (!described && is_of_others(described.error().code())) {
          of_others_.emplace(file.number, described.error());
        }
        continue;  // another family's, or nobody's
      }
      taken_.push_back(file.number);
      auto checked = check_table(tree, described->metadata);
      if (!checked) {
        return propagate(std::move(checked));
      }
      if (*checked) {
        readable.push_back(std::move(**checked));
      }
    }
    return readable;
  }

  [[nodiscard]] Result<void> put_in_force() {
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
    for (const std::string& path : damaged_) {
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
  std::vector<std::uint64_t> taken_;
  std::map<std::uint64_t, Error> of_others_;  ///< tables that a family's policies can not read
  std::vector<std::string> damaged_;
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
