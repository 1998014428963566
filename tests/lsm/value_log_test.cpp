// SPDX-License-Identifier: BSL-1.0
//
// Values beside tables, seen through the engine: the same answers as without, garbage that goes,
// and no value lost that anybody can see.
#include <strata/lsm/value_files.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/compaction/filter.hpp>
#include <strata/compaction/leveled.hpp>
#include <strata/compaction/manual.hpp>
#include <strata/compaction/merge.hpp>
#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/destroy.hpp>
#include <strata/lsm/directory.hpp>
#include <strata/lsm_tree.hpp>

#include "small_database.hpp"

using namespace strata;
using tests::key_of;
using tests::SmallTree;

namespace {

using Model = std::map<std::string, std::string>;
using Tree = SmallTree<value_separation::ValueLog, merge::Append>;
/// Compacts when it is told to.
using Manual = SmallTree<value_separation::ValueLog, merge::Append, compaction::Manual>;

template <class Db>
typename Db::Options options_of(const io::Memory& fs) {
  typename Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 200'000;
  options.wal.segment_bytes = 50'000;
  if constexpr (requires { options.compaction.level0_trigger; }) {
    options.compaction.level0_trigger = 2;
    options.compaction.level1_bytes = 8'000;
    options.compaction.file_bytes = 4'000;
  }
  options.value_separation.file_bytes = 60'000;
  return options;
}
template <class Db = Manual>
Db open(const io::Memory& fs) {
  return Db::open("/db", options_of<Db>(fs)).value();
}

/// Of 4 KiB, the threshold, and around it as often as not.
std::string value_of(std::mt19937& random) {
  const std::size_t near = 4094 + random() % 5;
  const std::size_t bytes = random() % 2 == 0 ? near : random() % 20'000;
  std::string value(bytes, static_cast<char>('a' + random() % 26));
  for (std::size_t i = 0; i < bytes; i += 97) {
    value[i] = static_cast<char>('0' + random() % 10);
  }
  return value;
}
std::string large(char of) {
  return std::string(5'000, of);
}

template <class Db>
void check_same(Db& db, const Model& model, const Snapshot* snapshot = nullptr) {
  ReadOptions options;
  options.snapshot = snapshot;
  auto cursor = db.cursor(options);
  cursor.seek_to_first();
  for (const auto& [key, value] : model) {
    REQUIRE(cursor.valid());
    REQUIRE(cursor.key() == key);
    REQUIRE(cursor.value() == value);
    REQUIRE(db.get(key, options).value() == value);
    cursor.next();
  }
  REQUIRE_FALSE(cursor.valid());
  cursor.seek_to_last();
  for (auto at = model.rbegin(); at != model.rend(); ++at) {
    REQUIRE(cursor.valid());
    REQUIRE(cursor.key() == at->first);
    REQUIRE(cursor.value() == at->second);
    cursor.prev();
  }
  REQUIRE_FALSE(cursor.valid());
  REQUIRE(cursor.status());
}

std::vector<std::string> value_files(io::Memory& fs, const std::string& directory = "/db") {
  std::vector<std::string> files;
  const auto names = fs.list(directory).value();
  for (const std::string& name : names) {
    if (lsm::classify(name).kind == lsm::FileKind::values) {
      files.push_back(io::join(directory, name));
    }
  }
  return files;
}
std::uint64_t bytes_of(io::Memory& fs, const std::vector<std::string>& files) {
  std::uint64_t bytes = 0;
  for (const std::string& file : files) {
    bytes += fs.file_size(file).value();
  }
  return bytes;
}
std::uint64_t live_bytes(const Model& model) {
  std::uint64_t bytes = 0;
  for (const auto& [key, value] : model) {
    bytes += value.size() < 4096 ? 0 : value.size() + 4;
  }
  return bytes;
}
void overwrite(io::Memory& fs, const std::string& path, std::string_view bytes) {
  REQUIRE(fs.remove(path));
  auto file = fs.create(path).value();
  REQUIRE(file.append(bytes));
  REQUIRE(file.close());
}

/// A random life of a database, and what it must hold.
struct Life {
  io::Memory fs;
  Model model;
  std::optional<Tree> db{open<Tree>(fs)};
  std::mt19937 random;
  std::vector<std::pair<Snapshot, Model>> past;

  explicit Life(unsigned seed) : random(seed) {}

  std::string key() { return key_of(static_cast<unsigned>(random() % 60)); }
  void step() {
    const auto choice = random() % 100;
    if (choice < 60) {
      const std::string at = key();
      model[at] = value_of(random);
      REQUIRE(db->put(at, model[at]));
    } else if (choice < 70) {
      const std::string at = key();
      model.erase(at);
      REQUIRE(db->erase(at));
    } else if (choice < 78) {
      const std::string at = key();
      const std::string operand(random() % 3'000, 'm');
      model[at] += operand;
      REQUIRE(db->merge(at, operand));
    } else if (choice < 82) {
      const auto first = static_cast<unsigned>(random() % 60);
      REQUIRE(db->erase_range(key_of(first), key_of(first + 4)));
      model.erase(model.lower_bound(key_of(first)), model.lower_bound(key_of(first + 4)));
    } else if (choice < 88) {
      REQUIRE(db->flush());
    } else if (choice < 91) {
      past.emplace_back(db->snapshot(), model);
    } else if (choice < 95 && !past.empty()) {
      past.erase(past.begin() + static_cast<std::ptrdiff_t>(random() % past.size()));
    } else if (choice < 97) {
      REQUIRE(db->compact());
    } else if (choice == 97) {
      past.clear();
      REQUIRE(db->close());
      db.emplace(open<Tree>(fs));
    }
  }
  void check() {
    check_same(*db, model);
    for (const auto& [snapshot, was] : past) {
      check_same(*db, was, &snapshot);
    }
    REQUIRE(db->verify());
  }
};

}  // namespace

TEST_CASE("a database that separates values answers as a map does") {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    Life life(seed);
    for (unsigned i = 1; i <= 800; ++i) {
      life.step();
      if (i % 50 == 0) {
        CAPTURE(i);
        life.check();
      }
    }
    CHECK(life.db->stats().families[0].value_files > 0);
  }
}

TEST_CASE("after a compaction of everything no garbage is left, where nobody sees it") {
  for (unsigned seed = 11; seed <= 13; ++seed) {
    CAPTURE(seed);
    Life life(seed);
    for (unsigned i = 1; i <= 500; ++i) {
      life.step();
    }
    life.past.clear();
    REQUIRE(life.db->compact());
    const auto files = value_files(life.fs);
    const auto stats = life.db->stats().families[0];
    CHECK(bytes_of(life.fs, files) == live_bytes(life.model) + 32 * files.size());
    CHECK(stats.value_garbage_bytes == 0);
    CHECK(stats.value_files == files.size());
    CHECK(stats.value_bytes == live_bytes(life.model));
    life.check();
  }
}

TEST_CASE("compactions that nobody asked for keep garbage within bounds") {
  io::Memory fs;
  auto db = open<Tree>(fs);
  Model model;
  std::mt19937 random(5);
  for (unsigned i = 0; i < 3'000; ++i) {
    const std::string key = key_of(static_cast<unsigned>(random() % 60));
    model[key] = std::string(4'096 + random() % 2'000, static_cast<char>('a' + i % 26));
    REQUIRE(db.put(key, model[key]));
  }
  check_same(db, model);
  const std::uint64_t bytes = bytes_of(fs, value_files(fs));
  CAPTURE(bytes, live_bytes(model));
  // 1 / (1 - garbage_ratio) of what is live, and what the last few flushes brought.
  CHECK(bytes < 2 * live_bytes(model) + 3 * 200'000);
}

namespace {

/// A value file of which 19 of 20 values become garbage, where what refers to the last of them is a
/// table that no compaction passes: "z", far away. `before`: is called with its path before that.
template <class Db, class Before>
std::string leave_garbage(Db& db, io::Memory& fs, Before before) {
  for (unsigned i = 0; i < 19; ++i) {
    REQUIRE(db.put(key_of(i), large('1')));
  }
  for (unsigned i = 0; i < 200; ++i) {
    REQUIRE(db.put("m" + key_of(i), std::string(100, 'm')));
  }
  REQUIRE(db.put("z", large('z')));
  REQUIRE(db.compact());
  REQUIRE(value_files(fs).size() == 1);
  REQUIRE(db.stats().families[0].levels[1].files > 2);
  const std::string path = value_files(fs).front();
  before(path);
  for (unsigned i = 0; i < 19; ++i) {
    REQUIRE(db.put(key_of(i), large('2')));
  }
  REQUIRE(db.compact(key_of(0), key_of(18)));
  return path;
}
template <class Db>
Db open_with_large_files(const io::Memory& fs) {
  auto options = options_of<Db>(fs);
  options.write_buffer_bytes = 1'000'000;
  options.value_separation.file_bytes = 1'000'000;
  if constexpr (requires { options.compaction.level1_bytes; }) {
    options.compaction.level1_bytes = 1'000'000;
  }
  return Db::open("/db", options).value();
}
const auto nothing = [](const std::string&) {};

/// Makes tables as `Leveled` does, when it is told to.
struct Told : compaction::Leveled {
  using compaction::Leveled::Leveled;
  static constexpr std::string_view name = "told";
  static constexpr bool only_on_demand = true;
  static std::optional<compaction::Job> pick(const compaction::Levels&,
                                             const compaction::Conditions&) {
    return std::nullopt;
  }
};

}  // namespace

TEST_CASE("a file of garbage empties, though no compaction passes what is left of it") {
  io::Memory fs;
  auto db = open_with_large_files<Tree>(fs);
  const std::string old = leave_garbage(db, fs, nothing);
  CHECK_FALSE(fs.exists(old).value());
  CHECK(db.stats().families[0].value_garbage_bytes == 0);
  CHECK(db.get("z").value() == large('z'));
  CHECK(db.get(key_of(7)).value() == large('2'));
  CHECK(db.verify());
}

TEST_CASE("where nothing is compacted unasked, no garbage is collected either") {
  io::Memory fs;
  auto db = open_with_large_files<SmallTree<value_separation::ValueLog, Told>>(fs);
  const std::string old = leave_garbage(db, fs, nothing);
  CHECK(fs.exists(old).value());
  CHECK(db.stats().families[0].value_garbage_bytes == 19 * 5'004);
  REQUIRE(db.compact());
  CHECK_FALSE(fs.exists(old).value());
  CHECK(db.get("z").value() == large('z'));
}

TEST_CASE("a damaged value keeps its file, and is tried once, not for ever") {
  io::Memory fs;
  std::optional<Tree> db(open_with_large_files<Tree>(fs));
  const std::string old = leave_garbage(*db, fs, [&](const std::string& path) {
    REQUIRE(db->close());
    std::string bytes = io::read_file(fs, path).value();
    bytes[bytes.size() - 10] = static_cast<char>(bytes[bytes.size() - 10] ^ 1);
    overwrite(fs, path, bytes);
    db.emplace(open_with_large_files<Tree>(fs));
  });
  CHECK(fs.exists(old).value());
  const auto damaged = db->get("z");
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code() == ErrorCode::corruption);
  CHECK(damaged.error().message().find(old) != std::string::npos);
  CHECK(db->get(key_of(7)).value() == large('2'));
  REQUIRE(db->put("z", large('y')));
  REQUIRE(db->compact("z", "z"));
  CHECK_FALSE(fs.exists(old).value());
  CHECK(db->verify());
}

TEST_CASE("a compaction copies pointers, not the values that they lead to") {
  io::Memory fs;
  auto db = open(fs);
  for (unsigned i = 0; i < 20; ++i) {
    REQUIRE(db.put(key_of(i), large('v')));
  }
  REQUIRE(db.flush());
  const auto before = value_files(fs);
  REQUIRE(before.size() == 2);  // of 60,000 bytes each
  const auto written = db.stats().metrics[metrics::Counter::compaction_write_bytes];
  REQUIRE(db.compact());
  CHECK(value_files(fs) == before);
  CHECK(db.stats().metrics[metrics::Counter::compaction_write_bytes] - written < 10'000);
  CHECK(db.get(key_of(7)).value() == large('v'));
}

TEST_CASE("what an old snapshot or an open cursor sees outlives every collection") {
  io::Memory fs;
  auto db = open(fs);
  REQUIRE(db.put("a", large('1')));
  REQUIRE(db.put("b", large('2')));
  REQUIRE(db.flush());
  SECTION("a snapshot") {
    const auto snapshot = db.snapshot();
    REQUIRE(db.put("a", large('3')));
    REQUIRE(db.erase("b"));
    REQUIRE(db.compact());
    REQUIRE(db.compact());
    check_same(db, {{"a", large('1')}, {"b", large('2')}}, &snapshot);
    check_same(db, {{"a", large('3')}});
  }
  SECTION("a cursor, whose files are there until it goes") {
    auto cursor = std::optional(db.cursor());
    cursor->seek_to_first();
    const auto old = value_files(fs);
    REQUIRE(db.put("a", large('3')));
    REQUIRE(db.put("b", large('4')));
    REQUIRE(db.compact());
    CHECK(fs.exists(old.front()).value());
    CHECK(cursor->value() == large('1'));
    cursor->next();
    CHECK(cursor->value() == large('2'));
    cursor.reset();
    REQUIRE(db.put("c", "x"));
    REQUIRE(db.compact());
    CHECK_FALSE(fs.exists(old.front()).value());
    check_same(db, {{"a", large('3')}, {"b", large('4')}, {"c", "x"}});
  }
}

TEST_CASE("another threshold takes hold as compactions pass") {
  io::Memory fs;
  Model model;
  {
    auto db = open(fs);
    for (unsigned i = 0; i < 8; ++i) {
      model[key_of(i)] = std::string(1'000 * i, static_cast<char>('a' + i));
      REQUIRE(db.put(key_of(i), model[key_of(i)]));
    }
    REQUIRE(db.compact());
  }
  CHECK(bytes_of(fs, value_files(fs)) == 5'000 + 6'000 + 7'000 + 3 * 4 + 32);
  const auto reopen = [&](std::size_t threshold_bytes) {
    auto options = options_of<Manual>(fs);
    options.value_separation.threshold_bytes = threshold_bytes;
    auto db = Manual::open("/db", options).value();
    REQUIRE(db.compact());
    check_same(db, model);
    REQUIRE(db.verify());
  };
  reopen(1'000'000);
  CHECK(value_files(fs).empty());
  reopen(0);
  CHECK(bytes_of(fs, value_files(fs)) == 28'000 + 8 * 4 + 32);
}

namespace {

struct DropX {
  using policy_slot = compaction_filter_slot;
  static constexpr std::string_view name = "drop_x";
  static bool keep(std::string_view, std::string_view value) { return !value.starts_with('x'); }
};

}  // namespace

TEST_CASE("a compaction filter is shown the value, not where it lies") {
  io::Memory fs;
  using Db = SmallTree<value_separation::ValueLog, compaction::Manual, DropX>;
  auto db = open<Db>(fs);
  const auto snapshot = std::optional(db.snapshot());
  REQUIRE(db.put("a", large('x')));
  REQUIRE(db.put("b", large('y')));
  REQUIRE(db.compact());
  check_same(db, {{"b", large('y')}});
}

TEST_CASE("a checkpoint takes the value files along") {
  io::Memory fs;
  auto db = open(fs);
  REQUIRE(db.put("a", large('1')));
  REQUIRE(db.checkpoint("/copy"));
  REQUIRE(db.put("a", large('2')));
  REQUIRE(db.compact());
  auto copy = Manual::open("/copy", options_of<Manual>(fs)).value();
  check_same(copy, {{"a", large('1')}});
  REQUIRE(copy.verify());
  CHECK(value_files(fs, "/copy").size() == 1);
}

TEST_CASE("an open removes value files that no manifest names, and destroy removes all") {
  io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(db.put("a", large('1')));
    REQUIRE(db.flush());
  }
  const auto named = value_files(fs);
  REQUIRE(io::copy_file(fs, named.front(), lsm::value_path("/db", 777)));
  {
    auto db = open(fs);
    CHECK(value_files(fs) == named);
    REQUIRE(db.put("b", large('2')));
    REQUIRE(db.flush());
    CHECK(value_files(fs).back() > lsm::value_path("/db", 777));  // no number is used twice
  }
  REQUIRE(destroy("/db", fs));
  CHECK_FALSE(fs.exists("/db").value());
}

TEST_CASE("who separates no values refuses a directory of one who does, and not the reverse") {
  io::Memory fs;
  using Plain = SmallTree<merge::Append, compaction::Manual>;
  Plain::Options options;
  options.file_system = fs;
  {
    auto plain = Plain::open("/db", options).value();
    REQUIRE(plain.put("a", large('1')));
    REQUIRE(plain.flush());
  }
  {
    auto db = open(fs);
    check_same(db, {{"a", large('1')}});
    REQUIRE(db.compact());
    CHECK(value_files(fs).size() == 1);
  }
  const auto refused = Plain::open("/db", options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == ErrorCode::incompatible_format);
  CHECK(refused.error().message().find("value_separation=value_log/1") != std::string::npos);
}

TEST_CASE("a damaged value is corruption to get, cursor and verify, and stops no compaction") {
  io::Memory fs;
  {
    auto db = open(fs);
    REQUIRE(db.put("a", large('1')));
    REQUIRE(db.put("b", large('2')));
    REQUIRE(db.flush());
  }
  const std::string path = value_files(fs).front();
  std::string bytes = io::read_file(fs, path).value();
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  overwrite(fs, path, bytes);
  auto db = open(fs);
  const auto check = [&](bool is_merged) {
    const auto got = db.get("a");
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == ErrorCode::corruption);
    CHECK(got.error().message().find(path) != std::string::npos);
    auto cursor = db.cursor();
    cursor.seek_to_first();
    REQUIRE(cursor.valid() != is_merged);  // else the value is read when it is asked for
    CHECK((is_merged || cursor.value().empty()));
    CHECK_FALSE(cursor.valid());
    CHECK(cursor.status().error().code() == ErrorCode::corruption);
    CHECK(db.verify().error().code() == ErrorCode::corruption);
    CHECK(db.get("b").value() == large('2'));
  };
  check(false);
  REQUIRE(db.merge("a", "more"));
  REQUIRE(db.compact());
  check(true);
  REQUIRE(db.put("a", large('3')));
  REQUIRE(db.compact());
  check_same(db, {{"a", large('3')}, {"b", large('2')}});
  CHECK(db.verify());
}
