// SPDX-License-Identifier: BSL-1.0
//
// An engine that keeps values apart, on a disk that loses power, or fails, at every mutating call
// of a script of writes, flushes and compactions, which collect garbage as they pass.
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
