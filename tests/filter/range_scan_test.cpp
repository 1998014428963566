// SPDX-License-Identifier: BSL-1.0
/// Filters that know of ranges under an engine: scans answer as a map does, and read nothing where
/// there is nothing.

#include <strata/filter/blocked_bloom.hpp>
#include <strata/filter/both.hpp>
#include <strata/filter/none.hpp>
#include <strata/filter/prefix.hpp>
#include <strata/filter/range.hpp>
#include <strata/filter/ribbon.hpp>
#include <strata/lsm/scan.hpp>

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../lsm/small_database.hpp"

using namespace strata;
using metrics::Counter;
using tests::key_of;

namespace {

using Map = std::map<std::string, std::string>;
using Bound = std::optional<std::string>;
using Four = filter::Prefix<filter::BlockedBloom, prefix::Fixed<4>>;
using Slash = filter::Prefix<filter::Ribbon, prefix::Delimited<'/'>>;

using Pair = filter::Both<filter::BlockedBloom, filter::Range>;

template <class... Policies>
tests::SmallTree<Policies...> open_tree(const io::Memory& fs, std::size_t file_bytes = 4'000) {
  using Db = tests::SmallTree<Policies...>;
  auto options = tests::small_options<Db>(fs);
  options.compaction.file_bytes = file_bytes;
  auto opened = Db::open("/db", options);
  REQUIRE(opened);
  return std::move(opened).value();
}

/// Some with a prefix of one kind or the other, some without; with zeros and with 0xff.
std::string some_key(std::mt19937_64& random) {
  static const std::vector<std::string> groups = {"a/",  "ab/", "abc",  std::string("\0/", 2),
                                                  "b/",  "c",   "\xff", "\xff\xff\xff\xff",
                                                  "zz/", "z/",  "abcd", "abcd/"};
  std::string key = groups[random() % groups.size()];
  const std::string digits = std::to_string(random() % 700);
  key += digits;
  if (random() % 8 == 0) {
    key.push_back(random() % 2 == 0 ? '\0' : '\xff');
  }
  return key;
}

template <class Db>
class Model {
 public:
  Model(Db& db, std::uint64_t seed) : db_(db), random_(seed) {}

  void write() {
    const std::string key = some_key(random_);
    switch (random_() % 16) {
      case 0: {
        const std::string last = some_key(random_);
        if (key < last) {
          // Short ones mostly, so that not everything is gone at all times.
          const std::string end = random_() % 8 == 0 ? last : key + "5";
          REQUIRE(db_.erase_range(key, end));
          map_.erase(map_.lower_bound(key), map_.lower_bound(end));
        }
        break;
      }
      case 1:
      case 2:
        REQUIRE(db_.erase(key));
        map_.erase(key);
        break;
      default: {
        std::string value = key + std::string(100, 'v') + std::to_string(random_());
        REQUIRE(db_.put(key, value));
        map_[key] = std::move(value);
      }
    }
  }
  /// A scan with random bounds, as of `snapshot` or of now.
  void scan(const Map& map, const Snapshot* snapshot) {
    Bound first = random_() % 16 == 0 ? Bound() : some_key(random_);
    Bound last = random_() % 16 == 0 ? Bound() : some_key(random_);
    if (first && random_() % 2 == 0) {
      last = *first + static_cast<char>(random_());
    }
    if (first && last && *last < *first) {
      std::swap(first, last);
    }
    compare(map, snapshot, first, last);
  }
  void scan_prefix(const Map& map, const Snapshot* snapshot) {
    const std::string key = some_key(random_);
    const std::string prefix = key.substr(0, 1 + random_() % key.size());
    compare(map, snapshot, prefix, prefix_successor(prefix));
    Map found;
    auto scan = db_.scan_prefix(prefix, {.snapshot = snapshot});
    for (const auto [k, value] : scan) {
      found.emplace(k, value);
    }
    REQUIRE(scan.status());
    REQUIRE(found == part(map, prefix, prefix_successor(prefix)));
  }
  [[nodiscard]] const Map& map() const { return map_; }
  std::mt19937_64& random() { return random_; }

