// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a database is made of: its options, its cache, its snapshots and its trees, by number and
/// by name. `EngineCore` adds the log, the manifest and the workers, and drives all of it.
///
/// Threads: options, path and policies are constant; limits, snapshots, numbers of files and the
/// set of dynamic families change under any thread, as their own types promise; what recovery sets
/// (`set_*`) changes before there are others. Tested through the engine:
/// tests/lsm/dynamic_family_test.cpp, tests/lsm/engine_test.cpp.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/epoch.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm/engine_options.hpp>
#include <strata/lsm/live_options.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/tree_set.hpp>
#include <strata/lsm/tree_types.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/wal/options.hpp>

namespace strata::lsm {

template <class Composition>
class EngineState {
 public:
  using Db = typename Composition::Database;
  using FileSystem = typename Db::FileSystem;
  using Checksum = typename Db::Checksum;
  using Clock = typename Db::Clock;
  using Metrics = typename Db::Metrics::type;
  using Options = EngineOptions<Composition, is_unnamed<Composition>>;
  using BlockCache = typename DatabaseTypes<Db>::BlockCache;
  static constexpr std::size_t family_count = Composition::family_count;
  static constexpr bool keeps_log = Db::Wal::keeps_log;
  using FamilyTuple = typename Composition::FamilyTuple;
  using Trees = TreeSet<Db, FamilyTuple>;
  template <std::size_t I>
  using TreeAt = typename Trees::template TreeAt<I>;
  using DynamicTree = typename Trees::DynamicTree;
  static constexpr bool has_dynamic = Trees::has_dynamic;

  EngineState(std::string path, Options options)
      : options_(std::move(options)),
        path_(std::move(path)),
        file_system_(options_.file_system),
        cache_(options_.cache),
        metrics_() {
    trees_.make([this]<class TreeT, std::size_t I>() {
      return std::make_unique<TreeT>(FamilyId{static_cast<std::uint32_t>(I)}, file_system_, path_,
                                     typename TreeT::Options(options_.template of_family<I>()),
                                     cache_, epochs_);
    });
  }
  EngineState(const EngineState&) = delete;
  EngineState& operator=(const EngineState&) = delete;

  /// As they were at open.
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  /// See lsm/live_options.hpp.
  [[nodiscard]] const LiveLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] FileSystem& file_system() noexcept { return file_system_; }
  [[nodiscard]] BlockCache& cache() noexcept { return cache_; }
  [[nodiscard]] Metrics& metrics() noexcept { return metrics_; }
  [[nodiscard]] std::string family_name(std::size_t i) const {
    if constexpr (has_dynamic) {
      if (i >= first_dynamic_family) {
        return trees_.dynamic().name_of({static_cast<std::uint32_t>(i)});
      }
    }
    return std::string(lsm::family_name<Composition>(i));
  }
  [[nodiscard]] std::string fingerprint() const { return database_fingerprint<Composition>(); }
  [[nodiscard]] std::string family_fingerprint(std::size_t i) const {
    return lsm::family_fingerprint<Composition>(i);
  }
  [[nodiscard]] std::string composition() const { return describe<Composition>(); }
  /// Whether something may be in memory that no log has.
  [[nodiscard]] bool has_unlogged() const noexcept { return has_unlogged_.load(); }
  [[nodiscard]] std::size_t live_snapshots() const { return snapshots_.size(); }
  /// What the log held when the database was opened.
  [[nodiscard]] const wal::ReplayReport& replay_report() const noexcept { return replay_report_; }
  void set_replay_report(wal::ReplayReport report) { replay_report_ = std::move(report); }
  void set_next_file_number(std::uint64_t number) noexcept { next_file_number_.store(number); }
  [[nodiscard]] std::vector<Sequence> snapshot_sequences() const { return snapshots_.sequences(); }
  [[nodiscard]] std::uint64_t next_file_number() noexcept { return next_file_number_.fetch_add(1); }
  [[nodiscard]] Result<void> sync_directory() { return file_system_.sync_directory(path_); }

  template <std::size_t I>
  [[nodiscard]] TreeAt<I>& tree() noexcept {
    return trees_.template at<I>();
  }
  template <class Visit>
  void for_each_tree(Visit visit) {
    trees_.for_each(visit);
  }
  /// Calls `visit(tree)` for the family; nothing if there is none of that number.
  template <class Visit>
  void with_tree(FamilyId family, Visit visit) {
    trees_.with(family, visit);
  }

  // Dynamic families: see lsm/dynamic_family.hpp.

  [[nodiscard]] auto& dynamic_trees() noexcept { return trees_.dynamic(); }
  [[nodiscard]] std::string dynamic_fingerprint() const {
    return detail::fingerprint_of_family<typename Db::Dynamic>();
  }
  /// Of the composition, or dynamic.
  [[nodiscard]] bool has_family(std::string_view name) const {
    for (std::size_t i = 0; i < family_count; ++i) {
      if (lsm::family_name<Composition>(i) == name) {
        return true;
      }
    }
    return trees_.dynamic().find(name) != nullptr;
  }
  [[nodiscard]] FamilyId take_family_id() noexcept { return {next_family_id_++}; }
  void set_next_family_id(std::uint32_t id) noexcept {
    next_family_id_ = std::max(next_family_id_, id);
  }
  auto add_dynamic_family(FamilyId id, std::string name) {
    auto tree = std::make_shared<DynamicTree>(
        id, file_system_, path_, typename DynamicTree::Options(options_.dynamic_families), cache_,
        epochs_);
    trees_.dynamic().add(std::move(name), tree);
    return tree;
  }

 protected:
  ~EngineState() = default;

  /// A batch may name only families that are there. One that is dropped before the batch commits
  /// takes its part of the batch with it.
  [[nodiscard]] Result<void> check_dynamic(const WriteBatch& batch) {
    if (batch.family_most().value < first_dynamic_family) {
      return {};
    }
    BatchReader reader(batch.bytes());
    BatchOperation operation;
    while (reader.next(operation)) {
      if (operation.family.value >= first_dynamic_family &&
          trees_.dynamic().find(operation.family) == nullptr) {
        return fail(ErrorCode::not_found, path_, ": the batch writes to family number ",
                    std::to_string(operation.family.value), ", which was dropped");
      }
    }
    return {};
  }

  Options options_;
  LiveLimits limits_{{options_.write_buffer_bytes}, {options_.log_bytes_max}};
  std::string path_;
  FileSystem file_system_;
  std::optional<typename FileSystem::Lock> lock_;  // above the trees, which may remove files yet
  BlockCache cache_;
  EpochDomain epochs_;  // below the cache: retired views hold tables, which give back their budget
  [[no_unique_address]] Metrics metrics_;
  SnapshotList snapshots_;
  Trees trees_;
  std::uint32_t next_family_id_ = first_dynamic_family;  ///< in commit order
  std::atomic<std::uint64_t> next_file_number_{1};
  wal::ReplayReport replay_report_;
  std::atomic<bool> has_unlogged_{false};
};

}  // namespace strata::lsm
