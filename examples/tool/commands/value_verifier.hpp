// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The part of `verify` that reads value files: every value that a table points to.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/value_files.hpp>
#include <strata/table/value_pointer.hpp>
#include <strata/version/file_metadata.hpp>
#include <strata/version/state.hpp>

namespace strata::tool {

/// The value files of one family. `Values`: of its tree; see lsm/value_files.hpp. `note(outcome)`
/// takes damage for a finding and passes on any other error.
template <class Values, class FileSystem, class Note>
class ValueVerifier {
 public:
  ValueVerifier(FileSystem& fs, const std::string& directory, Note note)
      : fs_(fs), directory_(directory), note_(std::move(note)) {}

  /// A file that can not be opened is one finding, whatever points into it.
  [[nodiscard]] Result<void> open(const version::FamilyState& family) {
    for (const version::ValueFileMetadata& file : family.value_files) {
      auto opened = Values::Reader::open(fs_, lsm::value_path(directory_, file.number), file.number,
                                         file.size_bytes);
      if (opened) {
        files_.emplace(file.number, std::move(*opened));
      } else if (auto noted = note_(propagate(std::move(opened))); !noted) {
        return noted;
      } else {
        lost_.insert(file.number);
      }
    }
    return {};
  }

  /// All values of a table, also of what is left of a damaged one.
  template <class Reader>
  [[nodiscard]] Result<void> check(const Reader& reader, const std::string& path,
                                   const version::FileMetadata& table) {
    table::ValueShares found;
    bool is_whole = true;
    const auto visit = [&](std::string_view key, Trailer trailer, std::string_view entry) {
      return trailer.kind() == EntryKind::value_pointer ? check(key, entry, path, found)
                                                        : Result<void>();
    };
    auto done = reader.salvage(visit, [&](const Error&) { is_whole = false; });
    if (done && is_whole && found != table.values) {
      done = note_(
          fail(ErrorCode::corruption, path, ": refers to other values than the manifest says"));
    }
    return done;
  }

 private:
  [[nodiscard]] Result<void> check(std::string_view key, std::string_view entry,
                                   const std::string& table, table::ValueShares& found) {
    const auto pointer = table::decode_value_pointer(entry);
    if (!pointer) {
      return note_(
          fail(ErrorCode::corruption, table, ": an entry is no pointer to a value, as it says"));
    }
    add_share(found, {pointer->file, pointer->stored_bytes()});
    const auto file = files_.find(pointer->file);
    if (file != files_.end()) {
      auto read = file->second.read(key, *pointer, buffer_);
      return read ? Result<void>() : note_(propagate(std::move(read)));
    }
    return lost_.count(pointer->file) != 0
               ? Result<void>()
               : note_(fail(ErrorCode::corruption, table, ": points into value file ",
                            std::to_string(pointer->file), ", which the manifest does not have"));
  }

  FileSystem& fs_;
  const std::string& directory_;
  Note note_;
  std::map<std::uint64_t, typename Values::Reader> files_;
  std::set<std::uint64_t> lost_;  // could not be opened, and are reported
  std::string buffer_;
};

}  // namespace strata::tool
