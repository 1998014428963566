// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Profiles: options, and where it pays a composition, for what a database is used for.
///
///     using Db = strata::profile::Tree<strata::profile::WriteHeavy>;
///     auto options = strata::profile::options<Db>(
///         strata::profile::write_heavy({.memory_bytes = 2_GiB, .cores = 8}));
///     auto db = options ? Db::open(path, *options) : ...;
///
/// A function takes resources and returns a `Plan` whose sum is within them, or says how much is
/// needed (lsm/profile_plan.hpp). `options<Db>` makes options of it for any composition: what a
/// slot has no such knob for stays as it is, and all may be changed afterwards.
///
/// | profile    | for                                    | composition beside the defaults |
/// |------------|----------------------------------------|---------------------------------|
/// | Embedded   | little memory, one or two cores        | metrics::None                   |
/// | Balanced   | when nothing is known: `LsmTree<>`     |                                 |
/// | WriteHeavy | more is written than read              | compaction::LazyLeveled         |
/// | ReadHeavy  | gets of single keys dominate           |                                 |
/// | LargeScale | far more data than memory              |                                 |
///
/// A profile names only policies that leave no trace on disk: a database may be opened with another
/// profile at any time. Why each value is what it is: docs/policies/profiles.md.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <strata/compaction/lazy_leveled.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/core/policy.hpp>
#include <strata/lsm/engine.hpp>
#include <strata/lsm/family.hpp>
#include <strata/lsm/profile_plan.hpp>
#include <strata/observe/none.hpp>

