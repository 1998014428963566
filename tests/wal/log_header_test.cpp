// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/core/coding.hpp>
#include <strata/wal/log_header.hpp>

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;

const wal::LogHeader sample{{0x1122334455667788, 42}, 41, 1000, 900, 3, 6};

std::string encode() {
  return wal::encode_log_header<Checksum>(sample, wal::segment_magic);
}
auto decode(std::string_view bytes) {
  return wal::decode_log_header<Checksum>(bytes, wal::segment_magic, "x.log");
}
/// `encode()` with one field replaced and the checksum made right again.
std::string with_field(std::size_t offset, std::uint32_t value) {
  std::string bytes = encode();
  store_fixed(bytes.data() + offset, value);
  store_fixed(bytes.data() + 68, Checksum::compute({bytes.data(), 68}));
  return bytes;
}

}  // namespace

TEST_CASE("a log header decodes to what was encoded", "[wal][log_header]") {
  const std::string bytes = encode();
  CHECK(bytes.size() == wal::log_header_bytes);
  CHECK(bytes.size() % wal::record_alignment == 0);
  const auto header = decode(bytes + "records");
  REQUIRE(header);
  CHECK(header->file.database_id == sample.file.database_id);
  CHECK(header->file.file_id == 42);
  CHECK(header->predecessor_id == 41);
  CHECK(header->last_sequence == 1000);
  CHECK(header->durable_sequence == 900);
  CHECK(header->read_only_flags == 3);
  CHECK(header->compatible_flags == 6);
}

TEST_CASE("a log header with any bit flipped, or cut, is damage that names the file",
          "[wal][log_header]") {
  const std::string whole = encode();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto header = decode(damaged);
    CAPTURE(bit);
    REQUIRE_FALSE(header);
    CHECK(header.error().code() == ErrorCode::corruption);
    CHECK(header.error().message().find("x.log: offset 0") == 0);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(decode(std::string_view(whole).substr(0, size)));
  }
}

TEST_CASE("a file of another kind is not a log segment", "[wal][log_header]") {
  const std::string bytes = wal::encode_log_header<Checksum>(sample, {"STRATAmf"});
  CHECK(decode(bytes).error().code() == ErrorCode::corruption);
}

TEST_CASE("later formats and unknown incompatible flags are refused as newer",
          "[wal][log_header]") {
  CHECK(decode(with_field(8, wal::log_format_version + 1)).error().code() ==
        ErrorCode::newer_format);
  CHECK(decode(with_field(12, 1)).error().code() == ErrorCode::newer_format);
}

TEST_CASE("unknown compatible and read-only flags do not hinder reading", "[wal][log_header]") {
  CHECK(decode(with_field(16, 0x80)));
  CHECK(decode(with_field(20, 0x80)));
}
