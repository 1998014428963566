// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Checksums of what lies on disk.
///
/// | expression             | result        | promise                                  |
/// |------------------------|---------------|------------------------------------------|
/// | `C::compute(bytes)`    | `uint32_t`    | of all bytes                             |
/// | `C::extend(sum, more)` | `uint32_t`    | `compute(a + b) == extend(compute(a), b)` |
/// | `C::name`              | `string_view` | in the manifest; never reused            |
///
/// `Crc32c` is Castagnoli's polynomial. The hardware kernel (SSE 4.2) is chosen once per process
/// by cpuid; the portable one gives the same sums, eight bytes a step.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <strata/core/policy.hpp>

namespace strata {

template <class C>
concept ChecksumPolicy = std::same_as<typename C::policy_slot, checksum_slot> &&
    requires(std::uint32_t sum, std::string_view bytes) {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::compute(bytes) }
  noexcept->std::same_as<std::uint32_t>;
  { C::extend(sum, bytes) }
  noexcept->std::same_as<std::uint32_t>;
};

namespace detail {

using Crc32cTables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Crc32cTables make_crc32c_tables() {
  Crc32cTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    }
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < 8; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

inline constexpr Crc32cTables crc32c_tables = make_crc32c_tables();

/// Slicing by eight. `crc` is the inverted running value.
inline std::uint32_t crc32c_portable(std::uint32_t crc, const char* data,
                                     std::size_t size) noexcept {
  const auto& t = crc32c_tables;
  for (; size >= 8; size -= 8, data += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, 8);
    word ^= crc;
    crc = t[7][word & 0xff] ^ t[6][(word >> 8) & 0xff] ^ t[5][(word >> 16) & 0xff] ^
          t[4][(word >> 24) & 0xff] ^ t[3][(word >> 32) & 0xff] ^ t[2][(word >> 40) & 0xff] ^
          t[1][(word >> 48) & 0xff] ^ t[0][word >> 56];
  }
  for (; size != 0; --size, ++data) {
    crc = (crc >> 8) ^ t[0][(crc ^ static_cast<unsigned char>(*data)) & 0xff];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) inline std::uint32_t crc32c_sse42(std::uint32_t crc,
                                                                    const char* data,
                                                                    std::size_t size) noexcept {
  std::uint64_t wide = crc;
  for (; size >= 8; size -= 8, data += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; size != 0; --size, ++data) {
    narrow = __builtin_ia32_crc32qi(narrow, static_cast<unsigned char>(*data));
  }
  return narrow;
}
inline bool has_sse42() noexcept {
  static const bool found = __builtin_cpu_supports("sse4.2") != 0;
  return found;
}
#endif

inline std::uint32_t crc32c_extend(std::uint32_t sum, const char* data, std::size_t size) noexcept {
#if defined(__x86_64__)
  if (has_sse42()) {
    return ~crc32c_sse42(~sum, data, size);
  }
#endif
  return ~crc32c_portable(~sum, data, size);
}

}  // namespace detail

namespace checksum {

struct Crc32c {
  using policy_slot = checksum_slot;
  static constexpr std::string_view name = "crc32c";
  [[nodiscard]] static std::uint32_t compute(std::string_view bytes) noexcept {
    return detail::crc32c_extend(0, bytes.data(), bytes.size());
  }
  [[nodiscard]] static std::uint32_t extend(std::uint32_t sum, std::string_view bytes) noexcept {
    return detail::crc32c_extend(sum, bytes.data(), bytes.size());
  }
};

static_assert(ChecksumPolicy<Crc32c>);

}  // namespace checksum
}  // namespace strata
