// SPDX-License-Identifier: BSL-1.0
#pragma once

/// From policies to concrete types: what a tree is made of.
///
/// Tested through the engine: tests/lsm/engine_test.cpp.

#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>

#include <strata/compaction/concept.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/policy.hpp>
#include <strata/lsm/engine_options.hpp>
#include <strata/lsm/mem_segment.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/table/block_cache.hpp>
#include <strata/table/table.hpp>

namespace strata::lsm {

/// Types that all families of a database share.
template <class Db>
struct DatabaseTypes {
  using BlockCache = table::BlockCache<
      typename Db::Cache::template type<table::BlockKey, table::Block, table::BlockKeyHash>>;
};

/// What tables of a family are made of; see table/builder.hpp.
template <class Db, class F>
struct TableSpec {
  using FileSystem = typename Db::FileSystem;
  using Comparator = typename F::Comparator;
  using Filter = typename F::Filter;
  using Index = typename F::Index;
  using Compression = typename F::Compression;
  using Checksum = typename Db::Checksum;
  static constexpr bool separates_values = F::ValueSeparation::separates;
};

template <class Db, class F>
struct TreeTypes {
  using Family = FamilyOptions<F>;
  using FileSystem = typename Db::FileSystem;
  using Clock = typename Db::Clock;
  using Comparator = typename F::Comparator;
  using Merge = typename F::Merge;
  using Filter = typename F::Filter;
  using Compaction = typename F::Compaction;
  using CompactionFilter = typename F::CompactionFilter;
  using BlockCache = typename DatabaseTypes<Db>::BlockCache;
  using Spec = TableSpec<Db, F>;
  using Builder = typename F::TableFormat::template builder<Spec>;
  using Reader = typename F::TableFormat::template reader<Spec, BlockCache>;
  using TableCursor = typename Reader::Cursor;
  using Values = std::conditional_t<F::ValueSeparation::separates,
                                    ValueFiles<FileSystem, typename Db::Checksum>, NoValueFiles>;
  using File = TableFile<FileSystem, Reader, Comparator, Values>;
  using Segment = MemSegment<typename F::Memtable, Comparator>;
  using MemCursor = typename Segment::Table::Cursor;

  struct Options : FamilyOptions<F> {
    explicit Options(const FamilyOptions<F>& family) : FamilyOptions<F>(family) {}

    std::uint32_t family_number = 0;

    /// Of tables that are written for `level`.
    [[nodiscard]] typename Builder::Options builder(unsigned level) const {
      typename Builder::Options options{.block_bytes = this->table_format.block_bytes,
                                        .filter = this->filter};
      options.family = family_number;
      if constexpr (requires { options.block_hash = this->table_format.block_hash; }) {
        options.block_hash = this->table_format.block_hash;
      }
      if constexpr (requires { options.partition_bytes = this->table_format.partition_bytes; }) {
        options.partition_bytes = this->table_format.partition_bytes;
      }
      if constexpr (requires { options.compression = this->compression; }) {
        options.compression = this->compression;
        options.level = level;
      }
      return options;
    }
    /// Of tables that come in from outside.
    [[nodiscard]] typename Builder::Options deepest_builder() const {
      return builder(compaction::level_count - 1);
    }
    [[nodiscard]] table::ReadOptions cursor(bool verify_checksums, bool fill_cache) const {
      table::ReadOptions options{.verify_checksums = verify_checksums, .fill_cache = fill_cache};
      if constexpr (requires { this->table_format.read_ahead_bytes; }) {
        options.read_ahead_bytes = this->table_format.read_ahead_bytes;
      }
      return options;
    }
  };
};

}  // namespace strata::lsm
