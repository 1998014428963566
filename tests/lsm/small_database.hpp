// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Databases small enough that a test of some hundred writes flushes and compacts, on a file system
/// in memory and with background work done in the caller's thread: the same run every time.

#include <cstdio>
#include <string>

#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>

namespace strata::tests {

template <class... Policies>
using SmallTree = LsmTree<io::Memory, executor::Inline, clock::Frozen, Policies...>;

/// Memtables of 60 KB, tables of 4 KiB, two tables in level 0 start a compaction.
template <class Options>
Options shrink(Options options) {
  options.write_buffer_bytes = 60'000;
  options.wal.segment_bytes = 8'000;
  options.compaction.level0_trigger = 2;
  options.compaction.level1_bytes = 16'000;
  options.compaction.file_bytes = 4'000;
  options.table_format.block_bytes = 512;
  return options;
}

template <class Db>
typename Db::Options small_options(const io::Memory& fs) {
  typename Db::Options options;
  options.file_system = fs;
  return shrink(std::move(options));
}

/// "key000042"
inline std::string key_of(unsigned number) {
  char text[16];
  std::snprintf(text, sizeof text, "key%06u", number);
  return text;
}

/// Writes keys [0, count) with 100-byte values that end in `tag`.
template <class Db>
bool fill(Db& db, unsigned count, const std::string& tag) {
  bool all = true;
  for (unsigned i = 0; i < count; ++i) {
    all = all && db.put(key_of(i), std::string(100, 'v') + tag);
  }
  return all;
}

}  // namespace strata::tests
