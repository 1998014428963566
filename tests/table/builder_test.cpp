// SPDX-License-Identifier: BSL-1.0
#include <strata/table/builder.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/entry.hpp>
#include <strata/io/files.hpp>
#include <strata/table/format.hpp>
#include <strata/table/properties.hpp>

#include "entries.hpp"
#include "info.hpp"
#include "tables.hpp"

using namespace table_test;
using table::TableInfo;

namespace {

/// What a builder must say of these entries; size and range erases aside.
TableInfo expected(const Entries& entries) {
  TableInfo info;
  info.smallest = entries.begin()->first.key;
  info.largest = entries.rbegin()->first.key;
  info.smallest_sequence = sequence_max;
  for (const auto& [version, value] : entries) {
    info.smallest_sequence = std::min(info.smallest_sequence, version.trailer.sequence());
    info.largest_sequence = std::max(info.largest_sequence, version.trailer.sequence());
    ++info.entries;
    info.tombstones += version.trailer.kind() == EntryKind::erase ? 1 : 0;
    info.raw_bytes += version.key.size() + value.size();
  }
  return info;
}

/// Builds, and finds in the file what was put in and what the builder says of it.
template <class S>
void check(const Entries& entries, const OptionsOf<S>& options) {
  Table<S> table(entries, options);
  check_same(table.info, expected(entries));
  check_same(table.reader->properties().info, table.info);
  CHECK(table.info.size_bytes == table.bytes().size());
  CHECK(scanned<S>(*table.reader).value() == entries);
  CHECK(table.reader->verify());
}

}  // namespace

