// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <random>
#include <strata/core/checksum.hpp>
#include <string>

using strata::checksum::Crc32c;

namespace {

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    c = static_cast<char>(random());
  }
  return bytes;
}

}  // namespace

TEST_CASE("CRC32C gives the sums of RFC 3720, B.4") {
  std::string ascending;
  for (char c = 0; c < 32; ++c) {
    ascending.push_back(c);
  }
  CHECK(Crc32c::compute(std::string(32, '\0')) == 0x8a9136aaU);
  CHECK(Crc32c::compute(std::string(32, '\xff')) == 0x62a8ab43U);
  CHECK(Crc32c::compute(ascending) == 0x46dd794eU);
  CHECK(Crc32c::compute("123456789") == 0xe3069283U);
  CHECK(Crc32c::compute("") == 0);
}

TEST_CASE("the portable and the hardware kernel give the same sums, at every alignment") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::string bytes = random_bytes(random, 300);
  for (std::size_t offset = 0; offset < 16; ++offset) {
    for (std::size_t size = 0; offset + size <= bytes.size(); ++size) {
      const std::uint32_t portable =
          ~strata::detail::crc32c_portable(~std::uint32_t{0}, bytes.data() + offset, size);
      REQUIRE(Crc32c::compute({bytes.data() + offset, size}) == portable);
    }
  }
}

TEST_CASE("a sum can be extended") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::string bytes = random_bytes(random, 100);
  const std::string_view view(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CHECK(Crc32c::extend(Crc32c::compute(view.substr(0, cut)), view.substr(cut)) ==
          Crc32c::compute(view));
  }
}

TEST_CASE("a flipped bit changes the sum") {
  std::string bytes(64, 'x');
  const std::uint32_t sum = Crc32c::compute(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    CHECK(Crc32c::compute(bytes) != sum);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
}
