// SPDX-License-Identifier: BSL-1.0
#include <strata/table/block.hpp>

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/checksum.hpp>
#include <strata/core/comparator.hpp>
#include <strata/table/format.hpp>

#include "blocks.hpp"
#include "entries.hpp"

using namespace table_test;
using strata::comparator::Bytewise;
using strata::comparator::ReverseBytewise;
using strata::table::Block;

namespace {

std::uint32_t rank(const Entries& entries, const Version& wanted) {
  return static_cast<std::uint32_t>(std::distance(entries.begin(), entries.lower_bound(wanted)));
}

/// Every entry by its number, and every search around every key, as the map has them.
void check(const Entries& entries) {
  const Block block = block_of(entries);
  REQUIRE(block.count() == entries.size());
  std::uint32_t i = 0;
  for (const auto& [version, value] : entries) {
    CAPTURE(i);
    REQUIRE(key_of(block, i) == version.key);
    REQUIRE(block.key_bytes(i) == version.key.size());
    REQUIRE(block.key_is(i, version.key));
    REQUIRE(block.is_same_key(0, i) == block.key_is(0, version.key));
    REQUIRE_FALSE(block.key_is(i, version.key + '\0'));
    REQUIRE(block.trailer(i) == version.trailer);
    REQUIRE(block.value(i) == value);
    for (const std::uint64_t packed :
         {version.trailer.packed() - 1, version.trailer.packed(), version.trailer.packed() + 1}) {
      const Version wanted{version.key, Trailer::from_packed(packed)};
      REQUIRE(block.lower_bound<Bytewise>(wanted.key, wanted.trailer) == rank(entries, wanted));
    }
    ++i;
  }
  for (const std::string& probe : probes_around(entries)) {
    for (const std::uint64_t packed : {std::uint64_t{0}, UINT64_MAX}) {
      const Version wanted{probe, Trailer::from_packed(packed)};
      CAPTURE(wanted);
      REQUIRE(block.lower_bound<Bytewise>(probe, wanted.trailer) == rank(entries, wanted));
    }
    const std::uint64_t limit = block.head_limit(probe);
    for (i = 0; i < block.count(); ++i) {
      CAPTURE(probe, i);
      REQUIRE((key_of(block, i) < probe ? block.head(i) <= limit : block.head(i) >= limit));
    }
  }
}

/// Touches all that can be asked of a block, whatever bytes it was parsed from.
std::size_t read_everything(const Block& block) {
  std::size_t sum = block.prefix().size();
  std::string key;
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    key.clear();
    block.append_key(i, key);
    for (const char byte : key) {
      sum += static_cast<unsigned char>(byte);
    }
    for (const char byte : block.value(i)) {
      sum += static_cast<unsigned char>(byte);
    }
    sum += block.trailer(i).packed();
    sum += block.key_is(i, key) ? 1 : 0;
    sum += block.lower_bound<Bytewise>(key, block.trailer(i));
    sum += block.lower_bound<ReverseBytewise>(key, block.trailer(i));
  }
  return sum;
}

/// One block of every shape: each combination of fixed and varying columns.
std::vector<Entries> shapes() {
  const auto put = [](Sequence sequence) { return Trailer(sequence, EntryKind::put); };
  const auto key = [](int i) { return "shared prefix, key " + std::to_string(100 + i); };
  std::vector<Entries> shapes(5);
  for (int i = 0; i < 9; ++i) {
    shapes[0][{key(i), put(7)}] = "same";
    shapes[1][{key(i), put(Sequence(i) + 1)}] = std::string(std::size_t(i), 'v');
    shapes[2][{key(i) + std::string(std::size_t(i) * 3, 'k'), put(7)}] = "same";
    shapes[3][{key(i) + std::string(std::size_t(i) * 3, 'k'), put(Sequence(i))}] =
        std::string(std::size_t(9 - i), 'v');
  }
  shapes[4][{"one", put(1)}] = "entry";
  return shapes;
}

}  // namespace

