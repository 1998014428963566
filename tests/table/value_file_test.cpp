// SPDX-License-Identifier: BSL-1.0
#include <strata/table/value_file.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/table/value_pointer.hpp>

using namespace strata;
using table::ValuePointer;
using Writer = table::ValueFileWriter<io::Memory, checksum::Crc32c>;
using Reader = table::ValueFileReader<io::Memory, checksum::Crc32c>;

namespace {

struct Entry {
  std::string key;
  std::string value;
  ValuePointer pointer{};
};

/// Values of 0, 1 and some bytes, one of them twice.
struct Fixture {
  io::Memory fs;
  std::string path = "7.values";
  std::uint64_t number = 7;
  std::uint64_t size_bytes = 0;
  std::vector<Entry> entries{{"a", "first"}, {"b", ""}, {"c", "x"}, {"d", "first"}, {"e", "last"}};

  Fixture() {
    auto writer = Writer::create(fs, path, number).value();
    for (Entry& entry : entries) {
      entry.pointer = writer.add(entry.key, entry.value).value();
    }
    size_bytes = writer.size_bytes();
    REQUIRE(writer.finish());
  }
  [[nodiscard]] Result<Reader> open() { return Reader::open(fs, path, number, size_bytes); }
  void rewrite(std::string_view bytes) {
    REQUIRE(fs.remove(path));
    auto file = fs.create(path).value();
    REQUIRE(file.append(bytes));
    REQUIRE(file.close());
  }
};

std::string read_of(const Reader& reader, const std::string& key, const ValuePointer& pointer) {
  std::string buffer;
  auto value = reader.read(key, pointer, buffer);
  return value ? "value " + std::string(*value) : "error";
}

}  // namespace

TEST_CASE("a value file gives back each value by its key and pointer") {
  Fixture file;
  const auto reader = file.open().value();
  for (const Entry& entry : file.entries) {
    CHECK(read_of(reader, entry.key, entry.pointer) == "value " + entry.value);
  }
  CHECK(file.fs.file_size(file.path).value() == file.size_bytes);
}

TEST_CASE("a pointer survives its encoding, and other lengths are no pointer") {
  const ValuePointer pointer{.file = 1ULL << 40, .offset = (1ULL << 50) + 3, .bytes = 1U << 30};
  const auto bytes = table::encode_value_pointer(pointer);
  CHECK(table::decode_value_pointer({bytes.data(), bytes.size()}) == pointer);
  CHECK_FALSE(table::decode_value_pointer({bytes.data(), bytes.size() - 1}));
  CHECK_FALSE(table::decode_value_pointer({}));
}

TEST_CASE("shares add up by file") {
  table::ValueShares shares;
  table::add_share(shares, {9, 5});
  table::add_share(shares, {3, 1});
  table::add_share(shares, {9, 2});
  CHECK(shares == table::ValueShares{{3, 1}, {9, 7}});
  CHECK(table::share_of(shares, 9) == 7);
  CHECK(table::share_of(shares, 4) == 0);
}

TEST_CASE("shares survive their encoding") {
  const table::ValueShares shares{{3, 1}, {9, 7}, {UINT64_MAX, UINT64_MAX}};
  table::ValueShares again;
  REQUIRE(table::decode_shares(table::encode_shares(shares), again));
  CHECK(again == shares);
}

TEST_CASE("shares that are not sorted, or name a file twice, are refused") {
  for (const auto& wrong : {table::ValueShares{{9, 7}, {3, 1}}, table::ValueShares{{3, 1}, {3, 1}},
                            table::ValueShares{{0, 1}, {0, 1}}}) {
    table::ValueShares shares;
    CHECK_FALSE(table::decode_shares(table::encode_shares(wrong), shares));
  }
  table::ValueShares first{{5, 1}};
  CHECK_FALSE(table::decode_shares(table::encode_shares({{4, 1}}), first));
}

