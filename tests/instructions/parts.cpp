// SPDX-License-Identifier: BSL-1.0

/// The parts that the default composition is made of, each alone.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/cache/s3_fifo.hpp>
#include <strata/compression/none.hpp>
#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/filter/bloom.hpp>
#include <strata/io/memory.hpp>
#include <strata/memtable/btree.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/index.hpp>
#include <strata/table/reader.hpp>
#include <strata/wal/writer.hpp>

#include "workload.hpp"

namespace {

using namespace instructions;
using strata::EntryKind;
using strata::Trailer;
using strata::comparator::Bytewise;
using strata::filter::Bloom;

constexpr std::size_t entries = 20'000;
constexpr std::size_t operations = 10'000;

using Memtable = strata::memtable::BTree::type<Bytewise>;

void insert_all(Memtable& table, const std::vector<std::string>& keys) {
  strata::Sequence sequence = 0;
  for (const std::string& key : keys) {
    table.insert(key, Trailer(++sequence, EntryKind::put), value);
  }
}
void memtable_insert() {
  Memtable table(strata::memtable::BTree::Options{});
  const auto keys = shuffled_keys(entries);
  measured(entries, [&] { insert_all(table, keys); });
}
void memtable_find() {
  Memtable table(strata::memtable::BTree::Options{});
  const auto keys = shuffled_keys(entries);
  insert_all(table, keys);
  measured(operations, [&] {
    for (std::size_t i = 0; i < operations; ++i) {
      must(table.find(keys[i], strata::sequence_max).has_value(), "a key is missing");
    }
  });
}
void memtable_next() {
  Memtable table(strata::memtable::BTree::Options{});
  insert_all(table, shuffled_keys(entries));
  Memtable::Cursor cursor(table);
  cursor.seek_to_first();
  measured(entries, [&] {
    for (; cursor.valid(); cursor.next()) {
      keep(cursor.key());
    }
  });
}

void log_append() {
  using Log = strata::wal::Writer<strata::io::Memory, strata::checksum::Crc32c>;
  strata::io::Memory files;
  must(files.create_directory("log"));
  Log log = must(Log::create(files, "log", {}, {}));
  const std::string payload(120, 'p');
  measured(operations, [&] {
    for (strata::Sequence i = 1; i <= operations; ++i) {
      must(log.append(i, 1, payload, strata::checksum::Crc32c::compute(payload)));
    }
  });
}

void crc32c_4_kib() {
  const std::string block(4'096, 'b');
  measured(100, [&] {
    for (int i = 0; i < 100; ++i) {
      keep(strata::checksum::Crc32c::compute(block));
    }
  });
}

std::string filter_of(const std::vector<std::string>& keys) {
  Bloom::Builder builder;
  for (const std::string& key : keys) {
    builder.add(key);
  }
  std::string filter;
  builder.finish(filter);
  return filter;
}
void filter_build() {
  const auto keys = sorted_keys(entries);
  measured(entries, [&] { keep(filter_of(keys)); });
}
void probe_filter(std::uint64_t offset) {
  const std::string filter = filter_of(sorted_keys(entries));
  const auto keys = shuffled_keys(entries, offset);
  std::size_t passed = 0;
  measured(entries, [&] {
    for (const std::string& key : keys) {
      passed += Bloom::may_contain(filter, key) ? 1 : 0;
    }
  });
  must(offset == 0 ? passed == entries : passed < entries / 20, "the filter is no filter");
}
void filter_hit() {
  probe_filter(0);
}
void filter_miss() {
  probe_filter(1);
}

struct Spec {
  using FileSystem = strata::io::Memory;
  using Comparator = Bytewise;
  using Filter = Bloom;
  using Index = strata::index::Binary;
  using Compression = strata::compression::None;
  using Checksum = strata::checksum::Crc32c;
};
using Cache = strata::cache::S3Fifo::type<strata::table::BlockKey, strata::table::Block,
                                          strata::table::BlockKeyHash>;
using Reader = strata::table::Reader<Spec, Cache>;

void build_table(strata::io::Memory& files, const std::vector<std::string>& keys) {
  auto builder = must(strata::table::Builder<Spec>::create(files, "1.table", 1, {}));
  for (const std::string& key : keys) {
    must(builder.add(key, Trailer(1, EntryKind::put), value));
  }
  keep(must(builder.finish()));
}
void table_build() {
  strata::io::Memory files;
  const auto keys = sorted_keys(entries);
  measured(entries, [&] { build_table(files, keys); });
}
/// All blocks are in the cache.
struct OpenTable {
  strata::io::Memory files;
  Cache cache{{.capacity_bytes = 64 << 20}};
  std::unique_ptr<Reader> reader;

  OpenTable() {
    build_table(files, sorted_keys(entries));
    reader = must(Reader::open(files, "1.table", {.number = 1}, cache));
    Reader::Cursor cursor(*reader, {});
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    }
    must(cursor.status());
  }
};
void table_get() {
  const OpenTable table;
  const auto keys = shuffled_keys(entries);
  std::size_t found = 0;
  measured(operations, [&] {
    for (std::size_t i = 0; i < operations; ++i) {
      must(table.reader->get(keys[i], strata::sequence_max, strata::filter::Probe<Bloom>(keys[i]),
                             {}, [&](Trailer, std::string_view) {
                               ++found;
                               return false;
                             }));
    }
  });
  must(found == operations, "a key is missing");
}
void table_seek() {
  const OpenTable table;
  const auto keys = shuffled_keys(entries);
  Reader::Cursor cursor(*table.reader, {});
  measured(operations, [&] {
    for (std::size_t i = 0; i < operations; ++i) {
      cursor.seek(keys[i]);
      must(cursor.valid(), "a key is missing");
    }
  });
}
void table_next() {
  const OpenTable table;
  Reader::Cursor cursor(*table.reader, {});
  cursor.seek_to_first();
  measured(entries, [&] {
    for (; cursor.valid(); cursor.next()) {
      keep(cursor.key());
      keep(cursor.value());
    }
  });
}

}  // namespace

int main(int count, char** arguments) {
  return run(count, arguments,
             {{"memtable_insert", memtable_insert},
              {"memtable_find", memtable_find},
              {"memtable_next", memtable_next},
              {"log_append", log_append},
              {"crc32c_4_kib", crc32c_4_kib},
              {"filter_build", filter_build},
              {"filter_hit", filter_hit},
              {"filter_miss", filter_miss},
              {"table_build", table_build},
              {"table_get", table_get},
              {"table_seek", table_seek},
              {"table_next", table_next}});
}
