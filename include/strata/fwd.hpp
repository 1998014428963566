// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Names of strata without their definitions, for headers that only pass them on. An engine of
/// one's own is forward-declared through its composition:
///
///     struct Orders;                                  // struct Orders : compose<...>::type {};
///     strata::Engine<Orders>* db;

#include <cstddef>
#include <cstdint>

namespace strata {

class Error;
enum class ErrorCode : std::uint8_t;
enum class Durability : std::uint8_t;

template <class Composition>
class Engine;
template <class Core, class TreeOf>
class FamilyAccess;
template <class... Policies>
struct DynamicFamilies;
template <class... Policies>
struct compose;

class Snapshot;
class WriteBatch;
struct FamilyId;
struct ReadOptions;
struct WriteOptions;
struct Stats;
struct Health;

template <class... Policies>
class PersistenceManager;

namespace aead {
struct Aes256Gcm;
struct ChaCha20Poly1305;
}  // namespace aead
namespace cache {
struct AdaptiveScore;
struct Arc;
struct Clock;
struct Lru;
struct None;
struct S3Fifo;
struct Sieve;
struct WTinyLfu;
}  // namespace cache
namespace checksum {
struct Crc32c;
}
namespace clock {
struct Frozen;
struct Steady;
}  // namespace clock
namespace compaction {
class Fifo;
class LazyLeveled;
class Leveled;
class Manual;
class SizeTiered;
class TimeWindow;
}  // namespace compaction
namespace comparator {
struct Bytewise;
struct ReverseBytewise;
}  // namespace comparator
namespace compression {
struct Lz4;
struct None;
template <class Upper, class Lower, unsigned FirstLowerLevel>
struct PerLevel;
struct Zstd;
}  // namespace compression
namespace executor {
struct Inline;
struct Threads;
}  // namespace executor
namespace filter {
struct BinaryFuse;
struct BlockedBloom;
struct Bloom;
struct None;
template <class F, class Extractor>
struct Prefix;
struct Range;
struct Ribbon;
}  // namespace filter
namespace index {
struct Binary;
struct Eytzinger;
struct Learned;
}  // namespace index
namespace io {
class Direct;
class Memory;
class Posix;
class Simulated;
class Uring;
class KeyRing;
template <class Fs, class Aead>
class Encrypted;
template <class Fs, class Clock>
class RateLimited;
}  // namespace io
namespace memtable {
struct Art;
struct BTree;
struct HashIndex;
template <class M, std::size_t N>
struct Partitioned;
struct SkipList;
struct Vector;
}  // namespace memtable
namespace merge {
struct Add;
struct Append;
struct Max;
struct Min;
struct None;
struct SetUnion;
}  // namespace merge
namespace metrics {
struct Counters;
struct None;
}  // namespace metrics
namespace mvcc {
template <class... Policies>
class Store;
namespace control {
struct FirstCommitterWins;
struct Optimistic;
struct TwoPhase;
}  // namespace control
namespace gc {
struct Cooperative;
struct None;
struct Vacuum;
}  // namespace gc
namespace index {
struct Hashed;
struct Ordered;
}  // namespace index
namespace order {
struct NewestFirst;
struct OldestFirst;
}  // namespace order
}  // namespace mvcc
namespace value_separation {
struct None;
struct ValueLog;
}  // namespace value_separation
namespace wal {
struct GroupCommit;
struct None;
}  // namespace wal

}  // namespace strata
