// SPDX-License-Identifier: BSL-1.0
#include <strata/table/block_builder.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>
#include <strata/table/block.hpp>

#include "blocks.hpp"
#include "entries.hpp"

using namespace table_test;
using strata::table::BlockBuilder;

namespace {

constexpr Trailer put(Sequence sequence) {
  return {sequence, EntryKind::put};
}

std::string finished(BlockBuilder& builder) {
  std::string bytes;
  builder.finish(bytes);
  return bytes;
}
std::uint32_t word_at(std::string_view bytes, std::size_t offset) {
  return load_fixed<std::uint32_t>(bytes.data() + offset);
}

}  // namespace

TEST_CASE("a block builder counts what it was given", "[table]") {
  BlockBuilder builder;
  CHECK(builder.empty());
  CHECK(builder.count() == 0);
  builder.add("a", put(2), "value");
  builder.add("bc", put(1), "");
  CHECK_FALSE(builder.empty());
  CHECK(builder.count() == 2);
  CHECK(builder.last_key() == "bc");
}

TEST_CASE("a block lies in its bytes as its header says", "[table]") {
  BlockBuilder builder;
  builder.add("prefix/a", put(2), "one");
  builder.add("prefix/b", put(2), "two");
  const std::string bytes = finished(builder);
  REQUIRE(bytes.size() == 24 + 2 * 8 + 8 + 7 + 2 * 3);
  CHECK(word_at(bytes, 0) == 2);
  CHECK(word_at(bytes, 4) == 7);
  CHECK(word_at(bytes, 8) == 7);  // one trailer, keys of one length, values of one length
  CHECK(word_at(bytes, 12) == 1);
  CHECK(word_at(bytes, 16) == 3);
  CHECK(word_at(bytes, 20) == 0);
  CHECK(load_fixed<std::uint64_t>(bytes.data() + 24) == std::uint64_t{'a'} << 56);
  CHECK(load_fixed<std::uint64_t>(bytes.data() + 32) == std::uint64_t{'b'} << 56);
  CHECK(load_fixed<std::uint64_t>(bytes.data() + 40) == put(2).packed());
  CHECK(bytes.substr(48) == "prefix/onetwo");
}

TEST_CASE("columns that vary are stored entry by entry", "[table]") {
  BlockBuilder builder;
  builder.add("12345678-", put(2), "one");
  builder.add("23456789", put(1), "three");
  const std::string bytes = finished(builder);
  CHECK(word_at(bytes, 4) == 0);
  CHECK(word_at(bytes, 8) == 0);
  const std::string_view columns = std::string_view(bytes).substr(24 + 16 + 16);
  REQUIRE(columns.size() == 4 + 4 + 9);
  CHECK(load_fixed<std::uint16_t>(columns.data()) == 4);
  CHECK(load_fixed<std::uint16_t>(columns.data() + 2) == 9);
  CHECK(load_fixed<std::uint16_t>(columns.data() + 4) == 9);
  CHECK(load_fixed<std::uint16_t>(columns.data() + 6) == 8);
  CHECK(columns.substr(8) == "-onethree");
}

TEST_CASE("a block is wide from the first byte that 16 bits can not count", "[table]") {
  for (const std::size_t value_bytes : {std::size_t{65'530}, std::size_t{65'536}}) {
    BlockBuilder builder;
    builder.add("a", put(1), std::string(value_bytes, 'x'));
    builder.add("ab", put(1), "yz");
    const std::string bytes = finished(builder);
    CHECK((word_at(bytes, 8) & table::detail::wide) ==
          (value_bytes > 65'530 ? table::detail::wide : 0));
    const auto block = parsed(bytes);
    REQUIRE(block);
    CHECK(block->value(0) == std::string(value_bytes, 'x'));
    CHECK(block->value(1) == "yz");
  }
}

TEST_CASE("a finished block builder starts over, and appends to what is there", "[table]") {
  BlockBuilder builder;
  const Entries first = entries_of({"aa1", "aa2", "aa33"});
  const Entries second = entries_of({"b", "c"}, 9);
  for (const auto& [version, value] : first) {
    builder.add(version.key, version.trailer, value);
  }
  std::string bytes = "ahead";
  builder.finish(bytes);
  CHECK(bytes == "ahead" + encoded(first));
  CHECK(builder.empty());
  for (const auto& [version, value] : second) {
    builder.add(version.key, version.trailer, value);
  }
  CHECK(finished(builder) == encoded(second));
  CHECK(finished(builder) == encoded({}));
}

TEST_CASE("the estimate of a block is at least its size where keys are not short", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 20));
  CAPTURE(seed);
  Random random(seed);
  Entries entries;
  for (std::size_t i = 0; i < 300; ++i) {
    entries[{"12345678" + random_bytes(random, 20), put(random() % 9)}] = random_bytes(random, 400);
  }
  BlockBuilder builder;
  for (const auto& [version, value] : entries) {
    builder.add(version.key, version.trailer, value);
  }
  const std::size_t estimate = builder.estimated_bytes();
  const std::size_t exact = finished(builder).size();
  CHECK(exact <= estimate);
  CHECK(exact * 2 > estimate);
}

TEST_CASE("a shared prefix costs its bytes once", "[table]") {
  const std::string prefix(1'000, 'p');
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    keys.insert(prefix + std::to_string(1'000 + i));
  }
  const std::string bytes = encoded(entries_of(keys));
  CHECK(bytes.size() < 1'000 + 100 * 64);
  CHECK(contents(*parsed(bytes)) == entries_of(keys));
}