TEST_CASE("a block without entries has no entry at or behind any key", "[table]") {
  const Block block = block_of({});
  CHECK(block.count() == 0);
  CHECK(block.prefix().empty());
  CHECK(block.lower_bound<Bytewise>("", Trailer::seek(sequence_max)) == 0);
  CHECK(block.lower_bound<Bytewise>("key", Trailer()) == 0);
}

TEST_CASE("a block finds its entries, and the places between them", "[table]") {
  const std::string zero(1, '\0');
  SECTION("one entry") {
    check(entries_of({"key"}));
  }
  SECTION("the empty key alone") {
    check(entries_of({""}));
  }
  SECTION("the empty key and others") {
    check(entries_of({"", "a", "b"}));
  }
  SECTION("keys that are others' prefixes, padded heads equal") {
    check(entries_of({"", zero, zero + zero, std::string(7, '\0'), std::string(8, '\0'),
                      std::string(9, '\0'), "a", "a" + zero, "a" + zero + zero,
                      "a" + std::string(7, '\0'), "a" + std::string(8, '\0')}));
  }
  SECTION("keys of 0xff bytes, whose heads are the largest integer") {
    std::set<std::string> keys{"a"};
    for (std::size_t bytes = 1; bytes < 20; ++bytes) {
      keys.insert(std::string(bytes, '\xff'));
      keys.insert(std::string(bytes, '\xff') + zero);
    }
    check(entries_of(keys));
  }
  SECTION("keys that differ behind their heads only") {
    std::set<std::string> keys;
    for (int i = 0; i < 50; ++i) {
      keys.insert("p" + std::string("12345678") + std::to_string(i));
    }
    keys.insert("pp");
    check(entries_of(keys));
  }
  SECTION("keys shorter than a head behind a long prefix") {
    std::set<std::string> keys;
    for (int i = 0; i < 50; ++i) {
      keys.insert("a prefix longer than a head/" + std::to_string(i));
    }
    check(entries_of(keys));
  }
  SECTION("all shapes of columns") {
    for (const Entries& entries : shapes()) {
      check(entries);
    }
  }
}

TEST_CASE("a block of random entries answers every search as a map does", "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 60));
  CAPTURE(seed);
  Random random(seed);
  check(random_entries(random, 1 + below(random, 40)));
}

TEST_CASE("versions of a key lie newest first and are found by sequence", "[table]") {
  Entries entries;
  entries[{"a", Trailer(5, EntryKind::put)}] = "a5";
  for (Sequence sequence = 10; sequence <= 100; sequence += 10) {
    entries[{"key", Trailer(sequence, EntryKind::put)}] = std::to_string(sequence);
  }
  entries[{"z", Trailer(5, EntryKind::put)}] = "z5";
  const Block block = block_of(entries);
  for (Sequence sequence = 10; sequence < 120; ++sequence) {
    const std::uint32_t i = block.lower_bound<Bytewise>("key", Trailer::seek(sequence));
    REQUIRE(block.key_is(i, "key"));
    CHECK(block.value(i) == std::to_string(std::min<Sequence>(sequence / 10 * 10, 100)));
  }
  CHECK(key_of(block, block.lower_bound<Bytewise>("key", Trailer::seek(9))) == "z");
  CHECK(block.lower_bound<Bytewise>("key", Trailer::seek(sequence_max)) == 1);
}

TEST_CASE("a tombstone and a put of one sequence are told apart by their kind", "[table]") {
  Entries entries;
  entries[{"key", Trailer(4, EntryKind::put)}] = "value";
  entries[{"key", Trailer(4, EntryKind::erase)}] = "";
  entries[{"key", Trailer(4, EntryKind::merge)}] = "operand";
  check(entries);
}

