// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Appends records to a chain of segments.
///
/// A record is handed over in one call and is in the kernel's hands when `append` returns: no
/// system call, no buffer of ours that dies with the process. `sync` makes everything durable, the
/// oldest segment first, so that no hole can follow (LevelDB #193, RocksDB PR 10560).
///
/// Failures leave the log in one of two states. A failed *append* is as if it had not been called:
/// its segment is abandoned for a new one, whose header says where the old one ends, and the
/// record is tried there once (RocksDB #6316); where that fails the next append tries again. A
/// failed *sync* is final: nothing is retried, as the kernel may have dropped the pages, and every
/// later call fails.
///
/// Segments are never deleted but by `take_through` and `remove_through`. Threads: one at a time;
/// the owner's commit lock sees to it.

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/io/files.hpp>
#include <strata/wal/log_appender.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/options.hpp>
#include <strata/wal/record.hpp>
#include <strata/wal/segment_name.hpp>

namespace strata::wal {

template <class Fs, class Checksum>
class Writer {
 public:
  /// Begins a new chain in a new segment. What `start.last_sequence` covers must be durable
  /// elsewhere: this chain does not vouch for segments before it.
  [[nodiscard]] static Result<Writer> create(Fs fs, std::string directory, const Options& options,
                                             const Start& start) {
    if (start.next_segment_id == 0) {
      return fail(ErrorCode::invalid_argument, directory, ": log segments are numbered from 1");
    }
    Writer writer(std::move(fs), std::move(directory), options, start);
    if (auto opened = writer.open_segment(0); !opened) {
      return propagate(std::move(opened));
    }
    return writer;
  }

  /// Requires: `first_sequence == last_sequence() + 1`, `count > 0`, `payload_crc` is that of
  /// `payload`. Errors: `disk_full` (a later append may succeed), `io`, `read_only`, `closed`.
  [[nodiscard]] Result<void> append(Sequence first_sequence, std::uint32_t count,
                                    std::string_view payload, std::uint32_t payload_crc) {
    assert(first_sequence == last_ + 1 && count > 0);
    if (auto usable = check_usable(payload); !usable) [[unlikely]] {
      return usable;
    }
    if (is_full(payload.size())) [[unlikely]] {
      if (auto rotated = open_segment(payload.size()); !rotated) {
        return rotated;
      }
    }
    const RecordHeader header{static_cast<std::uint32_t>(payload.size()), first_sequence, durable_,
                              count, payload_crc};
    if (auto written = write(header, payload); !written) [[unlikely]] {
      if (auto moved = write_to_new_segment(header, payload); !moved) {
        return moved;
      }
    }
    last_ = header.last_sequence();
    segments_.back().last_sequence = last_;
    return {};
  }

  /// See wal/log_appender.hpp.
  template <class Offer>
  void offer_ahead(const Offer& offer) {
    if (current_) {
      current_->offer_ahead(offer);
    }
  }

  /// Everything appended so far is durable, in this segment and all before it.
  /// Errors: `outcome_unknown` the first time, `read_only` from then on.
  [[nodiscard]] Result<void> sync() {
    if (auto usable = check_usable({}); !usable) {
      return usable;
    }
    return durable_ == last_ ? Result<void>() : sync_all();
  }

  /// Syncs and says so in a mark, so that damage done after this point is always told from a torn
  /// tail; cuts off what was preallocated. Calling it again does nothing.
  [[nodiscard]] Result<void> close() {
    if (is_closed_) {
      return {};
    }
    auto outcome = sync();
    if (outcome && current_) {
      outcome = write_mark();
      auto closed = current_->close();
      outcome = outcome ? closed : outcome;
    }
    is_closed_ = true;
    current_.reset();
    unsynced_.clear();
    return outcome;
  }

