// SPDX-License-Identifier: BSL-1.0
#include <strata/table/identity.hpp>

#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/entry.hpp>
#include <strata/filter/concept.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;

namespace {

using S = Full;

/// What a get is shown of `key` as of `sequence`.
std::vector<std::pair<Trailer, std::string>> get(const ReaderOf<S>& reader, const std::string& key,
                                                 Sequence sequence) {
  std::vector<std::pair<Trailer, std::string>> found;
  REQUIRE(reader.get(key, sequence, filter::Probe<S::Filter>(key), {},
                     [&](Trailer trailer, std::string_view value) {
                       found.emplace_back(trailer, value);
                       return true;
                     }));
  return found;
}

}  // namespace

TEST_CASE("a table that was made elsewhere stands for one moment of the database that took it in") {
  S::FileSystem fs;
  REQUIRE(fs.create_directory("db"));
  Cache cache({});
  std::set<std::string> keys;
  for (int i = 0; i < 500; ++i) {
    keys.insert("key" + std::to_string(i));
  }
  Entries entries;
  for (const std::string& key : keys) {
    entries[{key, Trailer(0, EntryKind::put)}] = "value of " + key;
  }
  REQUIRE(build<S>(fs, entries));
  auto opened = ReaderOf<S>::open(
      fs, path, {.number = 900, .stored_number = number, .global_sequence = 40}, cache);
  REQUIRE(opened);
  const ReaderOf<S>& reader = **opened;
  CHECK(reader.verify());

  const Trailer shown(40, EntryKind::put);
  const auto found = get(reader, "key7", 40);
  REQUIRE(found.size() == 1);
  CHECK(found[0].first == shown);
  CHECK(found[0].second == "value of key7");
  CHECK(get(reader, "key7", 39).empty());

  ReaderOf<S>::Cursor cursor(reader, {});
  std::size_t seen = 0;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    REQUIRE(cursor.trailer() == shown);
    ++seen;
  }
  CHECK(seen == entries.size());
  for (auto at = keys.begin(); at != keys.end(); ++at) {
    const auto next = std::next(at);
    cursor.seek(*at, 40);
    REQUIRE(cursor.key() == *at);
    cursor.seek(*at, 39);  // the entry is too new: the position behind it
    REQUIRE(cursor.valid() == (next != keys.end()));
    REQUIRE((next == keys.end() || cursor.key() == *next));
    cursor.seek_for_prev(*at);
    REQUIRE(cursor.key() == *at);
  }

  CHECK_FALSE(ReaderOf<S>::open(fs, path, {.number = 900}, cache));
  CHECK(cache.find({900, 0}));
  CHECK_FALSE(cache.find({number, 0}));
}
