// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <strata/core/bytes.hpp>
#include <string>
#include <vector>

using namespace strata;

namespace {

/// Short strings over few bytes, so that shared prefixes, zeros and 0xFF are common.
std::string random_key(std::mt19937& random) {
  constexpr std::string_view alphabet(
      "\0\x01"
      "a\x7f\x80\xff",
      6);
  std::string key(random() % 20, '\0');
  for (char& c : key) {
    c = alphabet[random() % alphabet.size()];
  }
  return key;
}

std::size_t common_prefix_by_bytes(std::string_view a, std::string_view b) {
  const auto limit = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(limit), b.begin()).first -
      a.begin());
}

}  // namespace

TEST_CASE("sizes are powers of two") {
  CHECK(1_KiB == 1024);
  CHECK(1_MiB == 1024 * 1024);
  CHECK(4_GiB == std::size_t{1} << 32);
}

TEST_CASE("the common prefix is the one found byte by byte") {
  CHECK(common_prefix("", "a") == 0);
  CHECK(common_prefix("abc", "abc") == 3);
  CHECK(common_prefix("12345678", "12345678") == 8);
  CHECK(common_prefix("1234567890", "12345678x0") == 8);
  CHECK(common_prefix("12345678", "1234567") == 7);
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string shared = random_key(random);
    const std::string a = shared + random_key(random);
    const std::string b = shared + random_key(random);
    REQUIRE(common_prefix(a, b) == common_prefix_by_bytes(a, b));
  }
}

TEST_CASE("heads order keys as their bytes do, and equal heads say nothing") {
  CHECK(key_head("abcdefgh") == 0x6162636465666768);
  CHECK(key_head("a") == 0x6100000000000000);
  CHECK(key_head("") == 0);
  CHECK(key_head({}) == 0);
  CHECK(key_head("abcdefgh1") == key_head("abcdefgh2"));
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = random_key(random);
    const std::string b = random_key(random);
    if (key_head(a) < key_head(b)) {
      REQUIRE(a < b);
    }
  }
}

TEST_CASE("the head behind a prefix is that of the rest of the key") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string prefix = random_key(random);
    const std::string rest = random_key(random).substr(0, random() % 12);
    REQUIRE(key_head(prefix + rest, prefix.size()) == key_head(rest));
  }
  CHECK(key_head("12345678", 8) == 0);
  CHECK(key_head("", 0) == 0);
}

TEST_CASE("the successor of a prefix is the least string above all that start with it") {
  CHECK(prefix_successor("user") == "uses");
  CHECK(prefix_successor("user\xff") == "uses");
  CHECK(prefix_successor("a\xff\xff") == "b");
  CHECK(prefix_successor("\x7f") == "\x80");
  CHECK(prefix_successor("") == std::nullopt);
  CHECK(prefix_successor("\xff\xff") == std::nullopt);

  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string prefix = random_key(random);
    const std::string key = random_key(random);
    const auto successor = prefix_successor(prefix);
    if (!successor) {
      REQUIRE(prefix.find_first_not_of('\xff') == std::string::npos);
      continue;
    }
    const bool starts_with = key.substr(0, prefix.size()) == prefix;
    REQUIRE(starts_with == (key >= prefix && key < *successor));
  }
}

TEST_CASE("a key is before, among or behind all that begin with a prefix") {
  std::mt19937 random(11);
  std::size_t among = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = random_key(random);
    const std::string prefix = random_key(random).substr(0, random() % 3);
    CAPTURE(key, prefix);
    const int order = strata::compare_prefix(key, prefix);
    REQUIRE((order == 0) == key.starts_with(prefix));
    if (order != 0) {
      REQUIRE((order < 0) == (key < prefix));
    }
    among += order == 0 ? 1U : 0U;
  }
  CHECK(among > 1000);
  CHECK(among < 9000);
}

TEST_CASE("Bytes compare as strings do, however long they are and wherever they differ") {
  std::vector<std::string> keys;
  for (std::size_t size = 0; size < 36; ++size) {
    const std::string key(size, 'k');
    keys.push_back(key);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char other : {'\0', '\x7f', '\x80', '\xff'}) {
        keys.push_back(key);
        keys.back()[at] = other;
      }
    }
  }
  const auto sign = [](int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; };
  std::uint64_t wrong = 0;
  for (const std::string& a : keys) {
    for (const std::string& b : keys) {
      wrong += sign(strata::compare_bytes(a, b)) == sign(a.compare(b)) ? 0U : 1U;
    }
  }
  CHECK(keys.size() > 2000);
  CHECK(wrong == 0);
}