 private:
  static Map part(const Map& map, const Bound& first, const Bound& last) {
    return {first ? map.lower_bound(*first) : map.begin(),
            last ? map.lower_bound(*last) : map.end()};
  }
  void compare(const Map& map, const Snapshot* snapshot, const Bound& first, const Bound& last) {
    const Map expected = part(map, first, last);
    auto cursor = db_.cursor({.snapshot = snapshot, .lower_bound = first, .upper_bound = last});
    Map found;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      found.emplace(cursor.key(), cursor.value());
    }
    REQUIRE(cursor.status());
    REQUIRE(found == expected);
    found.clear();
    for (cursor.seek_to_last(); cursor.valid(); cursor.prev()) {
      found.emplace(cursor.key(), cursor.value());
    }
    REQUIRE(cursor.status());
    REQUIRE(found == expected);
    zigzag(cursor, expected);
  }
  /// Seeks, within the bounds and out of them, and turns.
  template <class Cursor>
  void zigzag(Cursor& cursor, const Map& expected) {
    const std::string key = some_key(random_);
    cursor.seek(key);
    auto at = expected.lower_bound(key);
    REQUIRE(cursor.valid() == (at != expected.end()));
    if (cursor.valid()) {
      REQUIRE(cursor.key() == at->first);
      cursor.prev();
      REQUIRE(cursor.valid() == (at != expected.begin()));
    }
    cursor.seek_for_prev(key);
    at = expected.upper_bound(key);
    REQUIRE(cursor.valid() == (at != expected.begin()));
    if (cursor.valid()) {
      REQUIRE(cursor.key() == std::prev(at)->first);
      cursor.next();
      REQUIRE(cursor.valid() == (at != expected.end()));
    }
  }

  Db& db_;
  std::mt19937_64 random_;
  Map map_;
};

template <class Db>
std::uint64_t blocks_asked(Db& db) {
  const metrics::Snapshot counters = db.stats().metrics;
  return counters[Counter::cache_hits] + counters[Counter::cache_misses];
}

/// Tables in several levels, with keys "key000000" to "key011998" of which each second is there,
/// each behind "g1/", "g3/" ... "g9/".
template <class Db>
void fill_groups(Db& db) {
  for (unsigned round = 0; round < 2; ++round) {
    for (unsigned i = round; i < 500; i += 2) {
      for (const char* group : {"g1/", "g3/", "g5/", "g7/", "g9/"}) {
        REQUIRE(db.put(group + key_of(2 * i), std::string(100, 'v')));
      }
    }
  }
  REQUIRE(db.flush());
  unsigned levels = 0;
  for (const auto& level : db.stats().families.at(0).levels) {
    levels += level.files != 0 ? 1U : 0U;
  }
  REQUIRE(levels > 1);
}

/// The keys that a scan finds, in either direction.
template <class Db>
std::uint64_t count(Db& db, const std::string& first, const std::string& last) {
  std::uint64_t forward = 0;
  std::uint64_t backward = 0;
  auto ascending = db.scan(first, last);
  for ([[maybe_unused]] const auto entry : ascending) {
    ++forward;
  }
  auto descending = db.scan_reversed(first, last);
  for ([[maybe_unused]] const auto entry : descending) {
    ++backward;
  }
  REQUIRE(ascending.status());
  REQUIRE(descending.status());
  REQUIRE(forward == backward);
  return forward;
}

}  // namespace

TEMPLATE_TEST_CASE("Scans find what a map has, whatever their bounds and the filter", "",
                   filter::None, Four, Slash, filter::Range, Pair) {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  const io::Memory fs;
  auto db = open_tree<TestType>(fs);
  Model model(db, seed);
  std::optional<Snapshot> snapshot;
  Map then;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 150; ++i) {
      model.write();
    }
    if (round % 5 == 0) {
      snapshot.emplace(db.snapshot());
      then = model.map();
    }
    if (round % 3 == 0) {
      REQUIRE(db.flush());
    }
    for (int i = 0; i < 20; ++i) {
      model.scan(model.map(), nullptr);
      model.scan_prefix(model.map(), nullptr);
      model.scan(then, &*snapshot);
      model.scan_prefix(then, &*snapshot);
    }
  }
}

