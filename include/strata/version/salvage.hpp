// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What is left of a damaged manifest: the longest beginning of the newest one that can be read.
///
/// The state it gives is one that the database was in, though not the last: tables that it names
/// may be gone, and others may have come. It tells what no table can: who the database is, which
/// families it has and what wrote them. Changes nothing. Used by `repair` only.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/version/current.hpp>
#include <strata/version/manifest_reader.hpp>

namespace strata::version {

/// None: there is no manifest of which even the beginning can be read. Errors: `io`;
/// `newer_format`, as a later version's database must not be touched.
template <class Fs, class Checksum>
[[nodiscard]] Result<std::optional<State>> salvage_manifest(Fs& fs, const std::string& directory,
                                                            const std::vector<std::string>& names) {
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = parse_manifest_name(name)) {
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.rbegin(), numbers.rend());
  for (const std::uint64_t number : numbers) {
    LoadedManifest loaded;
    auto read = detail::read_manifest_file<Checksum>(fs, directory, number, loaded);
    if (!read && read.error().code() != ErrorCode::corruption) {
      return propagate(std::move(read));
    }
    if (loaded.edits != 0) {
      return std::optional<State>(std::move(loaded.state));
    }
  }
  return std::optional<State>();
}

}  // namespace strata::version
