// SPDX-License-Identifier: BSL-1.0
#include <strata/table/reader.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/entry.hpp>
#include <strata/filter/concept.hpp>
#include <strata/table/format.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using table::ReadOptions;

namespace {

using Found = std::vector<std::pair<std::uint64_t, std::string>>;

/// All versions of `key` at or below `sequence` that a get is shown.
template <class S>
Result<Found> get(const ReaderOf<S>& reader, std::string_view key, Sequence sequence,
                  const ReadOptions& options = {}) {
  Found found;
  auto read = reader.get(key, sequence, filter::Probe<typename S::Filter>(key), options,
                         [&](Trailer trailer, std::string_view value) {
                           found.emplace_back(trailer.packed(), value);
                           return true;
                         });
  return read ? Result<Found>(std::move(found)) : propagate(std::move(read));
}
Found expected(const Entries& entries, const std::string& key, Sequence sequence) {
  Found found;
  for (auto at = entries.lower_bound({key, Trailer::seek(sequence)});
       at != entries.end() && at->first.key == key; ++at) {
    found.emplace_back(at->first.trailer.packed(), at->second);
  }
  return found;
}

/// A cursor and an iterator into the map that do the same.
template <class S>
class Twins {
 public:
  Twins(const ReaderOf<S>& reader, const Entries& entries)
      : cursor_(reader, {}), entries_(entries), at_(entries.end()) {}

  void seek_to_first() {
    cursor_.seek_to_first();
    at_ = entries_.begin();
    check();
  }
  void seek_to_last() {
    cursor_.seek_to_last();
    at_ = entries_.empty() ? entries_.end() : std::prev(entries_.end());
    check();
  }
  void seek(const std::string& key, Sequence sequence) {
    CAPTURE(key, sequence);
    cursor_.seek(key, sequence);
    at_ = entries_.lower_bound({key, Trailer::seek(sequence)});
    check();
  }
  void seek_for_prev(const std::string& key) {
    CAPTURE(key);
    cursor_.seek_for_prev(key);
    step_back(entries_.upper_bound({key, Trailer()}));
    check();
  }
  void next() {
    cursor_.next();
    ++at_;
    check();
  }
  void next_key() {
    cursor_.next_key();
    const std::string left = at_->first.key;
    while (valid() && at_->first.key == left) {
      ++at_;
    }
    check();
  }
  void prev() {
    cursor_.prev();
    step_back(at_);
    check();
  }
  [[nodiscard]] bool valid() const { return at_ != entries_.end(); }

 private:
  void step_back(Entries::const_iterator from) {
    at_ = from == entries_.begin() ? entries_.end() : std::prev(from);
  }
  void check() {
    REQUIRE(cursor_.status());
    REQUIRE(cursor_.valid() == valid());
    if (valid()) {
      REQUIRE(cursor_.key() == at_->first.key);
      REQUIRE(cursor_.trailer() == at_->first.trailer);
      REQUIRE(cursor_.value() == at_->second);
    }
  }

  typename ReaderOf<S>::Cursor cursor_;
  const Entries& entries_;
  Entries::const_iterator at_;
};

/// Keys with many versions, some in blocks of their own.
Entries versioned() {
  Entries entries = numbered(60);
  Random random(5);
  for (const char* key : {"key1000003x", "key1000040x", "zz"}) {
    for (Sequence sequence = 1; sequence <= 30; ++sequence) {
      const auto kind = below(random, 5) == 0 ? EntryKind::erase : EntryKind::put;
      entries[{key, Trailer(sequence * 10, kind)}] = std::string(60'000, 'v');
    }
  }
  return entries;
}

}  // namespace

TEMPLATE_TEST_CASE("a get finds the versions of a key that its sequence may see", "[table]", Plain,
                   Filtered, Compressed, Full, ByLevels, ByLines) {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 10));
  CAPTURE(seed);
  Random random(seed);
  OptionsOf<TestType> options = small_blocks<TestType>();
  options.block_hash = seed % 2 == 1;
  const Table<TestType> table(random_entries(random, 60), options);
  for (const std::string& key : probes_around(table.entries)) {
    for (const Sequence sequence : {Sequence{0}, Sequence{500}, sequence_max}) {
      CAPTURE(key, sequence);
      REQUIRE(get<TestType>(*table.reader, key, sequence).value() ==
              expected(table.entries, key, sequence));
    }
  }
}

