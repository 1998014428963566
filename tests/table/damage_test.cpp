// SPDX-License-Identifier: BSL-1.0
/// Tables whose bytes are not those that were written: the right answer, or an error that names
/// the file.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/format.hpp>
#include <strata/table/properties.hpp>
#include <strata/table/reader.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using Checksum = checksum::Crc32c;

namespace {

void check_is_damage(const Error& error) {
  REQUIRE(error.code() == ErrorCode::corruption);
  REQUIRE(error.message().find(path) == 0);
}

/// What a get of a single version finds.
template <class S>
Result<std::optional<std::string>> get(const ReaderOf<S>& reader, std::string_view key) {
  std::optional<std::string> found;
  auto read = reader.get(key, sequence_max, filter::Probe<typename S::Filter>(key), {},
                         [&](Trailer, std::string_view value) {
                           found.emplace(value);
                           return false;
                         });
  return read ? Result<std::optional<std::string>>(std::move(found)) : propagate(std::move(read));
}

/// Opens, gets, scans and verifies the file: right or damaged. Whether any damage was met.
template <class S>
bool meets_damage(std::string_view bytes, const Entries& entries) {
  io::Memory fs = disk_with(bytes);
  Cache cache{{}};
  const auto reader = open<S>(fs, cache);
  if (!reader) {
    check_is_damage(reader.error());
    return true;
  }
  for (const auto& [version, value] : entries) {
    const auto found = get<S>(**reader, version.key);
    if (found) {
      REQUIRE(*found == value);
    } else {
      check_is_damage(found.error());
    }
  }
  if (const auto found = get<S>(**reader, "key1000002?")) {
    REQUIRE_FALSE(found->has_value());
  }
  if (const auto all = scanned<S>(**reader)) {
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

/// A table with its properties replaced, and its sums right.
std::string with_properties(std::string bytes, const table::TableInfo& info) {
  const std::uint64_t footer_at = bytes.size() - table::footer_bytes;
  table::Footer footer =
      table::decode_footer<Checksum>(std::string_view(bytes).substr(footer_at), bytes.size(), path)
          .value();
  bytes.resize(footer.properties.offset);
  const std::string properties = table::encode_properties<Full>(info, 1, 0);
  bytes += properties;
  footer.properties.bytes = static_cast<std::uint32_t>(properties.size());
  table::close_frame<Checksum>(bytes, properties.size(), 0, footer.properties.bytes, number,
                               footer.properties.offset);
  return bytes + table::encode_footer<Checksum>(footer);
}

/// What `verify` says of a table that was built wrongly.
std::string verdict(const std::string& bytes) {
  io::Memory fs = disk_with(bytes);
  Cache cache{{}};
  const auto verified = open<Full>(fs, cache).value()->verify();
  REQUIRE_FALSE(verified);
  check_is_damage(verified.error());
  return verified.error().message();
}

/// One file, whose bytes change while it is open.
struct RottingFiles {
  struct RandomFile {
    std::shared_ptr<const std::string> bytes;
    Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
      return std::string_view(*bytes).substr(offset).copy(to, size);
    }
    std::uint64_t size_bytes() const noexcept { return bytes->size(); }
  };
  Result<RandomFile> open(const std::string&) const { return RandomFile{bytes}; }
  std::shared_ptr<std::string> bytes;
};

/// Says it is the order of bytes, and is not.
struct FalseOrder {
  using policy_slot = comparator_slot;
  static constexpr std::string_view name = comparator::Bytewise::name;
  static constexpr bool is_bytewise = false;
  static int compare(std::string_view a, std::string_view b) noexcept { return b.compare(a); }
};
/// Says it is a Bloom filter, and forgets some keys.
struct ForgetfulFilter : filter::Bloom {
  class Builder : public filter::Bloom::Builder {
   public:
    using filter::Bloom::Builder::Builder;
    void add(std::string_view key) {
      if (key != "key1000007") {
        filter::Bloom::Builder::add(key);
      }
    }
  };
};

}  // namespace

TEMPLATE_TEST_CASE("a table with any byte changed answers rightly or says that it is damaged",
                   "[table]", Plain, Full, ByLevels, ByLines) {
  OptionsOf<TestType> options = small_blocks<TestType>();
  options.block_hash = std::is_same_v<TestType, Full>;
  options.partition_bytes = std::is_same_v<TestType, ByLevels> ? 100 : SIZE_MAX;
  Table<TestType> table(numbered(24), options, {{"a", "b", 3}});
  const std::string whole = table.bytes();
  REQUIRE_FALSE(meets_damage<TestType>(whole, table.entries));
  std::string bytes = whole;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      CAPTURE(at, flip);
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      REQUIRE(meets_damage<TestType>(bytes, table.entries));
      bytes[at] = whole[at];
    }
  }
}

