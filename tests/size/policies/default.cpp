// SPDX-License-Identifier: BSL-1.0
// The default composition, with all of strata included and all main operations used: of the models
// that it did not choose, nothing is in the object.
// composed: cache::S3Fifo checksum::Crc32c clock::Steady compaction::Leveled
// composed: compaction_filter::None comparator::Bytewise compression::None executor::Threads
// composed: filter::Bloom index::Binary io::Posix memtable::BTree merge::None metrics::Counters
// composed: table::BlockBased value_separation::None wal::GroupCommit
// absent: \bU LZ4_
// absent: \bU ZSTD_
// absent: \bU EVP_
// absent: \bU io_uring_
#include <cstddef>
#include <string>
#include <type_traits>

#include <strata/lsm/repair.hpp>
#include <strata/strata.hpp>

using Db = strata::LsmTree<>;

// What is not composed takes no room either.
template <class... Policies>
inline constexpr std::size_t core_bytes = sizeof(typename strata::LsmTree<Policies...>::Core);
template <class... Policies>
inline constexpr std::size_t tree_bytes =
    sizeof(typename strata::LsmTree<Policies...>::Core::template TreeAt<0>);
template <class... Policies>
inline constexpr std::size_t cursor_bytes = sizeof(typename strata::LsmTree<Policies...>::Cursor);
// Counters lie behind a pointer, and a core is a multiple of a cache line, which may hide that one.
static_assert(std::is_empty_v<strata::metrics::None::type>);
static_assert(core_bytes<strata::metrics::None> <= core_bytes<>);
static_assert(core_bytes<strata::cache::None> < core_bytes<>);
static_assert(core_bytes<strata::wal::None> < core_bytes<>);
static_assert(core_bytes<strata::executor::Inline> < core_bytes<>);
static_assert(tree_bytes<strata::filter::None> < tree_bytes<>);
static_assert(tree_bytes<> < tree_bytes<strata::value_separation::ValueLog>);
static_assert(cursor_bytes<> < cursor_bytes<strata::value_separation::ValueLog>);

bool use(const std::string& path) {
  auto db = Db::open(path);
  const strata::Snapshot snapshot = db->snapshot();
  auto cursor = db->cursor();
  cursor.seek("k");
  strata::WriteBatch batch;
  batch.put("k", "v");
  return db->write(batch) && db->put("k", "v") && db->erase("k") && db->erase_range("a", "b") &&
         db->get("k") && db->multi_get({}).has_value() && cursor.status() && db->flush() &&
         db->compact() && db->checkpoint(path + ".copy") && db->verify() &&
         db->stats().families.empty() && db->close() && Db::repair(path);
}
