// SPDX-License-Identifier: BSL-1.0
/// What a database is told about compression reaches its tables: codec, level, dictionary; and
/// which directories open with which codecs.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/compaction/manual.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/compression/none.hpp>
#include <strata/compression/per_level.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/core/checksum.hpp>
#include <strata/io/files.hpp>
#include <strata/table/format.hpp>
#include <strata/table/properties.hpp>
#include "small_database.hpp"

using namespace strata;
using compression::Lz4;
using compression::None;
using compression::PerLevel;
using compression::Zstd;
using tests::key_of;

namespace {

table::Properties properties_of(io::Memory fs, const std::string& path) {
  const std::string bytes = io::read_file(fs, path).value();
  const std::string_view all(bytes);
  const auto footer = table::decode_footer<checksum::Crc32c>(
                          all.substr(all.size() - table::footer_bytes), all.size(), path)
                          .value();
  return table::decode_properties(all.substr(footer.properties.offset, footer.properties.bytes),
                                  path)
      .value();
}
/// What the tables in the directory say of themselves.
std::vector<table::Properties> tables_of(io::Memory fs) {
  std::vector<table::Properties> tables;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(".table")) {
      tables.push_back(properties_of(fs, "/db/" + name));
    }
  }
  return tables;
}
/// How many tables each codec has.
std::map<std::string, std::uint64_t> codecs_of(const io::Memory& fs) {
  std::map<std::string, std::uint64_t> codecs;
  for (const table::Properties& table : tables_of(fs)) {
    ++codecs[table.compression];
  }
  return codecs;
}
using Counts = std::map<std::string, std::uint64_t>;

/// Tables at levels [from, to).
template <class Db>
std::uint64_t tables_at(Db& db, std::size_t from, std::size_t to) {
  const Stats stats = db.stats();
  std::uint64_t count = 0;
  for (std::size_t level = from; level < to; ++level) {
    count += stats.families[0].levels[level].files;
  }
  return count;
}

template <class Db>
Db open(const io::Memory& fs) {
  return std::move(Db::open("/db", tests::small_options<Db>(fs)).value());
}
template <class Db>
Db open_manual(const io::Memory& fs) {
  typename Db::Options options;
  options.file_system = fs;
  return std::move(Db::open("/db", options).value());
}
template <class C>
using Manual = tests::SmallTree<C, compaction::Manual>;

template <class Db>
void check_filled(Db& db, unsigned count, const std::string& tag) {
  for (unsigned i = 0; i < count; ++i) {
    REQUIRE(db.get(key_of(i)).value() == std::string(100, 'v') + tag);
  }
  REQUIRE(db.verify());
}

/// A directory whose one table `C` wrote.
template <class C>
io::Memory written_by() {
  const io::Memory fs;
  auto db = open_manual<Manual<C>>(fs);
  REQUIRE(tests::fill(db, 300, "x"));
  REQUIRE(db.flush());
  REQUIRE(db.compact());
  return fs;
}
template <class C>
Error error_of_open(const io::Memory& fs) {
  typename Manual<C>::Options options;
  options.file_system = fs;
  auto opened = Manual<C>::open("/db", options);
  REQUIRE_FALSE(opened);
  return opened.error();
}

}  // namespace

TEST_CASE("the codec of a table is that of the level it was written for", "[lsm]") {
  using Db = Manual<PerLevel<None, Zstd, 1>>;
  const io::Memory fs;
  {
    auto db = open_manual<Db>(fs);
    REQUIRE(tests::fill(db, 300, "x"));
    REQUIRE(db.flush());
    REQUIRE(tables_at(db, 0, 1) == 1);
    CHECK(codecs_of(fs) == Counts{{"none", 1}});
    REQUIRE(db.compact());
    REQUIRE(tables_at(db, 1, 2) == 1);
    REQUIRE(tables_at(db, 0, 7) == 1);
    CHECK(codecs_of(fs) == Counts{{"zstd", 1}});
    REQUIRE(tests::fill(db, 100, "y"));
    REQUIRE(db.flush());
    CHECK(codecs_of(fs) == Counts{{"none", 1}, {"zstd", 1}});
    check_filled(db, 100, "y");
  }
  auto db = open_manual<Db>(fs);
  check_filled(db, 100, "y");
  CHECK(db.get(key_of(299)).value() == std::string(100, 'v') + "x");
}

