// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The compaction slot: when to merge which tables, as a pure function of the shape of the tree.
///
/// | expression                | promise                                                         |
/// |---------------------------|-----------------------------------------------------------------|
/// | `C::name`                 | shown in stats                                                  |
/// | `C(options)`              | a picker; kept by one family, called under its lock             |
/// | `c.pick(levels, compare)` | `optional<Job>`: its inputs are free, and closed under overlap  |
/// |                           | in both levels; none: nothing to do                             |
/// | `c.pressure(levels)`      | `Pressure`: how far behind compaction is                        |
///
/// A picker sees `FileView`s only: it needs no engine, and can be tested on made-up shapes. The
/// engine re-checks every job when it installs the result (disjointness, overlap), in release
/// builds too.

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
};

/// Level 0 newest first, may overlap; deeper levels by key, disjoint.
using Levels = std::vector<std::vector<FileView>>;

struct Job {
  unsigned level = 0;         ///< of `upper`
  unsigned output_level = 0;  ///< of `lower` and of what is written
  std::vector<std::uint64_t> upper{};
  std::vector<std::uint64_t> lower{};
  std::uint64_t output_file_bytes = 0;
};

/// 0 is at ease; at 1 writers are slowed down, more the nearer to 2, where they stop.
struct Pressure {
  double value = 0;
};

/// Three-way comparison of user keys.
using Compare = int (*)(std::string_view, std::string_view) noexcept;

}  // namespace strata::compaction

namespace strata {

template <class C>
concept CompactionPolicy = std::same_as<typename C::policy_slot, compaction_slot> &&
    std::constructible_from<C, typename C::Options> &&
    requires(C picker, const compaction::Levels& levels, compaction::Compare compare) {
  { C::name } -> std::convertible_to<std::string_view>;
  { picker.pick(levels, compare) } -> std::same_as<std::optional<compaction::Job>>;
  { picker.pressure(levels) } -> std::same_as<compaction::Pressure>;
};

}  // namespace strata
