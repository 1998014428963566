// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The value files of a family at one moment, beside the tables that refer to them.
///
/// A version of the tables holds its value files, so whoever pins a version can read every value
/// that its tables point to. Each table says how many bytes of which value file it refers to
/// (`FileMetadata::values`); the sums tell what is garbage. A value file goes when no table of the
/// newest version refers to it and no older version is pinned: there is no other way to lose one,
/// so collecting garbage can not lose a value that anybody sees. Values are not cached by strata;
/// the operating system caches their files.
///
/// Threads: a `ValueFiles` belongs to its version, which is immutable. Tested through the engine:
/// tests/lsm/value_log_test.cpp.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/table/value_file.hpp>
#include <strata/table/value_pointer.hpp>
#include <strata/version/file_metadata.hpp>

namespace strata::lsm {

/// `dir/000000000012.values`.
[[nodiscard]] inline std::string value_path(std::string_view directory, std::uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%012llu.values", static_cast<unsigned long long>(number));
  return io::join(directory, name);
}

/// What all tables of `levels` together refer to.
template <class Levels>
[[nodiscard]] table::ValueShares shares_of(const Levels& levels) {
  table::ValueShares sum;
  for (const auto& level : levels) {
    for (const auto& file : level) {
      for (const table::ValueShare& share : file->metadata().values) {
        add_share(sum, share);
      }
    }
  }
  return sum;
}

/// Of a family whose values lie in its tables.
struct NoValueFiles {
  static constexpr bool separates = false;
  struct List {};
};

/// An open value file, and the right to unlink it.
template <class Reader, class FileSystem>
class ValueFile {
 public:
  ValueFile(FileSystem file_system, Reader reader)
      : file_system_(std::move(file_system)), path_(reader.path()), reader_(std::move(reader)) {}
  ValueFile(const ValueFile&) = delete;
  ValueFile& operator=(const ValueFile&) = delete;
  ~ValueFile() {
    if (obsolete_.load(std::memory_order_acquire)) {
      // A failure leaves an orphan for the next open.
      (void)file_system_.remove(path_);
    }
  }

  [[nodiscard]] const Reader& reader() const noexcept { return reader_; }
  [[nodiscard]] std::uint64_t number() const noexcept { return reader_.number(); }
  /// Of values and their checksums.
  [[nodiscard]] std::uint64_t value_bytes() const noexcept {
    return reader_.size_bytes() - table::value_header_bytes;
  }
  void mark_obsolete() noexcept { obsolete_.store(true, std::memory_order_release); }

 private:
  FileSystem file_system_;
  std::string path_;
  Reader reader_;
  std::atomic<bool> obsolete_{false};
};

template <class FileSystem, class Checksum>
class ValueFiles {
 public:
  static constexpr bool separates = true;
  using Reader = table::ValueFileReader<FileSystem, Checksum>;
  using Writer = table::ValueFileWriter<FileSystem, Checksum>;
  using File = ValueFile<Reader, FileSystem>;
  using List = std::vector<std::shared_ptr<File>>;

  [[nodiscard]] static Result<List> open(FileSystem& fs, const std::string& directory,
                                         const std::vector<version::ValueFileMetadata>& files) {
    List list;
    for (const auto& file : files) {
      auto reader =
          Reader::open(fs, value_path(directory, file.number), file.number, file.size_bytes);
      if (!reader) {
        return propagate(std::move(reader));
      }
      list.push_back(std::make_shared<File>(fs, std::move(*reader)));
    }
    return list;
  }

  [[nodiscard]] const List& list() const noexcept { return list_; }

  /// The value of `key` that an entry of kind `value_pointer` stands for; lies in `buffer`.
  [[nodiscard]] Result<std::string_view> read(std::string_view key, std::string_view entry,
                                              std::string& buffer) const {
    const auto pointer = table::decode_value_pointer(entry);
    if (!pointer) {
      return fail(ErrorCode::corruption,
                  "an entry of a table is no pointer to a value, as it says");
    }
    const auto at = std::lower_bound(
        list_.begin(), list_.end(), pointer->file,
        [](const auto& file, std::uint64_t number) { return file->number() < number; });
    if (at == list_.end() || (*at)->number() != pointer->file) {
      return fail(ErrorCode::corruption, "value file ", std::to_string(pointer->file),
                  " is gone: the value at its offset ", std::to_string(pointer->offset),
                  " can not be read; restore a backup");
    }
    return (*at)->reader().read(key, *pointer, buffer);
  }

  void add(const List& added) {
    list_.insert(list_.end(), added.begin(), added.end());
    std::sort(list_.begin(), list_.end(),
              [](const auto& a, const auto& b) { return a->number() < b->number(); });
  }
  /// Drops what no table of `levels` refers to. Requires: `levels` are durable as the newest.
  template <class Levels>
  void drop_unused(const Levels& levels) {
    const table::ValueShares used = shares_of(levels);
    std::erase_if(list_, [&](const auto& file) {
      const bool is_unused = share_of(used, file->number()) == 0;
      if (is_unused) {
        file->mark_obsolete();
      }
      return is_unused;
    });
  }

  /// The numbers of those of which more than `ratio` is garbage, ascending.
  template <class Levels>
  [[nodiscard]] std::vector<std::uint64_t> wasteful(const Levels& levels, double ratio) const {
    const table::ValueShares used = shares_of(levels);
    std::vector<std::uint64_t> numbers;
    for (const auto& file : list_) {
      const auto all = static_cast<double>(file->value_bytes());
      const auto live = static_cast<double>(share_of(used, file->number()));
      if (all - live > ratio * all) {
        numbers.push_back(file->number());
      }
    }
    return numbers;
  }

 private:
  List list_;  // by number
};

/// Reads every value that `file` refers to, and compares their sum with what the manifest says.
template <class Values, class File>
[[nodiscard]] Result<void> verify_values(const Values& values, const File& file) {
  typename File::Cursor cursor(file.reader(),
                               {.verify_checksums = true, .fill_cache = false, .use_cache = false});
  table::ValueShares found;
  std::string buffer;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    if (cursor.trailer().kind() != EntryKind::value_pointer) {
      continue;
    }
    if (auto read = values.read(cursor.key(), cursor.value(), buffer); !read) {
      return propagate(std::move(read));
    }
    const auto pointer = *table::decode_value_pointer(cursor.value());
    add_share(found, {pointer.file, pointer.stored_bytes()});
  }
  if (auto read = cursor.status(); !read) {
    return read;
  }
  return found == file.metadata().values
             ? Result<void>()
             : fail(ErrorCode::corruption, file.path(),
                    ": refers to other values than the manifest says; restore a backup");
}

}  // namespace strata::lsm
