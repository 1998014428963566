// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The tables that a flush or compaction writes.
///
/// A new table starts once the current one has reached its size, but never inside a user key
/// (LevelDB #320: a key split over two files of a level answers with obsolete data). Range erases
/// are cut at the table bounds, so that each table carries exactly what covers its own keys.
/// Tables are synced as they finish; they are orphans until the caller's edit names them, and are
/// removed again when the writer is dropped before `finish`.
///
/// Tested through the engine: tests/lsm/background_test.cpp.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/table/properties.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// What the manifest keeps of a table that says this of itself.
[[nodiscard]] inline version::FileMetadata metadata_of(const table::TableInfo& info,
                                                       std::uint64_t number) {
  version::FileMetadata metadata;
  metadata.number = number;
  metadata.size_bytes = info.size_bytes;
  metadata.smallest = info.smallest;
  metadata.largest = info.largest;
  metadata.largest_exclusive = info.largest_exclusive;
  metadata.smallest_sequence = info.smallest_sequence;
  metadata.largest_sequence = info.largest_sequence;
  metadata.entries = info.entries;
  metadata.tombstones = info.tombstones;
  metadata.range_erases = info.range_erases;
  metadata.raw_bytes = info.raw_bytes;
  metadata.values = info.values;
  return metadata;
}

/// What a table says of itself, and the family that it was made for.
struct DescribedTable {
  version::FileMetadata metadata;
  std::uint64_t family = 0;
};

/// `Builder`: table::Builder; `NextNumber`: `std::uint64_t()`, thread-safe.
template <class FileSystem, class Builder, class BuilderOptions, class Comparator, class NextNumber>
class TableOutput {
 public:
  TableOutput(FileSystem& file_system, std::string directory, const BuilderOptions& options,
              std::uint64_t file_bytes_max, std::vector<RangeErase> ranges, NextNumber next_number)
      : file_system_(file_system),
        directory_(std::move(directory)),
        options_(options),
        file_bytes_max_(file_bytes_max),
        ranges_(std::move(ranges)),
        next_number_(std::move(next_number)) {}
  TableOutput(const TableOutput&) = delete;
  TableOutput& operator=(const TableOutput&) = delete;
  ~TableOutput() {
    if (kept_) {
      return;
    }
    if (builder_) {
      builder_->abandon();
      (void)file_system_.remove(table_path(directory_, number_));
    }
    for (const version::FileMetadata& table : tables_) {
      (void)file_system_.remove(table_path(directory_, table.number));
    }
  }

  [[nodiscard]] Result<void> add(std::string_view key, Trailer trailer, std::string_view value) {
    if (builder_ && builder_->estimated_bytes() >= file_bytes_max_ && key != builder_->last_key()) {
      if (auto done = finish_table(key); !done) {
        return done;
      }
    }
    if (!builder_) {
      if (auto done = start_table(); !done) {
        return done;
      }
    }
    return builder_->add(key, trailer, value);
  }

  /// The finished tables, in key order. Call once, after the last `add`.
  [[nodiscard]] Result<std::vector<version::FileMetadata>> finish() {
    if (!builder_ && (tables_.empty() ? !ranges_.empty() : rest_has_ranges())) {
      if (auto done = start_table(); !done) {
        return propagate(std::move(done));
      }
    }
    if (builder_) {
      if (auto done = finish_table(std::nullopt); !done) {
        return propagate(std::move(done));
      }
    }
    kept_ = true;
    return std::move(tables_);
  }

 private:
  [[nodiscard]] Result<void> start_table() {
    number_ = next_number_();
    auto created =
        Builder::create(file_system_, table_path(directory_, number_), number_, options_);
    if (!created) {
      return propagate(std::move(created));
    }
    builder_.emplace(std::move(*created));
    return {};
  }

  /// `end`: the first key of the next table; none: this is the last one.
  [[nodiscard]] Result<void> finish_table(std::optional<std::string_view> end) {
    for (const RangeErase& range : ranges_) {
      const std::string_view first =
          start_ && below(range.first, *start_) ? std::string_view(*start_) : range.first;
      const std::string_view last = end && below(*end, range.last) ? *end : range.last;
      if (below(first, last)) {
        if (auto done = builder_->add_range_erase(first, last, range.sequence); !done) {
          return done;
        }
      }
    }
    auto info = builder_->finish();
    if (!info) {
      return propagate(std::move(info));
    }
    builder_.reset();
    tables_.push_back(metadata_of(*info, number_));
    if (end) {
      start_.emplace(*end);
    }
    return {};
  }
  [[nodiscard]] bool rest_has_ranges() const {
    for (const RangeErase& range : ranges_) {
      if (!start_ || below(*start_, range.last)) {
        return true;
      }
    }
    return false;
  }
  static bool below(std::string_view a, std::string_view b) noexcept {
    return Comparator::compare(a, b) < 0;
  }

  FileSystem& file_system_;
  std::string directory_;
  const BuilderOptions& options_;
  std::uint64_t file_bytes_max_;
  std::vector<RangeErase> ranges_;
  NextNumber next_number_;
  std::optional<Builder> builder_;
  std::uint64_t number_ = 0;
  std::optional<std::string> start_;  ///< where the current table's share of the ranges begins
  std::vector<version::FileMetadata> tables_;
  bool kept_ = false;
};

}  // namespace strata::lsm
