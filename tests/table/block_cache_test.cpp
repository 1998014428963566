// SPDX-License-Identifier: BSL-1.0
#include <strata/table/block_cache.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/cache/lru.hpp>
#include <strata/cache/s3_fifo.hpp>
#include <strata/core/bytes.hpp>
#include <strata/table/reader.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using namespace strata::literals;

namespace {

template <class Policy>
using CacheOf = table::BlockCache<
    typename Policy::template type<table::BlockKey, table::Block, table::BlockKeyHash>>;

std::string key_of(std::size_t i) {
  return "key" + std::to_string(1'000'000 + i);
}
std::string value_of(std::size_t i) {
  return std::string(1000, static_cast<char>('a' + i % 26)) + std::to_string(i);
}
/// Some twelve megabytes, more than twice what a class of blocks takes from the heap.
constexpr std::size_t keys = 12'000;

/// A table whose blocks of 4 KiB and more go through `cache`.
template <class Policy, class S = Full>
struct Cached {
  using Reader = table::Reader<S, CacheOf<Policy>>;

  explicit Cached(std::size_t capacity_bytes) : cache({.capacity_bytes = capacity_bytes}) {
    Entries entries;
    for (std::size_t i = 0; i < keys; ++i) {
      entries.emplace(Version{key_of(i), Trailer(i + 1, EntryKind::put)}, value_of(i));
    }
    REQUIRE(fs.create_directory("db"));
    REQUIRE(build<S>(fs, entries, OptionsOf<S>{}));
    reader = Reader::open(fs, path, {.number = number}, cache).value();
  }
  /// How many keys have their values.
  [[nodiscard]] std::size_t read_all() const {
    std::size_t right = 0;
    for (std::size_t i = 0; i < keys; ++i) {
      const std::string key = key_of(i);
      const filter::Probe<typename S::Filter> probe(key);
      REQUIRE(reader->get(key, sequence_max, probe, {}, [&](Trailer, std::string_view value) {
        right += value == value_of(i) ? 1 : 0;
        return false;
      }));
    }
    return right;
  }

  CacheOf<Policy> cache;
  typename S::FileSystem fs{};
  std::unique_ptr<Reader> reader;
};
using Packed = Cached<cache::S3Fifo>;
using Unpacked = Cached<cache::Lru, Filtered>;

}  // namespace

TEMPLATE_TEST_CASE("blocks in slabs are read as they were written", "[table]", Packed, Unpacked) {
  TestType table(64_MiB);
  CHECK(table.read_all() == keys);
  CHECK(table.cache.block_memory().slabs() > 0);
  CHECK(table.read_all() == keys);
  CHECK(table.cache.stats().hits > 0);
  table.cache.clear();
  CHECK(table.cache.block_memory().slabs() == 0);
  CHECK(table.cache.block_memory().bytes_out() == 0);
}

TEMPLATE_TEST_CASE("blocks that are evicted all the time leave room for others in their slabs",
                   "[table]", Packed, Unpacked) {
  TestType table(8_MiB);
  for (int round = 0; round < 3; ++round) {
    CHECK(table.read_all() == keys);
    CHECK(table.cache.block_memory().slabs() <= 4);
  }
  CHECK(table.cache.stats().evictions > 0);
}

TEST_CASE("what is read past the cache takes no slab", "[table]") {
  Packed table(64_MiB);
  Packed::Reader::Cursor cursor(*table.reader, {.fill_cache = false});
  std::size_t seen = 0;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    ++seen;
  }
  CHECK(seen == keys);
  CHECK(table.cache.block_memory().bytes_out() == 0);
}

TEST_CASE("a cache alone brings no memory", "[table]") {
  Cache alone{{}};
  CHECK(table::block_memory_of(alone) == nullptr);
  CacheOf<cache::Lru> with{{}};
  CHECK(table::block_memory_of(with) == &with.block_memory());
}
