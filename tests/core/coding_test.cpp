// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <random>
#include <strata/core/coding.hpp>
#include <vector>

using namespace strata;

TEST_CASE("fixed integers are little-endian") {
  std::string out;
  put_fixed(out, std::uint32_t{0x01020304});
  CHECK(out == std::string_view("\x04\x03\x02\x01", 4));
  put_fixed(out, std::int8_t{-1});
  Decoder decoder(out);
  std::uint32_t word = 0;
  std::int8_t byte = 0;
  REQUIRE(decoder.take_fixed(word));
  REQUIRE(decoder.take_fixed(byte));
  CHECK(word == 0x01020304);
  CHECK(byte == -1);
  CHECK(decoder.done());
  CHECK_FALSE(decoder.take_fixed(byte));
}

TEST_CASE("a varint comes back, in as few bytes as LEB128 takes") {
  for (int bits = 0; bits <= 64; ++bits) {
    const std::uint64_t edge = bits == 64 ? 0 : std::uint64_t{1} << bits;
    for (const std::uint64_t value : {edge - 1, edge, edge + 1}) {
      std::string out;
      put_varint(out, value);
      std::size_t expected_bytes = 1;
      for (std::uint64_t rest = value >> 7; rest != 0; rest >>= 7) {
        ++expected_bytes;
      }
      CHECK(out.size() == expected_bytes);
      std::uint64_t decoded = 0;
      Decoder decoder(out);
      REQUIRE(decoder.take_varint(decoded));
      CHECK(decoded == value);
      CHECK(decoder.done());
    }
  }
}

TEST_CASE("a varint of more than 64 bits, or without an end, is refused and nothing is taken") {
  const std::string nine_full(9, '\xff');
  for (const std::string& bad :
       {nine_full + '\x02', nine_full + '\xff' + '\x01', std::string(3, '\x80'), std::string()}) {
    Decoder decoder(bad);
    std::uint64_t value = 7;
    CHECK_FALSE(decoder.take_varint(value));
    CHECK(decoder.rest() == bad);
  }
  Decoder most(nine_full);
  std::uint64_t value = 0;
  CHECK_FALSE(most.take_varint(value));
  const std::string greatest = nine_full + '\x01';
  Decoder decoder(greatest);
  REQUIRE(decoder.take_varint(value));
  CHECK(value == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a string longer than what remains is refused and nothing is taken") {
  std::string out;
  put_string(out, "hello");
  for (std::size_t cut = 0; cut < out.size(); ++cut) {
    const std::string torn = out.substr(0, cut);
    Decoder decoder(torn);
    std::string_view bytes;
    CHECK_FALSE(decoder.take_string(bytes));
    CHECK(decoder.rest() == torn);
  }
  std::string huge;
  put_varint(huge, std::numeric_limits<std::uint64_t>::max());
  Decoder decoder(huge);
  std::string_view bytes;
  CHECK_FALSE(decoder.take_string(bytes));
}

TEST_CASE("what was put is what is taken, whatever the mix") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string out;
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> strings;
    for (int i = 0; i < 20; ++i) {
      numbers.push_back(random() >> (random() % 64));
      strings.emplace_back(random() % 300, static_cast<char>(random()));
      put_varint(out, numbers.back());
      put_string(out, strings.back());
      put_fixed(out, static_cast<std::uint16_t>(numbers.back()));
    }
    Decoder decoder(out);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::uint64_t number = 0;
      std::string_view bytes;
      std::uint16_t low = 0;
      REQUIRE(decoder.take_varint(number));
      REQUIRE(decoder.take_string(bytes));
      REQUIRE(decoder.take_fixed(low));
      REQUIRE(number == numbers[i]);
      REQUIRE(bytes == strings[i]);
      REQUIRE(low == static_cast<std::uint16_t>(numbers[i]));
    }
    REQUIRE(decoder.done());
  }
}
