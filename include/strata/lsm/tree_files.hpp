// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The files of a tree: opens what jobs wrote or the manifest names, takes back what no edit will
/// name, and reads what a table says of itself, whatever is left of it.
///
/// Threads: constant after construction; all calls are concurrent. Tested through the engine:
/// tests/lsm/background_test.cpp.

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
#include <strata/lsm/build_tables.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/table_output.hpp>
#include <strata/lsm/tree_types.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

template <class Types>
class TreeFiles {
  using FileSystem = typename Types::FileSystem;
  using File = typename Types::File;
  using Files = typename TableVersion<File>::Files;
  using Values = typename Types::Values;
  using Options = typename Types::Options;

 public:
  /// What a job wrote, open.
  struct Opened {
    Files tables{};
    [[no_unique_address]] typename Values::List values{};
  };

  TreeFiles(FamilyId id, FileSystem file_system, std::string directory, const Options& options,
            typename Types::BlockCache& cache)
      : file_system_(std::move(file_system)),
        directory_(std::move(directory)),
        options_(options),
        id_(id),
        cache_(cache) {
    options_.family_number = id.value;
  }

  [[nodiscard]] FamilyId id() const noexcept { return id_; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// What a table says of itself, as one of this family under `number`, whatever wrote it.
  [[nodiscard]] Result<DescribedTable> describe_table(const std::string& path,
                                                      std::uint64_t number) {
    auto stored = Types::Reader::stored_number(file_system_, path);
    if (!stored) {
      return propagate(std::move(stored));
    }
    auto reader = Types::Reader::open(file_system_, path,
                                      {.number = number, .stored_number = *stored}, cache_);
    auto size = file_system_.file_size(path);
    if (!reader || !size) {
      return reader ? propagate(std::move(size)) : propagate(std::move(reader));
    }
    const auto& properties = (*reader)->properties();
    DescribedTable table{metadata_of(properties.info, number), properties.family};
    table.metadata.size_bytes = *size;
    table.metadata.stored_number = *stored == number ? 0 : *stored;
    table.metadata.oldest_seconds = table.metadata.newest_seconds = Types::Clock::unix_seconds();
    return table;
  }

  /// Writes what can be read of a damaged table as a new one; `lost(error)` hears of each block
  /// that can not. None: nothing can.
  template <class Lost>
  [[nodiscard]] Result<std::optional<version::FileMetadata>> rewrite_table(
      const version::FileMetadata& damaged, std::uint64_t number, Lost lost) {
    const std::string old_path = table_path(directory_, damaged.number);
    auto reader = Types::Reader::open(
        file_system_, old_path, {damaged.number, damaged.stored_number, damaged.global_sequence},
        cache_);
    if (!reader) {
      lost(reader.error());
      return std::nullopt;
    }
    auto options = options_.deepest_builder();
    options.largest_sequence = damaged.largest_sequence;
    auto output =
        Types::Builder::create(file_system_, table_path(directory_, number), number, options);
    if (!output) {
      return propagate(std::move(output));
    }
    Result<void> done =
        (*reader)->salvage([&](std::string_view key, Trailer trailer,
                               std::string_view value) { return output->add(key, trailer, value); },
                           lost);
    for (const RangeErase& range : (*reader)->range_erases()) {
      done = done ? output->add_range_erase(range.first, range.last, range.sequence) : done;
    }
    if (!done || output->empty()) {
      output->abandon();
      (void)file_system_.remove(table_path(directory_, number));
      return done ? Result<std::optional<version::FileMetadata>>(std::nullopt) : propagate(done);
    }
    auto info = output->finish();
    if (!info) {
      return propagate(std::move(info));
    }
    auto metadata = metadata_of(*info, number);
    metadata.global_sequence = damaged.global_sequence;
    metadata.oldest_seconds = damaged.oldest_seconds;
    metadata.newest_seconds = damaged.newest_seconds;
    return std::optional<version::FileMetadata>(std::move(metadata));
  }

  /// Opens tables that `build_*` wrote, or that the manifest names.
  [[nodiscard]] Result<Files> open_tables(const std::vector<version::FileMetadata>& tables) {
    Files files;
    for (const auto& metadata : tables) {
      const std::string path = table_path(directory_, metadata.number);
      auto reader = Types::Reader::open(
          file_system_, path, {metadata.number, metadata.stored_number, metadata.global_sequence},
          cache_);
      if (!reader) {
        return propagate(std::move(reader));
      }
      files.push_back(std::make_shared<File>(file_system_, path, metadata, std::move(*reader)));
    }
    return files;
  }

  [[nodiscard]] Result<typename Values::List> open_values(
      const std::vector<version::ValueFileMetadata>& files) {
    if constexpr (Values::separates) {
      return Values::open(file_system_, directory_, files);
    } else {
      return typename Values::List{};
    }
  }
  [[nodiscard]] Result<Opened> open_built(const BuiltFiles& built) {
    auto tables = open_tables(built.tables);
    if (!tables) {
      return propagate(std::move(tables));
    }
    auto values = open_values(built.values);
    if (!values) {
      return propagate(std::move(values));
    }
    return Opened{std::move(*tables), std::move(*values)};
  }

  /// Readers are to find the blocks of new tables where they found those of the old ones. A block
  /// that can not be read is left to who needs it: that is no matter of the cache.
  void warm_cache(const Files& tables) const {
    if constexpr (requires { options_.table_format.warm_cache; }) {
      if (options_.table_format.warm_cache) {
        for (const auto& file : tables) {
          (void)file->reader().warm(options_.table_format.read_ahead_bytes);
        }
      }
    }
  }

  /// Takes back files that no edit will name. Failures leave orphans for the next open.
  void remove_built(const BuiltFiles& built) {
    remove_tables(built.tables);
    for (const auto& file : built.values) {
      (void)file_system_.remove(value_path(directory_, file.number));
    }
  }
  /// Takes back tables that no edit will name. Failures leave orphans for the next open.
  void remove_tables(const std::vector<version::FileMetadata>& tables) {
    for (const auto& table : tables) {
      (void)file_system_.remove(table_path(directory_, table.number));
    }
  }

 protected:
  FileSystem file_system_;
  std::string directory_;
  Options options_;

 private:
  FamilyId id_;
  typename Types::BlockCache& cache_;
};

}  // namespace strata::lsm
