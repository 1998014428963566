// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A number that tells threads apart, for spreading them over slots and stripes.
///
/// Threads that run at the same time mostly get different numbers; no more is promised, so what is
/// spread by it must be correct under sharing. A nanosecond, no state but the thread's own.

#include <cstddef>
#include <cstdint>

namespace strata {

[[nodiscard]] inline std::size_t thread_hint() noexcept {
  thread_local const char token = 0;
  // Addresses of thread-local storage differ in the middle: fold the low, aligned bits away.
  const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&token));
  return static_cast<std::size_t>((address * 0x9e3779b97f4a7c15) >> 40);
}

}  // namespace strata
