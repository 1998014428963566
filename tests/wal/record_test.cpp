// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/wal/record.hpp>

namespace {

using namespace strata;
using Checksum = checksum::Crc32c;

const wal::RecordHeader sample{100, 41, 17, 3, 0xabad1dea};

std::string encode(const wal::RecordHeader& header, std::uint32_t seed) {
  std::string bytes(wal::record_header_bytes, '\0');
  wal::encode_record_header<Checksum>(header, seed, bytes.data());
  return bytes;
}
auto decode(const std::string& bytes, std::uint32_t seed) {
  return wal::decode_record_header<Checksum>(bytes.data(), seed);
}

}  // namespace

TEST_CASE("a record header decodes to what was encoded", "[wal][record]") {
  const auto seed = wal::record_seed<Checksum>({7, 1});
  for (const wal::RecordHeader& header :
       {sample, wal::RecordHeader{0, 1, 0, 1, 0}, wal::RecordHeader{0, 9, 8, 0, 0},
        wal::RecordHeader{UINT32_MAX, sequence_max, sequence_max - 1, 1, 1},
        wal::RecordHeader{1, 1, 0, UINT32_MAX, 1}}) {
    const auto decoded = decode(encode(header, seed), seed);
    REQUIRE(decoded);
    CHECK(decoded->payload_bytes == header.payload_bytes);
    CHECK(decoded->first_sequence == header.first_sequence);
    CHECK(decoded->durable_sequence == header.durable_sequence);
    CHECK(decoded->count == header.count);
    CHECK(decoded->payload_crc == header.payload_crc);
    CHECK(decoded->is_mark() == (header.count == 0));
    CHECK(decoded->last_sequence() == header.first_sequence + header.count - 1);
  }
}

TEST_CASE("a record header with any bit flipped is none", "[wal][record]") {
  const auto seed = wal::record_seed<Checksum>({7, 1});
  const std::string whole = encode(sample, seed);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit);
    CHECK_FALSE(decode(damaged, seed));
  }
}

TEST_CASE("a record of another file or another database is none", "[wal][record]") {
  const std::string bytes = encode(sample, wal::record_seed<Checksum>({7, 1}));
  CHECK(decode(bytes, wal::record_seed<Checksum>({7, 1})));
  CHECK_FALSE(decode(bytes, wal::record_seed<Checksum>({7, 2})));
  CHECK_FALSE(decode(bytes, wal::record_seed<Checksum>({8, 1})));
}

TEST_CASE("zeros are no record header", "[wal][record]") {
  CHECK_FALSE(decode(std::string(wal::record_header_bytes, '\0'), 0));
}

TEST_CASE("a header that no writer makes is none, whatever its checksum", "[wal][record]") {
  const std::uint32_t seed = 5;
  CHECK_FALSE(decode(encode({0, 0, 0, 1, 0}, seed), seed));  // sequences begin at 1
  CHECK_FALSE(decode(encode({0, 5, 5, 1, 0}, seed), seed));  // durable before it was written
  CHECK_FALSE(decode(encode({8, 5, 4, 0, 0}, seed), seed));  // a mark with a payload
  CHECK_FALSE(decode(encode({0, sequence_max, 0, 2, 0}, seed), seed));
  CHECK_FALSE(decode(encode({0, sequence_max + 1, 0, 1, 0}, seed), seed));
}

TEST_CASE("padding fills records to multiples of eight", "[wal][record]") {
  CHECK(wal::padding_after(0) == 0);
  CHECK(wal::padding_after(1) == 7);
  CHECK(wal::padding_after(7) == 1);
  CHECK(wal::padding_after(8) == 0);
  CHECK(wal::padding_after(UINT32_MAX) == 1);
}
