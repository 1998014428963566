// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/profile.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include <catch2/catch.hpp>

#include <strata/cache/none.hpp>
#include <strata/compaction/size_tiered.hpp>
#include <strata/io/memory.hpp>

#include "small_database.hpp"

using namespace strata;
using profile::Plan;
using profile::Resources;

namespace {

template <class Profile>
using Tree = profile::Tree<Profile, io::Memory>;

template <class Db>
Result<Db> open(const io::Memory& fs, const Result<Plan>& plan) {
  auto options = profile::options<Db>(plan);
  REQUIRE(options);
  options->file_system = fs;
  return Db::open("/db", *options);
}

/// Keys [0, count), in a mixed order, every third erased.
template <class Db>
void work(Db& db, unsigned count, const std::string& tag) {
  bool all = true;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned number = static_cast<unsigned>(std::uint64_t{i} * 7919 % count);
    all = all && db.put(tests::key_of(number), std::string(100, 'v') + tag);
  }
  for (unsigned i = 0; i < count; i += 3) {
    all = all && db.erase(tests::key_of(i));
  }
  REQUIRE(all);
}
template <class Db>
void check_work(Db& db, unsigned count, const std::string& tag) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < count; ++i) {
    const auto value = db.get(tests::key_of(i));
    REQUIRE(value);
    const bool right = i % 3 == 0 ? !*value : *value && **value == std::string(100, 'v') + tag;
    wrong += right ? 0 : 1;
  }
  CHECK(wrong == 0);
}

/// What memtables and cache hold, and what open tables pin of filters and indices.
template <class Db>
std::uint64_t held_bytes(Db& db) {
  const Stats stats = db.stats();
  std::uint64_t bytes = stats.cache_used_bytes;
  for (const FamilyStats& family : stats.families) {
    bytes += family.memtable_bytes;
  }
  return bytes;
}

}  // namespace

TEMPLATE_TEST_CASE("a profile's database works, and is there after it was closed", "",
                   profile::Embedded, profile::Balanced, profile::WriteHeavy, profile::ReadHeavy,
                   profile::LargeScale) {
  using Db = Tree<TestType>;
  const io::Memory fs;
  const Resources resources{
      .memory_bytes = profile::memory_bytes_least(TestType::shape, {.cores = 2}), .cores = 2};
  const auto plan = profile::plan(TestType::shape, resources);
  constexpr unsigned count = 12'000;
  {
    auto db = open<Db>(fs, plan);
    REQUIRE(db);
    work(*db, count, "a");
    check_work(*db, count, "a");
    REQUIRE(db->verify());
    REQUIRE(db->close());
  }
  auto db = open<Db>(fs, plan);
  REQUIRE(db);
  check_work(*db, count, "a");
  REQUIRE(db->compact());
  check_work(*db, count, "a");
}

TEST_CASE("options of one profile after the other open one database") {
  using Db = LsmTree<io::Memory>;
  const io::Memory fs;
  for (const profile::Shape* shape : profile::shapes) {
    CAPTURE(shape->name);
    auto db = open<Db>(fs, profile::plan(*shape, {.memory_bytes = 32_MiB}));
    REQUIRE(db);
    if (shape != profile::shapes.front()) {
      check_work(*db, 3000, "v");
    }
    work(*db, 3000, "v");
    REQUIRE(db->flush());
    REQUIRE(db->verify());
    REQUIRE(db->close());
  }
}

TEST_CASE("compositions of one profile after the other open one database") {
  const io::Memory fs;
  const auto visit = [&]<class Profile>(std::type_identity<Profile>, bool is_first) {
    auto db = open<Tree<Profile>>(fs, profile::plan(Profile::shape, {.memory_bytes = 32_MiB}));
    REQUIRE(db);
    if (!is_first) {
      check_work(*db, 3000, "v");
    }
    work(*db, 3000, "v");
    REQUIRE(db->flush());
    REQUIRE(db->close());
  };
  visit(std::type_identity<profile::WriteHeavy>{}, true);
  visit(std::type_identity<profile::Embedded>{}, false);
  visit(std::type_identity<profile::LargeScale>{}, false);
  visit(std::type_identity<profile::ReadHeavy>{}, false);
  visit(std::type_identity<profile::Balanced>{}, false);
}

