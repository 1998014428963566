// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "log_fixture.hpp"

#include <strata/wal/record_reader.hpp>

using namespace wal_test;

namespace {

using Reader = wal::RecordReader<Files::RandomFile, Checksum>;
const wal::FileIdentity identity{database_id, 1};

std::string record(Sequence first, Sequence durable, const std::string& payload) {
  std::string bytes(wal::record_header_bytes, '\0');
  wal::encode_record_header<Checksum>(
      {static_cast<std::uint32_t>(payload.size()), first, durable, 1, Checksum::compute(payload)},
      wal::record_seed<Checksum>(identity), bytes.data());
  bytes += payload;
  bytes.resize(bytes.size() + wal::padding_after(bytes.size()));
  return bytes;
}
Reader read(Directory& dir, const std::string& bytes, std::uint64_t offset = 0) {
  put_image(dir.fs, dir.path, {{"f", bytes}});
  auto file = dir.fs.open(dir.path + "/f");
  REQUIRE(file);
  return Reader(std::move(*file), identity, offset);
}

/// Fails where it is told to, with the caller's buffer half overwritten.
struct FailingFile {
  std::string bytes;
  const bool* fails;

  [[nodiscard]] std::uint64_t size_bytes() const { return bytes.size(); }
  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset, char* to, std::size_t size) const {
    size = bytes.copy(to, *fails ? size / 2 : size, static_cast<std::size_t>(offset));
    return *fails ? fail(ErrorCode::io, "f: can not be read") : Result<std::size_t>(size);
  }
};

}  // namespace

TEST_CASE("records are read one after another up to zeros or the end", "[wal][record_reader]") {
  Directory dir;
  const std::size_t zeros = GENERATE(Catch::Generators::as<std::size_t>(), 0, 5, 100, 3'000'000);
  const std::string large(2'500'000, 'x');
  Reader reader = read(
      dir, record(1, 0, "a") + record(2, 0, large) + record(3, 0, "") + std::string(zeros, '\0'));
  for (const std::string& payload : {std::string("a"), large, std::string()}) {
    REQUIRE(reader.read() == wal::Found::record);
    CHECK(reader.payload() == payload);
    CHECK(reader.advance());
  }
  CHECK(reader.read() == wal::Found::end);
  CHECK(reader.header().first_sequence == 3);
}

TEST_CASE("what is neither a record nor zeros is damage, with a reason", "[wal][record_reader]") {
  Directory dir;
  const std::string whole = record(1, 0, "payload");
  const auto damage = [&](const std::string& bytes) {
    Reader reader = read(dir, bytes);
    REQUIRE(reader.read() == wal::Found::damage);
    return std::string(reader.what());
  };
  CHECK(damage(whole.substr(0, 20)).find("inside a record's header") != std::string::npos);
  CHECK(damage(whole.substr(0, 35)).find("inside a record's payload") != std::string::npos);
  CHECK(damage("x" + whole).find("header does not match") != std::string::npos);
  std::string flipped = whole;
  flipped[33] = 'x';
  CHECK(damage(flipped).find("payload does not match") != std::string::npos);
}

TEST_CASE("bytes in the padding do not hurt the record before them, but are told",
          "[wal][record_reader]") {
  Directory dir;
  std::string bytes = record(1, 0, "a");
  bytes.back() = 'x';
  Reader reader = read(dir, bytes);
  REQUIRE(reader.read() == wal::Found::record);
  CHECK(reader.payload() == "a");
  CHECK_FALSE(reader.advance());
}

TEST_CASE("the next record is found behind anything", "[wal][record_reader]") {
  Directory dir;
  // Positions around the borders of the windows that a search reads through.
  for (const std::size_t before : {std::size_t{8}, 256_KiB - 32, 256_KiB - 24, 256_KiB - 8, 256_KiB,
                                   512_KiB - 40, 1_MiB - 16, 1_MiB, 3_MiB + 8}) {
    CAPTURE(before);
    Reader reader =
        read(dir, std::string(before, '\x5a') + record(9, 4, "here") + std::string(64, '\0'));
    const auto found = reader.find(
        0, [](const wal::RecordHeader& header) { return header.durable_sequence == 4; });
    REQUIRE(found);
    CHECK(*found == std::optional<std::uint64_t>(before));
    reader.seek(**found);
    REQUIRE(reader.read() == wal::Found::record);
    CHECK(reader.payload() == "here");
    const auto none =
        reader.find(0, [](const wal::RecordHeader& header) { return header.durable_sequence > 4; });
    REQUIRE(none);
    CHECK_FALSE(*none);
    CHECK(reader.dirty_end() == before + 40);
  }
}

TEST_CASE("a search through zeros finds nothing dirty", "[wal][record_reader]") {
  Directory dir;
  Reader reader = read(dir, std::string(1'000'003, '\0'));
  const auto found = reader.find(16, [](const wal::RecordHeader&) { return true; });
  REQUIRE(found);
  CHECK_FALSE(*found);
  CHECK(reader.dirty_end() == 16);
}

TEST_CASE("a read that failed leaves nothing behind that the next one could take for the file",
          "[wal][record_reader]") {
  const std::string first(700'000, 'a');
  const std::string second(700'000, 'b');
  bool fails = false;
  wal::RecordReader<FailingFile, Checksum> reader(
      {record(1, 0, first) + record(2, 0, second), &fails}, identity, 0);
  REQUIRE(reader.read() == wal::Found::record);
  REQUIRE(reader.advance());
  fails = true;
  CHECK_FALSE(reader.read());
  fails = false;
  REQUIRE(reader.read() == wal::Found::record);
  CHECK(reader.payload() == second);
  reader.seek(0);
  REQUIRE(reader.read() == wal::Found::record);
  CHECK(reader.payload() == first);
}
