// SPDX-License-Identifier: BSL-1.0
#include <strata/table/index_learned.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>
#include <strata/table/index.hpp>
#include <strata/testing/table_index_conformance.hpp>

using namespace strata;
using namespace strata::testing::detail;
using comparator::Bytewise;
using comparator::ReverseBytewise;
using index::Learned;
using strata::testing::Sentences;
using strata::testing::table_index_conformance;

namespace {

std::string big_endian(std::uint64_t number) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  }
  return bytes;
}

template <class Key>
Separators made(std::size_t count, Key key) {
  Separators separators;
  for (std::size_t i = 0; i < count; ++i) {
    separators.push_back(key(i));
  }
  return in_order<Bytewise>(separators);
}

/// Right for all probes, within the bound on memory; and how many segments it took, 0 for none.
std::uint32_t segments_over(const Separators& separators) {
  strata::testing::Conformance found;
  check_index<Learned, Bytewise>(found, separators);
  CHECK(found.violations == Sentences{});
  const auto index = open_index<Learned, Bytewise>(index_of<Learned>(separators));
  REQUIRE(index);
  CHECK(index->segments() <= separators.size() / Learned::separators_per_segment);
  const std::size_t binary_bytes = index_of<index::Binary>(separators).size();
  CHECK(index->memory_bytes() <= binary_bytes + 12 + separators.size() * 17 / 16);
  CHECK((index->segments() != 0 || index->memory_bytes() == binary_bytes + 4));
  return index->segments();
}

constexpr std::size_t count = 10'000;

}  // namespace

TEST_CASE("index::Learned keeps the promises of the table index slot", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 3));
  CAPTURE(seed);
  const auto found = table_index_conformance<Learned>(seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 100'000);
}

TEST_CASE("index::Learned serves orders that are not that of bytes, without a model", "[table]") {
  const auto found = table_index_conformance<Learned, ReverseBytewise>(7, 4'000);
  CHECK(found.violations == Sentences{});
  const auto separators = in_order<ReverseBytewise>(numbered_separators(count, 3));
  const auto index = open_index<Learned, ReverseBytewise>(index_of<Learned>(separators));
  REQUIRE(index);
  CHECK(index->segments() == 0);
}

TEST_CASE("what index::Learned is called in tables for ever", "[table]") {
  STATIC_REQUIRE(Learned::name == "learned");
  STATIC_REQUIRE(Learned::format_version == 1);
}

TEST_CASE("keys that follow a line are learned in few segments", "[table]") {
  std::mt19937_64 random(1);
  CHECK(segments_over(made(count, [](std::uint64_t i) { return big_endian(i * 1'000); })) == 1);
  const std::uint32_t random_heads =
      segments_over(made(count, [&](std::size_t) { return big_endian(random()); }));
  CHECK(random_heads > 0);
  CHECK(random_heads < count / 200);
  const std::uint32_t digits = segments_over(numbered_separators(count, 37));
  CHECK(digits > 0);
  CHECK(digits < count / 20);
}

TEST_CASE("few separators are not worth a model", "[table]") {
  CHECK(segments_over(numbered_separators(Learned::separators_least - 1, 37)) == 0);
  CHECK(segments_over(numbered_separators(Learned::separators_least, 37)) != 0);
}

TEST_CASE("keys that defeat the model are searched without it", "[table]") {
  std::mt19937_64 random(2);
  SECTION("all heads are equal behind a first key that ends the common prefix") {
    Separators separators{"a"};
    for (const std::string& key : made(count, [](std::uint64_t i) { return big_endian(i); })) {
      separators.push_back("the same eight bytes and more" + key);
    }
    CHECK(segments_over(separators) == 0);
  }
  SECTION("one run of equal heads, just beyond the error") {
    const auto with_run = [](std::uint64_t run) {
      return made(count, [run](std::uint64_t i) {
        return i < run ? big_endian(count * 500 + 1) + big_endian(i) : big_endian(i * 1'000);
      });
    };
    CHECK(segments_over(with_run(Learned::error)) > 0);
    CHECK(segments_over(with_run(Learned::error + 1)) == 0);
  }
  SECTION("equal separators in long runs") {
    CHECK(segments_over(made(count, [](std::uint64_t i) { return big_endian(i / 100); })) == 0);
  }
  SECTION("clusters of fewer separators than a segment must have") {
    CHECK(segments_over(made(count, [&](std::uint64_t i) {
            return big_endian((i / 8 * 0x9e3779b97f4a7c15ULL & ~std::uint64_t{0xffff}) + i % 8);
          })) > 0);  // steps of eight stay within the error
    CHECK(segments_over(made(count, [&](std::uint64_t i) {
            const std::uint64_t cluster = i / 40;  // each too tall a step, and of its own magnitude
            return big_endian((cluster * cluster * cluster << 30) + i % 40 * (1 + cluster % 7));
          })) <= count / 16);
  }
  SECTION("slopes that change faster than segments may") {
    std::uint64_t at = 0;
    CHECK(segments_over(made(count, [&](std::uint64_t i) {
            at += i / 34 % 2 == 0 ? 1 : std::uint64_t{1} << 40;
            return big_endian(at);
          })) <= count / 16);
  }
}

TEST_CASE("a model whose size is not in the bytes is damage", "[table]") {
  std::string bytes = index_of<Learned>(numbered_separators(300, 37));
  const auto with_model_bytes = [&bytes](std::uint32_t size) {
    store_fixed(bytes.data() + bytes.size() - 4, size);
    return open_index<Learned, Bytewise>(bytes).has_value();
  };
  const auto right = load_fixed<std::uint32_t>(bytes.data() + bytes.size() - 4);
  CHECK(with_model_bytes(right));
  CHECK_FALSE(with_model_bytes(right - 1));
  CHECK_FALSE(with_model_bytes(right + 1));
  CHECK_FALSE(with_model_bytes(0));
  CHECK_FALSE(with_model_bytes(static_cast<std::uint32_t>(bytes.size()) - 4));
  CHECK_FALSE(with_model_bytes(UINT32_MAX));
}
