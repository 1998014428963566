// SPDX-License-Identifier: BSL-1.0
/// The least class of each slot: it keeps the promises, one member less does not compile, and an
/// engine made of nothing else is right.

#include <catch2/catch.hpp>
#include <cstdint>
#include <strata/lsm_tree.hpp>
#include <strata/testing/aead_conformance.hpp>
#include <strata/testing/archetypes/cache.hpp>
#include <strata/testing/archetypes/compaction.hpp>
#include <strata/testing/archetypes/keys.hpp>
#include <strata/testing/archetypes/memtable.hpp>
#include <strata/testing/archetypes/storage.hpp>
#include <strata/testing/archetypes/table.hpp>
#include <strata/testing/archetypes/work.hpp>
#include <strata/testing/cache_conformance.hpp>
#include <strata/testing/checksum_conformance.hpp>
#include <strata/testing/clock_conformance.hpp>
#include <strata/testing/compaction_conformance.hpp>
#include <strata/testing/compaction_filter_conformance.hpp>
#include <strata/testing/comparator_conformance.hpp>
#include <strata/testing/compression_conformance.hpp>
#include <strata/testing/executor_conformance.hpp>
#include <strata/testing/file_system_conformance.hpp>
#include <strata/testing/filter_conformance.hpp>
#include <strata/testing/memtable_conformance.hpp>
#include <strata/testing/memtable_thread_conformance.hpp>
#include <strata/testing/merge_conformance.hpp>
#include <strata/testing/metrics_conformance.hpp>
#include <strata/testing/model_check.hpp>
#include <strata/testing/table_format_conformance.hpp>
#include <strata/testing/table_index_conformance.hpp>
#include <strata/testing/value_separation_conformance.hpp>
#include <strata/testing/wal_conformance.hpp>
#include <string>

using namespace strata;
using namespace strata::testing;

namespace {

/// A member of this name, of no use for the slot, hides the one that the archetype has.
struct NoCompare : archetype::Comparator {
  static void compare();
};
struct NoOrderName : archetype::Comparator {
  static void name();
};
struct NoExtend : archetype::Checksum {
  static void extend();
};
struct NoTimeOfDay : archetype::Clock {
  static void unix_seconds();
};
struct NoSleep : archetype::Clock {
  static void sleep_us();
};
struct NoHash : archetype::Filter {
  static void may_contain();
};
struct NoFilterVersion : archetype::Filter {
  static void format_version();
};
struct NoDecompress : archetype::Compression {
  static void decompress();
};
struct NoPick : archetype::Compaction {
  using archetype::Compaction::Compaction;
  void pick();
};
struct NoPressure : archetype::Compaction {
  using archetype::Compaction::Compaction;
  void pressure();
};
struct NoKeep : archetype::CompactionFilter {
  void keep();
};
struct NoCombine : archetype::Merge {
  static void combine();
};
struct NoLink : archetype::FileSystem {
  void link();
};
struct NoStart : archetype::Encryption {
  static void start();
};
struct NoDurability : archetype::Wal {
  struct Options {};
};
struct NoKeepsLog : archetype::Wal {
  static constexpr std::string_view keeps_log{};
};
struct NoBlockBytes : archetype::TableFormat {
  struct Options {};
};
struct NoSeparates : archetype::ValueSeparation {
  static constexpr std::string_view separates{};
};
struct NoThreshold : archetype::ValueSeparation {
  struct Options {
    std::uint64_t file_bytes = 10'000;
    double garbage_ratio = 0.5;
  };
};
struct NoSubmit : archetype::Executor {
  struct type : archetype::Executor::type {
    using archetype::Executor::type::type;
    void submit();
  };
};
struct NoRecord : archetype::Metrics {
  struct type : archetype::Metrics::type {
    void record();
  };
};
struct NoPut : archetype::Memtable {
  template <class Comparator>
  struct type : archetype::Memtable::type<Comparator> {
    using archetype::Memtable::type<Comparator>::type;
    void insert();
  };
};
struct NoReserve : archetype::Cache {
  template <class Key, class Value, class Hash>
  struct type : archetype::Cache::type<Key, Value, Hash> {
    using archetype::Cache::type<Key, Value, Hash>::type;
    void reserve();
  };
};
struct NoBlockOf : archetype::TableIndex {
  template <class Comparator>
  struct type : archetype::TableIndex::type<Comparator> {
    void block_of();
  };
};
/// The members of a comparator, but not the word that it is one.
struct NoSlot {
  static constexpr std::string_view name = "archetype";
  static constexpr bool is_bytewise = false;
  static int compare(std::string_view, std::string_view) noexcept;
};

static_assert(!ComparatorPolicy<NoCompare> && !ComparatorPolicy<NoOrderName>);
static_assert(!ComparatorPolicy<NoSlot> && ComparatorPolicy<as<comparator_slot, NoSlot>>);
static_assert(!ChecksumPolicy<NoExtend>);
static_assert(!ClockPolicy<NoTimeOfDay> && !ClockPolicy<NoSleep>);
static_assert(!FilterPolicy<NoHash> && !FilterPolicy<NoFilterVersion>);
static_assert(!CompressionPolicy<NoDecompress>);
static_assert(!CompactionPolicy<NoPick> && !CompactionPolicy<NoPressure>);
static_assert(!CompactionFilterPolicy<NoKeep> && !MergePolicy<NoCombine>);
static_assert(!FileSystemPolicy<NoLink> && !AeadPolicy<NoStart>);
static_assert(!WalPolicy<NoDurability> && !WalPolicy<NoKeepsLog>);
static_assert(!TableFormatPolicy<NoBlockBytes>);
static_assert(!ValueSeparationPolicy<NoSeparates> && !ValueSeparationPolicy<NoThreshold>);
static_assert(!ExecutorPolicy<NoSubmit> && !MetricsPolicy<NoRecord>);
static_assert(!MemtablePolicy<NoPut> && !CachePolicy<NoReserve> && !TableIndexPolicy<NoBlockOf>);

using Least =
    LsmTree<archetype::FileSystem, archetype::Wal, archetype::Cache, archetype::Clock,
            archetype::Metrics, archetype::Checksum, archetype::Executor, archetype::Memtable,
            archetype::TableFormat, archetype::TableIndex, archetype::Filter,
            archetype::Compression, archetype::Compaction, archetype::CompactionFilter,
            archetype::Merge, archetype::Comparator, archetype::ValueSeparation>;

void check(const Conformance& found) {
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 0);
}

}  // namespace

