// SPDX-License-Identifier: BSL-1.0
#include <strata/table/index.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>
#include <strata/testing/table_index_conformance.hpp>

#include "entries.hpp"

using namespace table_test;
using Index = index::Binary::type<comparator::Bytewise>;
using table::separator_of;

namespace {

/// Block `i` lies at `i * 1000` and has `i + 1` bytes.
std::string encoded(const std::vector<std::string>& separators) {
  index::Binary::Builder builder;
  std::uint64_t i = 0;
  for (const std::string& separator : separators) {
    builder.add(separator, {i * 1'000, static_cast<std::uint32_t>(i + 1)});
    ++i;
  }
  std::string bytes;
  builder.finish(bytes);
  return bytes;
}
template <class IndexType = Index>
std::optional<IndexType> opened(std::string_view bytes) {
  std::unique_ptr<char[]> own(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), own.get());
  return IndexType::open(std::move(own), bytes.size());
}
/// Asks everything of an index from unchecked bytes.
std::uint64_t read_everything(const Index& index) {
  std::uint64_t sum = index.block_of("") + index.block_of("ab") + index.block_of("\xff\xff");
  for (std::uint32_t i = 0; i < index.count(); ++i) {
    sum += index.handle(i).offset + index.handle(i).bytes;
  }
  return sum;
}

}  // namespace

TEST_CASE("index::Binary keeps the promises of the table index slot, in any order", "[table]") {
  const auto found = strata::testing::table_index_conformance<index::Binary>(1);
  CHECK(found.violations == strata::testing::Sentences{});
  CHECK(found.checked > 100'000);
  using comparator::ReverseBytewise;
  const auto reverse =
      strata::testing::table_index_conformance<index::Binary, ReverseBytewise>(2, 4'000);
  CHECK(reverse.violations == strata::testing::Sentences{});
}

TEST_CASE("an index leads every key to the first block that reaches it", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 20));
  CAPTURE(seed);
  Random random(seed);
  std::set<std::string> sorted;
  for (std::size_t i = 0; i < 1 + seed * 3; ++i) {
    sorted.insert(random_bytes(random, 12));
  }
  const std::vector<std::string> separators(sorted.begin(), sorted.end());
  const auto index = opened(encoded(separators));
  REQUIRE(index);
  REQUIRE(index->count() == separators.size());
  for (std::uint32_t i = 0; i < index->count(); ++i) {
    CHECK(index->handle(i).offset == i * std::uint64_t{1'000});
    CHECK(index->handle(i).bytes == i + 1);
  }
  for (const std::string& probe : probes_around(entries_of(sorted))) {
    const auto reaching = std::lower_bound(separators.begin(), separators.end(), probe);
    REQUIRE(index->block_of(probe) == static_cast<std::uint32_t>(reaching - separators.begin()));
  }
}

TEST_CASE("an index of no blocks leads nowhere", "[table]") {
  const auto index = opened(encoded({}));
  REQUIRE(index);
  CHECK(index->count() == 0);
  CHECK(index->block_of("") == 0);
  CHECK(index->block_of("key") == 0);
}

TEST_CASE("equal separators lead to the first block: versions may span blocks", "[table]") {
  const auto index = opened(encoded({"a", "key", "key", "key", "z"}));
  REQUIRE(index);
  CHECK(index->block_of("key") == 1);
  CHECK(index->block_of("kez") == 4);
}

TEST_CASE("an index keeps the largest handle and tells its memory", "[table]") {
  index::Binary::Builder builder;
  builder.add("", {0, 0});
  builder.add("z", {UINT64_MAX, UINT32_MAX});
  std::string bytes;
  builder.finish(bytes);
  const auto index = opened(bytes);
  REQUIRE(index);
  CHECK(index->handle(1).offset == UINT64_MAX);
  CHECK(index->handle(1).bytes == UINT32_MAX);
  CHECK(index->memory_bytes() == bytes.size());
}

TEST_CASE("an index goes by its comparator", "[table]") {
  const auto index =
      opened<index::Binary::type<comparator::ReverseBytewise>>(encoded({"z", "m", "a"}));
  REQUIRE(index);
  CHECK(index->block_of("zz") == 0);
  CHECK(index->block_of("z") == 0);
  CHECK(index->block_of("p") == 1);
  CHECK(index->block_of("a") == 2);
  CHECK(index->block_of("") == 3);
}

TEST_CASE("an index whose handles are not of their size is none", "[table]") {
  table::BlockBuilder builder;
  builder.add("a", Trailer(), std::string(12, '\0'));
  builder.add("b", Trailer(), std::string(11, '\0'));
  std::string bytes;
  builder.finish(bytes);
  CHECK_FALSE(opened(bytes));
}

TEST_CASE("an index that is cut off at any length is none", "[table]") {
  const std::string bytes = encoded({"aaaaaaaaaaaaaa", "ab", "abc"});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    REQUIRE_FALSE(opened(std::string_view(bytes).substr(0, length)));
  }
}

TEST_CASE("an index with a flipped bit is none, or read within its bytes", "[table]") {
  std::string bytes = encoded({"aaaaaaaaaaaaaa", "ab", "abc"});
  std::uint64_t sum = 0;
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    if (const auto index = opened(bytes)) {
      sum += read_everything(*index);
    } else {
      ++refused;
    }
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
  CHECK(sum != 0);
  CHECK(refused >= 32);
}

TEST_CASE("a separator is at or above one key, below the next, and no longer", "[table]") {
  Random random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string a = random_bytes(random, 5);
    std::string b = random_bytes(random, 5);
    if (a == b) {
      continue;
    }
    if (a > b) {
      a.swap(b);
    }
    const std::string separator = separator_of<comparator::Bytewise>(a, b);
    CAPTURE(a, b, separator);
    REQUIRE(separator >= a);
    REQUIRE(separator < b);
    REQUIRE(separator.size() <= a.size());
  }
}

TEST_CASE("a separator is short where there is room between the keys", "[table]") {
  CHECK(separator_of<comparator::Bytewise>("apple pie", "cherry") == "b");
  CHECK(separator_of<comparator::Bytewise>("apple pie", "banana") == "apple pie");
  CHECK(separator_of<comparator::Bytewise>("apple", "apple pie") == "apple");
  CHECK(separator_of<comparator::Bytewise>("a\xfe.", "a\xff") == "a\xfe.");
  CHECK(separator_of<comparator::Bytewise>("a\x7f.", "a\x81") == "a\x80");
  CHECK(separator_of<comparator::Bytewise>("key", "key") == "key");
}

TEST_CASE("under another order a separator is just the key", "[table]") {
  CHECK(separator_of<comparator::ReverseBytewise>("cherry", "apple") == "cherry");
}
