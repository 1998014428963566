// SPDX-License-Identifier: BSL-1.0
#include <strata/table/partitions.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/format.hpp>
#include <strata/table/reader.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using strata::table::Partitions;

namespace {

template <class S>
OptionsOf<S> cut_at(std::size_t partition_bytes, std::size_t block_bytes = 200) {
  OptionsOf<S> options;
  options.block_bytes = block_bytes;
  options.partition_bytes = partition_bytes;
  return options;
}

template <class S>
Result<std::vector<std::string>> get(const ReaderOf<S>& reader, std::string_view key,
                                     Sequence sequence = sequence_max) {
  std::vector<std::string> found;
  auto read = reader.get(key, sequence, filter::Probe<typename S::Filter>(key), {},
                         [&](Trailer, std::string_view value) {
                           found.emplace_back(value);
                           return true;
                         });
  return read ? Result<std::vector<std::string>>(std::move(found)) : propagate(std::move(read));
}
std::vector<std::string> expected(const Entries& entries, const std::string& key,
                                  Sequence sequence = sequence_max) {
  std::vector<std::string> found;
  for (auto at = entries.lower_bound({key, Trailer::seek(sequence)});
       at != entries.end() && at->first.key == key; ++at) {
    found.push_back(at->second);
  }
  return found;
}

table::Footer footer_of(std::string_view bytes) {
  return table::decode_footer<checksum::Crc32c>(bytes.substr(bytes.size() - table::footer_bytes),
                                                bytes.size(), path)
      .value();
}

/// Gets, seeks and walks as the map has it.
template <class S>
void check_reads(const Table<S>& table) {
  CHECK(scanned<S>(*table.reader).value() == table.entries);
  const Result<void> verified = table.reader->verify();
  REQUIRE(verified);
  typename ReaderOf<S>::Cursor cursor(*table.reader, {});
  for (const std::string& key : probes_around(table.entries)) {
    CAPTURE(key);
    for (const Sequence sequence : {Sequence{300}, sequence_max}) {
      REQUIRE(get<S>(*table.reader, key, sequence).value() ==
              expected(table.entries, key, sequence));
    }
    const auto at = table.entries.lower_bound({key, Trailer::seek(sequence_max)});
    cursor.seek(key);
    REQUIRE(cursor.valid() == (at != table.entries.end()));
    REQUIRE((!cursor.valid() || cursor.key() == at->first.key));
    const auto behind = table.entries.upper_bound({key, Trailer()});
    cursor.seek_for_prev(key);
    REQUIRE(cursor.valid() == (behind != table.entries.begin()));
    REQUIRE((!cursor.valid() || cursor.value() == std::prev(behind)->second));
  }
  std::size_t passed = 0;
  for (cursor.seek_to_last(); cursor.valid(); cursor.prev()) {
    ++passed;
  }
  CHECK(passed == table.entries.size());
}

/// Versions that span blocks, and with blocks as partitions, those too.
Entries versioned() {
  Entries entries = numbered(20);
  for (Sequence sequence = 1; sequence <= 12; ++sequence) {
    entries[{"key1000003x", Trailer(sequence * 10, EntryKind::put)}] = std::string(300'000, 'v');
  }
  return entries;
}

}  // namespace

TEMPLATE_TEST_CASE("a table that is cut in partitions is read as a whole one", "[table]", Plain,
                   Full, ByLevels, ByLines) {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 6));
  const std::size_t partition_bytes = GENERATE(1U, 100U, 300U);
  CAPTURE(seed, partition_bytes);
  Random random(seed);
  check_reads(Table<TestType>(random_entries(random, 60), cut_at<TestType>(partition_bytes)));
}

TEST_CASE("versions of a key span blocks and partitions", "[table]") {
  const Table<Full> table(versioned(), cut_at<Full>(1));
  REQUIRE(table.reader->properties().blocks > 4);
  CHECK(scanned<Full>(*table.reader).value() == table.entries);
  CHECK(table.reader->verify());
  for (Sequence sequence = 0; sequence <= 130; sequence += 5) {
    REQUIRE(get<Full>(*table.reader, "key1000003x", sequence).value() ==
            expected(table.entries, "key1000003x", sequence));
  }
}

TEST_CASE("a table in another order is cut as well", "[table]") {
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  const Entries entries = numbered(300);
  auto builder = table::Builder<Backwards>::create(fs, path, number, cut_at<Backwards>(100));
  REQUIRE(builder);
  for (auto at = entries.rbegin(); at != entries.rend(); ++at) {
    REQUIRE(builder->add(at->first.key, at->first.trailer, at->second));
  }
  REQUIRE(builder->finish());
  Cache cache{{}};
  const auto reader = open<Backwards>(fs, cache).value();
  CHECK(reader->verify());
  CHECK(scanned<Backwards>(*reader).value() == entries);
  for (const auto& [version, value] : entries) {
    REQUIRE(get<Backwards>(*reader, version.key).value() == std::vector{value});
  }
}

