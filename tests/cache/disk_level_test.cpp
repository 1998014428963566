// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/disk_level.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <strata/cache/memory_level.hpp>
#include <strata/cache/tiered.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/simulated.hpp>
#include <strata/testing/level_conformance.hpp>
#include <string>
#include <thread>
#include <vector>

using strata::ErrorCode;
using strata::cache::DiskLevel;
using strata::cache::DiskLevelOptions;
using strata::io::CrashChoice;
using strata::io::FaultKind;
using strata::io::Memory;
using strata::io::Simulated;
using strata::testing::Sentences;

namespace {

using Disk = DiskLevel<Simulated>;

Disk open(const Simulated& fs, DiskLevelOptions options = {}) {
  options.directory = "cache";
  auto level = Disk::open(options, fs);
  REQUIRE(level);
  return std::move(*level);
}

std::string value_of(int i) {
  return std::to_string(i) + std::string(100, 'v');
}

std::uint64_t segment_bytes(Simulated fs) {
  std::uint64_t sum = 0;
  const std::vector<std::string> names = fs.list("cache").value();
  for (const std::string& name : names) {
    sum += name.ends_with(".segment") ? fs.file_size("cache/" + name).value() : 0;
  }
  return sum;
}

/// Changes byte `at` of a file in place of a failing disk.
void damage(Simulated fs, const std::string& path, std::size_t at) {
  std::string bytes = strata::io::read_file(fs, path).value();
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  REQUIRE(fs.remove(path));
  auto file = fs.create(path);
  REQUIRE(file);
  REQUIRE(file->append(bytes));
  REQUIRE(file->close());
}

}  // namespace

