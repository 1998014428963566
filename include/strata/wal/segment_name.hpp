// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Names of log segments: twelve decimal digits and `.log`. Ids only grow and are never reused, so
/// the order of names is the order of writing, and no clock is asked.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata::wal {

/// "000000000042.log"
[[nodiscard]] inline std::string segment_name(std::uint64_t id) {
  std::string digits = std::to_string(id);
  if (digits.size() < 12) {
    digits.insert(0, 12 - digits.size(), '0');
  }
  return digits + ".log";
}

/// The id in a segment's name; none: it is no segment's name.
[[nodiscard]] inline std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  if (name.size() < 16 || name.size() > 22 || !name.ends_with(".log")) {
    return std::nullopt;
  }
  name.remove_suffix(4);
  std::uint64_t id = 0;
  for (const char digit : name) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    id = id * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  // "0000000000042.log" is nobody's: each id has one name.
  if (id == 0 || (name.size() > 12 && name.front() == '0')) {
    return std::nullopt;
  }
  return id;
}

}  // namespace strata::wal
