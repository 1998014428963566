// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/version/current.hpp>

using namespace strata;
using Checksum = checksum::Crc32c;

TEST_CASE("CURRENT names a manifest", "[version][current]") {
  for (const std::uint64_t number : {1ULL, 42ULL, 999'999ULL, 1'000'000ULL}) {
    const std::string line = version::encode_current<Checksum>(number);
    CHECK(line.size() <= version::current_bytes_max);
    CHECK(line.back() == '\n');
    CHECK(version::decode_current<Checksum>(line) == number);
  }
}

TEST_CASE("CURRENT with any bit flipped, cut or prolonged is damaged", "[version][current]") {
  const std::string line = version::encode_current<Checksum>(42);
  for (std::size_t bit = 0; bit < line.size() * 8; ++bit) {
    std::string damaged = line;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(damaged);
    CHECK_FALSE(version::decode_current<Checksum>(damaged));
  }
  for (std::size_t size = 0; size < line.size(); ++size) {
    CHECK_FALSE(version::decode_current<Checksum>(std::string_view(line).substr(0, size)));
  }
  CHECK_FALSE(version::decode_current<Checksum>(line + "\n"));
}

TEST_CASE("each manifest has one name", "[version][current]") {
  CHECK(version::manifest_name(42) == "MANIFEST-000042");
  CHECK(version::parse_manifest_name("MANIFEST-000042") == 42);
  CHECK(version::parse_manifest_name("MANIFEST-1000000") == 1'000'000);
  for (const char* name : {"MANIFEST-", "MANIFEST-42", "MANIFEST-0000042", "MANIFEST-000000",
                           "MANIFEST-00004x", "MANIFEST-99999999999999999999", "CURRENT"}) {
    CAPTURE(name);
    CHECK_FALSE(version::parse_manifest_name(name));
  }
}
