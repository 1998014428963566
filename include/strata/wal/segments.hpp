// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The log segments that lie in a directory, with their headers: what replay plans by. Tested
/// through replay: tests/wal/replay_test.cpp.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/segment_name.hpp>

namespace strata::wal {

struct SegmentFile {
  std::uint64_t id = 0;
  std::string path;
  std::uint64_t bytes = 0;
  std::optional<LogHeader> header;  ///< none: damaged, or never written
};

/// Ids of the segments in `directory`, ascending.
template <class Fs>
[[nodiscard]] Result<std::vector<std::uint64_t>> list_segments(Fs& fs,
                                                               const std::string& directory) {
  auto names = fs.list(directory);
  if (!names) {
    return propagate(std::move(names));
  }
  std::vector<std::uint64_t> ids;
  for (const std::string& name : *names) {
    if (const auto id = parse_segment_name(name)) {
      ids.push_back(*id);
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// Errors: `newer_format`; `incompatible_format` if the file is of another database;
/// `corruption` if it is another file than its name says.
template <class Checksum, class Fs>
[[nodiscard]] Result<SegmentFile> inspect_segment(Fs& fs, const std::string& directory,
                                                  FileIdentity identity) {
  SegmentFile segment;
  segment.id = identity.file_id;
  segment.path = io::join(directory, segment_name(segment.id));
  auto file = fs.open(segment.path);
  if (!file) {
    return propagate(std::move(file));
  }
  segment.bytes = file->size_bytes();
  std::string bytes(log_header_bytes, '\0');
  auto read = file->read(0, bytes.data(), bytes.size());
  if (!read) {
    return propagate(std::move(read));
  }
  bytes.resize(*read);
  auto header = decode_log_header<Checksum>(bytes, segment_magic, segment.path);
  if (!header) {
    if (header.error().code() == ErrorCode::corruption) {
      return segment;
    }
    return propagate(std::move(header));
  }
  if (header->file.database_id != identity.database_id) {
    return fail(ErrorCode::incompatible_format, segment.path,
                ": belongs to another database; remove it from this directory");
  }
  if (header->file.file_id != identity.file_id) {
    return fail(ErrorCode::corruption, segment.path, ": offset 32: holds log segment number ",
                std::to_string(header->file.file_id), "; give it its name back");
  }
  segment.header = *header;
  return segment;
}

}  // namespace strata::wal
