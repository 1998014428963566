// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/ingest.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/simulated.hpp>

#include "content.hpp"
#include "small_database.hpp"

using namespace strata;
using tests::content;
using tests::key_of;
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace {

using Db = tests::SmallTree<>;

Result<Db> open(const io::Memory& fs) {
  return Db::open("/db", tests::small_options<Db>(fs));
}

Pairs pairs(unsigned from, unsigned to, const std::string& tag, unsigned step = 1) {
  Pairs all;
  for (unsigned i = from; i < to; i += step) {
    all.emplace_back(key_of(i), tag + std::to_string(i));
  }
  return all;
}

std::uint64_t tables_in(Db& db, std::size_t level) {
  const Stats stats = db.stats();
  return stats.families[0].levels[level].files;
}

bool write_table(io::Memory fs, const std::string& path, const Pairs& entries) {
  auto writer = Db::TableWriter::create(path, {}, fs);
  REQUIRE(writer);
  for (const auto& [key, value] : entries) {
    REQUIRE(writer->put(key, value));
  }
  return writer->finish().has_value();
}

std::size_t files_of(io::Memory fs) {
  return fs.list("/db").value().size();
}

}  // namespace

TEST_CASE("a bulk load goes to the deepest level of an empty database, cut into tables") {
  const io::Memory fs;
  auto db = open(fs);
  const Pairs all = pairs(0, 2000, "v");
  REQUIRE(db->bulk_load(all));
  CHECK(tables_in(*db, 0) == 0);
  CHECK(tables_in(*db, compaction::level_count - 1) > 3);
  CHECK(content(*db) == std::map<std::string, std::string>(all.begin(), all.end()));
  CHECK(db->get(key_of(1234)).value() == "v1234");
  CHECK(db->last_sequence() == 1);
  REQUIRE(db->verify());
  REQUIRE(db->close());
  auto again = open(fs);
  CHECK(again->get(key_of(1234)).value() == "v1234");
  CHECK(content(*again).size() == 2000);
}

TEST_CASE("a bulk load is newer than everything before it, older than everything after") {
  const io::Memory fs;
  auto db = open(fs);
  REQUIRE(db->put(key_of(5), "in a table"));
  REQUIRE(db->put(key_of(6), "in a table"));
  REQUIRE(db->flush());
  REQUIRE(db->put(key_of(6), "in memory"));
  REQUIRE(db->erase(key_of(7)));
  REQUIRE(db->erase_range(key_of(8), key_of(20)));
  REQUIRE(db->put(key_of(100), "outside"));
  const Snapshot before = db->snapshot();
  const auto old = content(*db);
  REQUIRE(db->bulk_load(pairs(5, 15, "loaded")));
  REQUIRE(db->put(key_of(9), "after"));
  REQUIRE(db->erase(key_of(10)));

  const auto check = [&] {
    for (const unsigned i : {5U, 6U, 7U, 8U, 14U}) {
      CHECK(db->get(key_of(i)).value() == "loaded" + std::to_string(i));
    }
    CHECK(db->get(key_of(9)).value() == "after");
    CHECK(db->get(key_of(10)).value() == std::nullopt);
    CHECK(db->get(key_of(15)).value() == std::nullopt);
    CHECK(db->get(key_of(100)).value() == "outside");
    CHECK(content(*db, &before) == old);
    CHECK(db->get(key_of(6), ReadOptions{.snapshot = &before}).value() == "in memory");
    CHECK(db->get(key_of(8), ReadOptions{.snapshot = &before}).value() == std::nullopt);
  };
  check();
  REQUIRE(db->compact());
  check();
}

TEST_CASE("a bulk load beside what is there shares a level, above what is there goes to the top") {
  const io::Memory fs;
  auto db = open(fs);
  REQUIRE(db->bulk_load(pairs(100, 200, "a")));
  REQUIRE(db->bulk_load(pairs(300, 400, "b")));
  const std::size_t deepest = compaction::level_count - 1;
  const std::uint64_t beside = tables_in(*db, deepest);
  CHECK(beside >= 2);
  REQUIRE(db->bulk_load(pairs(150, 350, "c")));  // over the gap: one level up
  CHECK(tables_in(*db, deepest) == beside);
  CHECK(tables_in(*db, deepest - 1) >= 1);
  CHECK(db->get(key_of(199)).value() == "c199");
  CHECK(db->get(key_of(350)).value() == "b350");
  REQUIRE(db->compact());
  CHECK(db->get(key_of(199)).value() == "c199");
  CHECK(content(*db).size() == 300);
}

