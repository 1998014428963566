// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Asking the processor for memory before it is needed. Nothing but time depends on it.

#include <cstddef>

namespace strata {

/// Asks the processor for all cache lines of `bytes` bytes at once: a reader would wait for one
/// after the other.
inline void prefetch(const void* at, std::size_t bytes) noexcept {
  for (std::size_t line = 0; line < bytes; line += 64) {
    __builtin_prefetch(static_cast<const char*>(at) + line);
  }
}

/// For who writes up to `end` and will go on there: asks for the lines of the next `bytes` bytes. A
/// store does not wait for its line, but a locked instruction waits for all stores before it.
inline void prefetch_behind(const void* end, std::size_t bytes) noexcept {
  for (std::size_t line = 64; line <= bytes; line += 64) {
    __builtin_prefetch(static_cast<const char*>(end) + line, 1);
  }
}

}  // namespace strata
