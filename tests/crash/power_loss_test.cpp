// SPDX-License-Identifier: BSL-1.0
//
// The engine on a disk that loses power at every mutating call of a script.
#include <cstdlib>
#include <string>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/testing/crash_check.hpp>

using strata::Family;
using strata::testing::CrashCheck;
using strata::testing::CrashOptions;

namespace {

using Db = strata::Database<Family<"left">, Family<"right">, strata::io::Simulated,
                            strata::executor::Inline, strata::clock::Frozen>;

/// Small enough that a script of some dozen batches flushes and compacts several times.
strata::Result<Db> open_small(strata::io::Simulated& fs) {
  Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 20'000;
  options.wal.segment_bytes = 8'000;
  std::apply(
      [](auto&... family) {
        ((family.compaction.level0_trigger = 2, family.compaction.level1_bytes = 6'000,
          family.compaction.file_bytes = 3'000, family.table_format.block_bytes = 512),
         ...);
      },
      options.families);
  return Db::open("/db", options);
}

/// How many scripts; STRATA_CRASH_SEEDS says another number.
std::uint64_t seeds() {
  const char* wanted = std::getenv("STRATA_CRASH_SEEDS");
  return wanted == nullptr ? 3 : std::strtoull(wanted, nullptr, 10);
}

}  // namespace

TEST_CASE("whenever the power fails, every synced batch is there, and only whole batches",
          "[crash]") {
  std::uint64_t calls = 0;
  std::uint64_t states = 0;
  std::uint64_t recovery_crashes = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    CrashOptions options;
    options.seed = seed;
    CrashCheck<Db, decltype(&open_small)> check(options, &open_small);
    const auto report = check.run();
    for (const std::string& violation : report.violations) {
      UNSCOPED_INFO(violation);
    }
    REQUIRE(report.violations.empty());
    calls += report.calls;
    states += report.states;
    recovery_crashes += report.recovery_crashes;
  }
  WARN("power failed at " << calls << " calls and at " << recovery_crashes << " of recoveries; "
                          << states << " states visited, 0 violations");
  CHECK(states > 3'000 * seeds());
}

TEST_CASE("whatever call fails, what was acknowledged is there and what was refused is not",
          "[crash]") {
  std::uint64_t states = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    CrashOptions options;
    options.seed = seed;
    CrashCheck<Db, decltype(&open_small)> check(options, &open_small);
    const auto report = check.run_faults();
    for (const std::string& violation : report.violations) {
      UNSCOPED_INFO(violation);
    }
    REQUIRE(report.violations.empty());
    states += report.states;
  }
  WARN("faults at every call: " << states << " states visited, 0 violations");
  CHECK(states > 1'500 * seeds());
}
