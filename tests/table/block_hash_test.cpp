// SPDX-License-Identifier: BSL-1.0
#include <strata/table/block_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>
#include <strata/core/comparator.hpp>
#include <strata/table/block.hpp>

#include "blocks.hpp"
#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using strata::comparator::Bytewise;
using strata::comparator::ReverseBytewise;
using strata::table::Block;
using strata::table::BlockHash;

namespace {

/// What a read of one key sees: the versions from `i` on, and whether the next block may go on.
Entries seen(const Block& block, std::string_view key, std::uint32_t i) {
  Entries entries;
  for (; i < block.count() && block.key_is(i, key); ++i) {
    entries[{std::string(key), block.trailer(i)}] = std::string(block.value(i));
  }
  if (table::goes_on_behind(block, i, key)) {
    entries[{"goes on", Trailer()}] = "";
  }
  return entries;
}

/// A find sees what a search sees, for every key and what lies around it, at any sequence.
void check_finds(const Block& block, const Entries& entries) {
  for (const std::string& key : probes_around(entries)) {
    for (const Sequence sequence : {Sequence{0}, Sequence{1}, Sequence{500}, sequence_max}) {
      CAPTURE(key, sequence);
      const Trailer trailer = Trailer::seek(sequence);
      REQUIRE(seen(block, key, block.find<Bytewise>(key, trailer)) ==
              seen(block, key, block.lower_bound<Bytewise>(key, trailer)));
      if (block.is_hashed()) {  // and goes by equality, so under any comparator
        REQUIRE(block.find<ReverseBytewise>(key, trailer) == block.find<Bytewise>(key, trailer));
      }
    }
  }
}

/// Touches all that a find may touch.
std::uint64_t find_everything(const Block& block) {
  std::uint64_t sum = 0;
  for (const std::string_view key : {"", "a", "key1000003", "key1000003?", "zz"}) {
    for (auto i = block.find<Bytewise>(key, Trailer::seek(5)); i < block.count(); ++i) {
      sum += i + block.value(i).size() + (block.key_is(i, key) ? 1 : 0);
    }
  }
  return sum;
}

Entries of_one_key(std::size_t versions) {
  Entries entries;
  for (Sequence sequence = 1; sequence <= versions; ++sequence) {
    entries[{"key", Trailer(sequence, EntryKind::put)}] = std::to_string(sequence);
  }
  return entries;
}

}  // namespace

TEST_CASE("a find in a hashed block sees what a search sees", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 40));
  CAPTURE(seed);
  Random random(seed);
  const Entries entries = random_entries(random, 1 + below(random, 80));
  const Block block = block_of(entries, true);
  REQUIRE(block.is_hashed());
  CHECK(contents(block) == entries);
  check_finds(block, entries);
}

TEST_CASE("a hashed block of one key, or of many versions of one", "[table]") {
  for (const std::size_t versions : {1U, 2U, 100U, 255U}) {
    const Entries entries = of_one_key(versions);
    const Block block = block_of(entries, true);
    CHECK(block.is_hashed());
    check_finds(block, entries);
  }
  const Entries nameless{{{"", Trailer(3, EntryKind::put)}, "value"}};
  check_finds(block_of(nameless, true), nameless);
}

TEST_CASE("a block of none, or of more entries than a slot can name, has no hash table",
          "[table]") {
  CHECK_FALSE(block_of({}, true).is_hashed());
  CHECK(block_of(numbered(table::hashed_entries_most), true).is_hashed());
  const Entries many = numbered(table::hashed_entries_most + 1);
  const Block block = block_of(many, true);
  CHECK_FALSE(block.is_hashed());
  CHECK(encoded(many, true) == encoded(many));
  check_finds(block, many);
}

TEST_CASE("a hash table takes two bytes a key", "[table]") {
  const Entries entries = numbered(100);
  CHECK(encoded(entries, true).size() == encoded(entries).size() + 200);
}

TEST_CASE("a slot that names no entry of its block is damage", "[table]") {
  const Entries entries = numbered(10);
  std::string bytes = encoded(entries, true);
  const std::string slots(bytes, 24 + 10 * 8 + 10 * 8 + 10 * 2, 20);
  const std::size_t at = bytes.find(slots) + slots.find('\x09');
  REQUIRE(bytes[at] == 9);
  bytes[at] = 10;
  CHECK_FALSE(parsed(bytes));
}

TEST_CASE("a table whose slots are all taken by other keys is searched once round", "[table]") {
  const std::string slots(7, '\x03');
  CHECK(BlockHash(slots).find("key", 42, [](std::uint32_t) { return false; }) == 42);
  CHECK(BlockHash(slots).find("key", 42, [](std::uint32_t i) { return i == 3; }) == 3);
  CHECK_FALSE(BlockHash(slots).is_within(3));
  CHECK(BlockHash(slots).is_within(4));
}

TEST_CASE("a hashed block with flipped bits or cut off is none, or read within its bytes",
          "[table]") {
  const std::string whole = encoded(numbered(8), true);
  std::uint64_t sum = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    REQUIRE_FALSE(parsed(std::string_view(whole).substr(0, length)));
  }
  std::string bytes = whole;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    if (const auto block = parsed(bytes)) {
      sum += find_everything(*block);
    }
    bytes[bit / 8] = whole[bit / 8];
  }
  CHECK(sum != 0);
}

TEST_CASE("a table of hashed blocks says so, and is read as one without", "[table]") {
  OptionsOf<Full> options = small_blocks<Full>();
  options.block_hash = true;
  Table<Full> hashed(numbered(400), options);
  const Table<Full> plain(numbered(400));
  const std::string bytes = hashed.bytes();
  CHECK(load_fixed<std::uint32_t>(bytes.data() + bytes.size() - table::footer_bytes + 12) ==
        table::hashed_blocks);
  CHECK(scanned<Full>(*hashed.reader).value() == hashed.entries);
  CHECK(hashed.reader->verify());
}
