// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Any model of the compression slot in its form with state (compression/concept.hpp): who stores
/// blocks has one way to call all of them. A model without state becomes empty objects, and costs
/// what its static functions cost.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/compression/concept.hpp>
#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata::compression {

template <Stateless C>
class StatelessCompressor {
 public:
  StatelessCompressor(const options_of_t<C>&, unsigned) noexcept {}

  [[nodiscard]] static constexpr std::string_view name() noexcept { return C::name; }
  [[nodiscard]] static std::uint8_t compress(std::string_view in, std::string& out) {
    return C::id != 0 && C::compress(in, out) ? std::uint8_t{C::id} : std::uint8_t{0};
  }
  [[nodiscard]] static constexpr std::size_t sample_bytes() noexcept { return 0; }
  [[nodiscard]] static std::string learn(std::string_view, const std::vector<std::size_t>&) {
    return {};
  }
};

template <Stateless C>
class StatelessDecompressor {
 public:
  [[nodiscard]] static constexpr bool open(std::string_view, std::string_view dictionary) noexcept {
    return dictionary.empty();
  }
  [[nodiscard]] static Result<void> decompress(std::uint8_t id, std::string_view in,
                                               std::size_t raw_bytes, char* to) {
    if (id != C::id) {
      return fail(ErrorCode::corruption, "a block says that codec ", std::to_string(id),
                  " made it, in a table of codec ", std::to_string(C::id),
                  "; restore the file from a backup");
    }
    return C::decompress(in, raw_bytes, to);
  }
  [[nodiscard]] static constexpr std::size_t memory_bytes() noexcept { return 0; }
};

namespace detail {
template <class C>
struct codec_of {
  using Compressor = StatelessCompressor<C>;
  using Decompressor = StatelessDecompressor<C>;
};
template <Stateful C>
struct codec_of<C> {
  using Compressor = typename C::Compressor;
  using Decompressor = typename C::Decompressor;
};
}  // namespace detail

template <CompressionPolicy C>
using compressor_of_t = typename detail::codec_of<C>::Compressor;
template <CompressionPolicy C>
using decompressor_of_t = typename detail::codec_of<C>::Decompressor;

/// Whether `C` reads tables that say they were compressed by `name`.
template <CompressionPolicy C>
[[nodiscard]] constexpr bool reads(std::string_view name) noexcept {
  if constexpr (Stateful<C>) {
    return C::reads(name);
  } else {
    return name == "none" || name == C::name;
  }
}

/// Raw bytes that a stored byte can stand for; as many as you like where `C` does not say.
template <CompressionPolicy C>
[[nodiscard]] constexpr std::size_t expansion_max() noexcept {
  if constexpr (requires { C::expansion_max; }) {
    return C::expansion_max;
  } else {
    return SIZE_MAX;
  }
}

}  // namespace strata::compression