TEST_CASE("A scan of a prefix that no key has reads no block") {
  const io::Memory fs;
  auto db = open_tree<filter::Prefix<filter::Ribbon, prefix::Delimited<'/'>>>(fs);
  fill_groups(db);
  const std::uint64_t before = blocks_asked(db);
  for (const char* group : {"g0/", "g2/", "g4/", "g6/", "g8/"}) {
    CHECK(count(db, group, std::string(group, 2) + '0') == 0);
    CHECK(count(db, std::string(group) + "key000010", std::string(group) + "key000020") == 0);
  }
  CHECK(blocks_asked(db) == before);
  CHECK(db.stats().metrics[Counter::filter_range_useful] > 20);
}

TEST_CASE("A scan between groups of keys reads no block") {
  const io::Memory fs;
  auto db = open_tree<filter::Range>(fs);
  fill_groups(db);
  const std::uint64_t before = blocks_asked(db);
  for (const char* group : {"g0/", "g2/", "g4/", "g6/", "g8/"}) {
    CHECK(count(db, group, std::string(group, 2) + '0') == 0);
    CHECK(count(db, std::string(group) + "key000010", std::string(group) + "key000020") == 0);
  }
  CHECK(blocks_asked(db) == before);
}

TEST_CASE("A scan between two keys reads a block hardly ever") {
  const io::Memory fs;
  auto db = open_tree<filter::Range>(fs, 60'000);  // tables of some buckets
  for (unsigned i = 0; i < 3000; ++i) {
    REQUIRE(db.put(key_of(10 * i), std::string(100, 'v')));
  }
  REQUIRE(db.flush());
  const std::uint64_t before = blocks_asked(db);
  for (unsigned i = 0; i < 2990; ++i) {
    CHECK(count(db, key_of(10 * i + 3), key_of(10 * i + 6)) == 0);
  }
  CHECK(blocks_asked(db) - before < 300);
  CHECK(db.stats().metrics[Counter::filter_range_useful] > 2 * 2700);
}

TEST_CASE("A range erase counts though its table is left out of the scan") {
  const io::Memory fs;
  auto db = open_tree<filter::Range>(fs);
  for (unsigned i = 0; i < 100; ++i) {
    REQUIRE(db.put(key_of(10 * i), "old"));
  }
  REQUIRE(db.flush());
  REQUIRE(db.compact());
  const Snapshot snapshot = db.snapshot();
  REQUIRE(db.put("a", "new"));
  REQUIRE(db.put("z", "new"));
  REQUIRE(db.erase_range(key_of(100), key_of(200)));
  REQUIRE(db.flush());
  CHECK(count(db, key_of(50), key_of(250)) == 10);
  CHECK(db.stats().metrics[Counter::filter_range_useful] > 0);
  auto then =
      db.cursor({.snapshot = &snapshot, .lower_bound = "key000100", .upper_bound = "key000200"});
  unsigned keys = 0;
  for (then.seek_to_first(); then.valid(); then.next()) {
    ++keys;
  }
  CHECK(keys == 10);
}

TEST_CASE("Families in another order of keys are scanned without the filter's word") {
  const io::Memory fs;
  auto db = open_tree<filter::Range, comparator::ReverseBytewise>(fs);
  REQUIRE(db.put("b", "1"));
  REQUIRE(db.put("z", "1"));
  REQUIRE(db.flush());
  CHECK(count(db, "c", "a") == 1);
  CHECK(count(db, "y", "c") == 0);
  CHECK(db.stats().metrics[Counter::filter_range_useful] == 0);
  CHECK(db.get("b").value() == "1");
}
