// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Files of an input: written to a file system in memory, for decoders that read files.

#include <string>
#include <string_view>

#include <strata/io/memory.hpp>

#include "fuzz.hpp"

namespace fuzz {

inline void put_file(strata::io::Memory& fs, const std::string& path, std::string_view bytes) {
  auto file = fs.create(path);
  require(file.has_value());
  require(file->append(bytes).has_value());
  require(file->close().has_value());
}

}  // namespace fuzz
