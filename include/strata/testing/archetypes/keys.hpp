// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Archetypes of what orders, sums and times: comparator, checksum, clock.
///
/// An archetype is the least class that keeps the promises of its slot: a template to copy, and
/// the proof that the engine asks for no more than the concept says.

#include <chrono>
#include <cstdint>
#include <string_view>
#include <thread>

#include <strata/core/checksum.hpp>
#include <strata/core/clock.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/policy.hpp>

namespace strata::testing::archetype {

/// Bytewise, but does not say so: whoever uses it has to ask `compare`.
struct Comparator {
  using policy_slot = comparator_slot;
  static constexpr std::string_view name = "archetype";
  static constexpr bool is_bytewise = false;
  [[nodiscard]] static int compare(std::string_view a, std::string_view b) noexcept {
    return a.compare(b);
  }
};

/// Two sums modulo a prime, the second of which weighs a byte by its place (M. Adler, RFC 1950).
struct Checksum {
  using policy_slot = checksum_slot;
  static constexpr std::string_view name = "archetype";
  [[nodiscard]] static std::uint32_t compute(std::string_view bytes) noexcept {
    return extend(1, bytes);
  }
  [[nodiscard]] static std::uint32_t extend(std::uint32_t sum, std::string_view bytes) noexcept {
    std::uint32_t plain = sum & 0xffff;
    std::uint32_t weighed = sum >> 16;
    for (const char byte : bytes) {
      plain = (plain + static_cast<unsigned char>(byte)) % 65521;
      weighed = (weighed + plain) % 65521;
    }
    return weighed << 16 | plain;
  }
};

struct Clock {
  using policy_slot = clock_slot;
  static constexpr std::string_view name = "archetype";
  [[nodiscard]] static std::uint64_t now_ns() noexcept {
    return count<std::nano>(std::chrono::steady_clock::now());
  }
  [[nodiscard]] static std::uint64_t unix_seconds() noexcept {
    return count<std::ratio<1>>(std::chrono::system_clock::now());
  }
  static void sleep_us(std::uint64_t microseconds) {
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  }

 private:
  template <class Period>
  static std::uint64_t count(auto now) noexcept {
    using Unit = std::chrono::duration<std::uint64_t, Period>;
    return std::chrono::duration_cast<Unit>(now.time_since_epoch()).count();
  }
};

static_assert(ComparatorPolicy<Comparator> && ChecksumPolicy<Checksum> && ClockPolicy<Clock>);

}  // namespace strata::testing::archetype
