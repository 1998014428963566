// SPDX-License-Identifier: BSL-1.0
#pragma once

/// `CURRENT`: the one line that says which manifest is in force.
///
///     MANIFEST-000042 1c9f00e7\n        a name, and its checksum in hexadecimal
///
/// It is replaced as a whole by a rename, so it names the old manifest or the new one, and either
/// was durable before it was named (LevelDB #74, RocksDB PR 10573).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata::version {

inline constexpr std::string_view current_name = "CURRENT";
inline constexpr std::string_view current_temporary_name = "CURRENT.tmp";
inline constexpr std::string_view manifest_prefix = "MANIFEST-";
inline constexpr std::size_t current_bytes_max = 64;

/// "MANIFEST-000042"
[[nodiscard]] inline std::string manifest_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) {
    digits.insert(0, 6 - digits.size(), '0');
  }
  return std::string(manifest_prefix) + digits;
}

/// The number in a manifest's name; none: it is no manifest's name.
[[nodiscard]] inline std::optional<std::uint64_t> parse_manifest_name(std::string_view name) {
  if (!name.starts_with(manifest_prefix) || name.size() > manifest_prefix.size() + 18) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char digit : name.substr(manifest_prefix.size())) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  // Each number has one name.
  return number != 0 && manifest_name(number) == name ? std::optional(number) : std::nullopt;
}

template <class Checksum>
[[nodiscard]] std::string encode_current(std::uint64_t number) {
  std::string line = manifest_name(number);
  const std::uint32_t sum = Checksum::compute(line);
  line.push_back(' ');
  for (int shift = 28; shift >= 0; shift -= 4) {
    line.push_back("0123456789abcdef"[(sum >> shift) & 0xf]);
  }
  line.push_back('\n');
  return line;
}

/// None: damaged. Exact: one number has one line.
template <class Checksum>
[[nodiscard]] std::optional<std::uint64_t> decode_current(std::string_view line) {
  const auto number = parse_manifest_name(line.substr(0, line.find(' ')));
  return number && encode_current<Checksum>(*number) == line ? number : std::nullopt;
}

}  // namespace strata::version
