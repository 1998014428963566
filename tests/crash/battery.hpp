// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How the scripts of this folder are run. The environment says how long, and which:
///
///     STRATA_CRASH_STATES   states that each script visits at least (17,000)
///     STRATA_CRASH_SEED     the first seed (1)
///     STRATA_CRASH_CALL     replays one crash: this call of the first seed alone

#include <cstdint>
#include <cstdlib>
#include <string>

#include <catch2/catch.hpp>

#include <strata/testing/crash_battery.hpp>

namespace crash_test {

using strata::testing::CrashBattery;
using strata::testing::CrashOptions;
using strata::testing::CrashReport;

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* wanted = std::getenv(name);
  return wanted == nullptr ? otherwise : std::strtoull(wanted, nullptr, 10);
}

inline void require_none(const CrashReport& report) {
  for (const std::string& violation : report.violations) {
    UNSCOPED_INFO(violation);
  }
  REQUIRE(report.violations.empty());
}

/// Runs `script` with one seed after the other until it has visited its states.
template <class Script>
void survives_power_loss(const std::string& name, const Script& script, CrashOptions options = {}) {
  const auto states = from_environment("STRATA_CRASH_STATES", 17'000);
  options.seed = from_environment("STRATA_CRASH_SEED", options.seed);
  options.only_call = from_environment("STRATA_CRASH_CALL", 0);
  CrashReport all;
  do {
    const CrashReport report = CrashBattery<Script>(options, script).run();
    INFO(name << ": replay with STRATA_CRASH_SEED=" << options.seed);
    require_none(report);
    REQUIRE(report.calls > 0);
    all.add(report);
    ++options.seed;
  } while (all.states < states && options.only_call == 0);
  WARN("crash script " << name << ": " << all.calls << " calls, " << all.recovery_crashes
                       << " crashes of recoveries, " << all.states << " states, " << all.distinct
                       << " distinct, 0 violations");
}

/// Breaks the disk at each call of one seed, in each way.
template <class Script>
void survives_faults(const std::string& name, const Script& script, CrashOptions options = {}) {
  options.seed = from_environment("STRATA_CRASH_SEED", options.seed);
  options.only_call = from_environment("STRATA_CRASH_CALL", 0);
  const CrashReport report = CrashBattery<Script>(options, script).run_faults();
  INFO(name << ": replay with STRATA_CRASH_SEED=" << options.seed);
  require_none(report);
  WARN("fault script " << name << ": " << report.calls << " calls, " << report.states
                       << " states, 0 violations");
  CHECK((report.states > report.calls || options.only_call != 0));
}

}  // namespace crash_test