TEST_CASE("The archetype of each slot keeps its promises") {
  check(comparator_conformance<archetype::Comparator>());
  check(checksum_conformance<archetype::Checksum>());
  check(clock_conformance<archetype::Clock>());
  check(memtable_conformance<archetype::Memtable>());
  check(memtable_thread_conformance<archetype::Memtable>({}, {.entries_each = 2000}));
  check(cache_conformance<archetype::Cache>());
  check(cache_thread_conformance<archetype::Cache>());
  check(filter_conformance<archetype::Filter>({}, 0.001));
  check(table_index_conformance<archetype::TableIndex>(1, 2000));
  check(compression_conformance<archetype::Compression>());
  check(table_format_conformance<archetype::TableFormat>());
  check(value_separation_conformance<archetype::ValueSeparation>());
  check(compaction_filter_conformance<archetype::CompactionFilter>());
  check(merge_conformance<archetype::Merge>({"a", "", "bcd"}));
  check(file_system_conformance(archetype::FileSystem(), ""));
  check(wal_conformance<archetype::Wal>(archetype::FileSystem(), ""));
  check(aead_conformance<archetype::Encryption>());
  check(executor_conformance<archetype::Executor>());
  check(metrics_conformance<archetype::Metrics>());
  unsigned jobs = 0;
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    CAPTURE(seed);
    check(compaction_conformance<archetype::Compaction>({}, seed, &jobs));
  }
  CHECK(jobs > 100);
}

TEST_CASE("An engine of archetypes alone agrees with a map, reopened, flushed and compacted") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Least::Options options;  // one handle: all lives of the database see the same files
    options.write_buffer_bytes = 20'000;
    options.table_format.block_bytes = 512;
    const auto open = [&](const std::string& path) { return Least::open(path, options); };
    ModelCheck<Least, decltype(open)> check({.seed = seed, .operations = 5000}, open);
    CHECK(check.run() == "");
    CHECK(check.reopenings() > 1);
    CHECK(check.compared() > 1000);
  }
}

TEST_CASE("An engine of archetypes merges, and counts what it does") {
  auto db = Least::open("/db").value();
  REQUIRE(db.put("key", "first"));
  REQUIRE(db.merge("key", "second"));
  REQUIRE(db.flush());
  REQUIRE(db.merge("key", "third"));
  CHECK(db.get("key").value() == "third");
  REQUIRE(db.compact());
  CHECK(db.get("key").value() == "third");
  CHECK(db.verify());
}
