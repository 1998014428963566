// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads and writes one family of a database: `db.family<"name">()`, `db.open_family("name")`.
///
/// A handle is a pointer or two: copy it. Any number of threads may use one. It must not outlive
/// its database.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/lsm/engine_core.hpp>
#include <strata/lsm/ingest.hpp>
#include <strata/lsm/live_compaction.hpp>
#include <strata/observe/timer.hpp>

namespace strata {

/// See lsm/scan.hpp, which must be included to call `scan` and its kin.
template <class Cursor, bool Reversed>
class ScanView;

namespace lsm {

/// The tree of a family that the composition names.
template <class Core, std::size_t I>
struct ComposedTree {
  using Tree = typename Core::template TreeAt<I>;
  [[nodiscard]] static Tree& in(Core& core) noexcept { return core.template tree<I>(); }
  [[nodiscard]] static FamilyId id() noexcept { return {static_cast<std::uint32_t>(I)}; }
  [[nodiscard]] static bool is_dropped() noexcept { return false; }
};

/// The tree of a dynamic family, kept alive.
template <class Core>
struct HeldTree {
  using Tree = typename Core::DynamicTree;
  std::shared_ptr<Tree> tree;
  [[nodiscard]] Tree& in(Core&) const noexcept { return *tree; }
  [[nodiscard]] FamilyId id() const noexcept { return tree->id(); }
  [[nodiscard]] bool is_dropped() const noexcept { return tree->dropped; }
};

}  // namespace lsm

/// Reads and writes one family. A cheap handle: copy it. Must not outlive its database. After its
/// family was dropped every operation answers `not_found`; cursors go on.
template <class Core, class TreeOf>
class FamilyAccess {
 public:
  using Tree = typename TreeOf::Tree;
  using Cursor = typename Tree::UserCursor;
  using CompactionOptions = typename Tree::CompactionOptions;

  explicit FamilyAccess(Core& core, TreeOf tree = {}) noexcept
      : core_(&core), tree_(std::move(tree)) {}

  [[nodiscard]] FamilyId id() const noexcept { return tree_.id(); }

