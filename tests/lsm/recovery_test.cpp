// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/recovery.hpp>

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/cache/lru.hpp>
#include <strata/compaction/manual.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/filter/none.hpp>
#include "small_database.hpp"

using namespace strata;
using tests::key_of;
using tests::small_options;

namespace {

using Tree = tests::SmallTree<>;

Result<Tree> open(const io::Memory& fs) {
  return Tree::open("/db", small_options<Tree>(fs));
}

template <class Opened>
Error error_of(const Opened& opened) {
  REQUIRE_FALSE(opened);
  return opened.error();
}

std::string read_all(io::Memory fs, const std::string& path) {
  auto file = fs.open(path).value();
  std::string bytes(fs.file_size(path).value(), '\0');
  REQUIRE(file.read(0, bytes.data(), bytes.size()));
  return bytes;
}
void replace(io::Memory fs, const std::string& path, std::string_view bytes) {
  (void)fs.remove(path);
  auto file = fs.create(path).value();
  REQUIRE(file.append(bytes));
  REQUIRE(file.close());
}

/// Names and contents of everything in /db.
std::string everything(io::Memory fs) {
  std::string text;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    text += name + "=" + read_all(fs, "/db/" + name) + ";";
  }
  return text;
}

std::vector<std::string> names_with(io::Memory fs, std::string_view ending) {
  std::vector<std::string> found;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(ending)) {
      found.push_back("/db/" + name);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("a directory that is missing is made, or is `not_found` where that is not wanted") {
  const io::Memory fs;
  auto options = small_options<Tree>(fs);
  options.create_if_missing = false;
  const Error missing = error_of(Tree::open("/db", options));
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK_THAT(missing.message(), Catch::Contains("create_if_missing"));
  CHECK_FALSE(io::Memory(fs).exists("/db").value());
  CHECK(open(fs));
}

TEST_CASE("an empty path, and a path below nothing, are refused") {
  const io::Memory fs;
  CHECK(error_of(Tree::open("", small_options<Tree>(fs))).code() == ErrorCode::invalid_argument);
  CHECK_FALSE(Tree::open("/no/such/place", small_options<Tree>(fs)));
}

TEST_CASE("a directory of other files is refused and left as it was") {
  io::Memory fs;
  REQUIRE(fs.create_directory("/db"));
  replace(fs, "/db/holiday.jpg", "pixels");
  const Error foreign = error_of(open(fs));
  CHECK(foreign.code() == ErrorCode::incompatible_format);
  CHECK_THAT(foreign.message(), Catch::Contains("holiday.jpg"));
  CHECK(everything(fs) == "holiday.jpg=pixels;");
}

TEST_CASE("a directory has one owner; when it goes, the next may come") {
  const io::Memory fs;
  {
    const auto first = open(fs);
    REQUIRE(first);
    const Error locked = error_of(open(fs));
    CHECK(locked.code() == ErrorCode::locked);
    CHECK_THAT(locked.message(), Catch::Contains("/db"));
  }
  CHECK(open(fs));
}

TEST_CASE("an existing database is refused where a new one was asked for") {
  const io::Memory fs;
  REQUIRE(open(fs));
  auto options = small_options<Tree>(fs);
  options.error_if_exists = true;
  CHECK(error_of(Tree::open("/db", options)).code() == ErrorCode::already_exists);
}

TEST_CASE("another composition is refused by name, untouched") {
  const io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(db->put("a", "1"));
  }
  const std::string before = everything(fs);
  SECTION("another order of keys") {
    using Reversed = tests::SmallTree<comparator::ReverseBytewise>;
    const Error other = error_of(Reversed::open("/db", small_options<Reversed>(fs)));
    CHECK(other.code() == ErrorCode::incompatible_format);
    CHECK_THAT(other.message(), Catch::Contains("bytewise") && Catch::Contains("reverse"));
  }
  SECTION("another merge operator") {
    using Adding = tests::SmallTree<merge::Add>;
    const Error other = error_of(Adding::open("/db", small_options<Adding>(fs)));
    CHECK(other.code() == ErrorCode::incompatible_format);
    CHECK_THAT(other.message(), Catch::Contains("add_i64"));
  }
  SECTION("other families") {
    using Named = Database<Family<"orders">, io::Memory, executor::Inline, clock::Frozen>;
    Named::Options options;
    options.file_system = fs;
    const Error other = error_of(Named::open("/db", options));
    CHECK(other.code() == ErrorCode::incompatible_format);
    CHECK_THAT(other.message(), Catch::Contains("'default'"));
  }
  CHECK(everything(fs) == before);
}