TEST_CASE("A level of disk keeps the promises of a level, in much room and in little") {
  const auto capacity = GENERATE(std::uint64_t{4096}, 20'000, 1'000'000'000);
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(capacity, seed);
  auto level = DiskLevel<Memory>::open({.directory = "d", .capacity_bytes = capacity}, Memory());
  REQUIRE(level);
  CHECK(strata::testing::level_conformance(*level, seed).violations == Sentences{});
  CHECK((capacity > 20'000 || level->stats().evictions > 100));
}

TEST_CASE("A level of disk says what is wrong with its options") {
  CHECK(Disk::open({}, Simulated()).error().code() == ErrorCode::invalid_argument);
  CHECK(Disk::open({.directory = "d", .capacity_bytes = 100}, Simulated()).error().code() ==
        ErrorCode::invalid_argument);
}

TEST_CASE("A directory belongs to one level") {
  const Simulated fs;
  const Disk level = open(fs);
  const auto second = Disk::open({.directory = "cache"}, fs);
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == ErrorCode::locked);
}

TEST_CASE("The files of a level stay within its bound, and the oldest records go first") {
  const Simulated fs;
  Disk level = open(fs, {.capacity_bytes = 8192});
  for (int i = 0; i < 500; ++i) {
    CHECK(level.insert(std::to_string(i), value_of(i)));
    CHECK(segment_bytes(fs) <= 8192);
    CHECK(level.find(std::to_string(i)) == value_of(i));
  }
  CHECK_FALSE(level.find("0"));
  CHECK(level.find("480") == value_of(480));
  CHECK_FALSE(level.insert("large", std::string(1025, 'x')));
  CHECK_FALSE(level.find("large"));
  const auto stats = level.stats();
  CHECK(stats.inserts == 500);
  CHECK(stats.evictions > 400);
  CHECK(level.clear());
  CHECK(segment_bytes(fs) == 0);
}

TEST_CASE("What is kept survives a clean restart, and what was erased does not") {
  const bool closes = GENERATE(false, true);
  const Simulated fs;
  {
    Disk level = open(fs);
    for (int i = 0; i < 100; ++i) {
      CHECK(level.insert(std::to_string(i), "old"));
      CHECK(level.insert(std::to_string(i), value_of(i)));
    }
    CHECK(level.erase("7"));
    if (closes) {
      CHECK(level.close());
      CHECK_FALSE(level.find("8"));
      CHECK_FALSE(level.insert("8", "new"));
      CHECK_FALSE(level.erase("8"));
      CHECK_FALSE(level.clear());
      CHECK(level.close());
    }
  }
  for (int restart = 0; restart < 3; ++restart) {
    Disk level = open(fs);
    for (int i = 0; i < 100; ++i) {
      CAPTURE(restart, i);
      CHECK(level.find(std::to_string(i)) == (i == 7 ? std::nullopt : std::optional(value_of(i))));
    }
    CHECK(level.insert("after " + std::to_string(restart), "x"));
  }
  Disk level = open(fs);
  CHECK(level.find("after 0") == "x");
  CHECK(level.find("after 2") == "x");
}

TEST_CASE("A restart with less room keeps what fits, the newest") {
  const Simulated fs;
  {
    Disk level = open(fs, {.capacity_bytes = 80'000});
    for (int i = 0; i < 400; ++i) {
      CHECK(level.insert(std::to_string(i), value_of(i)));
    }
  }
  Disk level = open(fs, {.capacity_bytes = 40'000});
  CHECK(segment_bytes(fs) <= 40'000);
  CHECK(level.find("399") == value_of(399));
  CHECK_FALSE(level.find("0"));
}

TEST_CASE("Another generation starts empty") {
  const Simulated fs;
  {
    Disk level = open(fs);
    CHECK(level.insert("k", "v"));
  }
  Disk level = open(fs, {.generation = 1});
  CHECK_FALSE(level.find("k"));
  CHECK(segment_bytes(fs) == 0);
}

TEST_CASE("After a crash at any call the level starts with nothing old in it") {
  const auto choice = GENERATE(CrashChoice::drop_all_unsynced(), CrashChoice::keep_all(),
                               CrashChoice::random(1), CrashChoice::random(2));
  // Two lives: one that writes, one that erases and writes anew; the power fails in the second.
  bool crashed = true;
  for (std::uint64_t call = 1; crashed; ++call) {
    Simulated fs;
    std::map<std::string, std::string> truth;
    {
      Disk level = open(fs, {.capacity_bytes = 8192});
      for (int i = 0; i < 20; ++i) {
        truth[std::to_string(i)] = value_of(i);
        CHECK(level.insert(std::to_string(i), value_of(i)));
      }
    }
    fs.crash_at(fs.calls() + call);
    bool closed = false;
    if (auto level = Disk::open({.directory = "cache", .capacity_bytes = 8192}, fs)) {
      for (int i = 0; i < 60; ++i) {
        const std::string key = std::to_string(i % 20);
        truth[key] = value_of(1000 + i);
        (void)level->erase(key);
        if (i % 3 == 0) {
          (void)level->insert(key, truth[key]);
        }
      }
      closed = level->close().has_value();
    }
    crashed = fs.has_crashed();
    const Simulated image = fs.crash_image(choice);
    auto level = Disk::open({.directory = "cache", .capacity_bytes = 8192}, image);
    REQUIRE(level);
    std::size_t found = 0;
    for (const auto& [key, value] : truth) {
      const auto kept = level->find(key);
      found += kept ? 1 : 0;
      CAPTURE(call, key);
      REQUIRE((!kept || *kept == value));
    }
    CHECK((!closed || found > 0));
  }
}

TEST_CASE("A damaged record is a miss, and counted") {
  const Simulated fs;
  {
    Disk level = open(fs);
    CHECK(level.insert("a", "first"));
    CHECK(level.insert("b", "second"));
  }
  const auto at = GENERATE(std::size_t{0}, 5, 9, 12, 15);
  CAPTURE(at);
  damage(fs, "cache/000001.segment", at);
  Disk level = open(fs);
  CHECK_FALSE(level.find("a"));
  CHECK(level.find("b") == "second");
  CHECK(level.stats().damaged == 1);
  CHECK_FALSE(level.find("a"));
  CHECK(level.stats().damaged == 1);
  CHECK(level.insert("a", "again"));
  CHECK(level.find("a") == "again");
}

TEST_CASE("A damaged index is an empty start, and counted") {
  const Simulated fs;
  {
    Disk level = open(fs);
    CHECK(level.insert("a", "first"));
  }
  const auto at = GENERATE(std::size_t{0}, 8, 16, 30, 60);
  damage(fs, "cache/INDEX", at);
  Disk level = open(fs);
  CHECK_FALSE(level.find("a"));
  CHECK(level.stats().damaged == 1);
}

TEST_CASE("A segment that is gone or cut short is misses") {
  Simulated fs;
  {
    Disk level = open(fs);
    CHECK(level.insert("a", "first"));
  }
  REQUIRE(fs.remove("cache/000001.segment"));
  if (GENERATE(false, true)) {
    auto file = fs.create("cache/000001.segment");
    REQUIRE(file);
    REQUIRE(file->append("x"));
    REQUIRE(file->close());
  }
  Disk level = open(fs);
  CHECK_FALSE(level.find("a"));
  CHECK(level.stats().errors == 1);
  CHECK(level.insert("a", "again"));
  CHECK(level.find("a") == "again");
}

TEST_CASE("A failing disk is misses and errors, and a disk that works again is used again") {
  const auto kind = GENERATE(FaultKind::eio, FaultKind::enospc, FaultKind::short_write);
  CAPTURE(static_cast<int>(kind));
  Simulated fs;
  Disk level = open(fs);
  CHECK(level.insert("kept", "value"));
  CHECK(level.find("kept") == "value");
  fs.inject({.path_contains = ".segment", .kind = kind, .forever = true});
  bool all_kept = true;
  for (int i = 0; i < 30; ++i) {
    const std::string key = std::to_string(i);
    const bool kept = level.insert(key, std::string(5000, 'x'));
    const auto found = level.find(key);
    CHECK((!found || *found == std::string(5000, 'x')));
    all_kept = all_kept && kept && found;
  }
  CHECK_FALSE(all_kept);
  CHECK(level.stats().errors > 0);
  fs.clear_faults();
  CHECK(level.insert("new", "value"));
  CHECK(level.find("new") == "value");
}

TEST_CASE("A value that can not be read is a miss and an error") {
  Simulated fs;
  Disk level = open(fs);
  CHECK(level.insert("k", "v"));
  fs.inject({.path_contains = ".segment", .kind = FaultKind::read_eio});
  CHECK_FALSE(level.find("k"));
  CHECK(level.stats().errors == 1);
}

TEST_CASE("A level of disk that can not forget its index does not open") {
  Simulated fs;
  { CHECK(open(fs).insert("k", "v")); }
  fs.inject({.path_contains = "INDEX", .kind = FaultKind::eio, .forever = true});
  CHECK_FALSE(Disk::open({.directory = "cache"}, fs));
}

TEST_CASE("Tiers over disk serve from it after a restart of the memory above") {
  const Simulated fs;
  const strata::cache::TieredOptions at_once{.warm_uses = 1, .hot_uses = 1};
  {
    strata::cache::Tiered cache(at_once, strata::cache::MemoryLevel<>(), open(fs));
    cache.insert("k", "v");
  }
  strata::cache::Tiered cache(at_once, strata::cache::MemoryLevel<>(), open(fs));
  CHECK(cache.find("k") == "v");
  CHECK(cache.find("k") == "v");
  CHECK(cache.stats().levels[0].hits == 1);
  CHECK(cache.stats().levels[1].hits == 1);
}

TEST_CASE("Threads find what they wrote on disk, or nothing") {
  auto opened = DiskLevel<Memory>::open({.directory = "d", .capacity_bytes = 30'000}, Memory());
  REQUIRE(opened);
  DiskLevel<Memory>& level = *opened;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < 4; ++id) {
    threads.emplace_back([&level, &wrong, id] {
      std::mt19937_64 random(id);
      for (int i = 0; i < 3000; ++i) {
        const std::string key = std::to_string(random() % 200);
        const std::uint64_t dice = random() % 10;
        if (dice < 4) {
          (void)level.insert(key, key + std::string(100, 'v'));
        } else if (dice == 4) {
          (void)level.erase(key);
        } else if (const auto value = level.find(key)) {
          wrong += *value == key + std::string(100, 'v') ? 0 : 1;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong.load() == 0);
  CHECK(level.stats().damaged == 0);
  CHECK(level.stats().errors == 0);
}
