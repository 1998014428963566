// SPDX-License-Identifier: BSL-1.0
#include <strata/fwd.hpp>

// What is declared there must be defined somewhere: a name that went would go unnoticed.
#include <strata/cache.hpp>
#include <strata/compaction.hpp>
#include <strata/compression.hpp>
#include <strata/core.hpp>
#include <strata/filter.hpp>
#include <strata/io.hpp>
#include <strata/memtable.hpp>
#include <strata/observe.hpp>
#include <strata/strata.hpp>
#include <strata/table.hpp>
#include <strata/wal.hpp>

#include <catch2/catch.hpp>

#include <type_traits>

using namespace strata;

template <class... Types>
constexpr bool all_are_defined = ((sizeof(Types) > 0) && ...);

/// Only its name is known where `engine_of` is declared.
struct Orders;
Engine<Orders>* engine_of(int shelf);
struct Orders : compose<io::Memory, cache::Lru>::type {};

static_assert(all_are_defined<Error, ErrorCode, Durability, Snapshot, WriteBatch, FamilyId,
                              ReadOptions, WriteOptions, Stats, Health, PersistenceManager<>>);
static_assert(all_are_defined<
              cache::Arc, cache::Clock, cache::Lru, cache::None, cache::S3Fifo, cache::Sieve,
              cache::WTinyLfu, checksum::Crc32c, clock::Frozen, clock::Steady, compaction::Leveled,
              compaction::Manual, comparator::Bytewise, comparator::ReverseBytewise,
              compression::Lz4, compression::None, executor::Inline, executor::Threads,
              filter::BinaryFuse, filter::BlockedBloom, filter::Bloom, filter::None, filter::Ribbon,
              io::Memory, io::Posix, io::Simulated, memtable::BTree,
              memtable::Partitioned<memtable::BTree, 16>, memtable::SkipList, memtable::Vector,
              merge::Add, merge::Append, merge::Max, merge::Min, merge::None, merge::SetUnion,
              metrics::Counters, metrics::None, wal::GroupCommit, wal::None>);
static_assert(all_are_defined<cache::AdaptiveScore>);
static_assert(all_are_defined<index::Binary, index::Eytzinger, index::Learned>);

TEST_CASE("an engine that was declared by its composition is the one that opens") {
  auto opened = Engine<Orders>::open("/orders", {});
  REQUIRE(opened);
  STATIC_REQUIRE(std::is_same_v<decltype(&*opened), decltype(engine_of(1))>);
  CHECK(opened->put("k", "v"));
  CHECK(opened->get("k").value() == "v");
}
