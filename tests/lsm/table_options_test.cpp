// SPDX-License-Identifier: BSL-1.0
/// What a database is told about its tables reaches them: `Options::table_format` and the index.

#include <cstdint>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/core/coding.hpp>
#include <strata/io/files.hpp>
#include <strata/io/simulated.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index_eytzinger.hpp>
#include <strata/table/index_learned.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;

namespace {

/// What all tables in the directory say that they have.
std::uint32_t features_of_tables(io::Memory fs) {
  std::uint32_t features = UINT32_MAX;
  std::size_t tables = 0;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(".table")) {
      const std::string bytes = io::read_file(fs, "/db/" + name).value();
      features &= load_fixed<std::uint32_t>(bytes.data() + bytes.size() - table::footer_bytes + 12);
      ++tables;
    }
  }
  REQUIRE(tables > 0);
  return features;
}

}  // namespace

TEMPLATE_TEST_CASE("a database reads its tables alike with any index, hashed or cut", "[lsm]",
                   index::Binary, index::Eytzinger, index::Learned) {
  using Tree = tests::SmallTree<TestType>;
  const io::Memory fs;
  auto options = tests::small_options<Tree>(fs);
  options.compaction.file_bytes = 1'000'000;
  const bool special = GENERATE(false, true);
  if (special) {
    options.table_format.block_hash = true;
    options.table_format.partition_bytes = 300;
  }
  const auto check = [](Tree& db) {
    for (unsigned i = 0; i < 500; ++i) {
      REQUIRE(db.get(key_of(i)).value() == std::string(100, 'v') + "new");
    }
    REQUIRE(db.get("key000042a").value() == std::nullopt);
    REQUIRE(db.verify());
  };
  {
    Tree db = std::move(Tree::open("/db", options).value());
    REQUIRE(tests::fill(db, 500, "old"));
    REQUIRE(tests::fill(db, 500, "new"));
    REQUIRE(db.flush());
    check(db);
    REQUIRE(db.compact());
    check(db);
  }
  CHECK(features_of_tables(fs) == (special ? table::hashed_blocks | table::partitioned : 0U));
  Tree db = std::move(Tree::open("/db", tests::small_options<Tree>(fs)).value());
  check(db);
}

TEST_CASE("a smaller window to read ahead reads less at once, and the same", "[lsm]") {
  using Db = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;
  const auto reads_of_a_scan = [](std::size_t window) {
    Db::Options options;
    options.cache.capacity_bytes = 0;
    options.table_format.read_ahead_bytes = window;
    const io::Simulated fs = options.file_system;
    auto db = Db::open("/db", options);
    REQUIRE(db);
    REQUIRE(tests::fill(*db, 3000, "a"));
    REQUIRE(db->flush());
    const std::uint64_t before = fs.read_calls();
    auto cursor = db->cursor({.fill_cache = false});
    unsigned entries = 0;
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      ++entries;
    }
    CHECK(entries == 3000);
    return fs.read_calls() - before;
  };
  const std::uint64_t wide = reads_of_a_scan(256_KiB);
  const std::uint64_t narrow = reads_of_a_scan(16_KiB);
  CHECK(wide < 8);
  CHECK(narrow > 3 * wide);
}

TEST_CASE("new tables are in the cache, and old ones are not, if that is wanted", "[lsm]") {
  using Tree = tests::SmallTree<>;
  const io::Memory fs;
  auto options = tests::small_options<Tree>(fs);
  options.table_format.warm_cache = GENERATE(false, true);
  Tree db = std::move(Tree::open("/db", options).value());
  std::uint64_t after_first = 0;
  for (const char* const tag : {"one", "two", "six"}) {
    REQUIRE(tests::fill(db, 2000, tag));  // is flushed and merged on the way
    REQUIRE(db.compact());
    const std::uint64_t used = db.stats().cache_used_bytes;
    after_first = after_first == 0 ? used : after_first;
    CHECK(used < after_first + after_first / 8);
  }
  CHECK((after_first > 200'000) == options.table_format.warm_cache);
  const std::uint64_t before = db.stats().cache_used_bytes;
  for (unsigned i = 0; i < 2000; ++i) {
    REQUIRE(db.get(key_of(i)).value() == std::string(100, 'v') + "six");
  }
  CHECK((db.stats().cache_used_bytes == before) == options.table_format.warm_cache);
}
