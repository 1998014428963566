// SPDX-License-Identifier: BSL-1.0
#pragma once

/// No compression: blocks are stored as they are. The least model of the slot, and the form that
/// readers of every composition understand.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <strata/compression/concept.hpp>
#include <strata/core/error.hpp>

namespace strata::compression {

struct None {
  using policy_slot = compression_slot;
  static constexpr std::string_view name = "none";
  static constexpr std::uint8_t id = 0;
  static constexpr std::size_t expansion_max = 1;

  [[nodiscard]] static bool compress(std::string_view, std::string&) noexcept { return false; }

  [[nodiscard]] static Result<void> decompress(std::string_view in, std::size_t raw_bytes,
                                               char* to) {
    if (in.size() != raw_bytes) {
      return fail(ErrorCode::corruption, "a stored block has ", std::to_string(in.size()),
                  " bytes where its header says ", std::to_string(raw_bytes),
                  "; restore the file from a backup");
    }
    if (raw_bytes != 0) {
      std::memcpy(to, in.data(), raw_bytes);
    }
    return {};
  }
};

static_assert(CompressionPolicy<None>);

}  // namespace strata::compression