  /// The value, or nullopt where the key is absent. O(log n); at most one block read a level.
  /// Errors: io, corruption (names file and offset), closed.
  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key,
                                                       const ReadOptions& options = {}) const {
    std::optional<std::string> value;
    auto found = get(
        key, [&](std::string_view bytes) { value.emplace(bytes); }, options);
    if (!found) {
      return propagate(std::move(found));
    }
    return value;
  }
  /// Calls `visit(value)` without a copy where the key is there; false where it is not. The view
  /// is valid inside the call only, which must not write to this database.
  template <class Visit>
  requires std::is_invocable_v<Visit, std::string_view>
  [[nodiscard]] Result<bool> get(std::string_view key, Visit&& visit,
                                 const ReadOptions& options = {}) const {
    if (core_->is_closed()) [[unlikely]] {
      return fail(ErrorCode::closed, core_->path(), ": the database was closed; open it again");
    }
    if (tree_.is_dropped()) [[unlikely]] {
      return was_dropped();
    }
    const metrics::SampledTimer<typename Core::Db::Metrics, typename Core::Clock> timer(
        core_->metrics(), metrics::Latency::get);
    const table::ReadOptions table_options{options.verify_checksums, options.fill_cache};
    auto found = tree().get(key, options.snapshot, core_->visible(), table_options, visit);
    core_->metrics().add(metrics::Counter::reads, 1);
    core_->metrics().add(metrics::Counter::read_hits, found && *found ? 1 : 0);
    return found;
  }
  /// One answer a key, in the order of `keys`, all as of one moment.
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> multi_get(
      const std::vector<std::string_view>& keys, const ReadOptions& options = {}) const {
    std::optional<Snapshot> own;
    ReadOptions as_of = options;
    if (options.snapshot == nullptr) {
      as_of.snapshot = &own.emplace(core_->snapshot());
    }
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const std::string_view key : keys) {
      auto value = get(key, as_of);
      if (!value) {
        return propagate(std::move(value));
      }
      values.push_back(std::move(*value));
    }
    return values;
  }

  /// Errors of all writes: invalid_argument (limits), disk_full and io (nothing was written),
  /// outcome_unknown (a sync failed), read_only, closed.
  [[nodiscard]] Result<void> put(std::string_view key, std::string_view value,
                                 const WriteOptions& options = {}) {
    WriteBatch batch;
    batch.put(id(), key, value);
    return core_->write(batch, options);
  }
  /// No error where the key is absent.
  [[nodiscard]] Result<void> erase(std::string_view key, const WriteOptions& options = {}) {
    WriteBatch batch;
    batch.erase(id(), key);
    return core_->write(batch, options);
  }
  /// Erases [first, last). O(1), whatever lies between.
  [[nodiscard]] Result<void> erase_range(std::string_view first, std::string_view last,
                                         const WriteOptions& options = {}) {
    WriteBatch batch;
    batch.erase_range(id(), first, last);
    return core_->write(batch, options);
  }
  /// Hands `operand` to the family's merge operator, later. Errors: unsupported without one.
  [[nodiscard]] Result<void> merge(std::string_view key, std::string_view operand,
                                   const WriteOptions& options = {}) {
    WriteBatch batch;
    batch.merge(id(), key, operand);
    return core_->write(batch, options);
  }

  /// A cursor as of now, or of `options.snapshot`. It stands nowhere until it is told to seek.
  [[nodiscard]] Cursor cursor(const ReadOptions& options = {}) const {
    std::uint64_t ruled_out = 0;
    auto cursor = tree().cursor(options, core_->visible(), ruled_out);
    if (ruled_out != 0) {
      core_->metrics().add(metrics::Counter::filter_range_useful, ruled_out);
    }
    pass_scans_on();
    return cursor;
  }

  /// The keys in [first, last), ascending, as a range-v3 view of {key, value}. Needs
  /// <strata/lsm/scan.hpp>.
  template <bool Reversed = false>
  [[nodiscard]] auto scan(std::optional<std::string_view> first = std::nullopt,
                          std::optional<std::string_view> last = std::nullopt,
                          ReadOptions options = {}) const {
    options.lower_bound = first;
    options.upper_bound = last;
    return ScanView<Cursor, Reversed>(cursor(options));
  }
  /// The same, descending.
  template <bool Reversed = true>
  [[nodiscard]] auto scan_reversed(std::optional<std::string_view> first = std::nullopt,
                                   std::optional<std::string_view> last = std::nullopt,
                                   const ReadOptions& options = {}) const {
    return scan<Reversed>(first, last, options);
  }
  /// The keys that begin with `prefix`. For comparators that are not bytewise use bounds.
  template <bool Reversed = false>
  [[nodiscard]] auto scan_prefix(std::string_view prefix, const ReadOptions& options = {}) const {
    const std::optional<std::string> end = prefix_successor(prefix);
    return scan<Reversed>(prefix, end ? std::optional<std::string_view>(*end) : std::nullopt,
                          options);
  }

  /// Makes tables of this family outside of the database; see lsm/table_writer.hpp.
  using TableWriter = lsm::TableWriter<typename Tree::Types>;

  /// Writes `sorted`, any range of pairs of key and value in ascending order, each key once,
  /// straight into tables: all of it appears at once, or nothing. Durable when it returns. Newer
  /// than everything before it. O(n), no log, no memtable, no compaction.
  /// Errors: invalid_argument (order, limits), disk_full, io, read_only, closed.
  template <class Range>
  [[nodiscard]] Result<void> bulk_load(Range&& sorted) {
    if (tree_.is_dropped()) {
      return was_dropped();
    }
    return lsm::bulk_load(*core_, tree(), std::forward<Range>(sorted));
  }
  /// Takes in tables that `TableWriter` made, all of them or none, as if all their entries were
  /// written now; they must not share keys. Linked, or copied from another file system.
  /// Errors: not_found, corruption, incompatible_format (made by other policies),
  /// invalid_argument (they overlap), and those of `bulk_load`.
  [[nodiscard]] Result<void> ingest(const std::vector<std::string>& table_files,
                                    const IngestOptions& options = {}) {
    if (tree_.is_dropped()) {
      return was_dropped();
    }
    return lsm::ingest(*core_, tree(), table_files, options);
  }

  /// Compacts now, as far as `options` say; see lsm/compact_range.hpp. Errors: as of writes.
  [[nodiscard]] Result<void> compact(const CompactOptions& options) {
    if (auto writable = core_->check_writable(); !writable) {
      return writable;
    }
    if (tree_.is_dropped()) {
      return was_dropped();
    }
    return core_->compact(tree(), options);
  }
  /// Merges [first, last] down to the deepest level, now. Without bounds: everything.
  [[nodiscard]] Result<void> compact(std::optional<std::string_view> first = std::nullopt,
                                     std::optional<std::string_view> last = std::nullopt) {
    return compact(CompactOptions{.first = first, .last = last});
  }

  /// Those that are in force.
  [[nodiscard]] CompactionOptions compaction_options() const {
    const std::lock_guard lock(core_->background().mutex());
    return tree().compaction_options();
  }
  /// Changes them while the database is open; see lsm/live_compaction.hpp. Errors:
  /// invalid_argument names the field, and nothing is changed; read_only, closed.
  [[nodiscard]] Result<void> set_compaction_options(const CompactionOptions& options) {
    if (auto writable = core_->check_writable(); !writable) {
      return writable;
    }
    return tree_.is_dropped() ? was_dropped()
                              : lsm::set_compaction_options(core_->background(), tree(), options);
  }

 private:
  [[nodiscard]] Tree& tree() const noexcept { return tree_.in(*core_); }
  /// Where scans may have paid for a merge. What an inline executor would do in a reader's call is
  /// left to the next flush or tick.
  void pass_scans_on() const {
    if constexpr (!Core::Db::Executor::type::is_inline) {
      if (tree().scans_ask() && !core_->options().read_only) {
        core_->background().schedule_compaction();
      }
    }
  }
  [[nodiscard]] tl::unexpected<Error> was_dropped() const {
    return fail(ErrorCode::not_found, core_->path(), ": family number ", std::to_string(id().value),
                " was dropped");
  }

  Core* core_;
  [[no_unique_address]] TreeOf tree_;
};

/// A family that the composition names: `db.family<"name">()`.
template <class Core, std::size_t I>
using FamilyHandle = FamilyAccess<Core, lsm::ComposedTree<Core, I>>;

/// A family that was made at run time: `db.open_family("name")`.
template <class Core>
using DynamicFamily = FamilyAccess<Core, lsm::HeldTree<Core>>;

}  // namespace strata
