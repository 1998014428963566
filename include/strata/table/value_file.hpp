// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A file of values that are too large to be copied by every compaction of their keys.
///
///     header, 32 bytes: magic u64 | version u32 | flags u32 | file number u64
///                       | checksum u32 | zero u32
///     (value | checksum u32) *
///
/// The checksum of a value covers its bytes, its key, and the pointer that leads to it: file
/// number, offset and length. So a pointer that is wrong in any way, or the right one asked for by
/// another key, meets damage and never other data. Keys are not stored: tables have them. A file
/// is written once, by one job, and named by the manifest with its size; there is no footer to
/// lose. Source: WiscKey (Lu et al., FAST 2016); immutable files as in RocksDB's BlobDB and Titan.
///
/// Threads: a writer belongs to one; any number may read.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/table/value_pointer.hpp>

namespace strata::table {

inline constexpr std::uint64_t value_file_magic = 0x4c41566174617274;  // "trataVAL"
inline constexpr std::uint32_t value_file_version = 1;
inline constexpr std::size_t value_header_bytes = 32;

namespace detail {

template <class Checksum>
[[nodiscard]] std::string encode_value_header(std::uint64_t file_number) {
  std::string out;
  put_fixed(out, value_file_magic);
  put_fixed(out, value_file_version);
  put_fixed(out, std::uint32_t{0});
  put_fixed(out, file_number);
  put_fixed(out, Checksum::compute(out));
  put_fixed(out, std::uint32_t{0});
  return out;
}

template <class Checksum>
[[nodiscard]] std::uint32_t value_checksum(std::string_view value, std::string_view key,
                                           const ValuePointer& pointer) {
  const auto place = encode_value_pointer(pointer);
  return Checksum::extend(Checksum::extend(Checksum::compute(value), key),
                          {place.data(), place.size()});
}

}  // namespace detail

/// Errors are returned by the call that meets them; the file is useless then: `abandon` and remove
/// it.
template <class FileSystem, class Checksum>
class ValueFileWriter {
 public:
  [[nodiscard]] static Result<ValueFileWriter> create(FileSystem& fs, const std::string& path,
                                                      std::uint64_t file_number) {
    auto file = fs.create(path);
    if (!file) {
      return propagate(std::move(file));
    }
    ValueFileWriter writer(std::move(*file), file_number);
    if (auto begun = writer.file_.append(detail::encode_value_header<Checksum>(file_number));
        !begun) {
      writer.abandon();
      (void)fs.remove(path);
      return propagate(std::move(begun));
    }
    return writer;
  }

  /// Where the value of `key` now lies. Requires: at most `value_bytes_max`.
  [[nodiscard]] Result<ValuePointer> add(std::string_view key, std::string_view value) {
    const ValuePointer pointer{
        .file = number_, .offset = offset_, .bytes = static_cast<std::uint32_t>(value.size())};
    char trailer[value_frame_bytes];
    store_fixed(trailer, detail::value_checksum<Checksum>(value, key, pointer));
    auto written = file_.append(value);
    written = written ? file_.append({trailer, sizeof trailer}) : written;
    if (!written) {
      return propagate(std::move(written));
    }
    offset_ += pointer.stored_bytes();
    return pointer;
  }

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return offset_; }

  /// Syncs and closes. Call once; the name in its directory is the caller's to sync.
  [[nodiscard]] Result<void> finish() {
    auto done = file_.sync();
    return done ? file_.close() : done;
  }
  /// Gives the file up. The caller removes it.
  void abandon() noexcept { (void)file_.close(); }

 private:
  ValueFileWriter(typename FileSystem::WritableFile file, std::uint64_t file_number)
      : file_(std::move(file)), number_(file_number) {}

  typename FileSystem::WritableFile file_;
  std::uint64_t number_;
  std::uint64_t offset_ = value_header_bytes;
};

template <class FileSystem, class Checksum>
class ValueFileReader {
 public:
  /// `size_bytes`: what the file must have. Errors: not_found, corruption, newer_format, io.
  [[nodiscard]] static Result<ValueFileReader> open(FileSystem& fs, std::string path,
                                                    std::uint64_t file_number,
                                                    std::uint64_t size_bytes) {
    auto file = fs.open(path);
    if (!file) {
      return propagate(std::move(file));
    }
    ValueFileReader reader(std::move(*file), std::move(path), file_number, size_bytes);
    if (auto checked = reader.check(); !checked) {
      return propagate(std::move(checked));
    }
    return reader;
  }

  /// The value of `key` that lies where `pointer` says, in `buffer`. Always checked.
  [[nodiscard]] Result<std::string_view> read(std::string_view key, const ValuePointer& pointer,
                                              std::string& buffer) const {
    if (pointer.file != number_ || pointer.offset < value_header_bytes ||
        pointer.offset > size_bytes_ || pointer.stored_bytes() > size_bytes_ - pointer.offset) {
      return damaged(pointer.offset, "a table names a value outside of the file");
    }
    buffer.resize(static_cast<std::size_t>(pointer.stored_bytes()));
    auto read = file_.read(pointer.offset, buffer.data(), buffer.size());
    if (!read) {
      return propagate(std::move(read));
    }
    const std::string_view value(buffer.data(), pointer.bytes);
    if (*read != buffer.size() || load_fixed<std::uint32_t>(buffer.data() + pointer.bytes) !=
                                      detail::value_checksum<Checksum>(value, key, pointer)) {
      return damaged(pointer.offset, "the value is damaged, or is not that of the key");
    }
    return value;
  }

  /// Size and header, anew. Values are checked as they are read.
  [[nodiscard]] Result<void> check() const {
    if (file_.size_bytes() != size_bytes_) {
      return fail(ErrorCode::corruption, path_, ": has ", std::to_string(file_.size_bytes()),
                  " bytes, not ", std::to_string(size_bytes_), "; restore a backup");
    }
    std::string header(value_header_bytes, '\0');
    auto read = file_.read(0, header.data(), header.size());
    if (!read) {
      return propagate(std::move(read));
    }
    const auto version = load_fixed<std::uint32_t>(header.data() + 8);
    const auto flags = load_fixed<std::uint32_t>(header.data() + 12);
    const std::string_view summed(header.data(), 24);
    if (*read == header.size() && load_fixed<std::uint64_t>(header.data()) == value_file_magic &&
        load_fixed<std::uint32_t>(header.data() + 24) == Checksum::compute(summed) &&
        (version > value_file_version || flags != 0)) {
      return fail(ErrorCode::newer_format, path_,
                  ": written by a later version of strata; open it with that one");
    }
    return *read == header.size() && header == detail::encode_value_header<Checksum>(number_)
               ? Result<void>()
               : damaged(0, "it is no value file of this number");
  }

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  ValueFileReader(typename FileSystem::RandomFile file, std::string path, std::uint64_t file_number,
                  std::uint64_t size_bytes)
      : file_(std::move(file)),
        path_(std::move(path)),
        number_(file_number),
        size_bytes_(size_bytes) {}

  [[nodiscard]] tl::unexpected<Error> damaged(std::uint64_t offset, std::string_view what) const {
    return fail(ErrorCode::corruption, path_, ": at offset ", std::to_string(offset), ": ", what,
                "; restore a backup");
  }

  typename FileSystem::RandomFile file_;
  std::string path_;
  std::uint64_t number_;
  std::uint64_t size_bytes_;
};

}  // namespace strata::table
