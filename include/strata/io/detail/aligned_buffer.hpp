// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Memory that the kernel can move to and from a device without copying it. Tested through
/// tests/io/direct_test.cpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace strata::io::detail {

/// What memory, offsets and sizes must be multiples of; devices with blocks of 512 bytes ask for
/// less.
inline constexpr std::size_t direct_alignment = 4096;

[[nodiscard]] constexpr std::uint64_t align_down(std::uint64_t offset) noexcept {
  return offset / direct_alignment * direct_alignment;
}
[[nodiscard]] constexpr std::uint64_t align_up(std::uint64_t offset) noexcept {
  return align_down(offset + direct_alignment - 1);
}

struct FreeAligned {
  void operator()(char* bytes) const noexcept {
    ::operator delete (bytes, std::align_val_t{direct_alignment});
  }
};
using AlignedBuffer = std::unique_ptr<char, FreeAligned>;

[[nodiscard]] inline AlignedBuffer make_aligned_buffer(std::size_t bytes) {
  return AlignedBuffer(
      static_cast<char*>(::operator new (bytes, std::align_val_t{direct_alignment})));
}

}  // namespace strata::io::detail
