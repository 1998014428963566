// SPDX-License-Identifier: BSL-1.0
/// Tables whose blocks need a dictionary that is stored with them.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/compression/zstd.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/entry.hpp>
#include <strata/filter/concept.hpp>
#include <strata/io/faults.hpp>
#include <strata/io/simulated.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/format.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using Checksum = checksum::Crc32c;

namespace {

using Taught = Spec<io::Memory, filter::Bloom, compression::Zstd>;

OptionsOf<Taught> taught(std::size_t dictionary_bytes) {
  auto options = small_blocks<Taught>();
  options.compression.dictionary_bytes = dictionary_bytes;
  return options;
}

/// Records with the same names of fields.
Entries records(std::size_t count) {
  std::mt19937_64 random(17);
  Entries entries;
  for (std::size_t i = 0; i < count; ++i) {
    entries[{"key" + std::to_string(1'000'000 + i), Trailer(i + 1, EntryKind::put)}] =
        "{\"identifier\": " + std::to_string(random()) +
        ", \"temperature\": " + std::to_string(random() % 1000) +
        ", \"place\": {\"latitude\": " + std::to_string(random() % 90) +
        ", \"longitude\": " + std::to_string(random() % 180) + "}}";
  }
  return entries;
}

table::Footer footer_of(std::string_view bytes) {
  return table::decode_footer<Checksum>(bytes.substr(bytes.size() - table::footer_bytes),
                                        bytes.size(), path)
      .value();
}
bool has_dictionary(std::string_view bytes) {
  return (footer_of(bytes).features & table::with_dictionary) != 0;
}

void check_is_damage(const Error& error) {
  REQUIRE(error.code() == ErrorCode::corruption);
  REQUIRE(error.message().find(path) == 0);
}

/// Opens, scans and verifies: right or damaged. Whether any damage was met.
bool meets_damage(std::string_view bytes, const Entries& entries) {
  io::Memory fs = disk_with(bytes);
  Cache cache{{}};
  const auto reader = open<Taught>(fs, cache);
  if (!reader) {
    check_is_damage(reader.error());
    return true;
  }
  if (const auto all = scanned<Taught>(**reader)) {
    REQUIRE(*all == entries);
  } else {
    check_is_damage(all.error());
  }
  const auto verified = (*reader)->verify();
  if (!verified) {
    check_is_damage(verified.error());
  }
  return !verified;
}

}  // namespace

