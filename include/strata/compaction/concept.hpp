// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The compaction slot: when to merge which tables, as a pure function of the shape of the tree.
///
/// | expression                | promise                                                         |
/// |---------------------------|-----------------------------------------------------------------|
/// | `C::name`                 | shown in stats                                                  |
/// | `C(options)`              | a picker; kept by one family, called under its lock. It is made |
/// |                           | of options that `check` takes, no others                        |
/// | `c.pick(levels, now)`     | `optional<Job>` that `check_job` takes; none: nothing to do     |
/// | `c.pressure(levels)`      | `Pressure`: how far behind compaction is                        |
/// | `c.set_options(options)`  | optional: takes them in; what was learnt stays. Without it a    |
/// |                           | new picker takes the place of the old one                       |
/// | `C::check(options)`       | optional `Result<void>`: whether they make sense; asked when a  |
/// |                           | database opens, and when an open one is given new options       |
/// | `C::follows_reads`        | optional `bool`: true: `now.reads` is counted, at the cost of   |
/// |                           | one count a look-up                                             |
/// | `C::follows_scans`        | optional `bool`: true: `now.detours` is counted, at the cost of |
/// |                           | one count a cursor                                              |
/// | `C::only_on_demand`       | optional `bool`: true: nothing is compacted that nobody asked   |
/// |                           | for, nor are values collected (`value_separation::ValueLog`)    |
///
/// A policy decides along four axes (Sarkar, Staratzis, Zhu, Athanassoulis, VLDB 2021), and each
/// model names them: the *trigger* (when), the *layout* (how many sorted runs a level may have),
/// the *granularity* (how much at once) and the *movement* (which tables). All four end in one
/// `Job`.
///
/// A picker sees `FileView`s only: it needs no engine, and can be tested on made-up shapes. The
/// engine checks each job before it starts (`compaction/job_check.hpp`) and again when it installs
/// the result, in release builds too: a wrong policy stops the database, and loses nothing.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/policy.hpp>

namespace strata::compaction {

inline constexpr unsigned level_count = 7;

/// A table as pickers see it. Bounds are user keys; `largest` is exclusive where it is the end of
/// a range erase.
struct FileView {
  std::uint64_t number = 0;
  std::uint64_t size_bytes = 0;
  std::string_view smallest;
  std::string_view largest;
  bool largest_exclusive = false;
  bool busy = false;  ///< an input of a running job
  std::uint64_t entries = 0;
  std::uint64_t tombstones = 0;
  Sequence smallest_sequence = 0;
  Sequence largest_sequence = 0;
  /// When the entries were written, by the database's clock: Unix seconds; 0: not known.
  std::uint64_t oldest_seconds = 0;
  std::uint64_t newest_seconds = 0;
};

/// Level 0 newest first, may overlap; deeper levels by key, disjoint.
using Levels = std::vector<std::vector<FileView>>;

/// Tables of one level that a job takes.
struct Input {
  unsigned level = 0;
  std::vector<std::uint64_t> files{};
  friend bool operator==(const Input&, const Input&) = default;
};

/// What a job does with its inputs.
enum class Action : std::uint8_t {
  merge,  ///< they become new tables of the output level
  drop,   ///< they are forgotten, with all they hold; waits until no snapshot lives
};

/// Everything in the inputs that is newer than something left behind must stay above it:
/// see `compaction/job_check.hpp`.
struct Job {
  std::vector<Input> inputs{};  ///< a level once, from the top down
  unsigned output_level = 0;    ///< 0: one run among those of level 0, where its inputs were
  std::uint64_t output_file_bytes = UINT64_MAX;  ///< a table ends beyond that
  Action action = Action::merge;
  friend bool operator==(const Job&, const Job&) = default;
};

/// Three-way comparison of user keys.
using Compare = int (*)(std::string_view, std::string_view) noexcept;

/// What a picker may know beside the shape. Counts are since the database was opened.
struct Conditions {
  Compare compare = nullptr;
  std::uint64_t unix_seconds = 0;  ///< of the database's clock
  std::uint64_t writes = 0;        ///< entries that were flushed
  std::uint64_t reads = 0;         ///< point look-ups; 0 without `follows_reads`
  /// How often cursors looked into a table of level 0, or came to one from another place: at most
  /// what they would have been spared without level 0; 0 without `follows_scans`.
  std::uint64_t detours = 0;
  /// The oldest version that a live snapshot sees; `sequence_max`: none lives.
  Sequence oldest_snapshot = sequence_max;
};

/// 0 is at ease; at 1 writers are slowed down, more the nearer to 2, where they stop.
struct Pressure {
  double value = 0;
};

/// Whether `C` wants `Conditions::reads`.
template <class C>
inline constexpr bool follows_reads = [] {
  if constexpr (requires { C::follows_reads; }) {
    return C::follows_reads;
  } else {
    return false;
  }
}();

/// Whether `C` wants `Conditions::detours`.
template <class C>
inline constexpr bool follows_scans = [] {
  if constexpr (requires { C::follows_scans; }) {
    return C::follows_scans;
  } else {
    return false;
  }
}();

/// Whether nothing is to be compacted that nobody asked for.
template <class C>
inline constexpr bool only_on_demand = [] {
  if constexpr (requires { C::only_on_demand; }) {
    return C::only_on_demand;
  } else {
    return false;
  }
}();

}  // namespace strata::compaction

namespace strata {

template <class C>
concept CompactionPolicy = std::same_as<typename C::policy_slot, compaction_slot> &&
    std::constructible_from<C, typename C::Options> &&
    requires(C picker, const compaction::Levels& levels, const compaction::Conditions& now) {
  { C::name } -> std::convertible_to<std::string_view>;
  { picker.pick(levels, now) } -> std::same_as<std::optional<compaction::Job>>;
  { picker.pressure(levels) } -> std::same_as<compaction::Pressure>;
};

}  // namespace strata