TEST_CASE("a table cut off at any length is damaged", "[table]") {
  Table<Full> table(numbered(24), small_blocks<Full>(), {{"a", "b", 3}});
  const std::string bytes = table.bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    io::Memory fs = disk_with(std::string_view(bytes).substr(0, length));
    Cache cache{{}};
    const auto reader = open<Full>(fs, cache);
    REQUIRE_FALSE(reader);
    check_is_damage(reader.error());
    CHECK(cache.used_bytes() == 0);
  }
}

TEST_CASE("a table that goes on behind its footer is damaged", "[table]") {
  Table<Full> table(numbered(24));
  REQUIRE(meets_damage<Full>(table.bytes() + '\0', table.entries));
  REQUIRE(meets_damage<Full>(table.bytes() + std::string(4'096, '\0'), table.entries));
}

TEST_CASE("blocks that changed places are damage, though each is whole", "[table]") {
  OptionsOf<Plain> options;
  options.block_bytes = 1;  // a block for each entry, all of a size
  Table<Plain> table(entries_of({"key1", "key2", "key3"}), options);
  std::string bytes = table.bytes();
  const std::size_t block = bytes.find("value 1") - bytes.find("value 0");
  std::swap_ranges(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(block),
                   bytes.begin() + static_cast<std::ptrdiff_t>(block));
  REQUIRE(bytes.find("value 1") < bytes.find("value 0"));
  REQUIRE(meets_damage<Plain>(bytes, table.entries));
}

TEST_CASE("a block of another table is damage, though it is whole", "[table]") {
  Table<Plain> table(entries_of({"key"}));
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  auto builder = table::Builder<Plain>::create(fs, path, number + 1, small_blocks<Plain>());
  REQUIRE(builder);
  REQUIRE(builder->add("key", Trailer(1, EntryKind::put), "another"));
  REQUIRE(builder->finish());
  const std::string other = io::read_file(fs, path).value();
  std::string bytes = table.bytes();
  const std::size_t block = bytes.find("value 0") + 7 + table::frame_bytes;
  REQUIRE(other.find("another") + 7 + table::frame_bytes == block);
  bytes.replace(0, block, other, 0, block);
  REQUIRE(meets_damage<Plain>(bytes, table.entries));
}

TEST_CASE("what one read took unchecked is checked for the next", "[table]") {
  const table::ReadOptions unchecked{.verify_checksums = false};
  Table<Plain> table(entries_of({"key"}));
  std::string bytes = table.bytes();
  bytes[bytes.find("value 0")] = 'V';
  io::Memory fs = disk_with(bytes);
  Cache cache{{}};
  const auto reader = open<Plain>(fs, cache).value();
  CHECK(scanned<Plain>(*reader, unchecked).value().begin()->second == "Value 0");
  const auto checked = scanned<Plain>(*reader);
  REQUIRE_FALSE(checked);
  check_is_damage(checked.error());
}

TEMPLATE_TEST_CASE("a damaged block that is read unchecked is read within its bytes", "[table]",
                   Plain, Compressed) {
  Table<TestType> table(numbered(6));
  const std::string whole = table.bytes();
  const std::uint64_t data_bytes =
      table::decode_footer<Checksum>(
          std::string_view(whole).substr(whole.size() - table::footer_bytes), whole.size(), path)
          ->filter.offset;
  std::string bytes = whole;
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < data_bytes * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    io::Memory fs = disk_with(bytes);
    Cache cache{{}};
    const auto reader = open<TestType>(fs, cache).value();
    typename ReaderOf<TestType>::Cursor cursor(*reader, {.verify_checksums = false});
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      REQUIRE(cursor.key().size() + cursor.value().size() < 1'000);
    }
    if (!cursor.status()) {
      check_is_damage(cursor.status().error());
      ++refused;
    }
    bytes[bit / 8] = whole[bit / 8];
  }
  CHECK(refused > 100);
}

TEST_CASE("verify reads the whole file, though cache and memory hold all of it", "[table]") {
  using S = Spec<RottingFiles, filter::Bloom, compression::Lz4>;
  Table<Full> table(numbered(24), small_blocks<Full>(), {{"a", "b", 3}});
  RottingFiles fs{std::make_shared<std::string>(table.bytes())};
  Cache cache{{}};
  const auto reader = open<S>(fs, cache).value();
  REQUIRE(scanned<S>(*reader).value() == table.entries);
  REQUIRE(reader->verify());
  for (char& byte : *fs.bytes) {
    byte = static_cast<char>(byte ^ 1);
    const auto verified = reader->verify();
    REQUIRE_FALSE(verified);
    check_is_damage(verified.error());
    REQUIRE(scanned<S>(*reader).value() == table.entries);
    byte = static_cast<char>(byte ^ 1);
  }
}

TEST_CASE("verify finds what is wrong in a table whose sums are right", "[table]") {
  Table<Full> table(numbered(24), small_blocks<Full>(), {{"a", "b", 3}});
  const std::string bytes = table.bytes();
  table::TableInfo info = table.info;
  REQUIRE_FALSE(meets_damage<Full>(with_properties(bytes, info), table.entries));
  SECTION("another count of entries") {
    info.entries = 23;
    CHECK(verdict(with_properties(bytes, info)).find("holds 24 entries") != std::string::npos);
  }
  SECTION("another count of tombstones") {
    info.tombstones = 1;
    CHECK(verdict(with_properties(bytes, info)).find("tombstones") != std::string::npos);
  }
  SECTION("a key below the smallest") {
    info.smallest = "key1000001";
    CHECK(verdict(with_properties(bytes, info)).find("bounds") != std::string::npos);
  }
  SECTION("a key above the largest") {
    info.largest = "key1000022";
    CHECK(verdict(with_properties(bytes, info)).find("bounds") != std::string::npos);
  }
  SECTION("a key at the end of the bounds, which is not in them") {
    info.largest_exclusive = true;
    CHECK(verdict(with_properties(bytes, info)).find("bounds") != std::string::npos);
  }
  SECTION("a range erase outside of the bounds") {
    info.smallest = "b";
    CHECK(verdict(with_properties(bytes, info)).find("bounds") != std::string::npos);
  }
  SECTION("another count of range erases") {
    info.range_erases = 0;
    CHECK(verdict(with_properties(bytes, info)).find("range erases") != std::string::npos);
  }
  SECTION("a sequence outside of what it says") {
    info.largest_sequence = 23;
    CHECK(verdict(with_properties(bytes, info)).find("sequence") != std::string::npos);
    info.largest_sequence = 24;
    info.smallest_sequence = 2;
    CHECK(verdict(with_properties(bytes, info)).find("sequence") != std::string::npos);
  }
}

TEST_CASE("verify finds entries out of order", "[table]") {
  using S = Spec<io::Memory, filter::Bloom, compression::Lz4, FalseOrder>;
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  auto builder = table::Builder<S>::create(fs, path, number, {});
  REQUIRE(builder);
  REQUIRE(builder->add("b", Trailer(1, EntryKind::put), ""));
  REQUIRE(builder->add("a", Trailer(2, EntryKind::put), ""));
  table::TableInfo info = builder->finish().value();
  info.smallest.swap(info.largest);
  const std::string bytes = with_properties(io::read_file(fs, path).value(), info);
  CHECK(verdict(bytes).find("entry 1 is out of order") != std::string::npos);
}

TEST_CASE("verify finds a key that the filter denies", "[table]") {
  using S = Spec<io::Memory, ForgetfulFilter, compression::Lz4>;
  Table<S> table(numbered(24));
  CHECK(verdict(table.bytes()).find("entry 7 is denied by the filter") != std::string::npos);
}