TEST_CASE("an embedded database stays within 4 MiB, whatever it stores") {
  using Db = profile::Tree<profile::Embedded, io::Memory, executor::Inline>;
  const io::Memory fs;
  const auto plan = profile::embedded({.memory_bytes = 4_MiB, .cores = 1});
  REQUIRE(plan);
  auto db = open<Db>(fs, plan);
  REQUIRE(db);
  std::uint64_t most = 0;
  bool all = true;
  for (unsigned i = 0; i < 60'000; ++i) {
    const unsigned number = static_cast<unsigned>(std::uint64_t{i} * 7919 % 50'000);
    all = all && db->put(tests::key_of(number), std::string(200, 'v'));
    if (i % 64 == 0) {
      all = all && db->get(tests::key_of(number / 2));
      most = std::max(most, held_bytes(*db));
    }
  }
  for (unsigned i = 0; i < 50'000; i += 7) {
    all = all && db->get(tests::key_of(i)).value();
    most = i % 91 == 0 ? std::max(most, held_bytes(*db)) : most;
  }
  REQUIRE(all);
  CHECK(db->stats().table_bytes() > 2 * 4_MiB);
  CHECK(most <= plan->memtables_bytes() + plan->cache_bytes);
  CHECK(most > plan->cache_bytes / 2);  // the cache was used, so the bound was tried
}

TEST_CASE("balanced is what a database takes by default") {
  using Db = LsmTree<>;
  const auto planned = profile::options<Db>(profile::balanced());
  REQUIRE(planned);
  const Db::Options own;
  CHECK(planned->write_buffer_bytes == own.write_buffer_bytes);
  CHECK(planned->immutables_max == own.immutables_max);
  CHECK(planned->log_bytes_max == own.log_bytes_max);
  CHECK(planned->subcompactions == own.subcompactions);
  CHECK(planned->wal.segment_bytes == own.wal.segment_bytes);
  CHECK(planned->cache.capacity_bytes == own.cache.capacity_bytes);
  CHECK(planned->cache.shards == own.cache.shards);
  CHECK(planned->executor.flush_threads == own.executor.flush_threads);
  CHECK(planned->executor.compaction_threads == own.executor.compaction_threads);
  CHECK(planned->compaction.level0_trigger == own.compaction.level0_trigger);
  CHECK(planned->compaction.level0_slowdown == own.compaction.level0_slowdown);
  CHECK(planned->compaction.level0_stop == own.compaction.level0_stop);
  CHECK(planned->compaction.level1_bytes == own.compaction.level1_bytes);
  CHECK(planned->compaction.file_bytes == own.compaction.file_bytes);
  CHECK(planned->table_format.block_bytes == own.table_format.block_bytes);
  CHECK(planned->table_format.block_hash == own.table_format.block_hash);
  CHECK(planned->table_format.partition_bytes == own.table_format.partition_bytes);
  CHECK(planned->table_format.read_ahead_bytes == own.table_format.read_ahead_bytes);
  CHECK(planned->filter.bits_per_key == own.filter.bits_per_key);
}

TEST_CASE("a policy that is given comes before the profile's") {
  using profile::WriteHeavy;
  static_assert(std::is_same_v<profile::Tree<profile::Balanced>, LsmTree<>>);
  static_assert(std::is_same_v<profile::Tree<WriteHeavy>, LsmTree<compaction::LazyLeveled>>);
  static_assert(std::is_same_v<profile::Tree<WriteHeavy, cache::None, compaction::SizeTiered>,
                               LsmTree<compaction::SizeTiered, cache::None>>);
  const auto options = profile::options<profile::Tree<WriteHeavy, cache::None>>(
      profile::write_heavy({.memory_bytes = 1_GiB}));
  REQUIRE(options);
  CHECK(options->compaction.run_bytes == options->write_buffer_bytes);
}

TEST_CASE("families share the memory of memtables") {
  using Db = Database<io::Memory, Family<"a">, Family<"b", compaction::SizeTiered>>;
  const Resources two{.memory_bytes = 64_MiB, .families = 2};
  const auto one = profile::balanced({.memory_bytes = 64_MiB});
  const auto plan = profile::balanced(two);
  REQUIRE((one && plan));
  CHECK(plan->write_buffer_bytes <= one->write_buffer_bytes / 2);
  const auto options = profile::options<Db>(plan);
  REQUIRE(options);
  CHECK(std::get<0>(options->families).compaction.level1_bytes == plan->level1_bytes);
  CHECK(std::get<1>(options->families).compaction.file_bytes == plan->file_bytes);
  const auto refused = profile::options<Db>(one);
  REQUIRE_FALSE(refused);
  CHECK(to_string(refused.error()).find("families is 1") != std::string::npos);
}
