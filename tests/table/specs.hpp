// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Policies for tables in tests.

#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/filter/none.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/simulated.hpp>
#include <strata/table/index.hpp>
#include <strata/table/index_eytzinger.hpp>
#include <strata/table/index_learned.hpp>

namespace table_test {

template <class FileSystemType, class FilterType, class CompressionType,
          class ComparatorType = strata::comparator::Bytewise,
          class IndexType = strata::index::Binary>
struct Spec {
  using FileSystem = FileSystemType;
  using Comparator = ComparatorType;
  using Filter = FilterType;
  using Index = IndexType;
  using Compression = CompressionType;
  using Checksum = strata::checksum::Crc32c;
};

using Plain = Spec<strata::io::Memory, strata::filter::None, strata::compression::None>;
using Filtered = Spec<strata::io::Memory, strata::filter::Bloom, strata::compression::None>;
using Compressed = Spec<strata::io::Memory, strata::filter::None, strata::compression::Lz4>;
using Full = Spec<strata::io::Memory, strata::filter::Bloom, strata::compression::Lz4>;
using Backwards = Spec<strata::io::Memory, strata::filter::Bloom, strata::compression::Lz4,
                       strata::comparator::ReverseBytewise>;
template <class IndexType>
using Indexed = Spec<strata::io::Memory, strata::filter::Bloom, strata::compression::Lz4,
                     strata::comparator::Bytewise, IndexType>;
using ByLevels = Indexed<strata::index::Eytzinger>;
using ByLines = Indexed<strata::index::Learned>;
using Breakable = Spec<strata::io::Simulated, strata::filter::Bloom, strata::compression::Lz4>;

}  // namespace table_test
