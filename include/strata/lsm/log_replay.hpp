// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the log holds and no table does, back in the database.
///
/// Batches go into the memtables under the sequences that they had; those that a family has in
/// tables already are passed over, and so are those of families that were dropped since. A memtable
/// that fills becomes tables at once, so a log larger than memory can be replayed; `finish` writes
/// the rest. These tables are in the state, and in no manifest until recovery makes one. Read-only,
/// everything stays in memory.
///
/// Threads: none. Tested through opens: tests/lsm/recovery_test.cpp.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/stored_families.hpp>
#include <strata/lsm/tree_set.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/version/manifest.hpp>
#include <strata/wal/options.hpp>

namespace strata::lsm {

template <class Core>
class LogReplay {
  using Db = typename Core::Db;

 public:
  /// Requires: both outlive this; the tables that `state` names are open.
  LogReplay(Core& core, version::State& state) : core_(core), state_(state) {}

  /// Errors: corruption, io. Tables that were made by then are in no manifest.
  [[nodiscard]] Result<void> run() {
    Sequence flushed = sequence_max;
    for (const auto& family : state_.families) {
      flushed = std::min(flushed, family.flushed_through);
    }
    auto report = Db::Wal::template replay<typename Core::FileSystem, typename Db::Checksum>(
        core_.file_system(), core_.path(), core_.options().wal,
        wal::ReplayOptions{.database_id = state_.database_id,
                           .first_segment = state_.first_log_segment,
                           .after_sequence = flushed},
        [this](Sequence first, std::uint32_t, std::string_view payload) {
          return replay_batch(first, payload);
        });
    if (!report) {
      return propagate(std::move(report));
    }
    last_sequence_ = std::max(report->last_sequence, state_.last_sequence);
    for (const auto& family : state_.families) {
      last_sequence_ = std::max(last_sequence_, family.flushed_through);
    }
    next_segment_ = std::max(report->last_segment, state_.first_log_segment) + 1;
    core_.set_replay_report(std::move(*report));
    return {};
  }
  /// Writes what is still in memory as tables. `state` then names all of it.
  [[nodiscard]] Result<void> finish() {
    Result<void> outcome;
    core_.for_each_tree([&](auto& tree) {
      if (outcome) {
        outcome = flush(tree);
      }
    });
    return outcome;
  }
  /// The last that the database ever saw, in the log or in tables.
  [[nodiscard]] Sequence last_sequence() const noexcept { return last_sequence_; }
  /// Newer than all segments that are there.
  [[nodiscard]] std::uint64_t next_segment() const noexcept { return next_segment_; }

 private:
  [[nodiscard]] Result<void> replay_batch(Sequence sequence, std::string_view payload) {
    BatchReader reader(payload);
    BatchOperation operation;
    Result<void> outcome;
    for (; reader.next(operation); ++sequence) {
      const auto* const family = state_.find_family(operation.family.value);
      const bool was_dropped = family == nullptr &&
                               operation.family.value >= first_dynamic_family &&
                               operation.family.value < state_.next_family_id;
      if (family == nullptr && !was_dropped) {
        return fail(ErrorCode::corruption, core_.path(), ": the log writes to family number ",
                    std::to_string(operation.family.value), ", which does not exist");
      }
      if (was_dropped || sequence <= family->flushed_through) {
        continue;
      }
      core_.with_tree(operation.family, [&](auto& tree) {
        tree.apply(operation, sequence);
        if (tree.active().memory_bytes() >= core_.options().write_buffer_bytes &&
            !core_.options().read_only) {
          outcome = flush(tree);
        }
      });
      if (!outcome) {
        return outcome;
      }
    }
    if (reader.damaged()) {
      return fail(ErrorCode::corruption, core_.path(), ": the log holds a batch at sequence ",
                  std::to_string(sequence), " that is no batch; its checksum was right");
    }
    return {};
  }

  /// Writes what was replayed so far as tables.
  template <class Tree>
  [[nodiscard]] Result<void> flush(Tree& tree) {
    if (!tree.switch_memtable()) {
      return {};
    }
    const auto segment = tree.oldest_immutable();
    auto built = tree.build_flush(*segment, {}, [this] { return core_.next_file_number(); });
    if (!built) {
      return propagate(std::move(built));
    }
    auto files = tree.open_built(*built);
    if (!files) {
      return propagate(std::move(files));
    }
    tree.install_flush(*segment, *files);
    auto& family = family_of(state_, tree);
    family.levels[0].insert(family.levels[0].begin(), built->tables.begin(), built->tables.end());
    family.value_files.insert(family.value_files.end(), built->values.begin(), built->values.end());
    return {};
  }

  Core& core_;
  version::State& state_;
  std::uint64_t next_segment_ = 1;
  Sequence last_sequence_ = 0;
};

}  // namespace strata::lsm
