// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Removes a database, and nothing else.
///
/// Only files that a database makes are removed, the manifest's pointer first, so that a crash
/// midway leaves no half database that would open. A directory that holds anything foreign keeps
/// that file, and itself; one that never was a database is refused untouched.

#include <string>
#include <string_view>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>
#include <strata/lsm/directory.hpp>

namespace strata {

/// Errors: not_found, incompatible_format (no database), locked (it is open), io.
template <class FileSystem = io::Posix>
[[nodiscard]] Result<void> destroy(std::string_view path, FileSystem fs = {}) {
  const std::string directory(path);
  auto names = fs.list(directory);
  if (!names) {
    return propagate(std::move(names));
  }
  bool is_database = false;
  for (const std::string& name : *names) {
    is_database = is_database || lsm::classify(name).kind == lsm::FileKind::current;
  }
  if (!is_database) {
    return fail(ErrorCode::incompatible_format, path,
                ": holds no strata database, so nothing was removed");
  }
  bool foreign = false;
  {
    auto lock = fs.lock(io::join(directory, lsm::lock_name));
    if (!lock) {
      return propagate(std::move(lock));
    }
    if (auto removed = fs.remove(io::join(directory, "CURRENT")); !removed) {
      return removed;
    }
    if (auto synced = fs.sync_directory(directory); !synced) {
      return synced;
    }
    for (const std::string& name : *names) {
      const auto kind = lsm::classify(name).kind;
      foreign = foreign || kind == lsm::FileKind::foreign;
      if (kind != lsm::FileKind::foreign && kind != lsm::FileKind::current &&
          kind != lsm::FileKind::lock) {
        if (auto removed = fs.remove(io::join(directory, name)); !removed) {
          return removed;
        }
      }
    }
  }
  if (auto removed = fs.remove(io::join(directory, lsm::lock_name)); !removed) {
    return removed;
  }
  return foreign ? Result<void>() : fs.remove_directory(directory);
}

}  // namespace strata
