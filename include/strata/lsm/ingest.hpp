// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Tables that come into a database as they are: made by a bulk load, or elsewhere.
///
/// All of them appear at once, at one sequence of their own, newer than everything before; a
/// snapshot from before does not see them. They are never in the log. So, in commit order and with
/// writers waiting: what memtables hold of their keys is flushed first, as readers look there
/// first; the log gets an empty record for the sequence and is synced, so that no power loss keeps
/// the tables and loses what was committed before them; one edit names them all, at the deepest
/// level where nothing of their keys lies above or beside them, and no running job may put
/// anything.
///
/// A crash before the edit leaves orphans, which the next open removes; after it, everything.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compaction/overlap.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata {

struct IngestOptions {
  /// Reads the tables whole first and checks every entry. Without, damage shows when it is read.
  bool verify = true;
  /// Removes the given files once they are taken in.
  bool remove_sources = false;
};

namespace lsm {

namespace detail {

[[nodiscard]] inline compaction::KeyRange hull_of(const std::vector<version::FileMetadata>& tables,
                                                  compaction::Compare compare) {
  compaction::KeyRange hull;
  for (const version::FileMetadata& table : tables) {
    hull.widen({.smallest = table.smallest,
                .largest = table.largest,
                .largest_exclusive = table.largest_exclusive},
               compare);
  }
  return hull;
}

/// Requires: called in commit order. What `tree` holds in memory of `hull` goes into tables; all
/// memory of all families where writes went without a log, as the tables must not outlive it.
template <class Core, class Tree>
[[nodiscard]] Result<void> flush_overlap(Core& core, Tree& tree, const compaction::KeyRange& hull) {
  if (core.has_unlogged()) {
    return core.flush_in_commit_order();
  }
  return tree.memory_overlaps(hull) ? core.flush_in_commit_order() : Result<void>();
}

}  // namespace detail

/// Makes `tables`, which are in the directory, synced, in key order and with sequence 0, part of
/// `tree`. On an error before the edit they are removed.
template <class Core, class Tree>
[[nodiscard]] Result<void> take_in(Core& core, Tree& tree,
                                   std::vector<version::FileMetadata> tables) {
  const auto hull = detail::hull_of(tables, &Tree::Comparator::compare);
  const auto names = tables;  // what is to be removed if this fails early
  bool edit_was_tried = false;
  auto done = core.sync_directory();
  if (done && tree.memory_overlaps(hull)) {
    done = core.flush();  // before writers have to wait for it
  }
  if (done) {
    done = core.committer().exclusively([&]() -> Result<void> {
      auto ready = core.check_writable();
      ready = ready ? detail::flush_overlap(core, tree, hull) : ready;
      if (!ready) {
        return ready;
      }
      auto sequence = core.committer().take_sequence();
      if (!sequence) {
        return propagate(std::move(sequence));
      }
      for (version::FileMetadata& table : tables) {
        table.smallest_sequence = table.largest_sequence = table.global_sequence = *sequence;
      }
      auto files = tree.open_tables(tables);
      auto added = files ? Result<void>() : Result<void>(propagate(files));
      if (added) {
        edit_was_tried = true;
        added = core.background().add_tables(tree, tables, std::move(*files), hull, *sequence);
      }
      core.committer().publish(*sequence);
      return added;
    });
  }
  if (!done && !edit_was_tried) {
    tree.remove_tables(names);
  }
  return done;
}

/// Writes `sorted`, a range of pairs of key and value, as tables of `tree`, and takes them in.
template <class Core, class Tree, class Range>
[[nodiscard]] Result<void> bulk_load(Core& core, Tree& tree, Range&& sorted) {
  if (auto writable = core.check_writable(); !writable) {
    return writable;
  }
  auto built =
      tree.build_sorted(std::forward<Range>(sorted), [&core] { return core.next_file_number(); });
  if (!built) {
    return propagate(std::move(built));
  }
  return built->empty() ? Result<void>() : take_in(core, tree, std::move(*built));
}

namespace detail {

/// Takes tables from anywhere under names of this database.
template <class Core, class Tree>
class Intake {
 public:
  Intake(Core& core, Tree& tree, const IngestOptions& options)
      : core_(core), tree_(tree), options_(options) {}
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;
  ~Intake() { tree_.remove_tables(tables_); }

  [[nodiscard]] Result<void> add(const std::string& path) {
    version::FileMetadata table;
    table.number = core_.next_file_number();
    const std::string own = table_path(core_.path(), table.number);
    // Another file system, or one without links: the bytes are copied.
    auto there = core_.file_system().link(path, own);
    there = there ? there : io::copy_file(core_.file_system(), path, own);
    if (!there) {
      return there;
    }
    tables_.push_back(table);
    auto described = tree_.describe_table(own, table.number);
    if (!described) {
      return propagate(std::move(described));
    }
    const version::FileMetadata& found = described->metadata;
    if (found.range_erases != 0 || found.largest_sequence != 0 || !found.values.empty()) {
      return fail(ErrorCode::invalid_argument, path,
                  ": was not made by a TableWriter; take tables of a database in by a backup");
    }
    tables_.back() = found;
    return {};
  }

  /// Error: two tables share keys.
  [[nodiscard]] Result<std::vector<version::FileMetadata>> finish() {
    using Comparator = typename Tree::Comparator;
    std::sort(tables_.begin(), tables_.end(), [](const auto& a, const auto& b) {
      return Comparator::compare(a.smallest, b.smallest) < 0;
    });
    for (std::size_t i = 1; i < tables_.size(); ++i) {
      if (Comparator::compare(tables_[i - 1].largest, tables_[i].smallest) >= 0) {
        return fail(ErrorCode::invalid_argument, "two of the tables share keys between '",
                    tables_[i].smallest, "' and '", tables_[i - 1].largest,
                    "'; ingest one after the other, the newer one last");
      }
    }
    if (options_.verify) {
      if (auto verified = verify(); !verified) {
        return propagate(std::move(verified));
      }
    }
    return std::exchange(tables_, {});
  }

 private:
  [[nodiscard]] Result<void> verify() {
    auto files = tree_.open_tables(tables_);
    if (!files) {
      return propagate(std::move(files));
    }
    for (const auto& file : *files) {
      if (auto verified = file->reader().verify(); !verified) {
        return verified;
      }
    }
    return {};
  }

  Core& core_;
  Tree& tree_;
  const IngestOptions& options_;
  std::vector<version::FileMetadata> tables_;
};

}  // namespace detail

/// Takes in tables that a `TableWriter` made: all of them or none.
template <class Core, class Tree>
[[nodiscard]] Result<void> ingest(Core& core, Tree& tree, const std::vector<std::string>& paths,
                                  const IngestOptions& options) {
  auto done = core.check_writable();
  if (!done || paths.empty()) {
    return done;
  }
  {
    detail::Intake<Core, Tree> intake(core, tree, options);
    for (const std::string& path : paths) {
      done = done ? intake.add(path) : done;
    }
    auto tables = done ? intake.finish()
                       : Result<std::vector<version::FileMetadata>>(propagate(std::move(done)));
    if (!tables) {
      return propagate(std::move(tables));
    }
    done = take_in(core, tree, std::move(*tables));
  }
  if (done && options.remove_sources) {
    for (const std::string& path : paths) {
      auto removed = core.file_system().remove(path);
      done = done ? removed : done;
    }
  }
  return done;
}

}  // namespace lsm
}  // namespace strata
