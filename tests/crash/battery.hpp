// SPDX-License-Identifier: BSL-1.0
#pragma once

/// How the scripts of this folder are run; `./dev crash` sets what the environment may say:
///
///     STRATA_CRASH_STATES   states that each script visits at least (15,000)
///     STRATA_CRASH_SEED     the first seed (1)
///     STRATA_CRASH_SCRIPT   runs the script of this name alone
///     STRATA_CRASH_CALL     replays one crash: this call of the first seed alone

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

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

/// Whether the environment lets this script run.
inline bool is_wanted(std::string_view name) {
  const char* wanted = std::getenv("STRATA_CRASH_SCRIPT");
  return wanted == nullptr || name == wanted;
}

/// A line for a person, also where ctest hides what Catch says of a test that passed.
inline void tell(const char* what, const std::string& name, std::uint64_t seed,
                 const CrashReport& report) {
  std::printf(
      "%s %s, seed %llu: %llu calls, %llu crashes of recoveries, %llu states, "
      "%llu opened, %zu violations\n",
      what, name.c_str(), static_cast<unsigned long long>(seed),
      static_cast<unsigned long long>(report.calls),
      static_cast<unsigned long long>(report.recovery_crashes),
      static_cast<unsigned long long>(report.states),
      static_cast<unsigned long long>(report.distinct), report.violations.size());
  std::fflush(stdout);
}

/// What the environment says of where to begin.
inline CrashOptions begun(CrashOptions options) {
  options.seed = from_environment("STRATA_CRASH_SEED", options.seed);
  options.only_call = from_environment("STRATA_CRASH_CALL", 0);
  return options;
}

/// Runs `script` with one seed after the other until it has visited its states.
template <class Script>
void survives_power_loss(const std::string& name, const Script& script, CrashOptions options = {}) {
  if (!is_wanted(name)) {
    return;
  }
  const auto wanted = from_environment("STRATA_CRASH_STATES", 15'000);
  options = begun(options);
  for (std::uint64_t states = 0; states < wanted; ++options.seed) {
    const CrashReport report = CrashBattery<Script>(options, script).run();
    tell("crash script", name, options.seed, report);
    INFO("replay with ./dev crash --script " << name << " --seed " << options.seed);
    require_none(report);
    REQUIRE(report.calls > 0);
    states += options.only_call == 0 ? report.states : wanted;
  }
}

/// Breaks the disk at each call of one seed, in each way.
template <class Script>
void survives_faults(const std::string& name, const Script& script, CrashOptions options = {}) {
  if (!is_wanted(name)) {
    return;
  }
  options = begun(options);
  const CrashReport report = CrashBattery<Script>(options, script).run_faults();
  tell("fault script", name, options.seed, report);
  INFO("replay with ./dev crash --script " << name << " --seed " << options.seed);
  require_none(report);
  CHECK((report.states > report.calls || options.only_call != 0));
}

}  // namespace crash_test
