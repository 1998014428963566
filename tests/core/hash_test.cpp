// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <set>
#include <strata/core/hash.hpp>
#include <string>

using namespace strata;

TEST_CASE("the hash is XXH3: filters on disk depend on it") {
  CHECK(hash64("") == 0x2d06800538d394c2);
  CHECK(hash64("", 1) != hash64(""));
}

TEST_CASE("hashes depend on every byte and on the length") {
  std::set<std::uint64_t> hashes;
  for (std::size_t size = 0; size <= 300; ++size) {
    std::string bytes(size, 'x');
    hashes.insert(hash64(bytes));
    if (size != 0) {
      bytes[size / 2] = 'y';
      hashes.insert(hash64(bytes));
    }
  }
  CHECK(hashes.size() == 601);
}

TEST_CASE("mixing is a bijection that spreads a bit over the word") {
  CHECK(mix64(0) == 0);
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t changed = mix64(12345) ^ mix64(12345 ^ (std::uint64_t{1} << bit));
    CAPTURE(bit);
    CHECK(__builtin_popcountll(changed) >= 12);
  }
}