namespace strata::profile {

struct Embedded {
  using Policies = type_list<metrics::None>;
  static constexpr Shape shape{.name = "embedded",
                               .memtable_parts = 128,
                               .cache_parts = 192,
                               .fixed_bytes = 64_KiB,
                               .write_buffer_bytes_max = 16_MiB,
                               .immutables_max = 1,
                               .log_buffers = 4,
                               .compaction_eighths = 0,
                               .level0_trigger = 2,
                               .level0_slowdown = 4,
                               .level0_stop = 6,
                               .inputs_max = 7,
                               .file_bytes_max = 16_MiB,
                               .block_bytes = 4_KiB,
                               .bits_per_key = 10,
                               .block_hash = false};
};

struct Balanced {
  using Policies = type_list<>;
  static constexpr Shape shape{.name = "balanced",
                               .memtable_parts = 198,
                               .cache_parts = 256,
                               .fixed_bytes = 512_KiB,
                               .write_buffer_bytes_max = 256_MiB,
                               .immutables_max = 2,
                               .log_buffers = 16,
                               .compaction_eighths = 4,
                               .level0_trigger = 4,
                               .level0_slowdown = 16,
                               .level0_stop = 32,
                               .inputs_max = 33,
                               .file_bytes_max = 64_MiB,
                               .block_bytes = 4_KiB,
                               .bits_per_key = 10,
                               .block_hash = false};
};

struct WriteHeavy {
  using Policies = type_list<compaction::LazyLeveled>;
  static constexpr Shape shape{.name = "write_heavy",
                               .memtable_parts = 256,
                               .cache_parts = 128,
                               .fixed_bytes = 512_KiB,
                               .write_buffer_bytes_max = 1_GiB,
                               .immutables_max = 3,
                               .log_buffers = 16,
                               .compaction_eighths = 6,
                               .level0_trigger = 8,
                               .level0_slowdown = 32,
                               .level0_stop = 64,
                               .inputs_max = 65,
                               .file_bytes_max = 128_MiB,
                               .block_bytes = 4_KiB,
                               .bits_per_key = 10,
                               .block_hash = false};
};

struct ReadHeavy {
  using Policies = type_list<>;
  static constexpr Shape shape{.name = "read_heavy",
                               .memtable_parts = 64,
                               .cache_parts = 384,
                               .fixed_bytes = 512_KiB,
                               .write_buffer_bytes_max = 128_MiB,
                               .immutables_max = 1,
                               .log_buffers = 16,
                               .compaction_eighths = 2,
                               .level0_trigger = 2,
                               .level0_slowdown = 8,
                               .level0_stop = 16,
                               .inputs_max = 17,
                               .file_bytes_max = 64_MiB,
                               .block_bytes = 4_KiB,
                               .bits_per_key = 15,
                               .block_hash = true};
};

struct LargeScale {
  using Policies = type_list<>;
  static constexpr Shape shape{.name = "large_scale",
                               .memtable_parts = 128,
                               .cache_parts = 256,
                               .fixed_bytes = 512_KiB,
                               .write_buffer_bytes_max = 512_MiB,
                               .immutables_max = 2,
                               .log_buffers = 8,
                               .compaction_eighths = 6,
                               .level0_trigger = 4,
                               .level0_slowdown = 16,
                               .level0_stop = 32,
                               .inputs_max = 33,
                               .file_bytes_max = 256_MiB,
                               .block_bytes = 16_KiB,
                               .bits_per_key = 10,
                               .block_hash = false};
};

/// All profiles, by their names.
inline constexpr std::array<const Shape*, 5> shapes{
    &Embedded::shape, &Balanced::shape, &WriteHeavy::shape, &ReadHeavy::shape, &LargeScale::shape};

[[nodiscard]] inline Result<Plan> embedded(const Resources& resources) {
  return plan(Embedded::shape, resources);
}
/// Given the default resources, the defaults of `LsmTree<>::Options`.
[[nodiscard]] inline Result<Plan> balanced(const Resources& resources = {}) {
  return plan(Balanced::shape, resources);
}
[[nodiscard]] inline Result<Plan> write_heavy(const Resources& resources) {
  return plan(WriteHeavy::shape, resources);
}
[[nodiscard]] inline Result<Plan> read_heavy(const Resources& resources) {
  return plan(ReadHeavy::shape, resources);
}
[[nodiscard]] inline Result<Plan> large_scale(const Resources& resources) {
  return plan(LargeScale::shape, resources);
}
/// The profile called `name`, for settings that are text. Errors: invalid_argument lists the names.
[[nodiscard]] inline Result<Plan> by_name(std::string_view name, const Resources& resources) {
  std::string names;
  for (const Shape* shape : shapes) {
    if (shape->name == name) {
      return plan(*shape, resources);
    }
    names.append(names.empty() ? "" : ", ").append(shape->name);
  }
  return fail(ErrorCode::invalid_argument, "no profile is called '", name, "'; there are: ", names);
}

namespace detail {

template <class Options>
void apply_cache(const Plan& plan, Options& options) {
  if constexpr (requires { options.capacity_bytes; }) {
    options.capacity_bytes = plan.cache_bytes;
    if constexpr (requires { options.shards; }) {
      options.shards = plan.cache_shards;
    }
  } else if constexpr (requires { options.cache; }) {
    apply_cache(plan, options.cache);
  }
}

template <class Options>
void apply_compaction(const Plan& plan, Options& options) {
  if constexpr (requires { options.level0_trigger; }) {
    options.level0_trigger = plan.level0_trigger;
    options.level0_slowdown = plan.level0_slowdown;
    options.level0_stop = plan.level0_stop;
    options.level1_bytes = plan.level1_bytes;
  }
  if constexpr (requires { options.run_bytes; }) {
    options.run_bytes = plan.write_buffer_bytes;
  }
  if constexpr (requires { options.file_bytes; }) {
    options.file_bytes = plan.file_bytes;
  }
}

/// `FamilyOptions`, or the options of a database with one unnamed family.
template <class Options>
void apply_family(const Plan& plan, Options& options) {
  apply_compaction(plan, options.compaction);
  if constexpr (requires { options.table_format.block_bytes; }) {
    options.table_format.block_bytes = plan.block_bytes;
  }
  if constexpr (requires { options.table_format.block_hash; }) {
    options.table_format.block_hash = plan.block_hash;
    options.table_format.partition_bytes = plan.partition_bytes;
    options.table_format.read_ahead_bytes = plan.read_ahead_bytes;
  }
  if constexpr (requires { options.filter.bits_per_key; }) {
    options.filter.bits_per_key = plan.bits_per_key;
  }
}

}  // namespace detail

/// Writes a plan into `options`; what it says nothing of stays. Caches that are made of several
/// levels and policies of one's own keep their options: they are left to you.
template <class Options>
void apply(const Plan& plan, Options& options) {
  options.write_buffer_bytes = plan.write_buffer_bytes;
  options.immutables_max = plan.immutables_max;
  options.log_bytes_max = plan.log_bytes_max;
  if constexpr (requires { options.wal.segment_bytes; }) {
    options.wal.segment_bytes = plan.log_segment_bytes;
  }
  if constexpr (requires { options.executor.compaction_threads; }) {
    options.executor.flush_threads = plan.flush_threads;
    options.executor.compaction_threads = plan.compaction_threads;
  }
  detail::apply_cache(plan, options.cache);
  if constexpr (requires { options.families; }) {
    std::apply([&](auto&... family) { (detail::apply_family(plan, family), ...); },
               options.families);
    if constexpr (requires { options.dynamic_families.compaction; }) {
      detail::apply_family(plan, options.dynamic_families);
    }
  } else {
    detail::apply_family(plan, options);
  }
}

/// Options for `Db::open`. Errors: the plan's; invalid_argument where it is for fewer families.
template <class Db>
[[nodiscard]] Result<typename Db::Options> options(const Result<Plan>& plan) {
  if (!plan) {
    return propagate(plan);
  }
  typename Db::Options made;
  if constexpr (requires { made.families; }) {
    constexpr std::size_t families = std::tuple_size_v<decltype(made.families)>;
    if (plan->families < families) {
      return fail(ErrorCode::invalid_argument, "profile::Resources::families is ",
                  std::to_string(plan->families), ", the database has ", std::to_string(families),
                  " and more where some are dynamic; each needs memtables of its own");
    }
  }
  apply(*plan, made);
  return made;
}

namespace detail {

/// Those of `Kept` whose slot none of `Given` fills, then `Given`.
template <class Kept, class Defaults, class... Given>
struct merge_policies;
template <class... Kept, class... Given>
struct merge_policies<type_list<Kept...>, type_list<>, Given...> {
  using type = strata::compose<Kept..., Given...>;
};
template <class... Kept, class First, class... Rest, class... Given>
struct merge_policies<type_list<Kept...>, type_list<First, Rest...>, Given...>
    : std::conditional_t<policies_for<typename First::policy_slot, Given...> == 0,
                         merge_policies<type_list<Kept..., First>, type_list<Rest...>, Given...>,
                         merge_policies<type_list<Kept...>, type_list<Rest...>, Given...>> {};

}  // namespace detail

/// `strata::compose<More...>` with those of a profile where `More` fill no slot.
template <class Profile, class... More>
using compose =
    typename detail::merge_policies<type_list<>, typename Profile::Policies, More...>::type;

/// `LsmTree<More...>` with those of a profile where `More` fill no slot.
template <class Profile, class... More>
using Tree = Engine<typename compose<Profile, More...>::type>;

}  // namespace strata::profile