TEST_CASE("a bulk load that is not in order is refused, and leaves nothing behind") {
  const io::Memory fs;
  auto db = open(fs);
  REQUIRE(db->put("before", "1"));
  const std::size_t files = files_of(fs);
  Pairs wrong = pairs(0, 500, "v");
  std::swap(wrong[400], wrong[401]);
  auto refused = db->bulk_load(wrong);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::invalid_argument);
  CHECK_THAT(refused.error().message(), Catch::Contains("key000401") && Catch::Contains("sort"));
  CHECK_FALSE(db->bulk_load(Pairs{{"a", "1"}, {"a", "2"}}));
  CHECK_FALSE(db->bulk_load(Pairs{{std::string(key_bytes_max + 1, 'k'), "1"}}));
  CHECK(files_of(fs) == files);
  CHECK(content(*db).size() == 1);
  CHECK(db->bulk_load(Pairs{}));
  CHECK(db->last_sequence() == 1);
}

TEST_CASE("tables that were made elsewhere are taken in, all or none") {
  const io::Memory fs;
  auto db = open(fs);
  REQUIRE(tests::fill(*db, 300, "old"));
  REQUIRE(write_table(fs, "/one.table", pairs(100, 200, "one")));
  REQUIRE(write_table(fs, "/two.table", pairs(250, 400, "two")));
  REQUIRE(db->ingest({"/two.table", "/one.table"}));
  CHECK(db->get(key_of(100)).value() == "one100");
  CHECK(db->get(key_of(399)).value() == "two399");
  CHECK(db->get(key_of(200)).value().value().ends_with("old"));
  CHECK(content(*db).size() == 400);
  CHECK(fs.exists("/one.table").value());

  REQUIRE(write_table(fs, "/three.table", pairs(190, 260, "three")));
  REQUIRE(db->ingest({"/three.table"}, {.remove_sources = true}));
  CHECK_FALSE(fs.exists("/three.table").value());
  CHECK(db->get(key_of(195)).value() == "three195");
  REQUIRE(db->close());
  auto again = open(fs);
  CHECK(again->get(key_of(195)).value() == "three195");
  CHECK(again->get(key_of(189)).value() == "one189");
  CHECK(again->get(key_of(261)).value() == "two261");
  REQUIRE(again->verify());
  REQUIRE(again->compact());
  CHECK(again->get(key_of(195)).value() == "three195");
  CHECK(again->get(key_of(189)).value() == "one189");
}

TEST_CASE("a table may be taken in twice, and erase") {
  const io::Memory fs;
  auto db = open(fs);
  REQUIRE(write_table(fs, "/t.table", pairs(0, 100, "t")));
  REQUIRE(db->ingest({"/t.table"}));
  REQUIRE(db->put(key_of(5), "newer"));
  REQUIRE(db->ingest({"/t.table"}));
  CHECK(db->get(key_of(5)).value() == "t5");

  auto writer = Db::TableWriter::create("/gone.table", {}, fs);
  REQUIRE(writer->erase(key_of(5)));
  REQUIRE(writer->put(key_of(6), "kept"));
  REQUIRE(writer->finish());
  REQUIRE(db->ingest({"/gone.table"}));
  CHECK(db->get(key_of(5)).value() == std::nullopt);
  CHECK(db->get(key_of(6)).value() == "kept");
  REQUIRE(db->compact());
  CHECK(db->get(key_of(5)).value() == std::nullopt);
  CHECK(content(*db).size() == 99);
}

TEST_CASE("what can not be taken in is refused, and changes nothing") {
  io::Memory fs;
  auto db = open(fs);
  REQUIRE(tests::fill(*db, 10, "old"));
  REQUIRE(write_table(fs, "/one.table", pairs(100, 200, "one")));
  REQUIRE(write_table(fs, "/two.table", pairs(150, 250, "two")));
  const std::size_t files = files_of(fs);
  const auto refuse = [&](const std::vector<std::string>& paths, ErrorCode code) {
    auto refused = db->ingest(paths);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == code);
    CHECK(files_of(fs) == files);
    CHECK(content(*db).size() == 10);
    return refused.error().message();
  };
  CHECK_THAT(refuse({"/one.table", "/two.table"}, ErrorCode::invalid_argument),
             Catch::Contains("share keys"));
  refuse({"/one.table", "/missing.table"}, ErrorCode::not_found);

  std::string bytes = io::read_file(fs, "/one.table").value();
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  auto damaged = fs.create("/damaged.table");
  REQUIRE((damaged->append(bytes) && damaged->close()));
  refuse({"/damaged.table"}, ErrorCode::corruption);

  REQUIRE(db->flush());
  const std::size_t more_files = files_of(fs);
  std::string own;
  const auto names = fs.list("/db").value();
  for (const std::string& name : names) {
    own = name.ends_with(".table") ? "/db/" + name : own;
  }
  auto refused = db->ingest({own});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message(), Catch::Contains("TableWriter"));
  CHECK(files_of(fs) == more_files);
}