TEST_CASE("a table whose index is small has the bytes that it always had", "[table]") {
  Table<Full> whole(numbered(400), cut_at<Full>(SIZE_MAX));
  Table<Full> usual(numbered(400), small_blocks<Full>());
  CHECK(whole.bytes() == usual.bytes());
  CHECK(footer_of(whole.bytes()).features == 0);
  Table<Full> cut(numbered(400), cut_at<Full>(300));
  CHECK(footer_of(cut.bytes()).features == table::partitioned);
}

TEST_CASE("memory that a large table pins does not grow with its index and filter", "[table]") {
  const auto pinned = [](std::size_t keys, std::size_t partition_bytes) {
    return Table<Full>(numbered(keys), cut_at<Full>(partition_bytes, 1)).reader->pinned_bytes();
  };
  const std::size_t whole = pinned(8'000, SIZE_MAX);
  CHECK(whole > 8'000 * 20);
  CHECK(pinned(8'000, 4'000) < whole / 40);
  CHECK(pinned(8'000, 16'000) < whole / 150);
}

TEST_CASE("partitions come from the cache, and are counted there", "[table]") {
  Table<Full> table(numbered(2'000), cut_at<Full>(2'000, 1));
  const auto reads = [&table] {
    const filter::Probe<filter::Bloom> probe("key1000100");
    return table.reader->get("key1000100", sequence_max, probe, {},
                             [](Trailer, std::string_view) { return false; });
  };
  const std::size_t pinned = table.reader->pinned_bytes();
  CHECK(table.cache.used_bytes() == pinned);
  REQUIRE(reads());
  CHECK(table.cache.stats().inserts == 3);  // a filter, a partition of the index, a block
  CHECK(table.cache.used_bytes() > pinned + 2'000);
  REQUIRE(reads());
  CHECK(table.cache.stats().inserts == 3);
  CHECK(table.cache.stats().hits == 3);
  table.cache.clear();
  CHECK(table.cache.used_bytes() == pinned);
  REQUIRE(reads());
  CHECK(table.cache.stats().inserts == 6);
}

TEST_CASE("a scan looks up each partition of the index once", "[table]") {
  Table<Full> table(numbered(2'000), cut_at<Full>(2'000, 1));
  CHECK(scanned<Full>(*table.reader, {.use_cache = false}).value() == table.entries);
  const std::uint64_t inserts = table.cache.stats().inserts;
  CHECK(inserts > 2'000 + 20);
  CHECK(inserts < 2'000 + 60);
}

TEST_CASE("a cache of less than a partition serves a cut table", "[table]") {
  Table<Full> table(numbered(1'000), cut_at<Full>(4'000, 1));
  Cache cache{{.capacity_bytes = 1'000}};
  const auto reader = open<Full>(table.fs, cache).value();
  CHECK(scanned<Full>(*reader).value() == table.entries);
  for (const auto& [version, value] : table.entries) {
    REQUIRE(get<Full>(*reader, version.key).value() == std::vector{value});
  }
}

TEST_CASE("the filter of a partition spares the reads of keys that are not there", "[table]") {
  Table<Filtered> table(numbered(2'000), cut_at<Filtered>(2'000, 1));
  CHECK(scanned<Filtered>(*table.reader).value() == table.entries);
  const std::uint64_t inserts = table.cache.stats().inserts;
  std::uint64_t lookups = table.cache.stats().hits + table.cache.stats().misses;
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE(
        get<Filtered>(*table.reader, "key" + std::to_string(1'000'000 + i) + "?").value().empty());
  }
  lookups = table.cache.stats().hits + table.cache.stats().misses - lookups;
  CHECK(lookups >= 1'000);  // of a filter
  CHECK(lookups < 1'000 + 200);
  CHECK(table.cache.stats().inserts < inserts + 40);
}

TEST_CASE("a filter of another kind is left out of a cut table too", "[table]") {
  Table<Full> filtered(numbered(100), cut_at<Full>(100));
  const auto without = open<Compressed>(filtered.fs, filtered.cache);
  REQUIRE(without);
  CHECK(scanned<Compressed>(**without).value() == filtered.entries);
  CHECK((*without)->verify());
  Table<Compressed> plain(numbered(100), cut_at<Compressed>(100));
  const auto with = open<Full>(plain.fs, plain.cache);
  REQUIRE(with);
  CHECK(get<Full>(**with, "key1000050").value().size() == 1);
  CHECK((*with)->verify());
}

TEST_CASE("damage in a partition is met by who reads it, and names file and offset", "[table]") {
  Table<Full> table(numbered(400), cut_at<Full>(400));
  std::string bytes = table.bytes();
  const std::size_t section = footer_of(bytes).filter.offset;
  const auto filter_at = load_fixed<std::uint64_t>(bytes.data() + section + 4);
  const auto filter_bytes = load_fixed<std::uint32_t>(bytes.data() + section + 12);
  SECTION("of the filter") {
    bytes[filter_at + filter_bytes - 1] ^= 1;
    io::Memory fs = disk_with(bytes);
    Cache cache{{}};
    const auto reader = open<Full>(fs, cache).value();
    const auto found = get<Full>(*reader, "key1000000");
    REQUIRE_FALSE(found);
    CHECK(found.error().code() == ErrorCode::corruption);
    CHECK(found.error().message().find(path + ": the block at offset " +
                                       std::to_string(filter_at)) == 0);
    CHECK(get<Full>(*reader, "key1000399").value().size() == 1);
    CHECK_FALSE(reader->verify());
  }
  SECTION("of the index") {
    bytes[filter_at - table::frame_bytes - 1] ^= 1;  // the end of the part before it
    io::Memory fs = disk_with(bytes);
    Cache cache{{}};
    const auto reader = open<Full>(fs, cache).value();
    for (const bool verify_checksums : {true, false}) {  // indexes are never taken unchecked
      ReaderOf<Full>::Cursor cursor(*reader, {.verify_checksums = verify_checksums});
      cursor.seek("key1000000");
      REQUIRE_FALSE(cursor.valid());
      REQUIRE_FALSE(cursor.status());
      CHECK(cursor.status().error().code() == ErrorCode::corruption);
      CHECK(cursor.status().error().message().find(path + ": the block at offset ") == 0);
    }
    CHECK(get<Full>(*reader, "key1000399").value().size() == 1);
    CHECK_FALSE(reader->verify());
  }
}

namespace {

/// A table that is cut, with a number in its list of partitions replaced, and its sums right.
template <class Integer>
std::string with_partitions(std::size_t offset, Integer forged) {
  Table<Plain> table(numbered(200), cut_at<Plain>(256));
  std::string bytes = table.bytes();
  const std::size_t footer_at = bytes.size() - table::footer_bytes;
  const auto at = table::decode_footer<Plain::Checksum>(std::string_view(bytes).substr(footer_at),
                                                        bytes.size(), path)
                      .value()
                      .filter;
  std::string section = bytes.substr(at.offset, at.bytes);
  REQUIRE(Partitions::parse(section, UINT32_MAX)->count() > 1);
  store_fixed(section.data() + offset, forged);
  table::close_frame<Plain::Checksum>(section, section.size(), 0, at.bytes, number, at.offset);
  return bytes.replace(at.offset, section.size(), section);
}

}  // namespace

TEST_CASE("a table that says it has more blocks than fit in its file is damaged", "[table]") {
  io::Memory fs = disk_with(with_partitions(0, UINT32_MAX / 2));
  Cache cache{{}};
  const auto opened = open<Plain>(fs, cache);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code() == ErrorCode::corruption);
}

TEST_CASE("a section of a partition that lies outside of the file is not read", "[table]") {
  io::Memory fs = disk_with(with_partitions(12, UINT32_MAX));
  Cache cache{{}};
  const auto verified = open<Plain>(fs, cache).value()->verify();
  REQUIRE_FALSE(verified);
  CHECK(verified.error().code() == ErrorCode::corruption);
  CHECK_THAT(verified.error().message(), Catch::Contains("outside of the file"));
}

TEST_CASE("partitions are told from their bytes, or are none", "[table]") {
  std::string bytes;
  table::put_partition(bytes, 3, {100, 10});
  table::put_partition(bytes, 1, {});
  table::put_partition(bytes, 5, {300, 30});
  const auto parsed = Partitions::parse(bytes, 9);
  REQUIRE(parsed);
  CHECK(parsed->count() == 3);
  CHECK(parsed->blocks() == 9);
  const std::uint32_t of_block[] = {0, 0, 0, 1, 2, 2, 2, 2, 2};
  for (std::uint32_t block = 0; block < 9; ++block) {
    CHECK(parsed->with_block(block) == of_block[block]);
  }
  CHECK(parsed->first_block(2) == 4);
  CHECK(parsed->blocks_of(2) == 5);
  CHECK(parsed->filter(2).offset == 300);
  CHECK(parsed->filter(1).bytes == 0);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK(Partitions::parse(bytes.substr(0, length), 9).has_value() == (length % 16 == 0));
  }
  std::string many = bytes;
  table::put_partition(many, UINT32_MAX - 9, {});
  CHECK(Partitions::parse(many, UINT32_MAX));
  CHECK_FALSE(Partitions::parse(many, UINT32_MAX - 1));
  table::put_partition(many, 1, {});
  CHECK_FALSE(Partitions::parse(many, UINT32_MAX));
  table::put_partition(bytes, 0, {});
  CHECK_FALSE(Partitions::parse(bytes, UINT32_MAX));
}