  /// Goes on in a new segment if the current one has a sixteenth of its bytes: once what is in
  /// there is durable elsewhere, `take_through` can have it. On failure all stays as it is.
  [[nodiscard]] Result<void> rotate() {
    if (auto usable = check_usable({}); !usable) {
      return usable;
    }
    const bool is_worth_it = current_ && segments_.back().bytes >= options_.segment_bytes / 16 &&
                             segments_.back().last_sequence >= segments_.back().first_sequence;
    return is_worth_it ? open_segment(0) : Result<void>();
  }

  [[nodiscard]] Sequence last_sequence() const noexcept { return last_; }
  [[nodiscard]] Sequence durable_sequence() const noexcept { return durable_; }
  /// Oldest first; the last one may still grow.
  [[nodiscard]] const std::vector<Segment>& segments() const noexcept { return segments_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    std::uint64_t sum = 0;
    for (const Segment& segment : segments_) {
      sum += segment.bytes;
    }
    return sum;
  }

  /// Segments that the log has let go of. Their files go with `remove`, which may take tens of
  /// milliseconds and runs beside everything that the log does.
  class [[nodiscard]] Passed {
   public:
    /// The oldest first. Error: that of a file that could not be removed; it and those behind it
    /// stay where they are, for another call. The log has forgotten them.
    [[nodiscard]] Result<void> remove() {
      open_.clear();
      for (const std::string& path : paths_) {
        auto removed = fs_.remove(path);
        if (!removed && removed.error().code() != ErrorCode::not_found) {
          return removed;
        }
      }
      return {};
    }

   private:
    friend Writer;
    explicit Passed(Fs fs) : fs_(std::move(fs)) {}

    Fs fs_;
    std::vector<std::string> paths_;
    std::vector<LogAppender<Fs, Checksum>> open_;  ///< of those that were not synced
  };

  /// Lets go of segments that end at or below `sequence`, oldest first; neither the current one nor
  /// the newest `retain_bytes` of the others. Requires: `sequence` is durable elsewhere, and
  /// whoever replays begins behind what goes.
  [[nodiscard]] Passed take_through(Sequence sequence) {
    Passed passed(fs_);
    std::uint64_t kept_bytes = bytes() - (segments_.empty() ? 0 : segments_.back().bytes);
    while (segments_.size() > 1 && segments_.front().last_sequence <= sequence &&
           kept_bytes - segments_.front().bytes >= options_.retain_bytes) {
      const Segment oldest = segments_.front();
      passed.paths_.push_back(path_of(oldest.id));
      kept_bytes -= oldest.bytes;
      segments_.erase(segments_.begin());
      if (!unsynced_.empty() && unsynced_.front().id() == oldest.id) {
        passed.open_.push_back(std::move(unsynced_.front()));
        unsynced_.erase(unsynced_.begin());
      }
    }
    return passed;
  }
  /// The same, and removes their files.
  [[nodiscard]] Result<void> remove_through(Sequence sequence) {
    return take_through(sequence).remove();
  }

 private:
  using Appender = LogAppender<Fs, Checksum>;

  Writer(Fs fs, std::string directory, const Options& options, const Start& start)
      : fs_(std::move(fs)),
        directory_(std::move(directory)),
        options_(options),
        database_id_(start.database_id),
        next_id_(start.next_segment_id),
        last_(start.last_sequence),
        durable_(start.last_sequence) {}

  [[nodiscard]] std::string path_of(std::uint64_t id) const {
    return io::join(directory_, segment_name(id));
  }

  [[nodiscard]] Result<void> check_usable(std::string_view payload) const {
    if (is_closed_) {
      return fail(ErrorCode::closed, directory_, ": the log was closed");
    }
    if (failed_) {
      return fail(ErrorCode::read_only, directory_, ": the log takes no more writes since ",
                  failed_->message());
    }
    if (payload.size() > record_payload_bytes_max) {
      return fail(ErrorCode::invalid_argument, directory_, ": a batch of ",
                  std::to_string(payload.size()), " bytes; split it below 4 GiB");
    }
    return {};
  }
  [[nodiscard]] bool is_full(std::size_t payload_bytes) const noexcept {
    return !current_ ||
           (segments_.back().bytes + record_header_bytes + payload_bytes > options_.segment_bytes &&
            segments_.back().last_sequence >= segments_.back().first_sequence);
  }