TEST_CASE("who follows the log is told that what came in beside it is not there") {
  const io::Memory fs;
  auto db = open(fs);
  REQUIRE(db->put("a", "1"));
  REQUIRE(db->bulk_load(pairs(0, 10, "v")));
  REQUIRE(db->put("b", "2"));
  const auto ignore = [](Sequence, const BatchOperation&) { return true; };
  auto followed = db->changes_since(0, ignore);
  REQUIRE_FALSE(followed);
  CHECK(followed.error().code() == ErrorCode::not_found);
  CHECK_THAT(followed.error().message(), Catch::Contains("sequence 2"));
  CHECK(db->changes_since(2, ignore));
}

TEST_CASE("random loads, ingests, writes and compactions agree with a map") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const io::Memory fs;
  std::optional<Db> db = std::move(*open(fs));
  std::map<std::string, std::string> model;
  for (unsigned step = 0; step < 400; ++step) {
    const unsigned first = static_cast<unsigned>(random() % 500);
    const unsigned last = first + 1 + static_cast<unsigned>(random() % 60);
    const std::string tag = std::to_string(step) + "/";
    switch (random() % 8) {
      case 0:
      case 1: {
        const Pairs loaded = pairs(first, last, tag, 1 + static_cast<unsigned>(random() % 5));
        REQUIRE(db->bulk_load(loaded));
        for (const auto& [key, value] : loaded) {
          model[key] = value;
        }
        break;
      }
      case 2: {
        const std::string path = "/" + std::to_string(step) + ".table";
        const Pairs loaded = pairs(first, last, tag);
        REQUIRE(write_table(fs, path, loaded));
        REQUIRE(db->ingest({path}, {.remove_sources = random() % 2 == 0}));
        for (const auto& [key, value] : loaded) {
          model[key] = value;
        }
        break;
      }
      case 3:
        REQUIRE(db->erase_range(key_of(first), key_of(last)));
        model.erase(model.lower_bound(key_of(first)), model.lower_bound(key_of(last)));
        break;
      case 4: REQUIRE(db->flush()); break;
      case 5: REQUIRE(db->compact(key_of(first), key_of(last))); break;
      case 6:
        if (random() % 4 == 0) {
          REQUIRE(db->close());
          db.reset();
          db = std::move(*open(fs));
        }
        break;
      default:
        for (unsigned i = first; i < last; i += 3) {
          REQUIRE(db->put(key_of(i), tag));
          model[key_of(i)] = tag;
        }
    }
    if (step % 10 == 9) {
      REQUIRE(content(*db) == model);
      REQUIRE(db->verify());
    }
  }
}

TEST_CASE("a power loss at any call of a load leaves all of it or nothing, and what was before") {
  using OnDisk = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;
  const auto open_on = [](const io::Simulated& fs) {
    OnDisk::Options options;
    options.file_system = fs;
    return OnDisk::open("/db", tests::shrink(options));
  };
  const Pairs loaded = pairs(50, 200, "loaded");
  // Puts, a load over some of them, a put: how far did it get?
  const auto script = [&](const io::Simulated& fs) {
    unsigned done = 0;
    auto db = open_on(fs);
    const auto step = [&](bool succeeded) { done += succeeded && done != 0 ? 1U : 0U; };
    done = db && tests::fill(*db, 100, "old") ? 1 : 0;
    if (done == 1) {
      step(bool(db->bulk_load(loaded)));
      if (done == 2) {
        step(bool(db->put("after", "1")));
      }
    }
    return done;
  };
  io::Simulated whole;
  REQUIRE(script(whole) == 3);
  const std::uint64_t calls = whole.calls();
  unsigned seen_without = 0;
  unsigned seen_with = 0;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    for (unsigned image = 0; image < 3; ++image) {
      CAPTURE(call, image);
      io::Simulated fs;
      fs.crash_at(call);
      const unsigned done = script(fs);
      const auto after = fs.crash_image(image == 0   ? io::CrashChoice::drop_all_unsynced()
                                        : image == 1 ? io::CrashChoice::keep_all()
                                                     : io::CrashChoice::random(call));
      auto db = open_on(after);
      REQUIRE(db);
      REQUIRE(db->verify());
      const bool has_load = db->get(key_of(150)).value().has_value();
      for (const auto& [key, value] : loaded) {
        REQUIRE((db->get(key).value() == value) == has_load);
      }
      if (has_load) {  // it was durable: everything before it is there
        ++seen_with;
        REQUIRE(content(*db).size() >= 200);
      } else {
        ++seen_without;
        REQUIRE(done < 2);
      }
    }
  }
  CHECK(seen_with > 10);
  CHECK(seen_without > 10);
}
