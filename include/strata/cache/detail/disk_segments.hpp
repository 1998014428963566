// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The files of a disk level: records are appended to the newest, and the oldest goes as a whole
/// when there are too many. So the disk sees long writes in order and nothing is ever moved.
///
///     000007.segment (oldest) | 000008.segment | ... | 000014.segment <- appended to
///
/// Threads: none, but a segment may be read by everyone who holds it, though it be dropped
/// meanwhile. (Tested by tests/cache/disk_level_test.cpp.)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/io/files.hpp>

namespace strata::cache::detail {

template <class Fs>
struct DiskSegment {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  typename Fs::RandomFile file;
  std::vector<std::uint64_t> hashes{};  ///< of all that was ever appended to it
};

template <class Fs>
class DiskSegments {
 public:
  using Segment = DiskSegment<Fs>;
  static constexpr std::string_view suffix = ".segment";

  DiskSegments(const Fs& fs, std::string directory, std::uint64_t capacity_bytes)
      : fs_(fs),
        directory_(std::move(directory)),
        segments_max_(std::max<std::uint64_t>(segments_min, capacity_bytes / segment_bytes_max)),
        segment_bytes_(std::min(capacity_bytes / segments_max_, segment_bytes_max)) {}

  [[nodiscard]] std::uint64_t record_bytes_max() const noexcept { return segment_bytes_; }
  [[nodiscard]] const auto& all() const noexcept { return segments_; }
  [[nodiscard]] std::uint64_t next_number() const noexcept { return next_number_; }
  void set_next_number(std::uint64_t number) noexcept { next_number_ = number; }

  [[nodiscard]] bool owns(std::string_view name) const {
    return std::any_of(segments_.begin(), segments_.end(),
                       [&](const auto& segment) { return name_of(segment->number) == name; });
  }

  /// Takes up a segment that an earlier process closed.
  [[nodiscard]] Result<std::shared_ptr<Segment>> adopt(std::uint64_t number, std::uint64_t bytes) {
    auto file = fs_.open(path_of(number));
    if (!file) {
      return propagate(std::move(file));
    }
    if (file->size_bytes() < bytes) {
      return fail(ErrorCode::corruption, path_of(number), ": is shorter than it was");
    }
    return segments_.emplace_back(
        std::make_shared<Segment>(Segment{number, bytes, std::move(*file)}));
  }

  /// Whether the next record of `bytes` will start a segment, for which the oldest has to go.
  [[nodiscard]] bool needs_room_for(std::uint64_t bytes) const noexcept {
    if (fits(bytes) || segments_.empty()) {
      return false;
    }
    std::uint64_t total = segment_bytes_;
    for (const auto& segment : segments_) {
      total += segment->bytes;
    }
    return segments_.size() >= segments_max_ || total > segments_max_ * segment_bytes_;
  }
  [[nodiscard]] std::shared_ptr<Segment> oldest() const { return segments_.front(); }

  /// The file goes too; where that fails it stays until the level is opened next.
  [[nodiscard]] Result<void> drop(const std::shared_ptr<Segment>& segment) {
    if (segment == segments_.back()) {
      writer_.reset();
    }
    segments_.erase(std::find(segments_.begin(), segments_.end(), segment));
    return fs_.remove(path_of(segment->number));
  }

  /// Returns the segment; the record ends where the segment does. After a failure the rest of the
  /// segment stays unused.
  [[nodiscard]] Result<std::shared_ptr<Segment>> append(std::string_view record) {
    if (!fits(record.size())) {
      if (auto begun = begin_segment(); !begun) {
        return propagate(std::move(begun));
      }
    }
    const std::shared_ptr<Segment>& segment = segments_.back();
    segment->bytes += record.size();
    if (auto appended = writer_->append(record); !appended) {
      segment->bytes -= record.size();
      writer_.reset();
      return propagate(std::move(appended));
    }
    return segment;
  }

  /// Makes what was appended readable up to `end` of `segment`.
  [[nodiscard]] Result<void> make_readable(const Segment& segment, std::uint64_t end) {
    if (!writer_ || segments_.back().get() != &segment || end <= readable_bytes_) {
      return {};
    }
    auto flushed = writer_->flush();
    readable_bytes_ = flushed ? segment.bytes : readable_bytes_;
    return flushed;
  }

  [[nodiscard]] Result<void> close() {
    if (!writer_) {
      return {};
    }
    auto done = writer_->sync();
    done = done ? writer_->close() : done;
    writer_.reset();
    return done;
  }

 private:
  static constexpr std::uint64_t segments_min = 8;
  static constexpr std::uint64_t segment_bytes_max = std::uint64_t{1} << 30;

  static std::string name_of(std::uint64_t number) {
    std::string digits = std::to_string(number);
    digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
    return digits.append(suffix);
  }
  [[nodiscard]] std::string path_of(std::uint64_t number) const {
    return io::join(directory_, name_of(number));
  }

  [[nodiscard]] bool fits(std::uint64_t bytes) const noexcept {
    return writer_.has_value() && segments_.back()->bytes + bytes <= segment_bytes_;
  }

  [[nodiscard]] Result<void> begin_segment() {
    if (writer_) {
      auto closed = writer_->close();
      writer_.reset();
      if (!closed) {
        return closed;
      }
    }
    const std::uint64_t number = next_number_++;
    auto writer = fs_.create(path_of(number));
    if (!writer) {
      return propagate(std::move(writer));
    }
    auto file = fs_.open(path_of(number));
    if (!file) {
      return propagate(std::move(file));
    }
    segments_.push_back(std::make_shared<Segment>(Segment{number, 0, std::move(*file)}));
    writer_ = std::move(*writer);
    readable_bytes_ = 0;
    return {};
  }

  Fs fs_;
  const std::string directory_;
  const std::uint64_t segments_max_;
  const std::uint64_t segment_bytes_;
  std::deque<std::shared_ptr<Segment>> segments_;    ///< oldest first
  std::optional<typename Fs::WritableFile> writer_;  ///< of the newest
  std::uint64_t readable_bytes_ = 0;
  std::uint64_t next_number_ = 1;
};

}  // namespace strata::cache::detail
