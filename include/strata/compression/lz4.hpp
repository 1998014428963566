// SPDX-License-Identifier: BSL-1.0
#pragma once

/// LZ4 (Y. Collet): half a gigabyte a second in, several out, about half the size of text.
///
/// The stored form is one raw LZ4 block, without a frame: the table keeps size and checksum.
/// A block that does not shrink by an eighth is not worth the work of every later read.

#if !__has_include(<lz4.h>)
#error "strata/compression/lz4.hpp needs <lz4.h>: install liblz4 and link the target strata::lz4"
#endif
#include <lz4.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <strata/compression/concept.hpp>
#include <strata/core/error.hpp>

namespace strata::compression {

struct Lz4 {
  using policy_slot = compression_slot;
  static constexpr std::string_view name = "lz4";
  static constexpr std::uint8_t id = 1;
  /// Each byte more in the length of a match stands for 255 bytes.
  static constexpr std::size_t expansion_max = 255;

  [[nodiscard]] static bool compress(std::string_view in, std::string& out) {
    const std::size_t worth_bytes = in.size() - in.size() / 8;
    if (in.size() < 8 || in.size() > LZ4_MAX_INPUT_SIZE) {
      return false;
    }
    out.resize(worth_bytes - 1);
    // Gives up, and returns 0, as soon as the output does not fit.
    const int written = LZ4_compress_default(in.data(), out.data(), static_cast<int>(in.size()),
                                             static_cast<int>(out.size()));
    out.resize(static_cast<std::size_t>(written));
    return written != 0;
  }

  [[nodiscard]] static Result<void> decompress(std::string_view in, std::size_t raw_bytes,
                                               char* to) {
    if (in.size() <= LZ4_COMPRESSBOUND(LZ4_MAX_INPUT_SIZE) && raw_bytes <= LZ4_MAX_INPUT_SIZE &&
        !in.empty()) {
      const int written = LZ4_decompress_safe(in.data(), to, static_cast<int>(in.size()),
                                              static_cast<int>(raw_bytes));
      if (written >= 0 && static_cast<std::size_t>(written) == raw_bytes) {
        return {};
      }
    }
    return fail(ErrorCode::corruption, "an lz4 block of ", std::to_string(in.size()),
                " bytes does not decompress to the ", std::to_string(raw_bytes),
                " bytes that its header promises; restore the file from a backup");
  }
};

static_assert(CompressionPolicy<Lz4>);

}  // namespace strata::compression