TEST_CASE("policies that leave no trace on disk may change: memtable size, cache, compression") {
  const io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(tests::fill(*db, 300, "x"));
  }
  using Other = tests::SmallTree<compression::Lz4, filter::None, compaction::Manual, cache::Lru>;
  Other::Options options;
  options.file_system = fs;
  auto db = Other::open("/db", options);
  REQUIRE(db);
  for (unsigned i = 0; i < 300; ++i) {
    REQUIRE(db->get(key_of(i)).value().has_value());
  }
  REQUIRE(db->compact());
  CHECK(db->verify());
}

TEST_CASE("families may be added behind the others") {
  const io::Memory fs;
  using One = Database<Family<"a">, io::Memory, executor::Inline, clock::Frozen>;
  using Two = Database<Family<"a">, Family<"b">, io::Memory, executor::Inline, clock::Frozen>;
  {
    One::Options options;
    options.file_system = fs;
    auto db = One::open("/db", options);
    REQUIRE(db->family<"a">().put("k", "v"));
  }
  Two::Options options;
  options.file_system = fs;
  {
    auto db = Two::open("/db", options);
    REQUIRE(db);
    CHECK(db->family<"a">().get("k").value() == "v");
    REQUIRE(db->family<"b">().put("k", "w"));
  }
  CHECK(Two::open("/db", options)->family<"b">().get("k").value() == "w");
  One::Options fewer;
  fewer.file_system = fs;
  CHECK(error_of(One::open("/db", fewer)).code() == ErrorCode::incompatible_format);
}

TEST_CASE("a read-only open changes nothing, takes no lock, and refuses writes") {
  const io::Memory fs;
  auto writer = open(fs);
  REQUIRE(writer->put("a", "1"));
  REQUIRE(writer->sync());
  const std::string before = everything(fs);
  {
    auto options = small_options<Tree>(fs);
    options.read_only = true;
    auto reader = Tree::open("/db", options);
    REQUIRE(reader);
    CHECK(reader->get("a").value() == "1");
    CHECK(reader->put("b", "2").error().code() == ErrorCode::read_only);
    CHECK(reader->flush().error().code() == ErrorCode::read_only);
    CHECK(reader->compact().error().code() == ErrorCode::read_only);
    CHECK(reader->sync().error().code() == ErrorCode::read_only);
    CHECK(reader->close());
  }
  CHECK(everything(fs) == before);
  auto options = small_options<Tree>(io::Memory());
  options.read_only = true;
  CHECK(error_of(Tree::open("/db", options)).code() == ErrorCode::not_found);
}

TEST_CASE("a table that is missing, short or damaged refuses the open or the read, by name") {
  const io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(tests::fill(*db, 100, "x"));
    REQUIRE(db->flush());
  }
  const auto tables = names_with(fs, ".table");
  REQUIRE_FALSE(tables.empty());
  const std::string whole = read_all(fs, tables[0]);
  SECTION("missing") {
    REQUIRE(io::Memory(fs).remove(tables[0]));
    CHECK_THAT(error_of(open(fs)).message(), Catch::Contains(tables[0]));
  }
  SECTION("short") {
    replace(fs, tables[0], std::string_view(whole).substr(0, whole.size() / 2));
    const Error damaged = error_of(open(fs));
    CHECK(damaged.code() == ErrorCode::corruption);
    CHECK_THAT(damaged.message(), Catch::Contains(tables[0]));
  }
  SECTION("a flipped bit in its first block") {
    std::string flipped = whole;
    flipped[40] = static_cast<char>(flipped[40] ^ 1);
    replace(fs, tables[0], flipped);
    auto db = open(fs);
    REQUIRE(db);
    const Error damaged = error_of(db->verify());
    CHECK(damaged.code() == ErrorCode::corruption);
    CHECK_THAT(damaged.message(), Catch::Contains(tables[0]));
    CHECK(error_of(db->get(key_of(0))).code() == ErrorCode::corruption);
    auto cursor = db->cursor();
    cursor.seek_to_first();
    CHECK_FALSE(cursor.valid());
    CHECK(error_of(cursor.status()).code() == ErrorCode::corruption);
  }
}

