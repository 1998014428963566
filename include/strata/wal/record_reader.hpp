// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads the records of one log file, front to back, in bounded memory.
///
/// The reader knows records, not chains: it says what stands at an offset, and finds the next
/// place that a writer of this file wrote. What a gap means is for `replay` to decide.
///
/// Lengths are checked against the file's size before anything is allocated (invariant 11): a
/// record is read into a window of a megabyte, which grows to the size of a larger record.
/// Threads: one at a time; the file may be appended to meanwhile.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/wal/record.hpp>

namespace strata::wal {

/// A view of a file through a buffer that moves along.
template <class RandomFile>
class FileWindow {
 public:
  explicit FileWindow(RandomFile file) : file_(std::move(file)) {}

  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_.size_bytes(); }

  /// The bytes [offset, offset + size), fewer where the file ends. Valid until the next call.
  [[nodiscard]] Result<std::string_view> at(std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t end = file_bytes();
    offset = std::min(offset, end);
    size = std::min(size, end - offset);
    if (offset < base_ || offset + size > base_ + filled_) {
      if (auto moved = move_to(offset, std::max(size, std::min(window_bytes, end - offset)));
          !moved) {
        return propagate(std::move(moved));
      }
      size = std::min<std::uint64_t>(size, filled_);  // the file was cut while we read
    }
    return std::string_view(buffer_.get() + (offset - base_), static_cast<std::size_t>(size));
  }

 private:
  static constexpr std::uint64_t window_bytes = 1_MiB;

  [[nodiscard]] Result<void> move_to(std::uint64_t offset, std::uint64_t size) {
    if (size > capacity_) {
      buffer_ = std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(size));
      capacity_ = size;
    }
    filled_ = 0;
    auto read = file_.read(offset, buffer_.get(), static_cast<std::size_t>(size));
    if (!read) {
      return propagate(std::move(read));
    }
    base_ = offset;
    filled_ = *read;
    return {};
  }

  RandomFile file_;
  std::unique_ptr<char[]> buffer_;
  std::uint64_t capacity_ = 0;
  std::uint64_t base_ = 0;
  std::uint64_t filled_ = 0;
};

/// What stands at the reader's offset.
enum class Found : std::uint8_t {
  record,  ///< header and payload are what was written
  end,     ///< zeros, or the end of the file
  damage,  ///< neither
};

template <class RandomFile, class Checksum>
class RecordReader {
 public:
  /// Starts at `offset`, which is a multiple of 8.
  RecordReader(RandomFile file, FileIdentity identity, std::uint64_t offset)
      : window_(std::move(file)), seed_(record_seed<Checksum>(identity)), offset_(offset) {}

  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return window_.file_bytes(); }
  /// Where the next record is expected.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  void seek(std::uint64_t offset) noexcept { offset_ = offset; }
  /// The bytes [offset, offset + size), fewer where the file ends.
  [[nodiscard]] Result<std::string_view> bytes(std::uint64_t offset, std::uint64_t size) {
    return window_.at(offset, size);
  }

  /// After `read` returned `record`: valid until the next call of anything.
  [[nodiscard]] const RecordHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::string_view payload() const noexcept { return payload_; }
  /// After `read` returned `damage`.
  [[nodiscard]] std::string_view what() const noexcept { return what_; }

  /// Looks at the record at `offset()` without passing it; `advance` does.
  [[nodiscard]] Result<Found> read() {
    auto head = window_.at(offset_, record_header_bytes);
    if (!head) {
      return propagate(std::move(head));
    }
    if (is_zero(*head)) {
      return Found::end;
    }
    if (head->size() < record_header_bytes) {
      return damage("the file ends inside a record's header");
    }
    const auto header = decode_record_header<Checksum>(head->data(), seed_);
    if (!header) {
      return damage("the record's header does not match its checksum");
    }
    header_ = *header;
    const std::uint64_t payload_at = offset_ + record_header_bytes;
    if (header_.payload_bytes > file_bytes() - payload_at) {
      return damage("the file ends inside a record's payload");
    }
    const std::uint64_t record_bytes = record_header_bytes + header_.payload_bytes;
    auto whole = window_.at(offset_, record_bytes + padding_after(record_bytes));
    if (!whole) {
      return propagate(std::move(whole));
    }
    if (whole->size() < record_bytes) {
      return damage("the file ends inside a record's payload");
    }
    payload_ = whole->substr(record_header_bytes, header_.payload_bytes);
    if (Checksum::compute(payload_) != header_.payload_crc) {
      return damage("the record's payload does not match its checksum");
    }
    next_ = offset_ + record_bytes + padding_after(record_bytes);
    padding_is_zero_ = is_zero(whole->substr(static_cast<std::size_t>(record_bytes)));
    return Found::record;
  }
  /// False: the record just passed is whole, but what follows it is not what was written.
  [[nodiscard]] bool advance() noexcept {
    offset_ = next_;
    what_ = "the bytes after a record are not zero";
    return padding_is_zero_;
  }

  /// The first offset at or after `from` with a record header that `accept(header)` likes; payloads
  /// are not looked at. None: there is no such header up to the end of the file. `dirty_end()` is
  /// then behind the last eight bytes that are not all zero, or `from`.
  template <class Accept>
  [[nodiscard]] Result<std::optional<std::uint64_t>> find(std::uint64_t from, Accept accept) {
    dirty_end_ = from;
    from = from + padding_after(from);
    while (from < file_bytes()) {
      auto bytes = window_.at(from, scan_bytes);
      if (!bytes) {
        return propagate(std::move(bytes));
      }
      if (bytes->empty()) {
        break;
      }
      for (std::size_t at = 0; at < bytes->size(); at += record_alignment) {
        const std::string_view word = bytes->substr(at, record_alignment);
        if (is_zero(word)) {
          continue;
        }
        dirty_end_ = from + at + word.size();
        if (bytes->size() - at >= record_header_bytes) {
          const auto header = decode_record_header<Checksum>(bytes->data() + at, seed_);
          if (header && accept(*header)) {
            return std::optional(from + at);
          }
        }
      }
      // Step back so far that a header across the border of two windows is seen whole.
      const bool is_last = bytes->size() < scan_bytes;
      from += is_last ? bytes->size() : bytes->size() - record_header_bytes;
    }
    return std::optional<std::uint64_t>();
  }
  [[nodiscard]] std::uint64_t dirty_end() const noexcept { return dirty_end_; }

 private:
  static constexpr std::uint64_t scan_bytes = 256_KiB;

  [[nodiscard]] Found damage(std::string_view what) noexcept {
    what_ = what;
    return Found::damage;
  }
  [[nodiscard]] static bool is_zero(std::string_view bytes) noexcept {
    if (bytes.size() == sizeof(std::uint64_t)) {
      return load_fixed<std::uint64_t>(bytes.data()) == 0;
    }
    return bytes.find_first_not_of('\0') == std::string_view::npos;
  }

  FileWindow<RandomFile> window_;
  std::uint32_t seed_;
  std::uint64_t offset_;
  std::uint64_t next_ = 0;
  std::uint64_t dirty_end_ = 0;
  RecordHeader header_{};
  std::string_view payload_;
  std::string_view what_;
  bool padding_is_zero_ = true;
};

}  // namespace strata::wal
