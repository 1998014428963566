// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads the state of a database from the manifest that `CURRENT` names.
///
/// A manifest is a log (wal/log_header.hpp, wal/record.hpp) of edits, numbered from 1. The first is
/// a snapshot; it was durable before `CURRENT` named the file. Each edit was durable before the
/// next one was written, and says so. Hence: a damaged last edit may be a torn one, which was
/// never acknowledged, and is cut; a damaged edit before another, or a damaged snapshot, is
/// corruption.
///
/// Nothing is written. Threads: any number.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/version/current.hpp>
#include <strata/version/edit.hpp>
#include <strata/version/state.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/record.hpp>
#include <strata/wal/record_reader.hpp>

namespace strata::version {

inline constexpr wal::Magic manifest_magic{"STRATAmf"};

struct LoadedManifest {
  State state{};
  std::uint64_t number = 0;
  std::uint64_t edits = 0;
  std::uint64_t torn_bytes = 0;  ///< cut from the end
};

/// A directory without `CURRENT`: is it new (`not_found`), damaged, or somebody else's?
[[nodiscard]] inline tl::unexpected<Error> why_no_database(const std::string& directory,
                                                           const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto stem = std::string_view(name).substr(0, name.find('.'));
    const bool is_numbered = stem.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_numbered && (name.ends_with(".log") || name.ends_with(".table"))) {
      return fail(ErrorCode::corruption, io::join(directory, current_name), ": is missing, but ",
                  name, " is there; restore a backup");
    }
    // What a first open that crashed leaves behind.
    if (name != "LOCK" && !name.ends_with(".tmp") && !parse_manifest_name(name)) {
      return fail(ErrorCode::incompatible_format, directory, ": holds '", name,
                  "' but no strata database; give an empty or a new directory");
    }
  }
  return fail(ErrorCode::not_found, directory, ": there is no database here");
}

namespace detail {

template <class Checksum, class Fs>
[[nodiscard]] Result<std::uint64_t> read_current(Fs& fs, const std::string& directory) {
  auto names = fs.list(directory);
  if (!names) {
    return propagate(std::move(names));
  }
  if (std::find(names->begin(), names->end(), current_name) == names->end()) {
    return why_no_database(directory, *names);
  }
  const std::string path = io::join(directory, current_name);
  auto bytes = fs.file_size(path);
  if (!bytes) {
    return propagate(std::move(bytes));
  }
  auto line = *bytes <= current_bytes_max ? io::read_file(fs, path) : Result<std::string>();
  if (!line) {
    return propagate(std::move(line));
  }
  const auto number = decode_current<Checksum>(*line);
  if (!number) {
    return fail(ErrorCode::corruption, path,
                ": offset 0: does not name a manifest; restore a backup");
  }
  return *number;
}

/// Applies one record. Errors name the file and the offset.
template <class Reader>
[[nodiscard]] Result<void> apply_record(const Reader& reader, const std::string& path,
                                        LoadedManifest& loaded) {
  auto edit = decode_edit(reader.payload());
  auto applied = edit ? loaded.state.apply(*edit) : Result<void>(tl::unexpected(edit.error()));
  if (!applied) {
    return tl::unexpected<Error>(
        applied.error().within(path + ": offset " + std::to_string(reader.offset())));
  }
  ++loaded.edits;
  return {};
}

template <class Reader>
[[nodiscard]] Result<void> read_edits(Reader& reader, const std::string& path,
                                      LoadedManifest& loaded) {
  std::string_view what = "the record is missing";
  for (;;) {
    auto found = reader.read();
    if (!found) {
      return propagate(std::move(found));
    }
    const Sequence next = loaded.edits + 1;
    const bool is_next = *found == wal::Found::record && reader.header().first_sequence == next &&
                         reader.header().count <= 1;
    if (!is_next) {
      what = *found == wal::Found::end      ? what
             : *found == wal::Found::damage ? reader.what()
                                            : "the record is out of order";
      break;
    }
    if (!reader.header().is_mark()) {
      if (auto applied = apply_record(reader, path, loaded); !applied) {
        return applied;
      }
    }
    if (!reader.advance()) {
      what = reader.what();
      break;
    }
  }
  // No whole record of this edit: torn, unless anything says that it was durable.
  const Sequence missing = loaded.edits + 1;
  const std::uint64_t broken_at = reader.offset();
  auto later = reader.find(broken_at, [missing](const wal::RecordHeader& header) {
    return header.durable_sequence >= missing;
  });
  if (!later) {
    return propagate(std::move(later));
  }
  if (*later || missing == 1) {
    return fail(ErrorCode::corruption, path, ": offset ", std::to_string(broken_at), ": ", what,
                "; edit ", std::to_string(missing), " was durable; restore a backup");
  }
  loaded.torn_bytes = reader.dirty_end() - broken_at;
  return {};
}

/// Reads manifest `number` into `loaded`, which on an error holds what came before it.
template <class Checksum, class Fs>
[[nodiscard]] Result<void> read_manifest_file(Fs& fs, const std::string& directory,
                                              std::uint64_t number, LoadedManifest& loaded) {
  const std::string path = io::join(directory, manifest_name(number));
  auto file = fs.open(path);
  if (!file) {
    if (file.error().code() == ErrorCode::not_found) {
      return fail(ErrorCode::corruption, path,
                  ": is missing, but CURRENT names it; restore a backup");
    }
    return propagate(std::move(file));
  }
  std::string bytes(wal::log_header_bytes, '\0');
  auto read = file->read(0, bytes.data(), bytes.size());
  if (!read) {
    return propagate(std::move(read));
  }
  bytes.resize(*read);
  auto header = wal::decode_log_header<Checksum>(bytes, manifest_magic, path);
  if (!header) {
    return propagate(std::move(header));
  }
  if (header->file.file_id != number) {
    return fail(ErrorCode::corruption, path, ": offset 32: is manifest number ",
                std::to_string(header->file.file_id), "; give it its name back");
  }
  loaded.number = number;
  loaded.state.must_not_be_changed = header->read_only_flags != 0;
  wal::RecordReader<typename Fs::RandomFile, Checksum> reader(std::move(*file), header->file,
                                                              wal::log_header_bytes);
  return read_edits(reader, path, loaded);
}

}  // namespace detail

/// Errors: `not_found` if the directory is missing or holds no database yet;
/// `incompatible_format` if it holds something else; `newer_format`; `corruption`; `io`.
template <class Fs, class Checksum>
[[nodiscard]] Result<LoadedManifest> load_manifest(Fs& fs, const std::string& directory) {
  auto number = detail::read_current<Checksum>(fs, directory);
  if (!number) {
    return propagate(std::move(number));
  }
  LoadedManifest loaded;
  if (auto whole = detail::read_manifest_file<Checksum>(fs, directory, *number, loaded); !whole) {
    return propagate(std::move(whole));
  }
  return loaded;
}

/// The state alone; see `load_manifest`.
template <class Fs, class Checksum>
[[nodiscard]] Result<State> read_manifest(Fs& fs, const std::string& directory) {
  auto loaded = load_manifest<Fs, Checksum>(fs, directory);
  if (!loaded) {
    return propagate(std::move(loaded));
  }
  return std::move(loaded->state);
}

}  // namespace strata::version
