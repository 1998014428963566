// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Makes a table outside of any database, to be taken in later by `ingest`: in another process, on
/// another machine, while the database is in use.
///
///     auto writer = strata::LsmTree<>::TableWriter::create("new.table");
///     for (const auto& [key, value] : sorted) { if (!writer->put(key, value)) ... }
///     auto done = writer->finish();
///     auto taken = db.ingest({"new.table"});
///
/// Keys come in ascending order, each once. The file is complete and durable when `finish` has
/// returned; one that was not finished is no table. The name in its directory is the caller's to
/// sync. Belongs to one thread.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/table/properties.hpp>

namespace strata::lsm {

/// Error: the key or value is beyond the limits of every write.
[[nodiscard]] inline Result<void> check_entry(std::string_view key, std::string_view value) {
  if (key.size() > key_bytes_max || value.size() > value_bytes_max) {
    return fail(ErrorCode::invalid_argument, "a key of ", std::to_string(key.size()),
                " bytes with a value of ", std::to_string(value.size()), " bytes; ",
                std::to_string(key_bytes_max), " and ", std::to_string(value_bytes_max),
                " are the most");
  }
  return {};
}

/// Keys that must ascend.
template <class Comparator>
class Ascending {
 public:
  /// Error: `key` is not behind the last one.
  [[nodiscard]] Result<void> pass(std::string_view key) {
    if (has_last_ && Comparator::compare(last_, key) >= 0) {
      return fail(ErrorCode::invalid_argument, "the keys are not in ascending order, each once: '",
                  key, "' comes after '", last_, "'; sort them with the family's comparator");
    }
    last_.assign(key);
    has_last_ = true;
    return {};
  }

 private:
  std::string last_;  // its memory serves the next key
  bool has_last_ = false;
};

template <class Types>
class TableWriter {
  using FileSystem = typename Types::FileSystem;
  using Builder = typename Types::Builder;

 public:
  using Options = typename Types::Family;

  /// `options` as those of the family that will take the table in. Errors: already_exists, io.
  [[nodiscard]] static Result<TableWriter> create(std::string_view path,
                                                  const Options& options = {}, FileSystem fs = {}) {
    std::random_device entropy;
    const std::uint64_t number = (std::uint64_t{entropy()} << 32) | entropy() | 1U;
    auto builder = Builder::create(fs, std::string(path), number,
                                   typename Types::Options(options).deepest_builder());
    if (!builder) {
      return propagate(std::move(builder));
    }
    return TableWriter(std::move(*builder));
  }

  /// Errors: invalid_argument (order, limits), io.
  [[nodiscard]] Result<void> put(std::string_view key, std::string_view value) {
    return add(key, EntryKind::put, value);
  }
  /// Erases the key in the database that takes the table in.
  [[nodiscard]] Result<void> erase(std::string_view key) { return add(key, EntryKind::erase, {}); }

  /// Writes what is left and syncs the file. Call once. Errors: invalid_argument (it is empty), io.
  [[nodiscard]] Result<table::TableInfo> finish() {
    if (builder_.empty()) {
      builder_.abandon();
      return fail(ErrorCode::invalid_argument, "a table needs at least one entry; put one first");
    }
    return builder_.finish();
  }

 private:
  explicit TableWriter(Builder builder) : builder_(std::move(builder)) {}

  [[nodiscard]] Result<void> add(std::string_view key, EntryKind kind, std::string_view value) {
    auto passed = check_entry(key, value);
    passed = passed ? order_.pass(key) : passed;
    return passed ? builder_.add(key, Trailer(0, kind), value) : passed;
  }

  Builder builder_;
  Ascending<typename Types::Comparator> order_;
};

}  // namespace strata::lsm
