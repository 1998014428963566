// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A copy of a database by hard links: seconds for terabytes, on the same file system.
///
/// Flush, pin the tables, link them into the new directory, write a manifest there that names
/// them, last. Tables are immutable, so copy and original never see each other's changes. A crash
/// midway leaves a directory without a manifest, which no open takes for a database.

#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/version/manifest.hpp>

namespace strata::lsm {

namespace detail {

/// Links the tables of a pinned state into `directory`, and names them there.
template <class Core>
[[nodiscard]] Result<void> fill_checkpoint(Core& core, const std::string& directory) {
  auto& fs = core.file_system();
  auto pinned = core.pin_state();
  if (!pinned) {
    return propagate(std::move(pinned));
  }
  for (const auto& family : pinned->state.families) {
    for (const auto& level : family.levels) {
      for (const auto& table : level) {
        if (auto linked =
                fs.link(table_path(core.path(), table.number), table_path(directory, table.number));
            !linked) {
          return linked;
        }
      }
    }
    for (const auto& file : family.value_files) {
      if (auto linked =
              fs.link(value_path(core.path(), file.number), value_path(directory, file.number));
          !linked) {
        return linked;
      }
    }
  }
  if (auto synced = fs.sync_directory(directory); !synced) {
    return synced;
  }
  auto manifest = Core::Manifest::create(fs, directory, std::move(pinned->state));
  return manifest ? manifest->close() : propagate(std::move(manifest));
}

}  // namespace detail

/// `target` must not exist, its parent must. Errors: already_exists, io. What could not be finished
/// is removed again.
template <class Core>
[[nodiscard]] Result<void> checkpoint(Core& core, std::string_view target) {
  auto& fs = core.file_system();
  const std::string directory(target);
  if (auto flushed = core.flush(); !flushed) {
    return flushed;
  }
  if (auto made = fs.create_directory(directory); !made) {
    return made;
  }
  auto filled = detail::fill_checkpoint(core, directory);
  if (filled) {
    filled = fs.sync_directory(io::parent_of(directory));  // so that the directory itself stays
  }
  if (!filled) {
    if (const auto names = fs.list(directory)) {
      for (const std::string& name : *names) {
        (void)fs.remove(io::join(directory, name));
      }
    }
    (void)fs.remove_directory(directory);
  }
  return filled;
}

}  // namespace strata::lsm
