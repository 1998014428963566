// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A database that loses power at every mutating call of a script, and must lose nothing else.
///
/// The script runs on `io::Simulated` in one thread, so that it makes the same calls each time. For
/// each call k it runs until the power fails there; of what may survive, images are drawn (nothing
/// unsynced, everything, random parts), and each is opened. The oracle:
///
/// 1. It opens, and verification finds no damage.
/// 2. What a reader sees is the state after some number n of the script's changes: changes are
///    whole, and a prefix of commit order.
/// 3. n is at least what was acknowledged as synced; where everything survived, as after kill -9,
///    at least what was acknowledged at all.
/// 4. It accepts a change, and is the same after it was closed and opened again.
/// 5. The same holds if the power fails again at any call of the recovery.
///
/// `run_faults` does the same with a disk that breaks instead: at each call each `io::FaultKind`,
/// once, and from then on; the script goes on as far as the database lets it. Changes that were
/// refused must be absent, those that were acknowledged must be there after a loss of power as
/// above.
///
/// Two images of equal content recover alike, so the second of them is only held against what the
/// script had been promised by then; reports say how many were distinct.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/simulated.hpp>
#include <strata/testing/crash_history.hpp>

namespace strata::testing {

/// | expression                | result         |                                             |
/// |---------------------------|----------------|---------------------------------------------|
/// | `s.open(fs)`              | `Result<Db>`   | opens or creates the database               |
/// | `s.play(fs, seed, story)` |                | opens, changes, closes it; notes outcomes   |
/// | `s.see(db)`               | `Result<View>` | verifies, and reads all that can be read    |
/// | `s.add_one(db, view)`     | `Result<void>` | one synced change, made to `view` too       |
template <class S>
concept CrashScript = requires(
    S script, io::Simulated fs, CrashHistory story, View view,
    typename decltype(std::declval<S&>().open(std::declval<io::Simulated&>()))::value_type db) {
  script.play(fs, std::uint64_t{}, story);
  { script.see(db) } -> std::same_as<Result<View>>;
  { script.add_one(db, view) } -> std::same_as<Result<void>>;
};

struct CrashOptions {
  std::uint64_t seed = 1;
  unsigned random_images = 32;    ///< of each crash, beside "nothing" and "everything"
  unsigned recovery_stride = 16;  ///< every so many crashes, recovery is crashed at each call too
  std::uint64_t only_call = 0;    ///< to replay one crash; 0: all
};

struct CrashReport {
  std::uint64_t calls = 0;       ///< mutating calls of the script, each a crash
  std::uint64_t read_calls = 0;  ///< of the script
  std::uint64_t states = 0;      ///< images that were judged
  std::uint64_t distinct = 0;    ///< images of different content among them
  std::uint64_t recovery_crashes = 0;
  std::vector<std::string> violations;
};

template <CrashScript Script>
class CrashBattery {
 public:
  CrashBattery(const CrashOptions& options, Script script)
      : options_(options), script_(std::move(script)) {}

  /// Stops at the first violations: those of one crash.
  [[nodiscard]] CrashReport run() {
    count_calls();
    for (std::uint64_t call = first(); call <= last(report_.calls + 1) && clean(); ++call) {
      crash_at(call);
    }
    return std::move(report_);
  }
  [[nodiscard]] CrashReport run_faults() {
    using Kind = io::FaultKind;
    count_calls();
    for (const Kind kind :
         {Kind::eio, Kind::enospc, Kind::short_write, Kind::sync_fails_pages_dropped,
          Kind::sync_fails_pages_visible, Kind::renamed_but_error, Kind::close_error}) {
      fail_at_each_call(kind, report_.calls);
    }
    for (const Kind kind : {Kind::read_eio, Kind::emfile}) {
      fail_at_each_call(kind, report_.read_calls);
    }
    return std::move(report_);
  }

 private:
  [[nodiscard]] bool clean() const noexcept { return report_.violations.empty(); }
  [[nodiscard]] std::uint64_t first() const noexcept {
    return options_.only_call == 0 ? 1 : options_.only_call;
  }
  [[nodiscard]] std::uint64_t last(std::uint64_t of_all) const noexcept {
    return options_.only_call == 0 ? of_all : options_.only_call;
  }

  void count_calls() {
    io::Simulated whole;
    const CrashHistory story = play(whole);
    report_.calls = whole.calls();
    report_.read_calls = whole.read_calls();
    if (!story.is_complete()) {
      violation("the script fails without a fault");
    }
  }
  [[nodiscard]] CrashHistory play(io::Simulated& fs) {
    CrashHistory story;
    script_.play(fs, options_.seed, story);
    return story;
  }

