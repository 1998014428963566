// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A table that versions share: metadata, an open reader, and the right to unlink the file.
///
/// Versions hold tables by `shared_ptr`. When a compaction's edit is durable its inputs are marked
/// obsolete; the file goes when the last version naming it goes (invariant 5: versions, not
/// timers). A crash before that leaves an orphan, which the next open removes.
///
/// Tested through the engine: tests/lsm/background_test.cpp.

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/compaction/overlap.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/io/files.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// `dir/000000000012.table`. Numbers are never reused, so a name means one content for ever.
[[nodiscard]] inline std::string table_path(std::string_view directory, std::uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%012llu.table", static_cast<unsigned long long>(number));
  return io::join(directory, name);
}

/// `ValuesOf`: where the values are that its entries point to, lsm/value_files.hpp.
template <class FileSystem, class Reader, class Comparator, class ValuesOf = NoValueFiles>
class TableFile {
 public:
  using Values = ValuesOf;
  using Cursor = typename Reader::Cursor;
  TableFile(FileSystem file_system, std::string path, version::FileMetadata metadata,
            std::unique_ptr<Reader> reader)
      : file_system_(std::move(file_system)),
        path_(std::move(path)),
        metadata_(std::move(metadata)),
        reader_(std::move(reader)),
        ranges_(reader_->range_erases()) {}
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;
  ~TableFile() {
    if (obsolete_.load(std::memory_order_acquire)) {
      reader_.reset();
      // A failure leaves an orphan for the next open; there is nobody to tell, nothing to lose.
      (void)file_system_.remove(path_);
    }
  }

  [[nodiscard]] const version::FileMetadata& metadata() const noexcept { return metadata_; }
  [[nodiscard]] const Reader& reader() const noexcept { return *reader_; }
  [[nodiscard]] const RangeEraseSet<Comparator>& ranges() const noexcept { return ranges_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Whether every key of the table lies before `key`.
  [[nodiscard]] bool ends_before(std::string_view key) const noexcept {
    const int order = Comparator::compare(metadata_.largest, key);
    return order < 0 || (order == 0 && metadata_.largest_exclusive);
  }
  [[nodiscard]] bool starts_after(std::string_view key) const noexcept {
    return Comparator::compare(metadata_.smallest, key) > 0;
  }

  /// Requires: the edit that drops the table is durable.
  void mark_obsolete() noexcept { obsolete_.store(true, std::memory_order_release); }

  /// Its blocks leave the cache: new readers will not come here.
  void leave_cache() const {
    if constexpr (requires(const Reader& reader) { reader.leave_cache(); }) {
      reader_->leave_cache();
    }
  }

  /// Guarded by the engine's lock: an input of a running compaction.
  bool busy = false;
  /// Guarded by the engine's lock: writing it again would drop nothing. See lsm/compact_range.hpp.
  bool settled = false;
  /// Guarded by the engine's lock: a value of it can not be moved. See lsm/value_collection.hpp.
  bool stuck = false;

  [[nodiscard]] compaction::FileView view() const {
    return {.number = metadata_.number,
            .size_bytes = metadata_.size_bytes,
            .smallest = metadata_.smallest,
            .largest = metadata_.largest,
            .largest_exclusive = metadata_.largest_exclusive,
            .busy = busy,
            .entries = metadata_.entries,
            .tombstones = metadata_.tombstones + metadata_.range_erases,
            .smallest_sequence = metadata_.smallest_sequence,
            .largest_sequence = metadata_.largest_sequence,
            .oldest_seconds = metadata_.oldest_seconds,
            .newest_seconds = metadata_.newest_seconds};
  }

 private:
  FileSystem file_system_;
  std::string path_;
  version::FileMetadata metadata_;
  std::unique_ptr<Reader> reader_;
  RangeEraseSet<Comparator> ranges_;
  std::atomic<bool> obsolete_{false};
};

/// The tables of a family at one moment. Immutable. Level 0 newest first; deeper levels by key.
template <class File>
struct TableVersion {
  using Files = std::vector<std::shared_ptr<File>>;
  std::vector<Files> levels = std::vector<Files>(compaction::level_count);
  [[no_unique_address]] typename File::Values values{};

  [[nodiscard]] bool has_ranges() const noexcept {
    for (const Files& level : levels) {
      for (const auto& file : level) {
        if (!file->ranges().empty()) {
          return true;
        }
      }
    }
    return false;
  }
  /// Requires: the edit that drops the family is durable.
  void mark_obsolete() const noexcept {
    for (const Files& level : levels) {
      for (const auto& file : level) {
        file->mark_obsolete();
      }
    }
    if constexpr (File::Values::separates) {
      for (const auto& file : values.list()) {
        file->mark_obsolete();
      }
    }
  }
  [[nodiscard]] compaction::Levels view() const {
    compaction::Levels views(levels.size());
    for (std::size_t level = 0; level < levels.size(); ++level) {
      for (const auto& file : levels[level]) {
        views[level].push_back(file->view());
      }
    }
    return views;
  }
};

/// The first file of a sorted, disjoint level that does not lie wholly before `key`. O(log n).
template <class Files>
[[nodiscard]] std::size_t first_reaching(const Files& files, std::string_view key) noexcept {
  std::size_t low = 0;
  std::size_t high = files.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (files[middle]->ends_before(key)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace strata::lsm
