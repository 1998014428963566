// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Decides, for each entry that a flush or compaction writes, where its value lies: in the table,
/// in the value file where it is, or in a new one that the job writes beside its tables.
///
///     value in hand, below the threshold      into the table
///     value in hand, at or above it           into a new value file
///     pointer                                 stays a pointer: nothing is read or copied
///     pointer into a file with much garbage   the value is read, and then as in hand
///     pointer to what is now below            the same
///
/// Value files are synced as they finish; like tables they are orphans until the job's edit names
/// them, and are removed again unless the job `keep`s them. A value that is damaged keeps its
/// pointer: that is the reader's to report, and nothing is lost by carrying it on.
///
/// Tested through the engine: tests/lsm/value_log_test.cpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/table/value_pointer.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// `Options`: those of the policy. `NextNumber`: `std::uint64_t()`.
template <class FileSystem, class Values, class Options, class NextNumber>
class ValueOutput {
  using Writer = typename Values::Writer;

 public:
  /// `wasteful`: files whose values are to be moved, by ascending number.
  ValueOutput(FileSystem& file_system, const std::string& directory, const Options& options,
              const Values& values, std::vector<std::uint64_t> wasteful, NextNumber next_number)
      : file_system_(file_system),
        directory_(directory),
        options_(options),
        values_(values),
        wasteful_(std::move(wasteful)),
        next_number_(std::move(next_number)) {}
  ValueOutput(const ValueOutput&) = delete;
  ValueOutput& operator=(const ValueOutput&) = delete;
  ~ValueOutput() {
    if (kept_) {
      return;
    }
    if (writer_) {
      writer_->abandon();
      (void)file_system_.remove(value_path(directory_, writer_->number()));
    }
    for (const auto& file : files_) {
      (void)file_system_.remove(value_path(directory_, file.number));
    }
  }

  /// Makes `trailer` and `value` what the table is to hold; `value` is valid until the next call.
  [[nodiscard]] Result<void> place(std::string_view key, Trailer& trailer,
                                   std::string_view& value) {
    if (trailer.kind() == EntryKind::value_pointer && is_to_move(value)) {
      auto loaded = values_.read(key, value, loaded_);
      if (!loaded) {
        return loaded.error().code() == ErrorCode::corruption ? Result<void>()
                                                              : propagate(std::move(loaded));
      }
      value = *loaded;
      trailer = Trailer(trailer.sequence(), EntryKind::put);
    }
    if (trailer.kind() != EntryKind::put || value.size() < options_.threshold_bytes) {
      return {};
    }
    if (auto ready = open_writer(); !ready) {
      return ready;
    }
    auto pointer = writer_->add(key, value);
    if (!pointer) {
      return propagate(std::move(pointer));
    }
    encoded_ = table::encode_value_pointer(*pointer);
    value = {encoded_.data(), encoded_.size()};
    trailer = Trailer(trailer.sequence(), EntryKind::value_pointer);
    return {};
  }

  /// Syncs the last file. Call once.
  [[nodiscard]] Result<void> finish() { return writer_ ? finish_file() : Result<void>(); }
  /// The finished files, which the caller now answers for.
  [[nodiscard]] std::vector<version::ValueFileMetadata> keep() {
    kept_ = true;
    return std::move(files_);
  }

 private:
  [[nodiscard]] bool is_to_move(std::string_view entry) const {
    const auto pointer = table::decode_value_pointer(entry);
    return pointer && (pointer->bytes < options_.threshold_bytes ||
                       std::binary_search(wasteful_.begin(), wasteful_.end(), pointer->file));
  }
  [[nodiscard]] Result<void> open_writer() {
    if (writer_ && writer_->size_bytes() >= options_.file_bytes) {
      if (auto done = finish_file(); !done) {
        return done;
      }
    }
    if (!writer_) {
      const std::uint64_t number = next_number_();
      auto created = Writer::create(file_system_, value_path(directory_, number), number);
      if (!created) {
        return propagate(std::move(created));
      }
      writer_.emplace(std::move(*created));
    }
    return {};
  }
  [[nodiscard]] Result<void> finish_file() {
    files_.push_back({writer_->number(), writer_->size_bytes()});
    auto done = writer_->finish();
    writer_.reset();
    return done;
  }

  FileSystem& file_system_;
  const std::string& directory_;
  const Options& options_;
  const Values& values_;
  std::vector<std::uint64_t> wasteful_;
  NextNumber next_number_;
  std::optional<Writer> writer_;
  std::vector<version::ValueFileMetadata> files_;
  std::string loaded_;
  table::EncodedValuePointer encoded_{};
  bool kept_ = false;
};

}  // namespace strata::lsm