  void crash_at(std::uint64_t call) {
    io::Simulated fs;
    fs.crash_at(call);
    const CrashHistory story = play(fs);
    for (unsigned i = 0; i < options_.random_images + 2; ++i) {
      const auto choice = choice_of(i, call);
      where_ = "crash at call " + std::to_string(call) + ", image " + std::to_string(i);
      judge(fs.crash_image(choice), story, keeps_all(choice));
      if (call % options_.recovery_stride == 0 && (i == 0 || i == 2)) {
        crash_recovery(fs, choice, story);
      }
    }
  }
  [[nodiscard]] static bool keeps_all(const io::CrashChoice& choice) noexcept {
    return choice.kind == io::CrashChoice::Kind::keep_all;
  }
  [[nodiscard]] static io::CrashChoice choice_of(unsigned i, std::uint64_t call) {
    return i == 0   ? io::CrashChoice::drop_all_unsynced()
           : i == 1 ? io::CrashChoice::keep_all()
                    : io::CrashChoice::random(call * 1000 + i);
  }

  void crash_recovery(const io::Simulated& fs, io::CrashChoice choice, const CrashHistory& story) {
    std::uint64_t calls = 0;
    {
      io::Simulated disk = fs.crash_image(choice);
      auto opened = script_.open(disk);
      calls = disk.calls();
    }
    const std::string outer = where_;
    for (std::uint64_t call = 1; call <= calls; ++call) {
      io::Simulated disk = fs.crash_image(choice);
      disk.crash_at(call);
      { auto opened = script_.open(disk); }
      ++report_.recovery_crashes;
      for (const auto again :
           {io::CrashChoice::drop_all_unsynced(), io::CrashChoice::random(call)}) {
        where_ = outer + ", recovery crashed at call " + std::to_string(call);
        judge(disk.crash_image(again), story, keeps_all(choice));
      }
    }
  }

  /// Once, and from then on.
  void fail_at_each_call(io::FaultKind kind, std::uint64_t calls) {
    for (std::uint64_t call = first(); call <= last(calls) && clean(); ++call) {
      fail_at(call, kind, false);
      fail_at(call, kind, true);
    }
  }
  void fail_at(std::uint64_t call, io::FaultKind kind, bool for_ever) {
    recovered_.clear();  // another fault, another story
    io::Simulated fs;
    fs.inject({.call = call, .kind = kind, .forever = for_ever});
    const CrashHistory story = play(fs);
    if (fs.faults_fired() == 0) {
      return;  // the call is of another kind
    }
    for (unsigned i = 0; i < 3; ++i) {
      where_ = "fault " + std::to_string(static_cast<int>(kind)) +
               (for_ever ? " from call " : " at call ") + std::to_string(call) + ", image " +
               std::to_string(i);
      const auto choice = choice_of(i, call);
      // Of what a failed sync dropped, nobody may have heard before the script ended.
      judge(fs.crash_image(choice), story,
            keeps_all(choice) && kind != io::FaultKind::sync_fails_pages_dropped);
    }
  }

  void judge(const io::Simulated& disk, const CrashHistory& story, bool kept_all) {
    ++report_.states;
    const std::uint64_t content = disk.fingerprint();
    auto known = recovered_.find(content);
    if (known == recovered_.end()) {
      const auto found = recover(disk, story);
      if (!found) {
        return;
      }
      known = recovered_.emplace(content, *found).first;
    }
    const std::uint64_t least = story.least(kept_all);
    if (known->second > story.attempted()) {
      violation("has change " + std::to_string(known->second) + ", which was refused");
    } else if (known->second < least) {
      violation("lost changes: has " + std::to_string(known->second) + ", must have " +
                std::to_string(least));
    }
  }

  /// How many changes are found; none, after noting a violation, if it is no state at all.
  [[nodiscard]] std::optional<std::uint64_t> recover(io::Simulated disk,
                                                     const CrashHistory& story) {
    ++report_.distinct;
    View view;
    std::uint64_t found = 0;
    {
      auto db = script_.open(disk);
      if (!db) {
        return violation("does not open: " + to_string(db.error()));
      }
      auto seen = script_.see(*db);
      if (!seen) {
        return violation("can not be read: " + to_string(seen.error()));
      }
      const auto state = story.find(*seen);
      if (!state) {
        return violation("shows no state of the script: " + story.explain(*seen));
      }
      found = *state;
      view = std::move(*seen);
      if (auto added = script_.add_one(*db, view); !added) {
        return violation("does not accept a change: " + to_string(added.error()));
      }
    }
    auto again = script_.open(disk);
    if (!again) {
      return violation("does not open a second time: " + to_string(again.error()));
    }
    auto seen = script_.see(*again);
    if (!seen || *seen != view) {
      return violation("is different after it was opened a second time");
    }
    return found;
  }

  std::nullopt_t violation(const std::string& what) {
    report_.violations.push_back("seed " + std::to_string(options_.seed) + ", " + where_ + ": " +
                                 what);
    return std::nullopt;
  }

  CrashOptions options_;
  Script script_;
  CrashReport report_;
  std::unordered_map<std::uint64_t, std::uint64_t> recovered_;  ///< by fingerprint of the image
  std::string where_;
};

}  // namespace strata::testing
