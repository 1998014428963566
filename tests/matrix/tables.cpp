// SPDX-License-Identifier: BSL-1.0
#include <strata/compression.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/filter.hpp>
#include <strata/table.hpp>
#include <strata/testing/compression_conformance.hpp>
#include <strata/testing/filter_conformance.hpp>
#include <strata/testing/table_format_conformance.hpp>
#include <strata/testing/table_index_conformance.hpp>

#include "matrix.hpp"

namespace strata::matrix {

namespace {

template <class... Filters>
void add_filters(Rows& rows) {
  (add<Filters>(rows, testing::filter_conformance<Filters>()), ...);
}
template <class... Indexes>
void add_indexes(Rows& rows) {
  (add<Indexes>(rows, testing::table_index_conformance<Indexes>(1, 2000)), ...);
}

}  // namespace

void add_tables(Rows& rows) {
  using namespace filter;
  add_filters<BinaryFuse, BlockedBloom, Bloom, Both<Bloom, Range>, None,
              Prefix<Bloom, prefix::Fixed<4>>, Range, Ribbon>(rows);
  add_indexes<index::Binary, index::Eytzinger, index::Learned>(rows);
  add<compression::None>(rows, testing::compression_conformance<compression::None>());
  add<compression::Lz4>(rows, testing::compression_conformance<compression::Lz4>());
  add<compression::Zstd>(rows, testing::compression_conformance<compression::Zstd>());
  using PerLevel = compression::PerLevel<compression::Lz4, compression::Zstd>;
  add<PerLevel>(rows, testing::compression_conformance<PerLevel>());
  add<table::BlockBased>(rows, testing::table_format_conformance<table::BlockBased>());
}

}  // namespace strata::matrix
