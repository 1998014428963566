// SPDX-License-Identifier: BSL-1.0
//
// An engine that keeps values apart, on a disk that loses power, or fails, at every mutating call
// of a script of writes, flushes, compactions, which collect garbage as they pass, and collections.
#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>

#include "actions.hpp"
#include "battery.hpp"

using namespace strata;
using namespace crash_test;

namespace {

using Apart = value_separation::ValueLog;
using Db = Database<Family<"left", Apart>, Family<"right", Apart>, io::Simulated, executor::Inline,
                    clock::Frozen>;

/// Values of a dozen bytes are large here, and a fifth of garbage in a file is enough to move.
Result<Db> open_small(io::Simulated& fs) {
  auto options = small<Db>(fs);
  std::apply(
      [](auto&... family) {
        ((family.compaction.level1_bytes = 1'000, family.compaction.file_bytes = 500,
          family.value_separation = {.threshold_bytes = 12,
                                     .file_bytes = 2'000,
                                     .garbage_ratio = 0.2}),
         ...);
      },
      options.families);
  return Db::open("/db", options);
}

/// A table has an entry or two, so that those of keys far away rest while others are compacted.
Result<Db> open_collecting(io::Simulated& fs) {
  auto options = small<Db>(fs);
  std::apply(
      [](auto&... family) {
        ((family.compaction = {.level0_trigger = 2, .level1_bytes = 20'000, .file_bytes = 60},
          family.table_format.block_bytes = 64,
          family.value_separation = {.threshold_bytes = 12,
                                     .file_bytes = 2'000,
                                     .garbage_ratio = 0.3}),
         ...);
      },
      options.families);
  return Db::open("/db", options);
}

/// Overwrites a few keys again and again, and now and then one far away, whose value shares a file
/// with theirs.
void write_near(PlayerOf<Db>& player) {
  if (player.story().is_over()) {
    return;
  }
  testing::View next = player.story().latest();
  WriteBatch batch;
  const auto put = [&](const std::string& key, const std::string& value) {
    batch.put(player.db().family<"left">().id(), key, value);
    next["left/" + key] = value;
  };
  const std::string number = player.next_number();
  put("#", number);
  put("a" + std::to_string(player.below(3)), number + player.value() + std::string(12, '.'));
  put("b" + std::to_string(player.below(3)), number + player.value() + std::string(12, '.'));
  if (player.below(2) == 0) {
    put("z" + std::to_string(player.below(8)), number + player.value() + std::string(12, '.'));
  }
  player.attempt(std::move(next), false,
                 [&] { return player.db().write(batch, {.durability = Durability::buffered}); });
}

/// The most that one database of the script below did.
std::uint64_t collections = 0;

/// Nothing is compacted that the policy does not ask for, so what collects is the garbage alone.
testing::CrashActions<Db> collecting(unsigned steps) {
  const auto flush = [](PlayerOf<Db>& player) {
    player.flush();
    const auto metrics = player.db().stats().metrics;
    collections = std::max(collections, metrics[metrics::Counter::value_collections]);
  };
  return {&open_collecting, {{5, write_near}, {5, flush}, syncs<Db>(1), snapshots<Db>(1)}, steps};
}

}  // namespace

TEST_CASE("values that lie apart", "[crash]") {
  survives_power_loss("value_log", everything<Db>(&open_small));
}

TEST_CASE("garbage of values that is collected all the time", "[crash]") {
  const testing::CrashActions<Db> script{
      &open_small, {writes<Db>(3), flushes<Db>(1), compactions<Db>(2), snapshots<Db>(1)}};
  survives_power_loss("value_garbage", script);
}

TEST_CASE("whatever call fails, no value that was acknowledged is lost", "[crash]") {
  survives_faults("value_log", everything<Db>(&open_small, 40), {.seed = 2});
}

TEST_CASE("tables that are written again for their garbage alone", "[crash]") {
  collections = 0;
  survives_power_loss("value_collection", collecting(40));
  WARN(collections << " collections in one run");
  CHECK(collections > 5);
}

TEST_CASE("whatever call fails, no value is lost by a collection", "[crash]") {
  collections = 0;
  survives_faults("value_collection", collecting(20), {.seed = 2});
  CHECK(collections > 2);
}
