// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The engine's public face: `Engine<Composition>`, its families, and the names people use.
///
///     auto opened = strata::LsmTree<>::open(path);            // Result<LsmTree<>>
///     strata::LsmTree<> db = std::move(*opened);
///     auto done = db.put("key", "value");
///
/// An `Engine` is a movable handle; any number of threads may use one, and its families, at once.
/// Cursors and snapshots must not outlive it. Every operation returns a `Result` and throws
/// nothing. `close()` reports what a destructor could not; durability never needs either.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/lsm/changes.hpp>
#include <strata/lsm/checkpoint.hpp>
#include <strata/lsm/dynamic_family.hpp>
#include <strata/lsm/engine_core.hpp>
#include <strata/lsm/family.hpp>
#include <strata/lsm/family_access.hpp>
#include <strata/lsm/inspect.hpp>
#include <strata/lsm/recovery.hpp>

namespace strata {

namespace lsm {
template <class Core>
class Repair;
}

template <class Composition>
class Engine {
  static constexpr bool unnamed = lsm::is_unnamed<Composition>;

 public:
  using Core = lsm::EngineCore<Composition>;
  using Options = typename Core::Options;
  using First = FamilyHandle<Core, 0>;
  using Cursor = typename First::Cursor;
  using TableWriter = typename First::TableWriter;

  /// Opens or creates the database at `path`, replaying what the log holds.
  /// Errors: locked, incompatible_format (foreign directory, another composition), newer_format,
  /// corruption, not_found, already_exists, io; invalid_argument names the option that makes no
  /// sense. A failed open changes nothing.
  [[nodiscard]] static Result<Engine> open(std::string_view path, Options options = {}) {
    auto core = lsm::Recovery<Core>::open(std::string(path), std::move(options));
    if (!core) {
      return propagate(std::move(core));
    }
    return Engine(std::move(*core));
  }

  /// Makes a damaged database open again and says what is lost; see lsm/repair.hpp, which must be
  /// included to call it. The database must be closed. `options` as for `open`.
  template <class Composed = Composition>
  [[nodiscard]] static auto repair(std::string_view path, Options options = {}) {
    return lsm::Repair<lsm::EngineCore<Composed>>::run(std::string(path), std::move(options));
  }

  template <FixedString Name>
  [[nodiscard]] auto family() noexcept {
    constexpr std::size_t at =
        lsm::family_position<typename Composition::FamilyTuple>::of(Name.view());
    static_assert(at < Composition::family_count,
                  "strata: this database has no family of that name");
    return FamilyHandle<Core, at>(*core_);
  }

  /// Makes a family of the policies of `DynamicFamilies`; durable when it returns.
  /// Errors: already_exists, invalid_argument (no name), and those of every write.
  [[nodiscard]] auto create_family(std::string_view name) requires Core::has_dynamic {
    return dynamic_family(lsm::create_family(*core_, name));
  }
  /// A family that was made at run time. Errors: not_found, closed.
  [[nodiscard]] auto open_family(std::string_view name) requires Core::has_dynamic {
    using Found = Result<std::shared_ptr<typename Core::DynamicTree>>;
    auto tree = core_->dynamic_trees().find(name);
    return dynamic_family(
        tree ? Found(std::move(tree))
             : Found(fail(ErrorCode::not_found, core_->path(), ": there is no dynamic family '",
                          name, "'; create it, or see family_names()")));
  }
  /// Everything in it is gone when this returns, and durably so; cursors that are open go on.
  /// Errors: not_found, and those of every write.
  [[nodiscard]] Result<void> drop_family(std::string_view name) requires Core::has_dynamic {
    return lsm::drop_family(*core_, name);
  }
  /// Of all families, those of the composition first.
  [[nodiscard]] std::vector<std::string> family_names() const {
    std::vector<std::string> names;
    core_->for_each_tree([&](auto& tree) { names.push_back(core_->family_name(tree.id().value)); });
    return names;
  }

  /// Commits a batch: whole or not at all, over any families.
  [[nodiscard]] Result<void> write(const WriteBatch& batch, const WriteOptions& options = {}) {
    return core_->write(batch, options);
  }
  /// Everything acknowledged before the call survives a power loss once it returns.
  [[nodiscard]] Result<void> sync() { return core_->sync(); }
  /// Moves everything in memory to tables.
  [[nodiscard]] Result<void> flush() { return core_->flush(); }
  /// Changes options while the database is open; see lsm/live_options.hpp.
  [[nodiscard]] Result<void> set_options(const LiveOptions& options) {
    return core_->set_options(options);
  }
  /// Does what has become due by time alone; see lsm/tick.hpp. Executors with threads call it.
  [[nodiscard]] Result<void> tick() { return core_->tick(); }
  [[nodiscard]] Snapshot snapshot() { return core_->snapshot(); }
  [[nodiscard]] Sequence last_sequence() const { return core_->visible().load(); }
  /// Reports what could not be finished. Afterwards every operation answers `closed`.
  [[nodiscard]] Result<void> close() { return core_->close(); }

