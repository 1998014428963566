// SPDX-License-Identifier: BSL-1.0
//
// An engine that keeps values apart, on a disk that loses power, or fails, at every mutating call
// of a script of writes, flushes and compactions, which collect garbage as they pass.
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/testing/crash_check.hpp>

using strata::Family;
using strata::testing::CrashCheck;
using strata::testing::CrashOptions;

namespace {

using Apart = strata::value_separation::ValueLog;
using Db = strata::Database<Family<"left", Apart>, Family<"right", Apart>, strata::io::Simulated,
                            strata::executor::Inline, strata::clock::Frozen>;

/// Values of a dozen bytes are large here, and half of the garbage of a file is enough to move.
strata::Result<Db> open_small(strata::io::Simulated& fs) {
  Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 20'000;
  options.wal.segment_bytes = 8'000;
  std::apply(
      [](auto&... family) {
        ((family.compaction.level0_trigger = 2, family.compaction.level1_bytes = 1'000,
          family.compaction.file_bytes = 500, family.table_format.block_bytes = 512,
          family.value_separation = {.threshold_bytes = 12,
                                     .file_bytes = 2'000,
                                     .garbage_ratio = 0.2}),
         ...);
      },
      options.families);
  return Db::open("/db", options);
}

using Check = CrashCheck<Db, decltype(&open_small)>;

void require_none(const std::vector<std::string>& violations) {
  for (const std::string& violation : violations) {
    UNSCOPED_INFO(violation);
  }
  REQUIRE(violations.empty());
}

}  // namespace

TEST_CASE("whenever the power fails, every synced batch is there with its values", "[crash]") {
  CrashOptions options;
  options.seed = 2;
  options.steps = 40;
  options.recovery_stride = 64;
  const auto report = Check(options, &open_small).run();
  require_none(report.violations);
  WARN("power failed at " << report.calls << " calls; " << report.states << " states visited");
  CHECK(report.states > 1'000);
}

TEST_CASE("whatever call fails, no value that was acknowledged is lost", "[crash]") {
  CrashOptions options;
  options.seed = 2;
  options.steps = 40;
  const auto report = Check(options, &open_small).run_faults();
  require_none(report.violations);
  WARN("faults at every call: " << report.states << " states visited");
  CHECK(report.states > 500);
}