TEST_CASE("a block holds what is as long as it may be", "[table]") {
  const std::string longest(key_bytes_max, '\xff');
  Entries entries;
  entries[{"", Trailer(0, EntryKind::erase)}] = "";
  entries[{"a", Trailer(sequence_max, EntryKind::merge)}] = std::string(70'000, 'v');
  entries[{longest, Trailer(1, EntryKind::put)}] = "";
  entries[{longest.substr(1) + "\xfe", Trailer(1, EntryKind::put)}] = "last byte differs";
  const Block block = block_of(entries);
  CHECK(contents(block) == entries);
  CHECK(block.lower_bound<Bytewise>(longest, Trailer::seek(1)) == 3);
  CHECK(block.lower_bound<Bytewise>(longest, Trailer()) == 4);
}

TEST_CASE("a block is searched with an empty view that points nowhere", "[table]") {
  const Block block = block_of(entries_of({"", "a"}));
  CHECK(block.lower_bound<Bytewise>(std::string_view(), Trailer::seek(sequence_max)) == 0);
  CHECK(block.lower_bound<Bytewise>(std::string_view(), Trailer()) == 1);
  CHECK(block.key_is(0, std::string_view()));
}

TEST_CASE("a block is searched in any comparator's order", "[table]") {
  table::BlockBuilder builder;
  for (const char* key : {"d", "cc", "cb", "c", "a"}) {
    builder.add(key, Trailer(3, EntryKind::put), key);
  }
  std::string bytes;
  builder.finish(bytes);
  const auto block = parsed(bytes);
  REQUIRE(block);
  const auto found = [&](std::string_view key, Trailer trailer) {
    return block->lower_bound<ReverseBytewise>(key, trailer);
  };
  const Trailer newest = Trailer::seek(sequence_max);
  CHECK(found("e", newest) == 0);
  CHECK(found("d", newest) == 0);
  CHECK(found("d", Trailer()) == 1);
  CHECK(found("cc", newest) == 1);
  CHECK(found("ca", newest) == 3);
  CHECK(found("b", newest) == 4);
  CHECK(found("", newest) == 5);
}

TEST_CASE("any flipped bit of a framed block is seen", "[table]") {
  using Checksum = strata::checksum::Crc32c;
  for (const Entries& entries : shapes()) {
    std::string frame = encoded(entries);
    const auto raw_bytes = static_cast<std::uint32_t>(frame.size());
    table::close_frame<Checksum>(frame, frame.size(), 0, raw_bytes, 12, 4096);
    REQUIRE(table::frame_is_whole<Checksum>(frame, 12, 4096));
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
      frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << bit % 8));
      REQUIRE_FALSE(table::frame_is_whole<Checksum>(frame, 12, 4096));
      frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << bit % 8));
    }
  }
}

TEST_CASE("a block with a flipped bit is refused, or read within its bytes", "[table]") {
  std::size_t sum = 0;
  std::size_t refused = 0;
  for (const Entries& entries : shapes()) {
    std::string bytes = encoded(entries);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      if (const auto block = parsed(bytes)) {
        sum += read_everything(*block);
      } else {
        ++refused;
      }
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    }
  }
  CHECK(sum != 0);
  CHECK(refused > 200);  // of the count alone, 32 a shape
}

TEST_CASE("a block of random bytes is refused, or read within its bytes", "[table]") {
  Random random(7);
  std::size_t sum = 0;
  const std::vector<Entries> of_shape = shapes();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = encoded(of_shape[below(random, of_shape.size())]);
    for (std::size_t damage = 1 + below(random, 4); damage > 0; --damage) {
      // Most in the header, where a byte means most.
      const std::size_t most =
          below(random, 2) == 0 ? table::detail::block_header_bytes : bytes.size();
      bytes[below(random, most)] = static_cast<char>(random());
    }
    if (const auto block = parsed(bytes)) {
      sum += read_everything(*block);
    }
  }
  CHECK(sum != 0);
}

TEST_CASE("a block that is cut off or goes on is refused at every length", "[table]") {
  for (const Entries& entries : shapes()) {
    const std::string bytes = encoded(entries);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      CAPTURE(length);
      REQUIRE_FALSE(parsed(std::string_view(bytes).substr(0, length)));
    }
    REQUIRE_FALSE(parsed(bytes + "x"));
  }
}
