// SPDX-License-Identifier: BSL-1.0
/// Tables that are read into the cache before anybody asks, and leave it when nobody will.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/table/reader.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using namespace strata::literals;

namespace {

constexpr std::size_t window = 64_KiB;

/// One part, and many.
template <class S>
OptionsOf<S> options_of(bool cut) {
  OptionsOf<S> options = small_blocks<S>();
  options.partition_bytes = cut ? 300 : 1_MiB;
  return options;
}

/// How many look-ups in the cache find nothing while all keys are read.
template <class S>
std::uint64_t misses_of_all_keys(Table<S>& table) {
  const std::uint64_t before = table.cache.stats().misses;
  for (const auto& [version, value] : table.entries) {
    const filter::Probe<typename S::Filter> probe(version.key);
    std::string found;
    REQUIRE(table.reader->get(version.key, sequence_max, probe, {},
                              [&](Trailer, std::string_view bytes) {
                                found = bytes;
                                return false;
                              }));
    REQUIRE(found == value);
  }
  return table.cache.stats().misses - before;
}

}  // namespace

TEMPLATE_TEST_CASE("a table that is warm is read without a miss", "[table]", Plain, Full, ByLevels,
                   ByLines) {
  Table<TestType> table(numbered(1000), options_of<TestType>(false));
  const auto cold = table.cache.stats();
  REQUIRE(table.reader->warm(window));
  CHECK(table.cache.stats().misses == cold.misses);  // it asks the cache for nothing
  CHECK(misses_of_all_keys(table) == 0);
}

TEST_CASE("a table that was cut becomes warm too", "[table]") {
  Table<Full> table(numbered(1000), options_of<Full>(true));
  REQUIRE(table.reader->warm(window));
  const std::size_t filters = misses_of_all_keys(table);  // which nothing has asked for
  CHECK(filters > 0);
  CHECK(filters < 100);
  CHECK(misses_of_all_keys(table) == 0);
}

TEST_CASE("warming pushes nothing out of the cache", "[table]") {
  Table<Full> table(numbered(20'000));
  REQUIRE(table.info.size_bytes > 600_KiB);
  table.cache.set_capacity(table.cache.used_bytes() + 300_KiB);
  REQUIRE(table.reader->warm(window));
  const auto warm = table.cache.stats();
  CHECK(warm.inserts > 100);
  CHECK(warm.evictions * 8 < warm.inserts);  // shards are not quite even
  table.cache.set_capacity(table.cache.used_bytes());
  REQUIRE(table.reader->warm(window));
  CHECK(table.cache.stats().inserts == warm.inserts);
}

TEST_CASE("a table that leaves the cache leaves nothing there, cut or not", "[table]") {
  const bool cut = GENERATE(false, true);
  Table<Full> table(numbered(1000), options_of<Full>(cut));
  const std::size_t empty = table.cache.used_bytes();
  REQUIRE(table.reader->warm(window));
  CHECK(misses_of_all_keys(table) < 100);
  CHECK(table.cache.used_bytes() > 2 * empty);
  table.reader->leave_cache();
  CHECK(table.cache.used_bytes() == empty);
  CHECK(misses_of_all_keys(table) > 100);  // and reads on
}

TEST_CASE("a block that is damaged is found while its table becomes warm", "[table]") {
  Table<Full> table(numbered(1000));
  std::string bytes = table.bytes();
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
  auto fs = disk_with(bytes);
  Cache cache{{}};
  const auto reader = open<Full>(fs, cache).value();
  const auto warmed = reader->warm(window);
  REQUIRE_FALSE(warmed);
  CHECK(warmed.error().code() == ErrorCode::corruption);
  CHECK_THAT(warmed.error().message(), Catch::Contains(path));
}
