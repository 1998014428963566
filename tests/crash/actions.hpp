// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the scripts of this folder are made of: actions with their weights, and small databases.

#include <tuple>

#include <strata/io/simulated.hpp>
#include <strata/testing/crash_player.hpp>

namespace crash_test {

/// Small enough that a script of some dozen batches flushes and compacts several times.
inline void make_small(auto& family) {
  family.compaction.level0_trigger = 2;
  family.compaction.level1_bytes = 6'000;
  family.compaction.file_bytes = 3'000;
  family.table_format.block_bytes = 512;
}

template <class Db>
[[nodiscard]] typename Db::Options small(const auto& fs) {
  typename Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 20'000;
  options.wal.segment_bytes = 8'000;
  std::apply([](auto&... family) { (make_small(family), ...); }, options.families);
  return options;
}

template <class Db>
using ActionOf = typename strata::testing::CrashActions<Db>::Action;
template <class Db>
using PlayerOf = strata::testing::CrashPlayer<Db>;

template <class Db>
constexpr ActionOf<Db> writes(unsigned weight) {
  return {weight, [](PlayerOf<Db>& p) { p.write_batch(); }};
}
template <class Db>
constexpr ActionOf<Db> flushes(unsigned weight) {
  return {weight, [](PlayerOf<Db>& p) { p.flush(); }};
}
template <class Db>
constexpr ActionOf<Db> compactions(unsigned weight) {
  return {weight, [](PlayerOf<Db>& p) { p.compact(); }};
}
template <class Db>
constexpr ActionOf<Db> syncs(unsigned weight) {
  return {weight, [](PlayerOf<Db>& p) { p.sync(); }};
}
template <class Db>
constexpr ActionOf<Db> snapshots(unsigned weight) {
  return {weight, [](PlayerOf<Db>& p) { p.hold_or_release_snapshot(); }};
}
template <class Db>
constexpr ActionOf<Db> reopenings(unsigned weight) {
  return {weight, [](PlayerOf<Db>& p) { p.reopen(); }};
}

/// A bit of everything.
template <class Db>
[[nodiscard]] strata::testing::CrashActions<Db> everything(typename PlayerOf<Db>::Open open,
                                                           unsigned steps = 60) {
  return {open,
          {writes<Db>(7), flushes<Db>(1), compactions<Db>(2), syncs<Db>(1), snapshots<Db>(1),
           reopenings<Db>(1)},
          steps};
}

}  // namespace crash_test
