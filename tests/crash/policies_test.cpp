// SPDX-License-Identifier: BSL-1.0
//
// Compositions that put other things into files, or move them otherwise, under loss of power.
#include <tuple>

#include <catch2/catch.hpp>

#include <strata/compaction.hpp>
#include <strata/compression/zstd.hpp>
#include <strata/filter.hpp>
#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/memtable.hpp>
#include <strata/table.hpp>

#include "actions.hpp"
#include "battery.hpp"

using namespace strata;
using namespace crash_test;

namespace {

template <class... Policies>
using Two = Database<Family<"left", Policies...>, Family<"right", Policies...>, io::Simulated,
                     executor::Inline, clock::Frozen>;

template <class Db>
typename Db::Options smaller(io::Simulated& fs) {
  typename Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 20'000;
  options.wal.segment_bytes = 8'000;
  return options;
}

}  // namespace

TEST_CASE("runs of similar size, filters by ribbon, an index by levels", "[crash]") {
  using Db = Two<compaction::SizeTiered, memtable::SkipList, filter::Ribbon, index::Eytzinger>;
  const auto open = [](io::Simulated& fs) {
    auto options = smaller<Db>(fs);
    std::apply(
        [](auto&... family) {
          ((family.compaction.runs_trigger = 2, family.compaction.file_bytes = 3'000), ...);
        },
        options.families);
    return Db::open("/db", options);
  };
  survives_power_loss("size_tiered", everything<Db>(open));
  survives_faults("size_tiered", everything<Db>(open, 40));
}

TEST_CASE("lazy leveling, compression with dictionaries, a learned index", "[crash]") {
  using Db = Two<compaction::LazyLeveled, memtable::Art, compression::Zstd, index::Learned>;
  const auto open = [](io::Simulated& fs) {
    auto options = smaller<Db>(fs);
    std::apply(
        [](auto&... family) {
          ((family.compaction.ratio_min = 2, family.compaction.ratio_max = 4,
            family.compaction.run_bytes = 2'000, family.compaction.file_bytes = 3'000,
            family.compression.dictionary_bytes = 1'000),
           ...);
        },
        options.families);
    return Db::open("/db", options);
  };
  survives_power_loss("lazy_leveled", everything<Db>(open));
  survives_faults("lazy_leveled", everything<Db>(open, 40));
}
