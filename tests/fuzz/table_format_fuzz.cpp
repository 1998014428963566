// SPDX-License-Identifier: BSL-1.0
//
// The small parts of a table file: footer, properties, partitions, pointers to values and shares
// of value files.
//
//     input   what u8, the bytes; a footer has the checksum put right
#include <string>
#include <string_view>
#include <vector>

#include <strata/compression/lz4.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index.hpp>
#include <strata/table/partitions.hpp>
#include <strata/table/properties.hpp>
#include <strata/table/value_pointer.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;

struct Spec {
  using Comparator = comparator::Bytewise;
  using Filter = filter::Bloom;
  using Index = index::Binary;
  using Compression = compression::Lz4;
};

void check_footer(std::string bytes) {
  constexpr std::uint64_t file_bytes = 1 << 20;
  bytes.resize(table::footer_bytes);
  const std::size_t sum_at = table::footer_bytes - 8;
  store_fixed(bytes.data() + sum_at, Checksum::compute(std::string_view(bytes).substr(0, sum_at)));
  const auto footer = table::decode_footer<Checksum>(bytes, file_bytes, "1.table");
  if (!footer) {
    return;
  }
  for (const table::Handle& handle :
       {footer->filter, footer->index, footer->range_erases, footer->properties}) {
    fuzz::require(handle.offset + handle.bytes + table::frame_bytes <= file_bytes);
  }
  const std::string again = table::encode_footer<Checksum>(*footer);
  const auto second = table::decode_footer<Checksum>(again, file_bytes, "1.table");
  fuzz::require(second && table::encode_footer<Checksum>(*second) == again);
}

void check_properties(std::string_view bytes) {
  const auto properties = table::decode_properties(bytes, "1.table");
  if (!properties) {
    return;
  }
  const table::TableInfo& info = properties->info;
  const auto again = table::decode_properties(
      table::encode_properties<Spec>(info, properties->blocks,
                                     static_cast<std::uint32_t>(properties->family),
                                     properties->compression, properties->dictionary),
      "1.table");
  fuzz::require(again.has_value());
  fuzz::require(again->info.smallest == info.smallest && again->info.largest == info.largest &&
                again->info.largest_exclusive == info.largest_exclusive &&
                again->info.entries == info.entries && again->info.values == info.values &&
                again->info.largest_sequence == info.largest_sequence &&
                again->blocks == properties->blocks &&
                again->compression == properties->compression &&
                again->dictionary.bytes == properties->dictionary.bytes);
}

void check_partitions(std::string_view bytes) {
  const auto partitions = table::Partitions::parse(bytes, UINT32_MAX);
  if (!partitions) {
    return;
  }
  std::string again;
  for (std::uint32_t i = 0; i < partitions->count(); ++i) {
    const std::uint32_t first = partitions->first_block(i);
    fuzz::require(partitions->with_block(first) == i);
    fuzz::require(partitions->with_block(first + partitions->blocks_of(i) - 1) == i);
    table::put_partition(again, partitions->blocks_of(i), partitions->filter(i));
  }
  fuzz::require(again == bytes);
}

void check_pointers(std::string_view bytes) {
  if (const auto pointer = table::decode_value_pointer(bytes)) {
    const auto again = table::encode_value_pointer(*pointer);
    fuzz::require(std::string_view(again.data(), again.size()) == bytes);
  }
  table::ValueShares shares;
  if (table::decode_shares(bytes, shares)) {
    table::ValueShares again;
    fuzz::require(table::decode_shares(table::encode_shares(shares), again) && again == shares);
    for (const table::ValueShare& share : shares) {
      fuzz::require(table::share_of(shares, share.file) == share.bytes);
    }
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  switch (in.number() % 4) {
    case 0: check_footer(std::string(in.rest())); break;
    case 1: check_properties(in.rest()); break;
    case 2: check_partitions(in.rest()); break;
    default: check_pointers(in.rest()); break;
  }
}

std::vector<fuzz::Seed> seeds() {
  table::Footer footer{.file_number = 12,
                       .filter = {1000, 100},
                       .index = {1109, 50},
                       .range_erases = {1168, 0},
                       .properties = {1177, 200}};
  table::TableInfo info;
  info.smallest = "a";
  info.largest = "z";
  info.entries = 1000;
  info.largest_sequence = 500;
  info.values = {{3, 100}, {4, 70000}};
  std::string partitions;
  table::put_partition(partitions, 10, {1000, 100});
  table::put_partition(partitions, 1, {2000, 0});
  const auto pointer = table::encode_value_pointer({7, 4096, 300});
  return {{"footer", '\0' + table::encode_footer<Checksum>(footer)},
          {"properties", '\1' + table::encode_properties<Spec>(info, 10, 300)},
          {"properties_dictionary",
           '\1' + table::encode_properties<Spec>(info, 10, 0, "zstd", {500, 60})},
          {"partitions", '\2' + partitions},
          {"pointer", '\3' + std::string(pointer.data(), pointer.size())},
          {"shares", '\3' + table::encode_shares(info.values)}};
}

const fuzz::Target target("table_format", run, seeds);

}  // namespace