TEMPLATE_TEST_CASE("a table holds what was built, and says what it holds", "[table]", Plain,
                   Filtered, Compressed, Full) {
  const std::size_t block_bytes = GENERATE(values<std::size_t>({1, 100, 4'096, 1 << 20}));
  OptionsOf<TestType> options;
  options.block_bytes = block_bytes;
  CAPTURE(block_bytes);
  check<TestType>(entries_of({"one"}), options);
  check<TestType>(entries_of({""}), options);
  check<TestType>(entries_of({"", std::string(1, '\0'), "a"}), options);
  check<TestType>(numbered(500), options);
  Random random(block_bytes);
  check<TestType>(random_entries(random, 300), options);
}

TEST_CASE("a table of no entries is a table", "[table]") {
  Table<Full> table(Entries{});
  CHECK(table.info.entries == 0);
  CHECK(table.info.size_bytes == table.bytes().size());
  CHECK(scanned<Full>(*table.reader).value().empty());
  CHECK(table.reader->verify());
}

TEST_CASE("a table's blocks are of about the size asked for", "[table]") {
  OptionsOf<Plain> options;
  options.block_bytes = GENERATE(values<std::size_t>({500, 2'000, 10'000}));
  Table<Plain> table(numbered(2'000), options);
  const std::uint64_t blocks = table.reader->properties().blocks;
  CHECK(blocks > table.info.raw_bytes / options.block_bytes / 2);
  CHECK(blocks < table.info.raw_bytes / options.block_bytes * 3);
}

TEST_CASE("compression makes a table smaller, and its blocks are not compressed in vain",
          "[table]") {
  Entries noise;
  Random random(3);
  for (const auto& [version, value] : numbered(200)) {
    std::string bytes(200, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    noise[version] = bytes;
  }
  OptionsOf<Plain> plain;
  OptionsOf<Compressed> compressed;
  CHECK(Table<Compressed>(numbered(2'000), compressed).info.size_bytes <
        Table<Plain>(numbered(2'000), plain).info.size_bytes * 3 / 4);
  CHECK(Table<Compressed>(noise, compressed).info.size_bytes <
        Table<Plain>(noise, plain).info.size_bytes + 10);
}

TEST_CASE("versions of one key stay in one block while it is not huge", "[table]") {
  Entries entries = entries_of({"a", "z"});
  for (Sequence sequence = 1; sequence <= 300; ++sequence) {
    entries[{"key", Trailer(sequence, EntryKind::put)}] = std::string(100, 'v');
  }
  Table<Plain> table(entries);
  CHECK(table.reader->properties().blocks <= 3);
  CHECK(scanned<Plain>(*table.reader).value() == entries);
}

TEST_CASE("versions of one key span blocks where one would be huge", "[table]") {
  Entries entries = entries_of({"a", "z"});
  for (Sequence sequence = 1; sequence <= 40; ++sequence) {
    entries[{"key", Trailer(sequence, EntryKind::put)}] = std::string(100'000, 'v');
  }
  Table<Plain> table(entries);
  CHECK(table.reader->properties().blocks >= 4);
  CHECK(table.reader->properties().blocks <= 6);
  CHECK(scanned<Plain>(*table.reader).value() == entries);
}

TEST_CASE("range erases widen a table's bounds", "[table]") {
  const Entries entries = entries_of({"f", "m"}, 100);
  SECTION("beyond its keys: the end of a range is not in it") {
    Table<Plain> table(entries, small_blocks<Plain>(), {{"c", "x", 7}, {"a", "b", 200}});
    CHECK(table.info.smallest == "a");
    CHECK(table.info.largest == "x");
    CHECK(table.info.largest_exclusive);
    CHECK(table.info.smallest_sequence == 7);
    CHECK(table.info.largest_sequence == 200);
    CHECK(table.info.range_erases == 2);
    check_same(table.reader->properties().info, table.info);
  }
  SECTION("within its keys") {
    Table<Plain> table(entries, small_blocks<Plain>(), {{"g", "h", 7}});
    CHECK(table.info.smallest == "f");
    CHECK(table.info.largest == "m");
    CHECK_FALSE(table.info.largest_exclusive);
  }
  SECTION("up to its last key, which is in the table") {
    Table<Plain> table(entries, small_blocks<Plain>(), {{"g", "m", 7}});
    CHECK(table.info.largest == "m");
    CHECK_FALSE(table.info.largest_exclusive);
  }
  SECTION("from the empty key on") {
    Table<Plain> table(entries, small_blocks<Plain>(), {{"", "b", 7}, {"g", "x", 7}});
    CHECK(table.info.smallest.empty());
    CHECK(table.info.largest == "x");
    CHECK(table.info.largest_exclusive);
  }
  SECTION("without any keys") {
    Table<Plain> table({}, small_blocks<Plain>(), {{"c", "d", 9}, {"", "b", 7}, {"a", "c", 8}});
    CHECK(table.info.smallest.empty());
    CHECK(table.info.largest == "d");
    CHECK(table.info.smallest_sequence == 7);
    CHECK(table.info.largest_sequence == 9);
    CHECK(table.reader->verify());
  }
}

TEST_CASE("a table keeps its range erases as they came", "[table]") {
  const std::vector<RangeErase> ranges{{"m", "z", 9}, {"", "b", 7}, {"a", "c", sequence_max}};
  Table<Full> table(entries_of({"key"}), small_blocks<Full>(), ranges);
  REQUIRE(table.reader->range_erases().size() == ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    CHECK(table.reader->range_erases()[i].first == ranges[i].first);
    CHECK(table.reader->range_erases()[i].last == ranges[i].last);
    CHECK(table.reader->range_erases()[i].sequence == ranges[i].sequence);
  }
}

TEST_CASE("a builder tells how far it is", "[table]") {
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  auto builder = table::Builder<Plain>::create(fs, path, number, small_blocks<Plain>());
  REQUIRE(builder);
  CHECK(builder->empty());
  CHECK(builder->entries() == 0);
  REQUIRE(builder->add_range_erase("a", "b", 1));
  CHECK_FALSE(builder->empty());
  std::uint64_t before = builder->estimated_bytes();
  for (const auto& [version, value] : numbered(300)) {
    REQUIRE(builder->add(version.key, version.trailer, value));
    // A finished block is smaller than the estimate by the prefix that its keys share.
    CHECK(builder->estimated_bytes() + 100 > before);
    before = builder->estimated_bytes();
  }
  CHECK(builder->entries() == 300);
  const auto info = builder->finish();
  REQUIRE(info);
  CHECK(before > info->size_bytes / 2);
  CHECK(before < info->size_bytes * 2);
}

TEST_CASE("a builder does not write over a file that is there", "[table]") {
  io::Memory fs = disk_with("precious");
  const auto built = build<Plain>(fs, numbered(1));
  REQUIRE_FALSE(built);
  CHECK(built.error().code() == ErrorCode::already_exists);
  CHECK(io::read_file(fs, path).value() == "precious");
}

TEST_CASE("two builds of the same entries give the same bytes", "[table]") {
  CHECK(Table<Full>(numbered(300)).bytes() == Table<Full>(numbered(300)).bytes());
}
