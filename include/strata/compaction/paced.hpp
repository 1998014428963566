// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Any policy, at a pace: at most one job an interval, which the rate of writes schedules.
///
///     interval = writes_per_job / rate, within [interval_min_seconds, interval_max_seconds]
///
/// `rate` is entries flushed a second, smoothed: each look moves it towards the rate since the last
/// one by 1 - exp(-elapsed / interval_max_seconds). More writes make the interval shorter, fewer
/// leave the disk to readers. At `pressure_bypass` the pace is off: writers must not wait for it.
///
/// The wrapped policy is not asked while an interval lasts, so work may be left when writes end; it
/// is done by later flushes. A clock that stands still at 0 (`clock::Frozen`) knows no pace.
///
/// Layout, granularity and movement are those of the wrapped policy.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/compaction/concept.hpp>
#include <strata/compaction/option_check.hpp>
#include <strata/core/error.hpp>

namespace strata::compaction {

template <CompactionPolicy C>
class Paced {
 public:
  using policy_slot = compaction_slot;
  static constexpr std::string_view name = "paced";
  static constexpr bool follows_reads = compaction::follows_reads<C>;
  static constexpr bool follows_scans = compaction::follows_scans<C>;
  static constexpr bool only_on_demand = compaction::only_on_demand<C>;

  /// The wrapped policy's, and the pace.
  struct Options : options_of_t<C> {
    std::uint64_t writes_per_job = 1'000'000;
    std::uint64_t interval_min_seconds = 1;
    std::uint64_t interval_max_seconds = 60;
    double pressure_bypass = 1;  ///< from there on jobs go at once
  };

  /// Requires: `check` takes them.
  explicit Paced(Options options)
      : options_(options), policy_(static_cast<const options_of_t<C>&>(options)) {}

  /// Errors: invalid_argument, which names the field.
  [[nodiscard]] static Result<void> check(const Options& o) {
    auto own =
        OptionCheck("Paced")
            .expect(o.writes_per_job > 0, "writes_per_job", "give at least 1")
            .expect(o.interval_max_seconds >= std::max<std::uint64_t>(1, o.interval_min_seconds),
                    "interval_max_seconds", "give at least interval_min_seconds, and 1")
            .expect(o.pressure_bypass >= 0, "pressure_bypass", "give at least 0")
            .done();
    return own ? check_options<C>(o) : own;
  }
  /// The rate that was seen stays, as does what the wrapped policy has learnt.
  void set_options(const Options& options) {
    options_ = options;
    change_options(policy_, static_cast<const options_of_t<C>&>(options));
  }

  [[nodiscard]] std::optional<Job> pick(const Levels& levels, const Conditions& now) {
    follow(now);
    const bool waits = now.unix_seconds != 0 && next_seconds_ > now.unix_seconds &&
                       next_seconds_ - now.unix_seconds <= options_.interval_max_seconds;
    if (waits && policy_.pressure(levels).value < options_.pressure_bypass) {
      return std::nullopt;
    }
    auto job = policy_.pick(levels, now);
    if (job) {
      next_seconds_ = now.unix_seconds + interval_seconds();
    }
    return job;
  }

  [[nodiscard]] Pressure pressure(const Levels& levels) const { return policy_.pressure(levels); }

  /// What the rate of writes asks for now.
  [[nodiscard]] std::uint64_t interval_seconds() const {
    const double wanted = static_cast<double>(options_.writes_per_job) / std::max(rate_, 1e-9);
    return static_cast<std::uint64_t>(
        std::clamp(wanted, static_cast<double>(options_.interval_min_seconds),
                   static_cast<double>(options_.interval_max_seconds)));
  }

 private:
  void follow(const Conditions& now) {
    if (now.unix_seconds <= seconds_ || now.writes < writes_) {
      seconds_ = std::min(seconds_, now.unix_seconds);  // a clock that was set back
      writes_ = std::min(writes_, now.writes);
      return;
    }
    if (seconds_ != 0) {
      const auto elapsed = static_cast<double>(now.unix_seconds - seconds_);
      const double rate = static_cast<double>(now.writes - writes_) / elapsed;
      const double span = static_cast<double>(options_.interval_max_seconds);
      rate_ += (rate - rate_) * (1 - std::exp(-elapsed / span));
    }
    seconds_ = now.unix_seconds;
    writes_ = now.writes;
  }

  Options options_;
  C policy_;
  double rate_ = 0;  ///< entries a second
  std::uint64_t seconds_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t next_seconds_ = 0;
};

}  // namespace strata::compaction
