// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/art.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <strata/io/memory.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../lsm/small_database.hpp"

using strata::EntryKind;
using strata::Trailer;
using strata::memtable::Art;
using strata::testing::Conformance;
using strata::testing::Sentences;

namespace {

using Table = Art::type<strata::comparator::Bytewise>;
using Probe = strata::testing::detail::MemtableProbe<Art, strata::comparator::Bytewise>;

constexpr Trailer one{1, EntryKind::put};

std::string with_byte(std::string text, unsigned byte) {
  text += static_cast<char>(static_cast<unsigned char>(byte));
  return text;
}

/// 0 to 255, by chance.
std::vector<unsigned> shuffled_bytes(std::mt19937_64& random) {
  std::vector<unsigned> bytes;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bytes.push_back(byte);
  }
  std::shuffle(bytes.begin(), bytes.end(), random);
  return bytes;
}

/// Asks for all that is there after each key, and for what is beside it.
Sentences violations_of(const std::vector<std::string>& keys) {
  Conformance found;
  Probe probe(found, {});
  for (const std::string& key : keys) {
    probe.insert(key, one, key);
    probe.check_all();
    probe.check_place(key + '\0', 1);
    probe.check_place(with_byte(key, 255), 1);
    if (!key.empty()) {
      probe.check_place(key.substr(0, key.size() - 1), 1);
    }
  }
  return found.violations;
}

}  // namespace

TEST_CASE("Art keeps the promises of the memtable slot") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  const auto found =
      strata::testing::memtable_conformance_of<Art, strata::comparator::Bytewise>({}, seed);
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 100'000);
}

TEST_CASE("Art keeps its promises among threads") {
  const auto spread = GENERATE(true, false);
  CAPTURE(spread);
  const auto found = strata::testing::memtable_thread_conformance<Art>({}, {.spread = spread});
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 1000);
}

TEST_CASE("An Art node grows from its first child to its last, and they stay in order") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const std::string before = GENERATE(std::string(), std::string("prefix"), std::string(40, '\0'));
  const std::string behind = GENERATE(std::string(), std::string("suffix"));
  CAPTURE(seed, before, behind);
  std::mt19937_64 random(seed);
  Conformance found;
  Probe probe(found, {});
  std::size_t children = 0;
  for (const unsigned byte : shuffled_bytes(random)) {
    probe.insert(with_byte(before, byte) + behind, one, "v");
    ++children;
    // Around each size of a node, and now and then.
    const bool is_boundary = children < 6 || (children > 14 && children < 19) ||
                             (children > 46 && children < 51) || children > 254;
    if (is_boundary || random() % 32 == 0) {
      probe.check_all();
      probe.check_place(before, 1);
      probe.check_place(with_byte(before, static_cast<unsigned>(random() % 256)), 1);
    }
  }
  CHECK(found.violations == Sentences{});
}

TEST_CASE("A key may leave a compressed path at each of its bytes, to either side, and end there") {
  const std::string path = GENERATE(std::string("mmmmmmmmmmmm"), std::string(12, '\0'),
                                    std::string(12, '\xff'), std::string("\x00\xff\x7f\x80mmm", 7));
  std::vector<std::string> keys = {path + "a", path + "b"};
  for (std::size_t at = path.size(); at-- > 0;) {
    keys.push_back(with_byte(path.substr(0, at), static_cast<unsigned char>(path[at]) + 1U));
    keys.push_back(with_byte(path.substr(0, at), static_cast<unsigned char>(path[at]) - 1U));
    keys.push_back(path.substr(0, at));
  }
  SECTION("from the end to the start") {
    CHECK(violations_of(keys) == Sentences{});
  }
  SECTION("from the start to the end") {
    std::reverse(keys.begin(), keys.end());
    CHECK(violations_of(keys) == Sentences{});
  }
  SECTION("by chance") {
    const auto seed = GENERATE(1U, 2U);
    CAPTURE(seed);
    std::shuffle(keys.begin(), keys.end(), std::mt19937_64(seed));
    CHECK(violations_of(keys) == Sentences{});
  }
}

TEST_CASE("Each key may begin the next: a path longer than a cursor remembers") {
  const std::string letters = GENERATE(std::string("a"), std::string(1, '\0'), std::string("ab"));
  std::vector<std::string> keys = {""};
  for (std::size_t bytes = 1; bytes < 80; ++bytes) {
    keys.push_back(keys.back() + letters[bytes % letters.size()]);
  }
  SECTION("ascending") {
    CHECK(violations_of(keys) == Sentences{});
  }
  SECTION("descending") {
    std::reverse(keys.begin(), keys.end());
    CHECK(violations_of(keys) == Sentences{});
  }
}

