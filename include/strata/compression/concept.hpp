// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The compression slot: how the bytes of a block become fewer.
///
/// | expression                   | result         | promise                                     |
/// |------------------------------|----------------|---------------------------------------------|
/// | `C::name`                    | `string_view`  | stored in tables, shown in stats            |
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
/// Either kind may say `C::expansion_max`: how many raw bytes a stored byte can stand for, at most.
/// A block that claims more is refused before memory is taken for it.
///
/// That is all a model without state needs. One that has options, contexts or dictionaries gives,
/// in place of the last three lines, two types and what they can read:
///
/// | expression                   | result         | promise                                     |
/// |------------------------------|----------------|---------------------------------------------|
/// | `C::reads(name)`             | `bool`         | whether tables by that name can be read;    |
/// |                              |                | "none" always can                           |
/// | `C::Compressor(options, l)`  |                | of one table for level `l`; movable         |
/// | `c.name()`                   | `string_view`  | stored in the table; `C::reads` it          |
/// | `c.compress(in, out)`        | `uint8_t`      | the id of what made `out`; 0: not worth it  |
/// | `c.sample_bytes()`           | `size_t`       | how much of the table's raw data to see     |
/// |                              |                | before the first `compress`; 0: nothing     |
/// | `c.learn(samples, sizes)`    | `string`       | with that or all there is: a dictionary,    |
/// |                              |                | stored once in the table; empty: none       |
/// | `C::Decompressor()`          |                | of one table; movable                       |
/// | `d.open(name, dictionary)`   | `bool`         | once, before all else; false: no dictionary |
/// |                              |                | of this model                               |
/// | `d.decompress(id, in, n, to)`| `Result<void>` | as `C::decompress`; other ids: `corruption` |
/// | `d.memory_bytes()`           | `size_t`       | what the dictionary takes, digested         |
///
/// compression/codec.hpp gives the second form of either, and is what callers use.
///
/// Taken ids: 0 none, 1 lz4, 2 zstd. Policies from elsewhere choose from 128 up.
/// Threads: static functions and const members may be called concurrently; a compressor belongs to
/// one thread at a time.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata {

namespace compression {

template <class C>
concept Stateless = requires(std::string_view in, std::string& out, std::size_t raw_bytes,
                             char* to) {
  { C::id } -> std::convertible_to<std::uint8_t>;
  { C::compress(in, out) } -> std::same_as<bool>;
  { C::decompress(in, raw_bytes, to) } -> std::same_as<Result<void>>;
};

template <class C>
concept Stateful = std::movable<typename C::Compressor> && std::movable<typename C::Decompressor> &&
                   std::default_initializable<typename C::Decompressor> &&
                   std::constructible_from < typename C::Compressor,
        const options_of_t<C>
&, unsigned > &&requires(typename C::Compressor compressor, const typename C::Compressor& idle,
                         typename C::Decompressor decompressor,
                         const typename C::Decompressor& open, std::string_view in,
                         std::string& out, const std::vector<std::size_t>& sizes,
                         std::size_t raw_bytes, char* to) {
  { C::reads(in) } -> std::same_as<bool>;
  { idle.name() } -> std::convertible_to<std::string_view>;
  { idle.sample_bytes() } -> std::same_as<std::size_t>;
  { compressor.compress(in, out) } -> std::same_as<std::uint8_t>;
  { compressor.learn(in, sizes) } -> std::same_as<std::string>;
  { decompressor.open(in, in) } -> std::same_as<bool>;
  { open.decompress(std::uint8_t{}, in, raw_bytes, to) } -> std::same_as<Result<void>>;
  { open.memory_bytes() } -> std::same_as<std::size_t>;
};

}  // namespace compression

template <class C>
concept CompressionPolicy = std::same_as<typename C::policy_slot, compression_slot> &&
    (compression::Stateless<C> || compression::Stateful<C>)&&requires {
  { C::name } -> std::convertible_to<std::string_view>;
};

}  // namespace strata