TEST_CASE("a get goes on through the blocks that a key's versions span", "[table]") {
  OptionsOf<Full> options = small_blocks<Full>();
  options.block_hash = GENERATE(false, true);
  const Table<Full> table(versioned(), options);
  for (const std::string key : {"key1000003x", "key1000040x", "zz", "key1000003", "key1000004"}) {
    for (Sequence sequence = 0; sequence <= 310; sequence += 5) {
      REQUIRE(get<Full>(*table.reader, key, sequence).value() ==
              expected(table.entries, key, sequence));
    }
  }
}

TEMPLATE_TEST_CASE("a table of many blocks is read alike through every index", "[table]", Full,
                   ByLevels, ByLines) {
  OptionsOf<TestType> options;
  options.block_bytes = 1;  // a block for each key
  const Table<TestType> table(numbered(2'000), options);
  REQUIRE(table.reader->properties().blocks == 2'000);
  CHECK(scanned<TestType>(*table.reader).value() == table.entries);
  CHECK(table.reader->verify());
  for (const auto& [version, value] : table.entries) {
    const std::string behind = version.key + "?";
    REQUIRE(get<TestType>(*table.reader, version.key, sequence_max).value() ==
            expected(table.entries, version.key, sequence_max));
    REQUIRE(get<TestType>(*table.reader, behind, sequence_max).value().empty());
  }
}

TEST_CASE("a get stops where its visitor has seen enough", "[table]") {
  const Table<Plain> table(versioned());
  int visits = 0;
  REQUIRE(table.reader->get("zz", 300, filter::Probe<filter::None>("zz"), {},
                            [&](Trailer, std::string_view) { return ++visits < 3; }));
  CHECK(visits == 3);
}

TEST_CASE("a get of one version reads one block, also for a key between blocks", "[table]") {
  const Table<Compressed> table(numbered(400));
  for (const std::string& key : probes_around(numbered(40))) {
    CAPTURE(key);
    const cache::Stats before = table.cache.stats();
    const filter::Probe<filter::None> probe(key);
    REQUIRE(table.reader->get(key, sequence_max, probe, {},
                              [](Trailer, std::string_view) { return false; }));
    const cache::Stats after = table.cache.stats();
    REQUIRE(after.hits + after.misses <= before.hits + before.misses + 1);
  }
}

TEST_CASE("a filter spares the read of keys that are not there", "[table]") {
  const Table<Filtered> table(numbered(1'000));
  int passed = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = "key" + std::to_string(1'000'000 + i) + "?";
    passed += table.reader->may_contain(filter::Probe<filter::Bloom>(key)) ? 1 : 0;
    REQUIRE(get<Filtered>(*table.reader, key, sequence_max).value().empty());
  }
  CHECK(passed < 100);
  const cache::Stats stats = table.cache.stats();
  CHECK(stats.hits + stats.misses == static_cast<std::uint64_t>(passed));
  for (const auto& [version, value] : table.entries) {
    REQUIRE(table.reader->may_contain(filter::Probe<filter::Bloom>(version.key)));
  }
}

TEMPLATE_TEST_CASE("a cursor seeks as a map does", "[table]", Plain, Full, ByLevels, ByLines) {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 10));
  CAPTURE(seed);
  Random random(seed);
  const Table<TestType> table(random_entries(random, 80));
  Twins<TestType> twins(*table.reader, table.entries);
  for (const std::string& key : probes_around(table.entries)) {
    for (const Sequence sequence : {Sequence{0}, Sequence{500}, sequence_max}) {
      twins.seek(key, sequence);
    }
    twins.seek_for_prev(key);
  }
}

TEMPLATE_TEST_CASE("a cursor walks any way that a map's iterator does", "[table]", Plain, Full,
                   ByLevels, ByLines) {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 20));
  CAPTURE(seed);
  Random random(seed);
  const Entries entries = seed == 0 ? versioned() : random_entries(random, 150);
  const Table<TestType> table(entries);
  const auto probe_set = probes_around(seed == 0 ? numbered(60) : entries);
  const std::vector<std::string> probes(probe_set.begin(), probe_set.end());
  Twins<TestType> twins(*table.reader, table.entries);
  for (int step = 0; step < 3'000; ++step) {
    const std::string& key = probes[below(random, probes.size())];
    switch (twins.valid() ? below(random, 28) : below(random, 4)) {
      case 0: twins.seek_to_first(); break;
      case 1: twins.seek_to_last(); break;
      case 2: twins.seek(key, random() % 1'200); break;
      case 3: twins.seek_for_prev(key); break;
      case 4:
      case 5:
      case 6:
      case 7: twins.next_key(); break;
      default: step / 50 % 2 == 0 ? twins.next() : twins.prev(); break;
    }
  }
}

TEST_CASE("a plain run ends before another key's bound, an erased key and a second version",
          "[table]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(0, 6));
  CAPTURE(seed);
  Random random(seed);
  const Table<Full> table(random_entries(random, 60));
  const Entries& entries = table.entries;
  const Sequence sequence = 1 + below(random, 1000);
  std::uint64_t passed = 0;
  std::uint64_t wrong = 0;
  const auto check = [&](ReaderOf<Full>::Cursor& cursor, Entries::const_iterator at,
                         const std::string_view* end) {
    for (std::uint32_t run = cursor.plain_run(sequence, end); run > 0; --run) {
      const std::string left = at->first.key;
      ++at;
      passed += 1;
      wrong += at->first.key != left ? 0U : 1U;
      wrong += at->first.trailer.kind() == EntryKind::put ? 0U : 1U;
      wrong += at->first.trailer.sequence() <= sequence ? 0U : 1U;
      wrong += end == nullptr || at->first.key < *end ? 0U : 1U;
    }
  };
  ReaderOf<Full>::Cursor cursor(*table.reader, {});
  cursor.seek_to_first();
  for (auto at = entries.begin(); at != entries.end(); ++at, cursor.next()) {
    check(cursor, at, nullptr);
    for (const std::string& probe : probes_around(entries)) {
      if (probe > at->first.key) {
        const std::string_view end = probe;
        check(cursor, at, &end);
      }
    }
  }
  CHECK(passed > 100);
  CHECK(wrong == 0);
}

TEST_CASE("a cursor walks from end to end and back", "[table]") {
  const Table<Full> table(versioned());
  Twins<Full> twins(*table.reader, table.entries);
  for (twins.seek_to_first(); twins.valid();) {
    twins.next();
  }
  for (twins.seek_to_last(); twins.valid();) {
    twins.prev();
  }
}

TEST_CASE("a cursor of a table without entries stands nowhere", "[table]") {
  const Table<Full> table(Entries{});
  Twins<Full> twins(*table.reader, table.entries);
  twins.seek_to_first();
  twins.seek_to_last();
  twins.seek("", sequence_max);
  twins.seek_for_prev("key");
  CHECK(get<Full>(*table.reader, "key", sequence_max).value().empty());
}

TEST_CASE("a table is read in its comparator's order", "[table]") {
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  const Entries entries = numbered(300);
  auto builder = table::Builder<Backwards>::create(fs, path, number, small_blocks<Backwards>());
  REQUIRE(builder);
  for (auto at = entries.rbegin(); at != entries.rend(); ++at) {
    REQUIRE(builder->add(at->first.key, at->first.trailer, at->second));
  }
  const auto info = builder->finish();
  REQUIRE(info);
  CHECK(info->smallest == entries.rbegin()->first.key);
  CHECK(info->largest == entries.begin()->first.key);
  Cache cache{{}};
  const auto reader = open<Backwards>(fs, cache).value();
  CHECK(reader->verify());
  CHECK(scanned<Backwards>(*reader).value() == entries);
  for (const auto& [version, value] : entries) {
    REQUIRE(get<Backwards>(*reader, version.key, sequence_max).value().size() == 1);
  }
  ReaderOf<Backwards>::Cursor cursor(*reader, {});
  cursor.seek("key1000100x");
  CHECK(cursor.key() == "key1000100");
  cursor.seek_for_prev("key1000100x");
  CHECK(cursor.key() == "key1000101");
}

TEST_CASE("a block that was read is in the cache, unless it is told not to fill it", "[table]") {
  const Table<Full> table(numbered(400));
  const std::uint64_t blocks = table.reader->properties().blocks;
  REQUIRE(blocks > 10);
  CHECK(scanned<Full>(*table.reader, {.fill_cache = false}).value() == table.entries);
  CHECK(table.cache.stats().inserts == 0);
  CHECK(scanned<Full>(*table.reader).value() == table.entries);
  CHECK(table.cache.stats().inserts == blocks);
  CHECK(table.cache.stats().hits == 0);
  CHECK(scanned<Full>(*table.reader).value() == table.entries);
  CHECK(table.cache.stats().inserts == blocks);
  CHECK(table.cache.stats().hits == blocks);
}

TEST_CASE("an open table's memory is reserved in the cache until it is closed", "[table]") {
  Table<Full> table(numbered(400));
  const std::size_t filter_bytes = 400 * 10 / 8;
  CHECK(table.reader->pinned_bytes() >
        Table<Compressed>(numbered(400)).reader->pinned_bytes() + filter_bytes);
  CHECK(table.cache.used_bytes() == table.reader->pinned_bytes());
  table.reader.reset();
  CHECK(table.cache.used_bytes() == 0);
}

TEST_CASE("an entry stays readable while its cursor stands, though the cache lets it go",
          "[table]") {
  Table<Full> table(numbered(400));
  ReaderOf<Full>::Cursor cursor(*table.reader, {});
  cursor.seek("key1000200");
  table.cache.clear();
  CHECK(cursor.key() == "key1000200");
  CHECK(cursor.value() == table.entries.lower_bound({"key1000200", Trailer::seek(999)})->second);
}

TEST_CASE("threads read one table, though its cache holds little of it", "[table]") {
  Table<Full> table(numbered(400));
  Cache cache{{.capacity_bytes = 4'000}};
  const auto reader = open<Full>(table.fs, cache).value();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      Random random(seed);
      ReaderOf<Full>::Cursor cursor(*reader, {});
      for (int i = 0; i < 1'000; ++i) {
        const auto wanted =
            std::next(table.entries.begin(), static_cast<std::ptrdiff_t>(below(random, 400)));
        cursor.seek(wanted->first.key);
        const auto found = get<Full>(*reader, wanted->first.key, sequence_max);
        right += cursor.valid() && cursor.value() == wanted->second && found &&
                         found->size() == 1 && found->front().second == wanted->second
                     ? 1
                     : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(right == 4'000);
}

TEST_CASE("a table that is not there is not found", "[table]") {
  io::Memory fs;
  REQUIRE(fs.create_directory("db"));
  Cache cache{{}};
  const auto reader = open<Full>(fs, cache);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code() == ErrorCode::not_found);
}

TEST_CASE("a table under another's name is not opened", "[table]") {
  Table<Full> table(numbered(10));
  const auto reader = open<Full>(table.fs, table.cache, number + 1);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code() == ErrorCode::corruption);
  CHECK(reader.error().message().find(path + ": is table 12 by its footer") == 0);
}
