// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Back-pressure: how long a writer waits when flushes or compactions are behind.
///
/// Between pressure 1 and 2 the admitted rate falls linearly on a logarithmic scale from
/// `rate_most` to `rate_least` bytes a second; only at 2 do writers stop. There is always a
/// slow-down stage before a stop (RocksDB #9423 skipped it), and every wait is counted.

#include <cmath>
#include <cstdint>

namespace strata::lsm {

struct Throttle {
  double rate_most = 64e6;
  double rate_least = 1e6;

  /// Microseconds to wait for `bytes` at `pressure`; 0 below 1.
  [[nodiscard]] std::uint64_t delay_us(double pressure, std::uint64_t bytes) const noexcept {
    if (pressure < 1) {
      return 0;
    }
    const double progress = pressure > 2 ? 1 : pressure - 1;
    const double rate = rate_most * std::pow(rate_least / rate_most, progress);
    return static_cast<std::uint64_t>(static_cast<double>(bytes) / rate * 1e6);
  }
};

}  // namespace strata::lsm
