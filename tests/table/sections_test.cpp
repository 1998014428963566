// SPDX-License-Identifier: BSL-1.0
#include <strata/table/sections.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/filter/concept.hpp>
#include <strata/io/files.hpp>
#include <strata/table/frame_reader.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;

namespace {

using File = io::Memory::RandomFile;
using Frames = table::FrameReader<File, Full::Compression, Full::Checksum>;

Frames frames_of(Table<Full>& table) {
  return Frames(table.fs.open(path).value(), path, number);
}

}  // namespace

TEST_CASE("the sections of a table say what it was built from", "[table]") {
  const std::vector<RangeErase> ranges{{"a", "b", 7}, {"c", "d", 9}};
  Table<Full> table(numbered(500), small_blocks<Full>(), ranges);
  Frames frames = frames_of(table);
  table::Sections<Full> sections;
  REQUIRE(sections.load(frames));
  CHECK(sections.properties().info.entries == 500);
  CHECK(sections.properties().comparator == "bytewise");
  REQUIRE(sections.range_erases().size() == 2);
  CHECK(sections.range_erases()[1].first == "c");
  CHECK(sections.range_erases()[1].last == "d");
  CHECK(sections.range_erases()[1].sequence == 9);
  CHECK(sections.uses_filter());
  CHECK_FALSE(sections.filter().empty());
  CHECK(sections.index().count() > 50);
  CHECK(sections.partitions().count() == 0);
  CHECK(sections.memory_bytes() == sections.filter().size() + sections.index().memory_bytes());
}

TEST_CASE("range erases are told from their bytes, and from bytes that are cut", "[table]") {
  std::string bytes;
  put_string(bytes, "a");
  put_string(bytes, "bcd");
  put_fixed(bytes, Sequence{7});
  const std::size_t one = bytes.size();
  bytes += bytes;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    CAPTURE(size);
    std::size_t seen = 0;
    const bool are_whole = table::decode_range_erases(std::string_view(bytes).substr(0, size),
                                                      [&](const RangeErase& range) {
                                                        ++seen;
                                                        CHECK(range.first == "a");
                                                        CHECK(range.last == "bcd");
                                                        CHECK(range.sequence == 7);
                                                      });
    CHECK(are_whole == (size % one == 0));
    CHECK(seen == size / one);
  }
}

TEST_CASE("sections that were damaged after they were loaded are found by a check", "[table]") {
  Table<Full> table(numbered(500));
  const std::string whole = table.bytes();
  Frames frames = frames_of(table);
  table::Sections<Full> sections;
  REQUIRE(sections.load(frames));
  REQUIRE(sections.check(frames));
  const auto footer = frames.footer().value();
  for (const table::Handle& handle :
       {footer.filter, footer.index, footer.range_erases, footer.properties}) {
    std::string bytes = whole;
    bytes[handle.offset] = static_cast<char>(bytes[handle.offset] ^ 1);
    io::Memory disk = disk_with(bytes);
    const Frames damaged(disk.open(path).value(), path, number);
    const auto checked = sections.check(damaged);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code() == ErrorCode::corruption);
    CHECK(checked.error().message().find("offset " + std::to_string(handle.offset)) !=
          std::string::npos);
  }
}

TEMPLATE_TEST_CASE("a table with another index is not opened", "[table]", ByLevels, ByLines) {
  Table<TestType> table(numbered(10));
  const auto reader = open<Full>(table.fs, table.cache);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code() == ErrorCode::incompatible_format);
  CHECK(reader.error().message().find(", not 'binary/1'") != std::string::npos);
}

TEST_CASE("a table of another order or compression is not opened", "[table]") {
  Table<Full> table(numbered(10));
  const auto backwards = open<Backwards>(table.fs, table.cache);
  REQUIRE_FALSE(backwards);
  CHECK(backwards.error().code() == ErrorCode::incompatible_format);
  CHECK(backwards.error().message().find("'bytewise', not 'reverse_bytewise'") !=
        std::string::npos);
  const auto plain = open<Filtered>(table.fs, table.cache);
  REQUIRE_FALSE(plain);
  CHECK(plain.error().code() == ErrorCode::incompatible_format);
  CHECK(plain.error().message().find("compressed with 'lz4'") != std::string::npos);
}

TEST_CASE("a table without compression is read by every composition", "[table]") {
  Table<Filtered> table(numbered(100));
  const auto reader = open<Full>(table.fs, table.cache);
  REQUIRE(reader);
  CHECK(scanned<Full>(**reader).value() == table.entries);
}

TEST_CASE("a filter of another kind is left out", "[table]") {
  Table<Full> filtered(numbered(100));
  const auto without = open<Compressed>(filtered.fs, filtered.cache);
  REQUIRE(without);
  CHECK(scanned<Compressed>(**without).value() == filtered.entries);
  CHECK((*without)->verify());

  Table<Compressed> plain(numbered(100));
  const auto with = open<Full>(plain.fs, plain.cache);
  REQUIRE(with);
  CHECK((*with)->may_contain(filter::Probe<filter::Bloom>("not there")));
  CHECK(scanned<Full>(**with).value() == plain.entries);
  CHECK((*with)->verify());
}
