// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Tables made, opened and read in tests: table 12 of a directory.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/cache/lru.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/io/files.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/reader.hpp>

#include "entries.hpp"
#include "specs.hpp"

namespace table_test {

inline constexpr std::uint64_t number = 12;
inline const std::string path = "db/12.table";

using Cache = cache::Lru::type<table::BlockKey, table::Block, table::BlockKeyHash>;
template <class S>
using ReaderOf = table::Reader<S, Cache>;
template <class S>
using OptionsOf = typename table::Builder<S>::Options;

/// Small blocks, so that few entries make many of them.
template <class S>
OptionsOf<S> small_blocks() {
  OptionsOf<S> options;
  options.block_bytes = 200;
  return options;
}

template <class S>
Result<table::TableInfo> build(typename S::FileSystem& fs, const Entries& entries,
                               const OptionsOf<S>& options = small_blocks<S>(),
                               const std::vector<RangeErase>& ranges = {}) {
  auto builder = table::Builder<S>::create(fs, path, number, options);
  if (!builder) {
    return propagate(std::move(builder));
  }
  for (const RangeErase& range : ranges) {
    if (auto added = builder->add_range_erase(range.first, range.last, range.sequence); !added) {
      builder->abandon();
      return propagate(std::move(added));
    }
  }
  for (const auto& [version, value] : entries) {
    if (auto added = builder->add(version.key, version.trailer, value); !added) {
      builder->abandon();
      return propagate(std::move(added));
    }
  }
  return builder->finish();
}

template <class S>
Result<std::unique_ptr<ReaderOf<S>>> open(typename S::FileSystem& fs, Cache& cache,
                                          std::uint64_t file_number = number) {
  return ReaderOf<S>::open(fs, path, {.number = file_number}, cache);
}

/// Everything that a cursor passes. What it passes twice fails the test.
template <class S>
Result<Entries> scanned(const ReaderOf<S>& reader, const table::ReadOptions& options = {}) {
  Entries entries;
  typename ReaderOf<S>::Cursor cursor(reader, options);
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    const Version version{std::string(cursor.key()), cursor.trailer()};
    REQUIRE(entries.emplace(version, cursor.value()).second);
  }
  if (auto read = cursor.status(); !read) {
    return propagate(std::move(read));
  }
  return entries;
}

/// A directory with one table, open.
template <class S>
struct Table {
  explicit Table(Entries of, const OptionsOf<S>& options = small_blocks<S>(),
                 const std::vector<RangeErase>& ranges = {})
      : entries(std::move(of)) {
    REQUIRE(fs.create_directory("db"));
    info = build<S>(fs, entries, options, ranges).value();
    reader = open<S>(fs, cache).value();
  }
  [[nodiscard]] std::string bytes() { return io::read_file(fs, path).value(); }

  typename S::FileSystem fs{};
  Cache cache{{}};
  Entries entries;
  table::TableInfo info;
  std::unique_ptr<ReaderOf<S>> reader;
};

/// A file system with nothing but a table file of these bytes.
inline io::Memory disk_with(std::string_view bytes) {
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  auto file = fs.create(path);
  REQUIRE(file);
  REQUIRE(file->append(bytes));
  REQUIRE(file->close());
  return fs;
}

/// `count` keys of ten bytes, with values that compress.
inline Entries numbered(std::size_t count) {
  Entries entries;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = "key" + std::to_string(1'000'000 + i);
    entries[{key, Trailer(i + 1, EntryKind::put)}] = "value of " + key + std::string(i % 40, '.');
  }
  return entries;
}

}  // namespace table_test
