// SPDX-License-Identifier: BSL-1.0
#pragma once

/// One codec for the upper levels of a tree and another for the lower ones, as LevelDB's
/// descendants have it: what is young is rewritten soon and read often, and there is little of it;
/// what is old is nearly all of the data.
///
///     LsmTree<compression::PerLevel<compression::None, compression::Zstd>>::Options options;
///     options.compression.lower = {.level = 6, .dictionary_bytes = 16_KiB};
///
///     PerLevel<Lz4, Zstd, 1>                    Lz4 for flushes only
///     PerLevel<None, PerLevel<Lz4, Zstd, 4>>    three: levels 0-1, 2-3, 4-6
///     PerLevel<Zstd, Zstd, 3>                   one codec with options for each
///     PerLevel<Lz4, Zstd, 0>                    writes Zstd, and reads what Lz4 wrote before
///
/// A table is of one codec, by the level that it was written for: 0 for flushes, the output level
/// of a compaction, the deepest for bulk loads. It names that codec, not this policy, so tables of
/// any codec in the composition are read at any level, also those that one of them wrote by
/// itself, and a table that moves down unchanged keeps its codec until it is merged.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <strata/compression/codec.hpp>
#include <strata/compression/concept.hpp>
#include <strata/core/error.hpp>
#include <strata/core/policy.hpp>

namespace strata::compression {

namespace detail {

/// "per_level(none,zstd,2)"
template <class Upper, class Lower, unsigned FirstLowerLevel>
inline constexpr auto per_level_name = [] {
  constexpr std::string_view upper = Upper::name;
  constexpr std::string_view lower = Lower::name;
  constexpr std::string_view start = "per_level(";
  std::array<char, start.size() + upper.size() + lower.size() + 4> text{};
  std::size_t at = 0;
  for (const std::string_view part : {start, upper, std::string_view(","), lower}) {
    for (const char c : part) {
      text[at++] = c;
    }
  }
  text[at++] = ',';
  text[at++] = static_cast<char>('0' + FirstLowerLevel);
  text[at++] = ')';
  return text;
}();

}  // namespace detail

/// `Lower` from level `FirstLowerLevel` on, `Upper` above.
template <class Upper, class Lower, unsigned FirstLowerLevel = 2>
struct PerLevel {
  static_assert(CompressionPolicy<Upper> && CompressionPolicy<Lower>,
                "strata: compression::PerLevel takes two policies for the compression slot");
  static_assert(FirstLowerLevel < 10, "strata: compression::PerLevel takes a level below 10");

  using policy_slot = compression_slot;
  static constexpr std::string_view name{
      detail::per_level_name<Upper, Lower, FirstLowerLevel>.data(),
      detail::per_level_name<Upper, Lower, FirstLowerLevel>.size()};

  static constexpr std::size_t expansion_max =
      std::max(compression::expansion_max<Upper>(), compression::expansion_max<Lower>());

  struct Options {
    options_of_t<Upper> upper{};
    options_of_t<Lower> lower{};
  };

  [[nodiscard]] static constexpr bool reads(std::string_view stored) noexcept {
    return compression::reads<Upper>(stored) || compression::reads<Lower>(stored);
  }

  class Compressor {
    using Either = std::variant<compressor_of_t<Upper>, compressor_of_t<Lower>>;

   public:
    Compressor(const Options& options, unsigned level)
        : codec_(level < FirstLowerLevel ? Either(std::in_place_index<0>, options.upper, level)
                                         : Either(std::in_place_index<1>, options.lower, level)) {}

    [[nodiscard]] std::string_view name() const {
      return std::visit([](const auto& codec) -> std::string_view { return codec.name(); }, codec_);
    }
    [[nodiscard]] std::uint8_t compress(std::string_view in, std::string& out) {
      return std::visit([&](auto& codec) { return codec.compress(in, out); }, codec_);
    }
    [[nodiscard]] std::size_t sample_bytes() const {
      return std::visit([](const auto& codec) { return codec.sample_bytes(); }, codec_);
    }
    [[nodiscard]] std::string learn(std::string_view samples,
                                    const std::vector<std::size_t>& sizes) {
      return std::visit([&](auto& codec) { return codec.learn(samples, sizes); }, codec_);
    }

   private:
    Either codec_;
  };

  class Decompressor {
   public:
    [[nodiscard]] bool open(std::string_view stored, std::string_view dictionary) {
      if (!compression::reads<Upper>(stored)) {
        codec_.template emplace<1>();
      }
      return std::visit([&](auto& codec) { return codec.open(stored, dictionary); }, codec_);
    }
    [[nodiscard]] Result<void> decompress(std::uint8_t id, std::string_view in,
                                          std::size_t raw_bytes, char* to) const {
      return std::visit([&](const auto& codec) { return codec.decompress(id, in, raw_bytes, to); },
                        codec_);
    }
    [[nodiscard]] std::size_t memory_bytes() const {
      return std::visit([](const auto& codec) { return codec.memory_bytes(); }, codec_);
    }

   private:
    std::variant<decompressor_of_t<Upper>, decompressor_of_t<Lower>> codec_;
  };
};

}  // namespace strata::compression