  /// Reads every table of the current version and checks everything in it.
  [[nodiscard]] Result<void> verify() { return lsm::verify(*core_); }
  [[nodiscard]] Stats stats() { return lsm::stats(*core_); }
  [[nodiscard]] Health health() { return lsm::health(*core_); }
  /// "levels", "memory", "log", "cache", "composition", "sequence": a line of text each;
  /// `invalid_argument` lists the names for any other.
  [[nodiscard]] Result<std::string> property(std::string_view name) {
    return lsm::property(*core_, name);
  }
  /// A copy of the database at `target`, by hard links: consistent, and open-able on its own.
  [[nodiscard]] Result<void> checkpoint(std::string_view target) {
    return lsm::checkpoint(*core_, target);
  }
  /// Calls `visit(Sequence, const BatchOperation&) -> bool` for each operation after `sequence`, in
  /// commit order, while it returns true. Errors: not_found where the log no longer reaches back
  /// that far (take a checkpoint and start from its sequence).
  template <class Visit>
  [[nodiscard]] Result<void> changes_since(Sequence sequence, Visit&& visit) {
    return lsm::changes_since(*core_, sequence, std::forward<Visit>(visit));
  }

  // The unnamed family, spoken to directly.

  [[nodiscard]] Result<std::optional<std::string>> get(
      std::string_view key, const ReadOptions& options = {}) const requires unnamed {
    return First(*core_).get(key, options);
  }
  template <class Visit>
  requires(unnamed&& std::is_invocable_v<Visit, std::string_view>)
      [[nodiscard]] Result<bool> get(std::string_view key, Visit&& visit,
                                     const ReadOptions& options = {}) const {
    return First(*core_).get(key, std::forward<Visit>(visit), options);
  }
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> multi_get(
      const std::vector<std::string_view>& keys,
      const ReadOptions& options = {}) const requires unnamed {
    return First(*core_).multi_get(keys, options);
  }
  [[nodiscard]] Result<void> put(std::string_view key, std::string_view value,
                                 const WriteOptions& options = {}) requires unnamed {
    return First(*core_).put(key, value, options);
  }
  [[nodiscard]] Result<void> erase(std::string_view key,
                                   const WriteOptions& options = {}) requires unnamed {
    return First(*core_).erase(key, options);
  }
  [[nodiscard]] Result<void> erase_range(std::string_view first, std::string_view last,
                                         const WriteOptions& options = {}) requires unnamed {
    return First(*core_).erase_range(first, last, options);
  }
  [[nodiscard]] Result<void> merge(std::string_view key, std::string_view operand,
                                   const WriteOptions& options = {}) requires unnamed {
    return First(*core_).merge(key, operand, options);
  }
  template <class Range>
  requires unnamed [[nodiscard]] Result<void> bulk_load(Range&& sorted) {
    return First(*core_).bulk_load(std::forward<Range>(sorted));
  }
  [[nodiscard]] Result<void> ingest(const std::vector<std::string>& table_files,
                                    const IngestOptions& options = {}) requires unnamed {
    return First(*core_).ingest(table_files, options);
  }
  [[nodiscard]] Cursor cursor(const ReadOptions& options = {}) const requires unnamed {
    return First(*core_).cursor(options);
  }
  [[nodiscard]] Result<void> compact(const CompactOptions& options) requires unnamed {
    return First(*core_).compact(options);
  }
  [[nodiscard]] Result<void> compact(
      std::optional<std::string_view> first = std::nullopt,
      std::optional<std::string_view> last = std::nullopt) requires unnamed {
    return First(*core_).compact(first, last);
  }

  [[nodiscard]] typename First::CompactionOptions compaction_options() const requires unnamed {
    return First(*core_).compaction_options();
  }
  [[nodiscard]] Result<void> set_compaction_options(
      const typename First::CompactionOptions& options) requires unnamed {
    return First(*core_).set_compaction_options(options);
  }

  template <bool Reversed = false>
  requires unnamed [[nodiscard]] auto scan(std::optional<std::string_view> first = std::nullopt,
                                           std::optional<std::string_view> last = std::nullopt,
                                           const ReadOptions& options = {}) const {
    return First(*core_).template scan<Reversed>(first, last, options);
  }
  template <bool Reversed = true>
  requires unnamed [[nodiscard]] auto scan_reversed(
      std::optional<std::string_view> first = std::nullopt,
      std::optional<std::string_view> last = std::nullopt, const ReadOptions& options = {}) const {
    return First(*core_).template scan<Reversed>(first, last, options);
  }
  template <bool Reversed = false>
  requires unnamed [[nodiscard]] auto scan_prefix(std::string_view prefix,
                                                  const ReadOptions& options = {}) const {
    return First(*core_).template scan_prefix<Reversed>(prefix, options);
  }

  [[nodiscard]] Core& core() noexcept { return *core_; }

 private:
  explicit Engine(std::unique_ptr<Core> core) noexcept : core_(std::move(core)) {}

  template <class FoundTree>
  [[nodiscard]] Result<DynamicFamily<Core>> dynamic_family(FoundTree found) {
    if (!found) {
      return propagate(std::move(found));
    }
    return DynamicFamily<Core>(*core_, {std::move(*found)});
  }

  std::unique_ptr<Core> core_;
};

/// A database of one unnamed family.
template <class... Policies>
using LsmTree = Engine<typename compose<Policies...>::type>;

/// A database of named families: `Database<Family<"a">, Family<"b", memtable::SkipList>>`.
template <class... FamiliesAndPolicies>
using Database = Engine<typename compose<FamiliesAndPolicies...>::type>;

}  // namespace strata
