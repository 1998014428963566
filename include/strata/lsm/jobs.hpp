// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a flush and a compaction do, and the edits that make them real.
///
/// A job runs in four steps, and a crash between any two loses nothing (invariant 4): build the
/// tables and sync them; sync the directory; append the edit to the manifest and sync it; install
/// the new view. Edits are appended in the order in which they are installed, one at a time. A job
/// that fails before its edit removes what it built.
///
/// Threads: any number of jobs at once, on inputs that their callers keep for them; see
/// lsm/background.hpp. Tested there: tests/lsm/background_test.cpp,
/// tests/lsm/subcompaction_test.cpp.

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/build_tables.hpp>
#include <strata/lsm/subcompaction.hpp>
#include <strata/lsm/value_collection.hpp>
#include <strata/observe/timer.hpp>
#include <strata/version/edit.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// `Host` (the engine) offers: `for_each_tree(visit)`, `sync_directory()`, `append_edit(edit)`,
/// `snapshot_sequences()`, `next_file_number()`, `log_floor(tree, segment)`, `forget_log(floor)`,
/// `make_log_durable(sequence)`, `metrics()`.
template <class Host, class Metrics, class Clock>
class Jobs {
  using Timer = metrics::Timer<Metrics, Clock>;

 public:
  /// `views` guards the trees' views. `subcompactions`: parts of a merge at once.
  Jobs(Host& host, std::mutex& views, unsigned subcompactions)
      : host_(host), views_(views), subcompactions_(subcompactions) {}

  /// Writes an immutable memtable as tables of level 0.
  template <class Tree>
  [[nodiscard]] Result<void> flush(Tree& tree, const typename Tree::Segment& segment) {
    const Timer timer(host_.metrics(), metrics::Latency::flush);
    auto built = tree.build_flush(segment, host_.snapshot_sequences(),
                                  [this] { return host_.next_file_number(); });
    if (!built) {
      return propagate(std::move(built));
    }
    auto files = open_built(tree, *built);
    if (!files) {
      return propagate(std::move(files));
    }
    if (auto durable = host_.make_log_durable(segment.last_sequence()); !durable) {
      tree.remove_built(*built);
      return durable;
    }
    tree.warm_cache(files->tables);
    count(metrics::Counter::flushes, metrics::Counter::flush_bytes, *built);
    version::FamilyEdit family;
    family.family = tree.id().value;
    family.flushed_through = segment.last_sequence();
    for (const auto& table : built->tables) {
      family.added.push_back({0, table});
    }
    family.added_values = built->values;
    const std::lock_guard edits(edit_mutex_);
    const Sequence floor = host_.log_floor(tree, &segment);
    version::VersionEdit edit;
    edit.families.push_back(std::move(family));
    if (auto appended = host_.append_edit(std::move(edit), floor); !appended) {
      return appended;
    }
    {
      const std::lock_guard lock(views_);
      tree.install_flush(segment, std::move(*files));
      refresh_pressure();
    }
    host_.forget_log(floor);
    return {};
  }
  /// Does what was picked. `call_help()` is called for each thread that would be welcome in `help`.
  template <class Tree, class CallHelp>
  [[nodiscard]] Result<void> compact(Tree& tree, const typename Tree::Picked& picked,
                                     CallHelp call_help) {
    const Timer timer(host_.metrics(), metrics::Latency::compaction);
    if (picked.job.action == compaction::Action::drop) {
      return install(tree, picked, {}, {}, true);
    }
    return picked.trivial_move ? move_table(tree, picked)
                               : merge_tables(tree, picked, std::move(call_help));
  }
  /// Takes parts of merges, as long as there are any.
  void help() { crew_.help(); }
  /// Names tables that no job made, at `place`, as of `sequence`.
  template <class Tree>
  [[nodiscard]] Result<void> add(Tree& tree, const typename Tree::Picked& place,
                                 const std::vector<version::FileMetadata>& tables,
                                 typename Tree::Files files, Sequence sequence) {
    return install(tree, place, {tables, {}}, {std::move(files), {}}, false, sequence);
  }
  /// Runs `action` while no edit is appended or installed: manifest and views agree.
  template <class Action>
  auto between_edits(Action&& action) {
    const std::lock_guard edits(edit_mutex_);
    return action();
  }

  /// How far the tree that is most behind has fallen, as of the last install.
  [[nodiscard]] double pressure() const noexcept {
    return pressure_.load(std::memory_order_relaxed);
  }
  /// Requires: under the views' lock.
  void refresh_pressure() {
    double most = 0;
    host_.for_each_tree([&](auto& tree) {
      const double own = tree.pressure().value;
      most = own > most ? own : most;
    });
    pressure_.store(most, std::memory_order_relaxed);
  }

