// SPDX-License-Identifier: BSL-1.0
#include <strata/filter/range.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <strata/core/hash.hpp>
#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/both.hpp>
#include <strata/testing/filter_conformance.hpp>
#include <string>
#include <vector>

using namespace strata;
using filter::Range;
using testing::Sentences;
using testing::detail::filter_of;

namespace {

/// Eight bytes, in the order of the numbers.
std::string key_of(std::uint64_t number) {
  std::string key(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    key[i] = static_cast<char>(number >> (56 - 8 * i));
  }
  return key;
}

std::vector<std::uint64_t> random_numbers(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> numbers(count);
  std::generate(numbers.begin(), numbers.end(), std::ref(random));
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string filter_over(const std::vector<std::uint64_t>& numbers, double bits_per_key) {
  Range::Builder builder({.bits_per_key = bits_per_key});
  for (const std::uint64_t number : numbers) {
    builder.add(key_of(number));
  }
  std::string filter;
  builder.finish(filter);
  return filter;
}

double slots_a_key(std::string_view filter) {
  const auto byte = [&](std::size_t at) {
    return std::uint32_t{static_cast<std::uint8_t>(filter[filter.size() - 17 + at])};
  };
  const filter::detail::RangeCodes codes{byte(10), byte(11), byte(12)};
  return static_cast<double>(codes.slots()) / static_cast<double>(codes.numbers);
}

/// What the theory lets through: of the slot at an end of an empty range, the part that lies
/// outside holds a key; both ends together are one slot.
double expected_rate(std::string_view filter) {
  return 1 - std::exp(-1 / slots_a_key(filter));
}

/// The share of empty ranges of `length` numbers that pass.
double passed(std::string_view filter, const std::vector<std::uint64_t>& numbers,
              std::uint64_t length, int wanted) {
  std::mt19937_64 random(9);
  int empty = 0;
  int maybe = 0;
  while (empty < wanted) {
    const std::uint64_t first = random();
    const auto next = std::lower_bound(numbers.begin(), numbers.end(), first);
    if (first > UINT64_MAX - length || (next != numbers.end() && *next < first + length)) {
      continue;
    }
    ++empty;
    maybe += Range::may_contain_range(filter, key_of(first), key_of(first + length)) ? 1 : 0;
  }
  return static_cast<double>(maybe) / empty;
}

/// The share of random keys that pass.
double passed_keys(std::string_view filter, int lookups) {
  std::mt19937_64 random(10);
  int maybe = 0;
  for (int i = 0; i < lookups; ++i) {
    maybe += Range::may_contain(filter, key_of(random())) ? 1 : 0;
  }
  return static_cast<double>(maybe) / lookups;
}

/// As `passed_keys`, where one in a hundred thousand passes: only what shares the slot of a key
/// does, so it is enough to ask within some slots of keys, and to know how much of all that is.
/// Nothing may pass in the outer half, or slots are wider than they should be, and some were not
/// asked.
double passed_beside_keys(std::string_view filter, const std::vector<std::uint64_t>& numbers,
                          int lookups) {
  constexpr double slots = 16;  // on each side
  const double gap = std::pow(2.0, 64) / static_cast<double>(numbers.size());
  const double slot = gap / slots_a_key(filter);
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> distance(slot / 1e6, slots * slot);
  int maybe = 0;
  int far = 0;
  for (int i = 0; i < lookups; ++i) {
    const double apart = distance(random);
    const auto offset = static_cast<std::uint64_t>(apart);
    const std::uint64_t key = numbers[random() % numbers.size()];
    const std::uint64_t beside = i % 2 == 0 ? key + offset : key - offset;
    const bool passes = Range::may_contain(filter, key_of(beside));
    maybe += passes ? 1 : 0;
    far += passes && apart > slots / 2 * slot ? 1 : 0;
  }
  CHECK(far < maybe / 100);
  return maybe * 2 * slots * slot / gap / lookups;
}

}  // namespace

TEST_CASE("Range keeps the promises of the filter slot") {
  CHECK(testing::filter_conformance<Range>({}).violations == Sentences{});
  CHECK(testing::filter_conformance<Range>({.bits_per_key = 1}).violations == Sentences{});
  CHECK(testing::filter_conformance<Range>({.bits_per_key = 22}).violations == Sentences{});
  using Pair = filter::Both<filter::BlockedBloom, Range>;
  CHECK(testing::filter_conformance<Pair>({}, 0.02).violations == Sentences{});
}

TEST_CASE("Range lets one empty range in the slots of a key through, whatever the length") {
  const auto numbers = random_numbers(30'000, 8);
  const std::uint64_t gap = UINT64_MAX / numbers.size();
  for (const double bits : {1.0, 5.0, 10.0}) {
    const auto filter = filter_over(numbers, bits);
    const double expected = expected_rate(filter);
    const int wanted = static_cast<int>(1500 / expected);
    for (const std::uint64_t length : {std::uint64_t{1}, gap / 10, gap, gap * 3}) {
      const double measured = passed(filter, numbers, length, wanted);
      CAPTURE(bits, length, expected, measured);
      CHECK(measured < expected * 1.1);
      CHECK(measured > expected * 0.9);
    }
  }
}

TEST_CASE("Range answers for absent keys as for short ranges") {
  const auto numbers = random_numbers(30'000, 8);
  for (const double bits : {1.0, 5.0, 10.0, 13.0}) {
    const auto filter = filter_over(numbers, bits);
    const double expected = expected_rate(filter);
    const double measured = passed_keys(filter, static_cast<int>(1500 / expected));
    CAPTURE(bits, expected, measured);
    CHECK(measured < expected * 1.1);
    CHECK(measured > expected * 0.9);
  }
}

TEST_CASE("Range's rate is that of its slots, where they are too many for lookups at random") {
  const auto numbers = random_numbers(30'000, 8);
  for (const double bits : {15.0, 20.0}) {
    const auto filter = filter_over(numbers, bits);
    const double expected = expected_rate(filter);
    const double measured = passed_beside_keys(filter, numbers, 100'000);
    CAPTURE(bits, expected, measured);
    CHECK(measured < expected * 1.1);
    CHECK(measured > expected * 0.9);
  }
  CHECK(passed_keys(filter_over(numbers, 20), 200'000) < 5e-5);  // far from keys as well
}

TEST_CASE("Ranges between keys of text are ruled out, near and far") {
  std::vector<std::string> keys;
  for (int i = 0; i < 20'000; ++i) {
    const std::string digits = std::to_string(1'000'000 + i * 37);
    keys.push_back("user:" + digits + ":name");
    keys.push_back("user:" + digits + ":post");
  }
  const std::string filter = filter_of<Range>(keys, {});
  int maybe = 0;
  for (int i = 0; i < 20'000; ++i) {
    // A gap of 37 users: ten of them that are not there.
    const int user = 1'000'000 + i * 37 + 13;
    maybe += Range::may_contain_range(filter, "user:" + std::to_string(user),
                                      "user:" + std::to_string(user + 10))
                 ? 1
                 : 0;
  }
  CAPTURE(maybe);
  CHECK(maybe < 400);
  CHECK_FALSE(Range::may_contain_range(filter, "user;", "zebra"));
  CHECK_FALSE(Range::may_contain_range(filter, "", "user:1"));
  CHECK_FALSE(Range::may_contain_range(filter, "user:2", "user:9"));
  CHECK(Range::may_contain_range(filter, "", "zebra"));
  CHECK(Range::may_contain_range(filter, "user:", "user;"));
  CHECK(Range::may_contain_range(filter, "user:1000000:name", "user:1000000:namf"));
}

TEST_CASE("Few keys, alike and unlike, and long ones are found by any bounds") {
  const std::string zeros(40, '\0');
  const std::string long_key(3000, 'l');
  const std::vector<std::vector<std::string>> sets = {
      {""},
      {"", zeros},
      {"a", "ab", "abc", "abcd"},
      {zeros, zeros + '\0', zeros + "\xff", "\xff", "\xff\xff"},
      {long_key, long_key + "a", long_key + "z" + long_key},
      {long_key + "a" + long_key + "1", long_key + "b" + long_key + "2"}};
  for (const auto& keys : sets) {
    const std::string filter = filter_of<Range>(keys, {});
    for (const std::string& key : keys) {
      CAPTURE(keys, key);
      CHECK(Range::may_contain(filter, key));
      CHECK(Range::may_contain_range(filter, key, key + '\0'));
      CHECK(Range::may_contain_range(filter, "", key + '\0'));
      CHECK(Range::may_contain_range(filter, key.substr(0, key.size() / 2), key + "x"));
      CHECK(Range::may_contain_range(filter, key, "\xff\xff\xff"));
    }
    CHECK_FALSE(Range::may_contain_range(filter, "b", "b"));
    CHECK_FALSE(Range::may_contain_range(filter, "z", "b"));
  }
  CHECK_FALSE(Range::may_contain(filter_of<Range>({}, {}), ""));
  CHECK_FALSE(Range::may_contain_range(filter_of<Range>({}, {}), "", "z"));
}

TEST_CASE("A Range whose bits flip is survived; with another tail it says maybe") {
  std::vector<std::string> keys;
  for (int i = 0; i < 150; ++i) {
    keys.push_back("key" + std::to_string(i * i));
  }
  const std::string sound = filter_of<Range>(keys, {});
  const auto ask = [](std::string_view bytes) {
    const std::vector<char> copy(bytes.begin(), bytes.end());  // an end that a sanitizer sees
    const std::string_view filter(copy.data(), copy.size());
    int maybe = 0;
    for (const std::string key : {"", "key", "key1", "key14", "key2x", "key9999", "l"}) {
      maybe += Range::may_contain(filter, key) ? 1 : 0;
      maybe += Range::may_contain_range(filter, key, key + "0") ? 1 : 0;
      maybe += Range::may_contain_range(filter, key, "key15") ? 1 : 0;
    }
    return maybe;
  };
  REQUIRE(ask(sound) < 20);
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    std::string flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    (void)ask(flipped);
  }
  for (std::size_t length = 0; length < sound.size(); ++length) {
    CHECK(ask(sound.substr(0, length)) == 21);
  }
  for (std::size_t at = sound.size() - 3; at < sound.size(); ++at) {
    std::string damaged = sound;
    damaged[at] = 'x';
    CHECK(ask(damaged) == 21);
  }
}

TEST_CASE("Range's bytes are what is on disk: they never change") {
  const std::string filter = filter_of<Range>({"apple", "pear"}, {});
  CHECK(filter.size() == 56);
  CHECK(hash64(filter) == 0x5cd9da012c5e8767);
  CHECK(hash64(filter_over(random_numbers(10'000, 1), 10)) == 0x71adcdc6935c340e);
  CHECK(Range::name == "range");
  CHECK(Range::format_version == 1);
}
