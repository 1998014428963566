// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whole files at once, over any file system.

#include <cstddef>
#include <string>
#include <string_view>

#include <strata/core/error.hpp>

namespace strata::io {

[[nodiscard]] inline std::string join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') {
    path.push_back('/');
  }
  return path.append(name);
}

/// The directory part of `path`; "." where it has none.
[[nodiscard]] inline std::string parent_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
  }
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return ".";
  }
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

template <class Fs>
[[nodiscard]] Result<std::string> read_file(Fs& fs, const std::string& path) {
  auto file = fs.open(path);
  if (!file) {
    return propagate(std::move(file));
  }
  std::string bytes(static_cast<std::size_t>(file->size_bytes()), '\0');
  auto read = file->read(0, bytes.data(), bytes.size());
  if (!read) {
    return propagate(std::move(read));
  }
  bytes.resize(*read);
  return bytes;
}

/// Replaces `path` as a whole: after a crash it holds the old bytes or the new. The new bytes are
/// synced before the rename (LevelDB #74), the directory after it (RocksDB PR 10573).
template <class Fs>
[[nodiscard]] Result<void> write_file_durably(Fs& fs, const std::string& path,
                                              std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  if (auto left_over = fs.exists(temporary); left_over && *left_over) {
    if (auto removed = fs.remove(temporary); !removed) {
      return removed;
    }
  }
  auto file = fs.create(temporary);
  if (!file) {
    return propagate(std::move(file));
  }
  auto done = file->append(bytes);
  done = done ? file->sync() : done;
  done = done ? file->close() : done;
  done = done ? fs.rename(temporary, path) : done;
  return done ? fs.sync_directory(parent_of(path)) : done;
}

}  // namespace strata::io
