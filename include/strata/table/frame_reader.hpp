// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads the footer, the sections and the data blocks of a table file, and checks them; the bytes
/// are in table/format.hpp. Every error names the file. Immutable: any number of threads may read.
///
/// Tested through the reader: tests/table/damage_test.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/compression/codec.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/error.hpp>
#include <strata/table/block.hpp>
#include <strata/table/format.hpp>

namespace strata::table {

/// What one who goes forward has read beyond the block that was asked for. Each read is twice as
/// large as the one before, up to a window: who stops after a few blocks has not paid for many.
class ReadAhead {
 public:
  explicit ReadAhead(std::size_t window_bytes) noexcept : window_bytes_(window_bytes) {}

  /// The `size` bytes at `from`; null where they were not read.
  [[nodiscard]] const char* find(std::uint64_t from, std::size_t size) const noexcept {
    const bool is_held =
        from >= offset_ && from - offset_ <= held_bytes_ && size <= held_bytes_ - (from - offset_);
    return is_held ? bytes_.get() + (from - offset_) : nullptr;
  }
  /// Reads at least `size` bytes at `from`, unless the file ends before.
  template <class File>
  [[nodiscard]] Result<void> fill(const File& file, std::uint64_t from, std::size_t size) {
    next_bytes_ = std::max(size, std::min(window_bytes_, 2 * std::max(next_bytes_, size)));
    if (next_bytes_ > room_bytes_) {
      bytes_.reset(new char[next_bytes_]);
      room_bytes_ = next_bytes_;
    }
    offset_ = from;
    auto read = file.read(from, bytes_.get(), next_bytes_);
    held_bytes_ = read ? *read : 0;
    return read ? Result<void>() : propagate(std::move(read));
  }

 private:
  std::size_t window_bytes_;
  std::size_t next_bytes_ = 0;
  std::unique_ptr<char[]> bytes_;
  std::size_t room_bytes_ = 0;
  std::size_t held_bytes_ = 0;
  std::uint64_t offset_ = 0;
};

template <class File, class Compression, class Checksum>
class FrameReader {
 public:
  FrameReader(File file, std::string path, std::uint64_t file_number)
      : file_(std::move(file)), path_(std::move(path)), file_number_(file_number) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t file_number() const noexcept { return file_number_; }