TEST_CASE("bulk loads are compressed as the deepest level is", "[lsm]") {
  const io::Memory fs;
  auto db = open_manual<Manual<PerLevel<None, Zstd, 6>>>(fs);
  REQUIRE(tests::fill(db, 300, "x"));
  REQUIRE(db.compact());
  REQUIRE(codecs_of(fs) == Counts{{"none", 1}});
  std::vector<std::pair<std::string, std::string>> sorted;
  for (unsigned i = 0; i < 300; ++i) {
    sorted.emplace_back("loaded" + key_of(i), std::string(100, 'v'));
  }
  REQUIRE(db.bulk_load(sorted));
  CHECK(codecs_of(fs) == Counts{{"none", 1}, {"zstd", 1}});
  check_filled(db, 300, "x");
}

TEST_CASE("in a tree that compacts by itself only lower levels have the lower codec", "[lsm]") {
  using Db = tests::SmallTree<PerLevel<None, Zstd>>;
  const io::Memory fs;
  {
    auto db = open<Db>(fs);
    for (const char* tag : {"a", "b", "c", "d"}) {
      REQUIRE(tests::fill(db, 3'000, tag));
    }
    REQUIRE(db.flush());
    auto codecs = codecs_of(fs);
    REQUIRE(codecs["none"] + codecs["zstd"] == tables_at(db, 0, 7));
    CHECK(codecs["zstd"] > 0);
    // A table that only moved down keeps the codec of its level.
    CHECK(codecs["zstd"] <= tables_at(db, 2, 7));
    CHECK(codecs["none"] >= tables_at(db, 0, 2));
    check_filled(db, 3'000, "d");
  }
  auto db = open<Db>(fs);
  check_filled(db, 3'000, "d");
}

TEST_CASE("a family's options of compression reach its tables", "[lsm]") {
  using Db = Manual<PerLevel<None, Zstd, 1>>;
  const auto size_with = [](int level, std::size_t dictionary_bytes) {
    const io::Memory fs;
    Db::Options options;
    options.file_system = fs;
    options.table_format.block_bytes = 512;
    options.compression.lower = {.level = level, .dictionary_bytes = dictionary_bytes};
    auto db = std::move(Db::open("/db", options).value());
    for (unsigned i = 0; i < 2'000; ++i) {
      REQUIRE(db.put(key_of(i), "name of " + key_of(i * 7919 % 2'000) + ", size " +
                                    std::to_string(i * 40503 % 65'536) + ", owned by nobody"));
    }
    REQUIRE(db.compact());
    for (unsigned i = 0; i < 2'000; i += 100) {
      REQUIRE(db.get(key_of(i)).value().has_value());
    }
    REQUIRE(db.verify());
    const auto tables = tables_of(fs);
    REQUIRE(tables.size() == 1);
    REQUIRE((tables[0].dictionary.bytes != 0) == (dictionary_bytes != 0));
    return tables_at(db, 0, 7) == 1 ? db.stats().table_bytes() : 0;
  };
  const std::uint64_t plain = size_with(3, 0);
  CHECK(size_with(19, 0) < size_with(-50, 0));
  CHECK(size_with(3, 1'000) < plain);
}

TEST_CASE("a directory opens with any codec that has those of all its tables", "[lsm]") {
  SECTION("what one codec wrote, one per level reads") {
    auto db = open_manual<Manual<PerLevel<None, Lz4>>>(written_by<Lz4>());
    check_filled(db, 300, "x");
  }
  SECTION("what one per level wrote, the codec by itself reads") {
    auto db = open_manual<Manual<Zstd>>(written_by<PerLevel<None, Zstd, 0>>());
    check_filled(db, 300, "x");
  }
  SECTION("what none wrote, all read") {
    auto db = open_manual<Manual<Zstd>>(written_by<None>());
    check_filled(db, 300, "x");
  }
  SECTION("the codec of a directory changes as its tables are merged") {
    const io::Memory fs = written_by<Lz4>();
    {
      auto db = open_manual<Manual<PerLevel<Lz4, Zstd, 0>>>(fs);
      check_filled(db, 300, "x");
      REQUIRE(codecs_of(fs) == Counts{{"lz4", 1}});
      REQUIRE(db.compact());
      REQUIRE(codecs_of(fs) == Counts{{"zstd", 1}});
    }
    auto db = open_manual<Manual<Zstd>>(fs);
    check_filled(db, 300, "x");
  }
}

TEST_CASE("a codec that the composition lacks is named, and nothing is touched", "[lsm]") {
  const io::Memory fs = written_by<Lz4>();
  for (const Error& error : {error_of_open<Zstd>(fs), error_of_open<PerLevel<None, Zstd>>(fs)}) {
    CHECK(error.code() == ErrorCode::incompatible_format);
    CHECK_THAT(error.message(), Catch::Contains("compressed with 'lz4'"));
  }
  auto db = open_manual<Manual<Lz4>>(fs);
  check_filled(db, 300, "x");
}