  [[nodiscard]] Result<void> write(const RecordHeader& header, std::string_view payload) {
    auto written = current_->append(header, payload);
    segments_.back().bytes = current_->bytes();
    return written;
  }
  [[nodiscard]] Result<void> write_mark() {
    auto written = write({0, last_ + 1, durable_, 0, Checksum::compute({})}, {});
    if (!written && written.error().code() == ErrorCode::disk_full) {
      return {};  // all data is durable; only the proof of it is missing
    }
    return written ? current_->sync() : written;
  }

  /// The current segment can not be trusted beyond `last_`. Leaves no current one if that fails.
  [[nodiscard]] Result<void> write_to_new_segment(const RecordHeader& header,
                                                  std::string_view payload) {
    abandon_current();
    if (auto opened = open_segment(payload.size()); !opened) {
      return opened;
    }
    auto written = write(header, payload);
    if (!written) {
      abandon_current();
    }
    return written;
  }
  /// Keeps the current segment for what is in it, if anything.
  void abandon_current() {
    const Segment& segment = segments_.back();
    if (segment.last_sequence >= segment.first_sequence) {
      unsynced_.push_back(std::move(*current_));
    } else {
      (void)fs_.remove(path_of(segment.id));
      segments_.pop_back();
    }
    current_.reset();
  }

  /// Goes on in a new segment. On failure the current one, if any, stays as it is.
  [[nodiscard]] Result<void> open_segment(std::size_t payload_bytes) {
    LogHeader header;
    header.file = {database_id_, next_id_++};
    header.predecessor_id = segments_.empty() ? 0 : segments_.back().id;
    header.last_sequence = last_;
    header.durable_sequence = durable_;
    const std::size_t needed = log_header_bytes + record_header_bytes + payload_bytes;
    auto opened = Appender::create(fs_, path_of(header.file.file_id), header, segment_magic,
                                   std::max(needed, options_.segment_bytes));
    if (!opened) {
      return propagate(std::move(opened));
    }
    if (current_) {
      unsynced_.push_back(std::move(*current_));
    }
    current_.emplace(std::move(*opened));
    segments_.push_back({header.file.file_id, last_ + 1, last_, current_->bytes()});
    directory_is_synced_ = false;
    return {};
  }

  [[nodiscard]] Result<void> sync_all() {
    while (!unsynced_.empty()) {
      auto synced = unsynced_.front().sync();
      synced = synced ? unsynced_.front().close() : synced;
      if (!synced) {
        return sync_failed(synced);
      }
      unsynced_.erase(unsynced_.begin());
    }
    if (current_) {
      if (auto synced = current_->sync(); !synced) {
        return sync_failed(synced);
      }
    }
    if (!directory_is_synced_) {
      if (auto synced = fs_.sync_directory(directory_); !synced) {
        return sync_failed(synced);
      }
      directory_is_synced_ = true;
    }
    durable_ = last_;
    return {};
  }
  [[nodiscard]] Result<void> sync_failed(const Result<void>& cause) {
    failed_ = cause.error();
    return fail(ErrorCode::outcome_unknown, directory_, ": writes ", std::to_string(durable_ + 1),
                " to ", std::to_string(last_),
                " may or may not survive; reopen the database to learn which (",
                cause.error().message(), ")");
  }

  Fs fs_;
  std::string directory_;
  Options options_;
  std::uint64_t database_id_;
  std::uint64_t next_id_;
  Sequence last_;
  Sequence durable_;
  std::optional<Appender> current_;  ///< of `segments_.back()`; none: the disk was full
  std::vector<Appender> unsynced_;   ///< oldest first, all before the current one
  std::vector<Segment> segments_;
  std::optional<Error> failed_;
  bool directory_is_synced_ = false;
  bool is_closed_ = false;
};

}  // namespace strata::wal