  /// More frames than this do not fit in the file.
  [[nodiscard]] std::uint32_t frames_max() const noexcept {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(file_.size_bytes() / frame_bytes, UINT32_MAX));
  }

  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view what) const {
    return fail(ErrorCode::corruption, path_, ": ", what, "; restore a backup");
  }

  [[nodiscard]] Result<Footer> footer() const {
    auto footer = any_footer();
    if (footer && footer->file_number != file_number_) {
      return damaged("is table " + std::to_string(footer->file_number) + " by its footer");
    }
    return footer;
  }
  /// Whatever number it was written under.
  [[nodiscard]] Result<Footer> any_footer() const {
    const std::uint64_t size = file_.size_bytes();
    std::string bytes(size < footer_bytes ? 0 : footer_bytes, '\0');
    auto read = file_.read(size - bytes.size(), bytes.data(), bytes.size());
    if (!read) {
      return propagate(std::move(read));
    }
    return decode_footer<Checksum>(bytes, size, path_);
  }

  /// Before any block is read: the codec of the table, and the dictionary that its blocks need.
  [[nodiscard]] Result<void> open_codec(std::string_view codec, const Handle& dictionary) {
    std::string bytes;
    if (dictionary.bytes != 0) {
      auto read = section(dictionary);
      if (!read) {
        return propagate(std::move(read));
      }
      bytes = std::move(*read);
    }
    return decompressor_.open(codec, bytes) ? Result<void>() : damaged_at(dictionary.offset);
  }
  /// What the dictionary takes.
  [[nodiscard]] std::size_t codec_bytes() const noexcept { return decompressor_.memory_bytes(); }

  /// The payload of a section that another one names.
  [[nodiscard]] Result<std::string> section(const Handle& handle) const {
    if (!is_within(handle)) {
      return damaged("names a section outside of the file");
    }
    std::string frame(std::size_t{handle.bytes} + frame_bytes, '\0');
    auto read = file_.read(handle.offset, frame.data(), frame.size());
    if (!read) {
      return propagate(std::move(read));
    }
    if (*read != frame.size() || !frame_is_whole<Checksum>(frame, file_number_, handle.offset)) {
      return damaged_at(handle.offset);
    }
    frame.resize(handle.bytes);
    return frame;
  }

  /// A data block that the index names, decompressed; never an empty one. Goes by way of `ahead`
  /// where there is one, and takes its bytes of `memory`, or of the heap.
  [[nodiscard]] Result<Block> block(const Handle& handle, bool verify_checksum, ReadAhead* ahead,
                                    BlockMemory* memory) const {
    if (!is_within(handle)) {
      return damaged("the index names a block outside of the file");
    }
    const std::size_t size = std::size_t{handle.bytes} + frame_bytes;
    BlockBytes bytes = bytes_of(memory, size);
    auto read = ahead != nullptr ? read_through(*ahead, handle.offset, bytes.get(), size)
                                 : read_frame(handle.offset, bytes.get(), size);
    if (!read) {
      return propagate(std::move(read));
    }
    const std::string_view frame(bytes.get(), size);
    if (verify_checksum && !frame_is_whole<Checksum>(frame, file_number_, handle.offset)) {
      return damaged_at(handle.offset);
    }
    auto block = parse(std::move(bytes), frame, memory);
    if (!block || block->count() == 0) {
      return damaged_at(handle.offset);
    }
    return std::move(*block);
  }

 private:
  /// More than a block ever has: it is closed long before, but for the largest value as its last.
  static constexpr std::size_t raw_bytes_max = value_bytes_max + 16_MiB;

  [[nodiscard]] tl::unexpected<Error> damaged_at(std::uint64_t offset) const {
    return damaged("the block at offset " + std::to_string(offset) + " is damaged");
  }

  /// Whether the frame lies in the file: asked before any memory is taken for it.
  [[nodiscard]] bool is_within(const Handle& handle) const noexcept {
    const std::uint64_t size = file_.size_bytes();
    return handle.offset <= size &&
           std::uint64_t{handle.bytes} + frame_bytes <= size - handle.offset;
  }

  [[nodiscard]] static BlockBytes bytes_of(BlockMemory* memory, std::size_t size) {
    return memory != nullptr ? memory->allocate(size) : BlockBytes(new char[size]);
  }

  /// `bytes` hold `frame`. Nothing where they are no block.
  [[nodiscard]] std::optional<Block> parse(BlockBytes bytes, std::string_view frame,
                                           BlockMemory* memory) const {
    const std::size_t payload_bytes = frame.size() - frame_bytes;
    const auto codec = static_cast<std::uint8_t>(frame[payload_bytes]);
    if (codec == 0) {
      return Block::parse(std::move(bytes), payload_bytes);
    }
    const std::size_t raw_bytes = load_fixed<std::uint32_t>(frame.data() + payload_bytes + 1);
    if (raw_bytes > raw_bytes_max ||
        raw_bytes / compression::expansion_max<Compression>() > payload_bytes) {
      return std::nullopt;
    }
    BlockBytes raw = bytes_of(memory, raw_bytes);
    if (!decompressor_.decompress(codec, frame.substr(0, payload_bytes), raw_bytes, raw.get())) {
      return std::nullopt;
    }
    return Block::parse(std::move(raw), raw_bytes);
  }

  [[nodiscard]] Result<void> read_frame(std::uint64_t offset, char* to, std::size_t size) const {
    auto read = file_.read(offset, to, size);
    if (!read) {
      return propagate(std::move(read));
    }
    return *read == size ? Result<void>() : damaged_at(offset);
  }
  [[nodiscard]] Result<void> read_through(ReadAhead& ahead, std::uint64_t offset, char* to,
                                          std::size_t size) const {
    const char* held = ahead.find(offset, size);
    if (held == nullptr) {
      if (auto read = ahead.fill(file_, offset, size); !read) {
        return read;
      }
      held = ahead.find(offset, size);
    }
    if (held == nullptr) {
      return damaged_at(offset);
    }
    std::copy_n(held, size, to);
    return {};
  }

  File file_;
  std::string path_;
  std::uint64_t file_number_;
  [[no_unique_address]] compression::decompressor_of_t<Compression> decompressor_;
};

}  // namespace strata::table
