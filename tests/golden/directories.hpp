// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Where the golden directories are: beside this file, a folder for each version of the formats.

#include <string>
#include <string_view>
#include <vector>

#include "golden.hpp"

namespace golden {

/// What this version writes.
inline constexpr std::string_view current_version = "v1";

inline std::string directories() {
  return io::parent_of(__FILE__);
}

/// "v1", and so on.
inline std::vector<std::string> versions() {
  std::vector<std::string> found;
  io::Posix disk;
  const std::vector<std::string> names = disk.list(directories()).value();
  for (const std::string& name : names) {
    if (name.starts_with("v") && name.find('.') == std::string::npos) {
      found.push_back(name);
    }
  }
  return found;
}

/// The files of one golden database; none: that version did not write it.
inline Image stored(std::string_view version, std::string_view name) {
  return read_image(io::Posix(),
                    io::join(io::join(directories(), std::string(version)), std::string(name)));
}

}  // namespace golden
