// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/art_search_simd.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <random>

using strata::memtable::detail::matches_of;
using strata::memtable::detail::matches_plain;

namespace {

unsigned matches_one_by_one(std::uint64_t low, std::uint64_t high, unsigned byte) {
  unsigned matches = 0;
  for (unsigned i = 0; i < 16; ++i) {
    const std::uint64_t word = i < 8 ? low : high;
    matches |= (word >> i % 8 * 8 & 0xff) == byte ? 1U << i : 0U;
  }
  return matches;
}

}  // namespace

TEST_CASE("Sixteen bytes are searched at once, with and without vectors") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  constexpr unsigned edges[] = {0, 1, 2, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff};
  const auto any_byte = [&]() -> unsigned {
    return random() % 2 == 0 ? edges[random() % 9] : static_cast<unsigned>(random() & 0xff);
  };
  unsigned wrong = 0;
  unsigned found = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::uint64_t words[2] = {0, 0};
    for (unsigned at = 0; at < 16; ++at) {
      words[at / 8] |= std::uint64_t{any_byte()} << at % 8 * 8;
    }
    const unsigned byte = any_byte();
    const unsigned expected = matches_one_by_one(words[0], words[1], byte);
    wrong += matches_of(words[0], words[1], byte) == expected ? 0U : 1U;
    wrong += matches_plain(words[0], words[1], byte) == expected ? 0U : 1U;
    found += expected != 0 ? 1U : 0U;
  }
  CHECK(wrong == 0);
  CHECK(found > 10'000);
}
