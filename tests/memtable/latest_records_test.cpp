// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/latest_records.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/arena.hpp>
#include <strata/core/hash.hpp>
#include <strata/memtable/btree.hpp>
#include <strata/testing/memtable_conformance.hpp>

using strata::Arena;
using strata::EntryKind;
using strata::hash64;
using strata::Sequence;
using strata::Trailer;
using strata::memtable::detail::LatestRecords;
using strata::memtable::detail::Record;

namespace {

struct Notes {
  Arena arena;
  LatestRecords latest;

  void note(const std::string& key, Sequence sequence) {
    const Record* const record =
        Record::create(arena, key, Trailer(sequence, EntryKind::put), "value");
    latest.note(hash64(key), *record, arena);
  }
  /// 0: none of this key.
  [[nodiscard]] Sequence found(const std::string& key) const {
    const Record* const record = latest.find(hash64(key));
    return record != nullptr && record->key() == key ? record->trailer.sequence() : 0;
  }
};
std::string key_of(std::uint64_t i) {
  return "key" + std::to_string(i);
}

}  // namespace

TEST_CASE("what is found is the newest version of its key, and hot keys are found", "[memtable]") {
  Notes notes;
  CHECK(notes.found("a") == 0);
  constexpr std::uint64_t keys = 5000;
  std::vector<Sequence> newest(keys, 0);
  Sequence sequence = 0;
  std::uint64_t stale = 0;
  std::uint64_t hot_found = 0;
  std::uint64_t hot_asked = 0;
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    const std::uint64_t key = i % 10 == 0 ? i / 10 % 7 : strata::mix64(i) % keys;
    notes.note(key_of(key), ++sequence);
    newest[key] = sequence;
    for (const std::uint64_t asked : {key, i % 7, strata::mix64(~i) % keys}) {
      const Sequence found = notes.found(key_of(asked));
      stale += found != 0 && found != newest[asked] ? 1U : 0U;
      hot_found += asked < 7 && found != 0 ? 1U : 0U;
      hot_asked += asked < 7 && newest[asked] != 0 ? 1U : 0U;
    }
  }
  CHECK(stale == 0);
  CHECK(hot_found * 10 > hot_asked * 9);
}

TEST_CASE("once versions come out of order nothing is found any more", "[memtable]") {
  Notes notes;
  notes.note("a", 5);
  notes.note("b", 6);
  CHECK(notes.found("a") == 5);
  const bool same = GENERATE(false, true);
  notes.note("c", same ? 6 : 3);
  notes.note("a", 7);
  CHECK(notes.found("a") == 0);
  CHECK(notes.found("b") == 0);
  CHECK(notes.found("c") == 0);
}

TEST_CASE("a snapshot older than the newest version is answered by the tree", "[memtable]") {
  strata::memtable::BTree::type<strata::comparator::Bytewise> table;
  for (Sequence sequence = 1; sequence <= 100; ++sequence) {
    table.insert("hot", Trailer(sequence, EntryKind::put), std::to_string(sequence));
  }
  CHECK(table.find("hot", 1000)->value == "100");
  CHECK(table.find("hot", 57)->value == "57");
  CHECK_FALSE(table.find("hot", 0));
  CHECK_FALSE(table.find("hotter", 1000));
  CHECK_FALSE(table.find("", 1000));
}

TEST_CASE("a tree keeps its promises without hashes, too", "[memtable]") {
  const auto found =
      strata::testing::memtable_conformance<strata::memtable::BTree>({.hashes_keys = false}, 3U);
  CHECK(found.violations == strata::testing::Sentences{});
}

TEST_CASE("who sees that a version was inserted finds no older one", "[memtable]") {
  strata::memtable::BTree::type<strata::comparator::Bytewise> table;
  constexpr Sequence versions = 60'000;
  std::atomic<Sequence> inserted{0};
  std::thread writer([&] {
    for (Sequence i = 1; i <= versions; ++i) {
      table.insert(key_of(i % 300), Trailer(i, EntryKind::put), std::to_string(i));
      inserted.store(i, std::memory_order_release);
    }
  });
  std::uint64_t stale = 0;
  for (Sequence seen = 0; seen < versions;) {
    seen = inserted.load(std::memory_order_acquire);
    for (Sequence i = seen < 20 ? 1 : seen - 20; i <= seen; ++i) {
      const auto found = table.find(key_of(i % 300), seen);
      stale += !found || found->trailer.sequence() < i ? 1U : 0U;
    }
  }
  writer.join();
  CHECK(stale == 0);
}
