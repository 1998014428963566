// SPDX-License-Identifier: BSL-1.0
//
// Whole table files: opened, searched, scanned both ways, salvaged and verified.
//
//     input   seal u8, key sized, the file; what is sealed has all checksums put right that can be
//             found from its footer: mutations reach what lies behind them
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/cache/lru.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index.hpp>
#include <strata/table/reader.hpp>
#include <strata/table/separators.hpp>

#include "file_image.hpp"
#include "fuzz.hpp"

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;

struct Spec {
  using FileSystem = io::Memory;
  using Comparator = comparator::Bytewise;
  using Filter = filter::Bloom;
  using Index = index::Binary;
  using Compression = compression::Lz4;
  using Checksum = ::Checksum;
};
using Cache = cache::Lru::type<table::BlockKey, table::Block, table::BlockKeyHash>;
using Reader = table::Reader<Spec, Cache>;
using Builder = table::Builder<Spec>;

constexpr std::uint64_t number = 12;

/// Puts the checksum of the frame at `handle` right, if it lies in the file.
bool seal_frame(std::string& file, const table::Handle& handle) {
  const std::uint64_t size = std::uint64_t{handle.bytes} + table::frame_bytes;
  if (handle.offset > file.size() || size > file.size() - handle.offset) {
    return false;
  }
  const std::string_view summed =
      std::string_view(file).substr(static_cast<std::size_t>(handle.offset), size - 4);
  store_fixed(file.data() + handle.offset + summed.size(),
              table::frame_checksum<Checksum>(summed, number, handle.offset));
  return true;
}

/// The blocks that the index at `handle` names, and those that these name.
void seal_blocks(std::string& file, const table::Handle& handle, int levels) {
  if (!seal_frame(file, handle) || levels == 0) {
    return;
  }
  auto bytes = std::make_unique<char[]>(handle.bytes);
  file.copy(bytes.get(), handle.bytes, static_cast<std::size_t>(handle.offset));
  if (const auto index = table::parse_separators(std::move(bytes), handle.bytes)) {
    for (std::uint32_t i = 0; i < std::min(index->count(), 64U); ++i) {
      seal_blocks(file, table::handle_of(*index, i), levels - 1);
    }
  }
}

void seal(std::string& file) {
  if (file.size() < table::footer_bytes) {
    return;
  }
  char* const footer = file.data() + file.size() - table::footer_bytes;
  store_fixed(footer, table::table_magic);
  store_fixed(footer + 16, number);
  const std::size_t summed = table::footer_bytes - 8;
  store_fixed(footer + summed, Checksum::compute({footer, summed}));
  for (const std::size_t at : {24U, 36U, 48U, 60U}) {
    const table::Handle handle{load_fixed<std::uint64_t>(footer + at),
                               load_fixed<std::uint32_t>(footer + at + 8)};
    seal_blocks(file, handle, at == 36 ? 2 : 0);
  }
}

using Entries = std::vector<std::pair<std::string, std::string>>;

/// Scans both ways; what comes out one way comes out the other way round.
void scan(const Reader& reader, std::size_t most) {
  typename Reader::Cursor cursor(reader, {});
  std::size_t forward = 0;
  for (cursor.seek_to_first(); cursor.valid() && forward < most; cursor.next()) {
    (void)cursor.value();
    ++forward;
  }
  const bool whole = cursor.status().has_value() && !cursor.valid();
  typename Reader::Cursor back(reader, {});
  std::size_t backward = 0;
  for (back.seek_to_last(); back.valid() && backward < most; back.prev()) {
    ++backward;
  }
  fuzz::require(!whole || !back.status() || forward == backward);
}

void use(const Reader& reader, std::string_view key) {
  (void)reader.get(key, sequence_max, filter::Probe<Spec::Filter>(key), {},
                   [](Trailer, std::string_view) { return true; });
  typename Reader::Cursor cursor(reader, {});
  cursor.seek(key);
  (void)cursor.status();
  cursor.seek_for_prev(key);
  scan(reader, 10'000);
  (void)reader.sample_keys(4);
  std::size_t salvaged = 0;
  const auto done = reader.salvage(
      [&](std::string_view, Trailer, std::string_view) -> Result<void> {
        return ++salvaged < 10'000 ? Result<void>() : fail(ErrorCode::busy, "enough");
      },
      [](const Error&) {});
  if (reader.verify()) {
    fuzz::require(!done || salvaged == reader.properties().info.entries);
  }
}

void run(std::string_view bytes) {
  fuzz::Input in(bytes);
  const bool sealed = in.number() != 0;
  const std::string_view key = in.string();
  std::string file(in.rest());
  if (sealed) {
    seal(file);
  }
  io::Memory fs;
  fuzz::put_file(fs, "12.table", file);
  Cache cache({});
  (void)Reader::stored_number(fs, "12.table");
  const auto reader = Reader::open(fs, "12.table", {.number = number}, cache);
  if (reader) {
    use(**reader, key);
  }
}

std::string build(const Builder::Options& options, int entries, bool ranges = false) {
  io::Memory fs;
  auto builder = Builder::create(fs, "12.table", number, options).value();
  if (ranges) {
    (void)builder.add_range_erase("key12", "key15", 9);
    (void)builder.add_range_erase("x", "z", 11);
  }
  for (int i = 0; i < entries; ++i) {
    const std::string key = "key" + std::to_string(100 + i);
    (void)builder.add(key, Trailer(20, EntryKind::put), key + std::string(60, 'v'));
    if (i % 5 == 0) {
      (void)builder.add(key, Trailer(10, EntryKind::erase), "");
    }
  }
  (void)builder.finish();
  return io::read_file(fs, "12.table").value();
}

std::vector<fuzz::Seed> seeds() {
  Builder::Options small;
  small.block_bytes = 200;
  Builder::Options large;
  Builder::Options partitions = small;
  partitions.partition_bytes = 64;
  const auto seed = [](char sealed, const std::string& file) {
    return sealed + fuzz::sized("key107") + file;
  };
  return {{"plain", seed(0, build(small, 20))},
          {"ranges", seed(0, build(small, 10, true))},
          {"partitions", seed(0, build(partitions, 30))},
          {"one_block", seed(1, build(large, 10))},
          {"sealed", seed(1, build(small, 20))},
          {"sealed_ranges", seed(1, build(small, 10, true))},
          {"sealed_partitions", seed(1, build(partitions, 30))},
          {"only_ranges", seed(1, build(large, 0, true))}};
}

const fuzz::Target target("table", run, seeds);

}  // namespace
