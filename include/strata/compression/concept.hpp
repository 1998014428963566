// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The compression slot: how the bytes of a block become fewer.
///
/// | expression                   | result         | promise                                     |
/// |------------------------------|----------------|---------------------------------------------|
/// | `C::name`                    | `string_view`  | shown in stats                              |
/// | `C::id`                      | `uint8_t`      | on disk for ever; never reused              |
/// | `C::compress(in, out)`       | `bool`         | true: `out` is replaced by the smaller form |
/// |                              |                | false: not worth it; store `in` as it is    |
/// | `C::decompress(in, n, to)`   | `Result<void>` | exactly `n` bytes into `to`, or an error    |
///
/// Whoever stores a block writes down its raw size and the id of what made it, so every reader
/// knows both: blocks with id `none` are in the raw form under every composition. `decompress`
/// reads untrusted bytes (invariant 11): it writes to `[to, to + n)` only, and input that does not
/// give exactly `n` bytes is `corruption`. The caller bounds `n` before it allocates.
///
/// Taken ids: 0 none, 1 lz4, 2 zstd. Policies from elsewhere choose from 128 up.
/// Threads: both functions may be called concurrently.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata {

template <class C>
concept CompressionPolicy = std::same_as<typename C::policy_slot, compression_slot> &&
    requires(std::string_view in, std::string& out, std::size_t raw_bytes, char* to) {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::id } -> std::convertible_to<std::uint8_t>;
  { C::compress(in, out) } -> std::same_as<bool>;
  { C::decompress(in, raw_bytes, to) } -> std::same_as<Result<void>>;
};

}  // namespace strata