TEST_CASE("a torn tail of the log is cut; damage before it refuses to open") {
  const io::Memory fs;
  {
    auto db = open(fs);
    for (unsigned i = 0; i < 20; ++i) {
      const auto durability = i < 15 ? Durability::synced : Durability::buffered;
      REQUIRE(db->put(key_of(i), "value", {.durability = durability}));
    }
    // The machine stops here: what is on disk is copied before the handle can tidy up.
    const auto logs = names_with(fs, ".log");
    REQUIRE(logs.size() == 1);
    const std::string log = read_all(fs, logs[0]);
    const io::Memory copy;
    REQUIRE(io::Memory(copy).create_directory("/db"));
    const auto names = io::Memory(fs).list("/db").value();
    for (const std::string& name : names) {
      if (name != "LOCK") {
        replace(copy, "/db/" + name, read_all(fs, "/db/" + name));
      }
    }
    const std::size_t last = log.rfind(key_of(19));
    const std::size_t middle = log.find(key_of(10));
    REQUIRE(last != std::string::npos);
    REQUIRE(middle != std::string::npos);

    SECTION("torn in the last record") {
      replace(copy, logs[0], log.substr(0, last + 3));
      auto recovered = open(copy);
      REQUIRE(recovered);
      CHECK(recovered->get(key_of(18)).value() == "value");
      CHECK(recovered->get(key_of(19)).value() == std::nullopt);
    }
    SECTION("damaged before intact records") {
      std::string damaged = log;
      damaged[middle] = static_cast<char>(damaged[middle] ^ 1);
      replace(copy, logs[0], damaged);
      replace(copy, "/db/LOCK", "");
      const std::string before = everything(copy);
      auto options = small_options<Tree>(copy);
      options.write_buffer_bytes = 1;  // the replay writes tables before it meets the damage
      const Error refused = error_of(Tree::open("/db", options));
      CHECK(everything(copy) == before);
      CHECK(refused.code() == ErrorCode::corruption);
      CHECK_THAT(refused.message(), Catch::Contains(logs[0]));
      options.wal.recovery = wal::RecoveryMode::point_in_time;
      auto prefix = Tree::open("/db", options);
      REQUIRE(prefix);
      CHECK(prefix->get(key_of(9)).value() == "value");
      CHECK(prefix->get(key_of(10)).value() == std::nullopt);
      CHECK(prefix->get(key_of(11)).value() == std::nullopt);
    }
  }
}

TEST_CASE("a manifest of a later version is refused untouched") {
  io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(db->put("a", "1"));
  }
  const auto manifests = [&] {
    std::vector<std::string> found;
    const auto names = fs.list("/db").value();
    for (const std::string& name : names) {
      if (name.starts_with("MANIFEST")) {
        found.push_back("/db/" + name);
      }
    }
    return found;
  }();
  REQUIRE(manifests.size() == 1);
  std::string bytes = read_all(fs, manifests[0]);
  // See wal/log_header.hpp: the version is at 8, the checksum of the first 68 bytes behind them.
  store_fixed(bytes.data() + 8, std::uint32_t{2});
  store_fixed(bytes.data() + 68, checksum::Crc32c::compute({bytes.data(), 68}));
  replace(fs, manifests[0], bytes);
  const std::string before = everything(fs);
  const Error newer = error_of(open(fs));
  CHECK(newer.code() == ErrorCode::newer_format);
  CHECK(everything(fs) == before);
}

TEST_CASE("a database whose pointer is gone is damaged, not new and not foreign") {
  io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(db->put("a", "1"));
  }
  REQUIRE(fs.remove("/db/CURRENT"));
  const std::string before = everything(fs);
  const Error damaged = error_of(open(fs));
  CHECK(damaged.code() == ErrorCode::corruption);
  CHECK_THAT(damaged.message(), Catch::Contains("/db/CURRENT"));
  CHECK(everything(fs) == before);
}

TEST_CASE("what a crash left behind is removed by the next open") {
  io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(db->put("a", "1"));
  }
  replace(fs, "/db/000000000777.table", "half a table");
  auto db = open(fs);
  REQUIRE(db);
  CHECK_FALSE(fs.exists("/db/000000000777.table").value());
  CHECK(db->get("a").value() == "1");
}