TEST_CASE("a table learns a dictionary from its first blocks and is read with it", "[table]") {
  const Entries entries = records(2'000);
  Table<Taught> with(entries, taught(1_KiB));
  Table<Taught> without(entries, taught(0));
  REQUIRE(has_dictionary(with.bytes()));
  CHECK_FALSE(has_dictionary(without.bytes()));
  CHECK(with.reader->properties().dictionary.offset == 0);
  CHECK(with.reader->properties().dictionary.bytes <= 1_KiB);
  CHECK(without.reader->properties().dictionary.bytes == 0);
  CHECK(with.info.size_bytes * 10 < without.info.size_bytes * 9);
  CHECK(scanned<Taught>(*with.reader).value() == entries);
  CHECK(with.reader->verify());
  CHECK(without.reader->verify());
}

TEST_CASE("the memory of an open dictionary is pinned, and given back", "[table]") {
  const Entries entries = records(2'000);
  Table<Taught> with(entries, taught(1_KiB));
  Table<Taught> without(entries, taught(0));
  CHECK(with.reader->pinned_bytes() >
        without.reader->pinned_bytes() + with.reader->properties().dictionary.bytes);
  CHECK(with.cache.used_bytes() >= with.reader->pinned_bytes());
  with.reader.reset();
  CHECK(with.cache.used_bytes() == 0);
}

TEST_CASE("a table too small to learn from has no dictionary", "[table]") {
  Table<Taught> table(records(100), taught(1_KiB));
  CHECK_FALSE(has_dictionary(table.bytes()));
  CHECK(scanned<Taught>(*table.reader).value() == table.entries);
  CHECK(table.reader->verify());
  Table<Taught> none({}, taught(1_KiB));
  CHECK(scanned<Taught>(*none.reader).value().empty());
}

TEST_CASE("a table that ends before its samples are complete learns from what it has", "[table]") {
  Table<Taught> table(records(400), taught(1_KiB));
  REQUIRE(table.info.raw_bytes < 100_KiB);
  CHECK(has_dictionary(table.bytes()));
  CHECK(scanned<Taught>(*table.reader).value() == table.entries);
  CHECK(table.reader->verify());
}

TEST_CASE("blocks that wait for a dictionary count for the size of a table", "[table]") {
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  auto builder = table::Builder<Taught>::create(fs, path, number, taught(1_KiB)).value();
  std::uint64_t raw_bytes = 0;
  for (const auto& [version, value] : records(1'200)) {
    REQUIRE(builder.add(version.key, version.trailer, value));
    raw_bytes += value.size();
    REQUIRE((raw_bytes > 50_KiB || builder.estimated_bytes() >= raw_bytes));
  }
  CHECK(builder.estimated_bytes() < raw_bytes);
  builder.abandon();
}

TEST_CASE("partitions of a table share its dictionary", "[table]") {
  auto options = taught(1_KiB);
  options.partition_bytes = 300;
  Table<Taught> table(records(2'000), options);
  REQUIRE(has_dictionary(table.bytes()));
  REQUIRE((footer_of(table.bytes()).features & table::partitioned) != 0);
  CHECK(scanned<Taught>(*table.reader).value() == table.entries);
  CHECK(table.reader->verify());
}

TEST_CASE("a table with a dictionary and any bit changed never gives wrong data", "[table]") {
  Table<Taught> table(records(75), taught(256));
  const std::string whole = table.bytes();
  REQUIRE(has_dictionary(whole));
  REQUIRE_FALSE(meets_damage(whole, table.entries));
  std::string bytes = whole;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    REQUIRE(meets_damage(bytes, table.entries));
    bytes[bit / 8] = whole[bit / 8];
  }
}

TEST_CASE("a damaged dictionary is named with file and offset at open, and by verify", "[table]") {
  Table<Taught> table(records(500), taught(1_KiB));
  std::string bytes = table.bytes();
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  io::Memory fs = disk_with(bytes);
  Cache cache{{}};
  const auto opened = open<Taught>(fs, cache);
  REQUIRE_FALSE(opened);
  check_is_damage(opened.error());
  CHECK(opened.error().message().find("block at offset 0 is damaged") != std::string::npos);
}

TEST_CASE("a dictionary whose sum is right, and which is none, is damage", "[table]") {
  Table<Taught> table(records(500), taught(1_KiB));
  std::string bytes = table.bytes();
  const table::Handle dictionary = table.reader->properties().dictionary;
  std::string frame(dictionary.bytes, 'x');
  table::close_frame<Checksum>(frame, frame.size(), 0, dictionary.bytes, number, 0);
  bytes.replace(0, frame.size(), frame);
  REQUIRE(meets_damage(bytes, table.entries));
}

TEST_CASE("reads that check no sums stay within a damaged block", "[table]") {
  Table<Taught> table(records(75), taught(256));
  const std::string whole = table.bytes();
  REQUIRE(has_dictionary(whole));
  const std::size_t first = table.reader->properties().dictionary.bytes + table::frame_bytes;
  const std::size_t last = footer_of(whole).filter.offset;
  std::string bytes = whole;
  std::size_t refused = 0;
  for (std::size_t bit = first * 8; bit < last * 8; bit += 3) {
    CAPTURE(bit);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    io::Memory fs = disk_with(bytes);
    Cache cache{{}};
    const auto reader = open<Taught>(fs, cache).value();
    ReaderOf<Taught>::Cursor cursor(*reader, {.verify_checksums = false});
    std::size_t largest = 0;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      largest = std::max(largest, cursor.key().size() + cursor.value().size());
    }
    REQUIRE(largest < 10'000);
    if (!cursor.status()) {
      check_is_damage(cursor.status().error());
      ++refused;
    }
    bytes[bit / 8] = whole[bit / 8];
  }
  CHECK(refused > 100);
}

TEST_CASE("a build with a dictionary that meets a fault leaves nothing that lacks entries",
          "[table]") {
  using Faulty = Spec<io::Simulated, filter::Bloom, compression::Zstd>;
  const Entries entries = records(75);
  auto options = small_blocks<Faulty>();
  options.compression.dictionary_bytes = 256;
  const auto empty_disk = [] {
    io::Simulated fs;
    REQUIRE(fs.create_directory("db"));
    return fs;
  };
  io::Simulated whole = empty_disk();
  const std::uint64_t first = whole.calls() + 1;
  REQUIRE(build<Faulty>(whole, entries, options));
  const std::uint64_t last = whole.calls();
  REQUIRE(last - first > 10);
  std::size_t said = 0;
  for (const auto kind : {io::FaultKind::eio, io::FaultKind::short_write}) {
    for (std::uint64_t call = first; call <= last; ++call) {
      CAPTURE(kind, call);
      io::Simulated fs = empty_disk();
      fs.inject({.call = call, .kind = kind});
      auto builder = table::Builder<Faulty>::create(fs, path, number, options);
      bool failed = !builder;
      for (const auto& [version, value] : builder ? entries : Entries()) {
        failed = !builder->add(version.key, version.trailer, value) || failed;
      }
      failed = failed || !builder->finish();
      said += failed ? 1 : 0;
      Cache cache{{}};
      const auto reader = open<Faulty>(fs, cache);
      const auto found = reader ? scanned<Faulty>(**reader) : propagate(reader);
      REQUIRE((!found || *found == entries));
    }
  }
  CHECK(said > 20);
}

TEST_CASE("threads share the dictionary of a table", "[table]") {
  Table<Taught> table(records(500), taught(1_KiB));
  REQUIRE(has_dictionary(table.bytes()));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      ReaderOf<Taught>::Cursor cursor(*table.reader, {.fill_cache = false, .use_cache = false});
      auto at = table.entries.begin();
      for (cursor.seek_to_first(); cursor.valid(); cursor.next(), ++at) {
        wrong += cursor.value() == at->second ? 0 : 1;
      }
      wrong += cursor.status() && at == table.entries.end() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
}