 private:
  template <class Tree>
  [[nodiscard]] Result<void> move_table(Tree& tree, const typename Tree::Picked& picked) {
    host_.metrics().add(metrics::Counter::trivial_moves, 1);
    const auto& moved = picked.inputs.front().files;
    return install(tree, picked, {{moved.front()->metadata()}, {}}, {moved, {}}, false);
  }
  template <class Tree, class CallHelp>
  [[nodiscard]] Result<void> merge_tables(Tree& tree, const typename Tree::Picked& picked,
                                          CallHelp call_help) {
    const auto spans = spans_of<typename Tree::Comparator>(picked, subcompactions_);
    if (!spans) {
      return propagate(spans);
    }
    host_.metrics().add(metrics::Counter::compaction_parts, spans->size());
    const std::vector<Sequence> snapshots = host_.snapshot_sequences();
    const bool is_settled = picked.bottommost && snapshots.empty() && !Tree::filters_compactions;
    auto built = build_in_parts(tree, picked, snapshots, *spans, crew_, call_help,
                                [this] { return host_.next_file_number(); });
    if (!built) {
      return propagate(std::move(built));
    }
    auto files = open_built(tree, *built);
    if (!files) {
      return propagate(std::move(files));
    }
    count(metrics::Counter::compactions, metrics::Counter::compaction_write_bytes, *built);
    picked.for_each_file([this](const auto& file) {
      host_.metrics().add(metrics::Counter::compaction_read_bytes, file->metadata().size_bytes);
    });
    host_.metrics().add(metrics::Counter::value_collections, picked.emptied.empty() ? 0 : 1);
    for (const auto& file : files->tables) {
      file->settled = is_settled;
      file->stuck = refers_to(file->metadata().values, picked.emptied);
    }
    auto installed = install(tree, picked, *built, *files, true);
    if (installed) {
      tree.warm_cache(files->tables);  // not before: now the inputs have left it
    }
    return installed;
  }
  template <class Tree>
  [[nodiscard]] Result<void> install(Tree& tree, const typename Tree::Picked& picked,
                                     const BuiltFiles& built, const typename Tree::Opened& files,
                                     bool inputs_end,
                                     std::optional<Sequence> sequence = std::nullopt) {
    version::FamilyEdit family;
    family.family = tree.id().value;
    for (const auto& input : picked.inputs) {
      for (const auto& file : input.files) {
        family.deleted.push_back({input.level, file->metadata().number});
      }
    }
    for (const auto& table : built.tables) {
      family.added.push_back({picked.job.output_level, table});
    }
    family.added_values = built.values;
    const std::lock_guard edits(edit_mutex_);
    version::VersionEdit edit;
    edit.last_sequence = sequence;
    edit.families.push_back(std::move(family));
    if (auto appended = host_.append_edit(std::move(edit), std::nullopt); !appended) {
      return appended;
    }
    {
      const std::lock_guard lock(views_);
      if (auto installed = tree.install_compaction(picked, files); !installed) {
        return installed;
      }
      if (inputs_end) {
        picked.for_each_file([](const auto& file) { file->mark_obsolete(); });
      }
      refresh_pressure();
    }
    if (inputs_end) {
      picked.for_each_file([](const auto& file) { file->leave_cache(); });
    }
    return {};
  }

  /// Makes finished files durable by name and opens them; removes them if that fails.
  template <class Tree>
  [[nodiscard]] Result<typename Tree::Opened> open_built(Tree& tree, const BuiltFiles& built) {
    auto synced = host_.sync_directory();
    auto files = synced ? tree.open_built(built)
                        : Result<typename Tree::Opened>(tl::unexpected<Error>(synced.error()));
    if (!files) {
      tree.remove_built(built);
    }
    return files;
  }
  void count(metrics::Counter jobs, metrics::Counter bytes, const BuiltFiles& built) {
    host_.metrics().add(jobs, 1);
    for (const auto& table : built.tables) {
      host_.metrics().add(bytes, table.size_bytes);
    }
    for (const auto& file : built.values) {
      host_.metrics().add(bytes, file.size_bytes);
    }
  }

  Host& host_;
  std::mutex& views_;
  std::mutex edit_mutex_;
  std::atomic<double> pressure_{0};
  const unsigned subcompactions_;
  Crew crew_;
};

}  // namespace strata::lsm
