// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Whole files at once, over any file system.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
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

/// Makes `to`, a new file with the bytes of `from`, synced; its name is the caller's to sync.
/// Constant memory. A file that could not be finished is removed.
template <class Fs>
[[nodiscard]] Result<void> copy_file(Fs& fs, const std::string& from, const std::string& to) {
  auto source = fs.open(from);
  if (!source) {
    return propagate(std::move(source));
  }
  auto target = fs.create(to);
  if (!target) {
    return propagate(std::move(target));
  }
  Result<void> done;
  std::string bytes;
  for (std::uint64_t offset = 0; done && offset < source->size_bytes(); offset += bytes.size()) {
    bytes.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(256_KiB, source->size_bytes() - offset)));
    auto read = source->read(offset, bytes.data(), bytes.size());
    if (!read || *read != bytes.size()) {
      done = read ? fail(ErrorCode::io, from, ": ended while it was copied") : propagate(read);
    } else {
      done = target->append(bytes);
    }
  }
  done = done ? target->sync() : done;
  auto closed = target->close();
  done = done ? closed : done;
  if (!done) {
    (void)fs.remove(to);
  }
  return done;
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