TEST_CASE("a hostile list of shares costs as much as it is long") {
  // From the last file to the first: where each was inserted in its place, that moved all others.
  std::string bytes;
  for (std::uint64_t file = 1'000'000; file > 0; --file) {
    put_varint(bytes, file);
    put_varint(bytes, 1);
  }
  table::ValueShares shares;
  CHECK_FALSE(table::decode_shares(bytes, shares));
  CHECK(shares.size() == 1);
}

TEST_CASE("a pointer that is wrong in any way meets damage that names file and offset") {
  Fixture file;
  const auto reader = file.open().value();
  const Entry& entry = file.entries[0];
  const auto wrong = [&](const std::string& key, ValuePointer pointer) {
    std::string buffer;
    const auto value = reader.read(key, pointer, buffer);
    REQUIRE_FALSE(value);
    CHECK(value.error().code() == ErrorCode::corruption);
    CHECK(value.error().message().find(file.path) != std::string::npos);
    CHECK(value.error().message().find("offset " + std::to_string(pointer.offset)) !=
          std::string::npos);
  };
  SECTION("another key, of the same value even") {
    wrong("d", entry.pointer);
    wrong("", entry.pointer);
  }
  SECTION("another length") {
    for (std::uint32_t bytes = 0; bytes < 64; ++bytes) {
      if (bytes != entry.pointer.bytes) {
        wrong("a", {entry.pointer.file, entry.pointer.offset, bytes});
      }
    }
    wrong("a", {entry.pointer.file, entry.pointer.offset, UINT32_MAX});
  }
  SECTION("another place") {
    for (std::uint64_t offset = 0; offset < file.size_bytes + 8; ++offset) {
      if (offset != entry.pointer.offset) {
        wrong("a", {entry.pointer.file, offset, entry.pointer.bytes});
      }
    }
    wrong("a", {entry.pointer.file, UINT64_MAX - 2, entry.pointer.bytes});
  }
  SECTION("another file") {
    wrong("a", {8, entry.pointer.offset, entry.pointer.bytes});
  }
}

TEST_CASE("any damaged bit of a value file is corruption, never another value") {
  Fixture file;
  const std::string bytes = io::read_file(file.fs, file.path).value();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    file.rewrite(damaged);
    const auto reader = file.open();
    if (!reader) {
      CHECK(reader.error().code() == ErrorCode::corruption);
      CHECK(bit / 8 < table::value_header_bytes);
      continue;
    }
    int errors = 0;
    for (const Entry& entry : file.entries) {
      const std::string read = read_of(*reader, entry.key, entry.pointer);
      errors += read == "error" ? 1 : 0;
      CHECK((read == "error" || read == "value " + entry.value));
    }
    CHECK(errors == 1);
  }
}

TEST_CASE("a value file of another length, number or kind does not open") {
  Fixture file;
  const std::string bytes = io::read_file(file.fs, file.path).value();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    file.rewrite(bytes.substr(0, size));
    CHECK(file.open().error().code() == ErrorCode::corruption);
    CHECK(Reader::open(file.fs, file.path, 7, size).has_value() ==
          (size >= table::value_header_bytes));
  }
  file.rewrite(bytes + "x");
  CHECK(file.open().error().code() == ErrorCode::corruption);
  file.rewrite(bytes);
  CHECK(Reader::open(file.fs, file.path, 8, file.size_bytes).error().code() ==
        ErrorCode::corruption);
  CHECK(Reader::open(file.fs, "none", 7, file.size_bytes).error().code() == ErrorCode::not_found);
}

TEST_CASE("a value file of a later version is refused as such") {
  Fixture file;
  std::string bytes = io::read_file(file.fs, file.path).value();
  bytes[8] = 2;
  store_fixed(bytes.data() + 24, checksum::Crc32c::compute({bytes.data(), 24}));
  file.rewrite(bytes);
  CHECK(file.open().error().code() == ErrorCode::newer_format);
}