TEST_CASE("Art agrees with a map on keys that lie densely, and sparsely, and behind 1 KiB") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const std::size_t bytes = GENERATE(2U, 8U);
  const std::string prefix = GENERATE(std::string(), std::string(1024, 'p'));
  CAPTURE(seed, bytes, prefix.size());
  std::mt19937_64 random(seed);
  const auto any_key = [&] {
    std::string key = prefix;
    for (std::size_t i = 0; i < bytes; ++i) {
      key = with_byte(std::move(key), static_cast<unsigned>(random() % 256));
    }
    return key;
  };
  Conformance found;
  Probe probe(found, {});
  for (strata::Sequence sequence = 1; sequence <= 3000; ++sequence) {
    probe.insert(any_key(), {sequence, EntryKind::put}, std::to_string(sequence));
    probe.check_place(any_key(), random() % (sequence + 2));
  }
  probe.check_all();
  for (int walk = 0; walk < 20; ++walk) {
    probe.check_walk(random, 200);
  }
  CHECK(found.violations == Sentences{});
}

TEST_CASE("Versions of an Art's key are found among keys that it begins") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  Conformance found;
  Probe probe(found, {});
  std::set<strata::Sequence> sequences;
  for (int i = 0; i < 300; ++i) {
    const strata::Sequence sequence = random() >> (8 + random() % 56);
    for (const char* const key : {"", "k", "key", "key\xff"}) {
      probe.insert(key, {sequence, EntryKind::put}, std::to_string(sequence));
      probe.check_place(key, random() >> (8 + random() % 56));
    }
  }
  probe.check_all();
  CHECK(found.violations == Sentences{});
}

// All writers are in the same nodes while these grow, and the reader stands in what they replace.
TEST_CASE("Writers that grow the same nodes of an Art lose nothing, and readers miss nothing") {
  constexpr unsigned writers = 4;
  constexpr unsigned rounds = 40;
  const auto key_of = [](unsigned round, unsigned byte) {
    return with_byte(with_byte("shared path ", round), byte) + "tail";
  };
  Table table;
  std::atomic<unsigned> running{writers};
  std::vector<std::thread> threads;
  for (unsigned writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (unsigned round = 0; round < rounds; ++round) {
        for (unsigned byte = writer; byte < 256; byte += writers) {
          table.insert(key_of(round, byte), one, "v");
        }
      }
      running.fetch_sub(1);
    });
  }
  std::uint64_t disordered = 0;
  std::uint64_t last_seen = 0;
  std::uint64_t vanished = 0;
  while (running.load() > 0) {
    Table::Cursor cursor(table);
    std::uint64_t seen = 0;
    std::string_view key;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next(), ++seen) {
      disordered += cursor.key() <= key ? 1U : 0U;
      key = cursor.key();
    }
    vanished += seen < last_seen ? 1U : 0U;
    last_seen = seen;
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(disordered == 0);
  CHECK(vanished == 0);
  unsigned missing = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      missing += table.find(key_of(round, byte), 1) ? 0U : 1U;
    }
  }
  CHECK(missing == 0);
  CHECK(table.entry_count() == rounds * 256);
}

TEST_CASE("An engine with an Art memtable has what was written, before and after it reopens") {
  using Tree = strata::tests::SmallTree<Art>;
  const strata::io::Memory fs;
  constexpr unsigned keys = 2000;
  const auto wrong_answers = [](Tree& db, const std::string& tag) {
    unsigned wrong = 0;
    for (unsigned i = 0; i < keys; ++i) {
      const std::string key = strata::tests::key_of(i);
      wrong += db.get(key).value() == std::string(100, 'v') + tag ? 0U : 1U;
      wrong += db.get(key + "a").value() == std::nullopt ? 0U : 1U;
    }
    return wrong;
  };
  {
    auto db = Tree::open("/db", strata::tests::small_options<Tree>(fs));
    REQUIRE(db);
    REQUIRE(strata::tests::fill(*db, keys, "old"));
    REQUIRE(db->flush());
    REQUIRE(strata::tests::fill(*db, keys, "new"));
    CHECK(wrong_answers(*db, "new") == 0);
  }
  auto db = Tree::open("/db", strata::tests::small_options<Tree>(fs));
  REQUIRE(db);
  CHECK(wrong_answers(*db, "new") == 0);
  CHECK(db->verify());
}
