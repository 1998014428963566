// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The value_separation slot: whether large values live beside their tables, in value files.
///
/// | expression    | result        | promise                                              |
/// |---------------|---------------|------------------------------------------------------|
/// | `P::name`     | `string_view` | in the manifest where it shapes bytes; never reused  |
/// | `P::separates`| `bool`        | constant; false: no value file is written or read    |
/// | `P::Options`  | a struct      | where it separates: the three knobs of `ValueLog`    |
///
/// A compaction copies every byte that it passes. Where values are large and keys small, that is
/// most of what a disk writes; a value in a file of its own is written once, and its table holds a
/// pointer (WiscKey, FAST 2016). The price is one more read for a value, and garbage: an erased
/// value stays until its file is collected (lsm/value_files.hpp). Guide:
/// docs/policies/value_log.md.
///
/// Tested through the engine: tests/lsm/value_log_test.cpp.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/policy.hpp>

namespace strata {

template <class P>
concept ValueSeparationPolicy =
    std::same_as<typename P::policy_slot, value_separation_slot> && requires {
  { P::name } -> std::convertible_to<std::string_view>;
  { P::separates } -> std::convertible_to<bool>;
} &&(!P::separates || requires(typename P::Options options) {
  { P::format_version } -> std::convertible_to<std::uint32_t>;
  { options.threshold_bytes } -> std::convertible_to<std::size_t>;
  { options.file_bytes } -> std::convertible_to<std::uint64_t>;
  { options.garbage_ratio } -> std::convertible_to<double>;
});

namespace value_separation {

/// Values lie in tables: the default.
struct None {
  using policy_slot = value_separation_slot;
  static constexpr std::string_view name = "none";
  static constexpr bool separates = false;
};

/// Values from `threshold_bytes` on lie in value files.
struct ValueLog {
  using policy_slot = value_separation_slot;
  static constexpr std::string_view name = "value_log";
  static constexpr std::uint32_t format_version = 1;
  static constexpr bool separates = true;
  struct Options {
    std::size_t threshold_bytes = 4_KiB;  ///< smaller values stay in tables
    std::uint64_t file_bytes = 256_MiB;   ///< of a value file before the next begins, about
    /// Values move out of a file of which more than this is garbage: where a compaction meets them,
    /// and where none does, when the policy has no job.
    double garbage_ratio = 0.5;
  };
};

static_assert(ValueSeparationPolicy<None> && ValueSeparationPolicy<ValueLog>);

}  // namespace value_separation
}  // namespace strata
