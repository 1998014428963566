// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What may lie in a database's directory, by name.
///
///     LOCK                       the process lock
///     CURRENT                    names the manifest in force
///     MANIFEST-000001            log of version edits
///     000000000001.log           write-ahead log segment
///     000000000001.table         sorted table
///     000000000001.values        large values, where tables do not hold them
///     *.tmp                      a file that was being replaced when the process died

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strata::lsm {

inline constexpr std::string_view lock_name = "LOCK";

enum class FileKind : std::uint8_t {
  lock,
  current,
  manifest,
  log,
  table,
  values,
  temporary,
  foreign
};

struct ClassifiedFile {
  FileKind kind = FileKind::foreign;
  std::uint64_t number = 0;
};

namespace detail {

[[nodiscard]] inline bool parse_number(std::string_view digits, std::uint64_t& number) {
  if (digits.empty() || digits.size() > 18) {
    return false;
  }
  number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') {
      return false;
    }
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return true;
}

}  // namespace detail

[[nodiscard]] inline ClassifiedFile classify(std::string_view name) {
  ClassifiedFile file;
  if (name == lock_name) {
    file.kind = FileKind::lock;
  } else if (name == "CURRENT") {
    file.kind = FileKind::current;
  } else if (name.ends_with(".tmp")) {
    file.kind = FileKind::temporary;
  } else if (name.starts_with("MANIFEST-") && detail::parse_number(name.substr(9), file.number)) {
    file.kind = FileKind::manifest;
  } else if (name.ends_with(".log") &&
             detail::parse_number(name.substr(0, name.size() - 4), file.number)) {
    file.kind = FileKind::log;
  } else if (name.ends_with(".table") &&
             detail::parse_number(name.substr(0, name.size() - 6), file.number)) {
    file.kind = FileKind::table;
  } else if (name.ends_with(".values") &&
             detail::parse_number(name.substr(0, name.size() - 7), file.number)) {
    file.kind = FileKind::values;
  }
  return file;
}

/// One more than the number of any table or value file among `names`: numbers are never used twice.
[[nodiscard]] inline std::uint64_t number_after_all(const std::vector<std::string>& names) {
  std::uint64_t next = 1;
  for (const std::string& name : names) {
    const ClassifiedFile file = classify(name);
    if (file.kind == FileKind::table || file.kind == FileKind::values) {
      next = std::max(next, file.number + 1);
    }
  }
  return next;
}

}  // namespace strata::lsm
