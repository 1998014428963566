// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The tables of a damaged database, as far as they can be read: a repair's second step.
///
/// A damaged table is written anew without its damaged blocks; one that can not be read at all is
/// left out, and so is a value file that does not open. With a manifest each table stays at its
/// level. Without one, all tables there are, in use or obsolete, are merged by the sequences of
/// their entries into one run on the last level.
///
/// Only new files are written: what is found damaged keeps its name and is listed (`damaged`), for
/// the repair to rename once its manifest is in force. Tables that other policies wrote are whole
/// for those: they are an error, not a damage. Threads: none. Tested through repairs:
/// tests/lsm/repair_test.cpp, tests/lsm/value_repair_test.cpp.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/lsm/repair_report.hpp>
#include <strata/lsm/stored_families.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/version/manifest.hpp>

namespace strata::lsm {

/// What another composition or a later version wrote.
[[nodiscard]] inline bool is_of_others(ErrorCode code) noexcept {
  return code == ErrorCode::incompatible_format || code == ErrorCode::newer_format;
}

template <class Core>
class TableRescue {
  using FileSystem = typename Core::FileSystem;

 public:
  /// Requires: all three outlive this; `state` has each family of `core`, with its order of keys.
  TableRescue(Core& core, version::State& state, RepairReport& report)
      : core_(core), fs_(core.file_system()), state_(state), report_(report) {}

  /// The manifest is whole: what it names and what can not be read leaves `state`, in part or as a
  /// whole.
  [[nodiscard]] Result<void> keep_named_tables() {
    Result<void> outcome;
    core_.for_each_tree([&](auto& tree) {
      auto& family = family_of(state_, tree);
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
  /// The manifest is damaged: all tables among `names` that can be read become one run.
  [[nodiscard]] Result<void> merge_all_tables(const std::vector<std::string>& names) {
    Result<void> outcome;
    core_.for_each_tree(
        [&](auto& tree) { outcome = outcome ? merge_tables_of(tree, names) : outcome; });
    for (const std::string& name : names) {
      const ClassifiedFile file = classify(name);
      const bool is_lost = file.kind == FileKind::table &&
                           std::find(taken_.begin(), taken_.end(), file.number) == taken_.end();
      if (const auto found = of_others_.find(file.number); is_lost && found != of_others_.end()) {
        return tl::unexpected<Error>(found->second);
      }
      if (is_lost) {
        ++report_.tables_lost;
        report_.findings.push_back(io::join(core_.path(), name) + ": is no table that can be read");
        damaged_.push_back(io::join(core_.path(), name));
      }
    }
    return outcome;
  }
  /// Paths of files that are no use any more.
  [[nodiscard]] const std::vector<std::string>& damaged() const noexcept { return damaged_; }

 private:
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
        damaged_.push_back(value_path(core_.path(), file.number));
      }
    }
    family.value_files = std::move(kept);
    return {};
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
    damaged_.push_back(table_path(core_.path(), table.number));
    auto rewritten =
        tree.rewrite_table(table, core_.next_file_number(), [this](const Error& error) {
          if (report_.findings.back() != error.message()) {
            report_.findings.push_back(error.message());
          }
        });
    if (rewritten) {
      ++(*rewritten ? report_.tables_rewritten : report_.tables_lost);
    }
    return rewritten;
  }

  template <class Tree>
  [[nodiscard]] Result<void> merge_tables_of(Tree& tree, const std::vector<std::string>& names) {
    auto& family = family_of(state_, tree);
    auto whole = readable_tables_of(tree, names);
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
    auto merged = tree.build_compaction(all, {}, [this] { return core_.next_file_number(); });
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
  [[nodiscard]] Result<std::vector<version::FileMetadata>> readable_tables_of(
      Tree& tree, const std::vector<std::string>& names) {
    std::vector<version::FileMetadata> readable;
    for (const std::string& name : names) {
      const ClassifiedFile file = classify(name);
      if (file.kind != FileKind::table) {
        continue;
      }
      auto described = tree.describe_table(io::join(core_.path(), name), file.number);
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
      const auto size = fs_.file_size(value_path(core_.path(), share.file));
      if (size) {
        files.push_back({share.file, *size});
      } else {
        report_.findings.push_back(size.error().message());
      }
    }
    return files;
  }

  Core& core_;
  FileSystem& fs_;
  version::State& state_;
  RepairReport& report_;
  std::vector<std::uint64_t> taken_;          ///< tables that are some family's
  std::map<std::uint64_t, Error> of_others_;  ///< tables that a family's policies can not read
  std::vector<std::string> damaged_;
};

}  // namespace strata::lsm
