// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Reads the log back: every record once, in order, and never past a hole.
///
/// Segments are read in the order of their ids. Let S be the next sequence of the chain.
///
/// - The chain goes on in the next segment if that one's header says that it begins at S. So a
///   segment that was abandoned halfway ends where its successor says, whatever else it holds.
/// - Otherwise, where no whole record of S stands, the chain is *broken*. The rest of the segment
///   and all later ones are searched for a record header or a segment header whose durable mark
///   reaches S. If there is one, S was durable once and has been lost: `corruption`. If there is
///   none, nothing from S on was ever promised: it is the torn tail, and is cut here. What
///   follows a cut is never visited, as it would leave a hole (LevelDB #193, RocksDB #12918).
///
/// A forged mark needs bytes that carry the random database id, this segment's id, a right
/// checksum, and a sequence from the future; the worst it does is to refuse.
///
/// Nothing is written: not a byte of the log changes, so that a failed open loses nothing. Memory
/// is bounded by the largest record. Modes: wal/options.hpp. Threads: several replays at once are
/// fine, also beside a writer (see `ReplayOptions::through_sequence`).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/wal/log_header.hpp>
#include <strata/wal/options.hpp>
#include <strata/wal/record.hpp>
#include <strata/wal/record_reader.hpp>
#include <strata/wal/segments.hpp>

namespace strata::wal {

namespace detail {

template <class Fs, class Checksum, class Visitor>
class Replay {
  using Reader = RecordReader<typename Fs::RandomFile, Checksum>;

 public:
  Replay(Fs& fs, const std::string& directory, RecoveryMode mode, const ReplayOptions& options,
         Visitor& visit)
      : fs_(fs), directory_(directory), mode_(mode), options_(options), visit_(visit) {}

  [[nodiscard]] Result<ReplayReport> run() {
    if (auto planned = plan(); !planned) {
      return propagate(std::move(planned));
    }
    auto done = mode_ == RecoveryMode::salvage ? salvage() : follow_chain();
    if (!done) {
      return propagate(std::move(done));
    }
    report_.last_sequence = expected_ == 0 ? options_.after_sequence : expected_ - 1;
    return std::move(report_);
  }

 private:
  [[nodiscard]] Result<void> plan() {
    auto ids = list_segments(fs_, directory_);
    if (!ids) {
      return propagate(std::move(ids));
    }
    report_.last_segment = ids->empty() ? 0 : ids->back();
    for (const std::uint64_t id : *ids) {
      if (id < options_.first_segment) {
        continue;
      }
      auto segment = inspect_segment<Checksum>(fs_, directory_, {options_.database_id, id});
      if (!segment) {
        return propagate(std::move(segment));
      }
      segments_.push_back(std::move(*segment));
    }
    return {};
  }

  [[nodiscard]] Result<void> follow_chain() {
    if (segments_.empty()) {
      return {};
    }
    if (!begins_where_asked()) {
      expected_ = options_.after_sequence + 1;
      const bool is_missing =
          options_.first_segment != 0 && options_.first_segment != segments_.front().id;
      stop_reason_ = is_missing ? "the segment before this one is missing" : "";
      return broken(0, 0);
    }
    expected_ = segments_.front().header->last_sequence + 1;
    for (std::size_t at = 0; !is_done();) {
      auto reader = open(at);
      if (!reader) {
        return propagate(std::move(reader));
      }
      const std::size_t next = next_with_header(at);
      if (auto read = read_segment(*reader, limit_of(next)); !read) {
        return read;
      }
      if (is_done()) {
        break;
      }
      if (next == segments_.size() || segments_[next].header->last_sequence + 1 != expected_) {
        return broken(at, reader->offset());
      }
      at = next;
    }
    return {};
  }

  [[nodiscard]] bool is_done() const { return expected_ > options_.through_sequence; }

  /// Whether the oldest segment there is can be the first one of the chain that was asked for. A
  /// segment without predecessor begins a chain by itself.
  [[nodiscard]] bool begins_where_asked() const {
    const SegmentFile& first = segments_.front();
    return first.header && (options_.first_segment == 0 || options_.first_segment == first.id ||
                            first.header->predecessor_id == 0 ||
                            first.header->last_sequence <= options_.after_sequence);
  }
  [[nodiscard]] std::size_t next_with_header(std::size_t at) const {
    for (++at; at < segments_.size() && !segments_[at].header;) {
      ++at;
    }
    return at;
  }
  /// The last sequence that counts in the segment before `next`.
  [[nodiscard]] Sequence limit_of(std::size_t next) const {
    return next < segments_.size() ? segments_[next].header->last_sequence : sequence_max;
  }
  [[nodiscard]] Result<Reader> open(std::size_t at) {
    const SegmentFile& segment = segments_[at];
    auto file = fs_.open(segment.path);
    if (!file) {
      return propagate(std::move(file));
    }
    ++report_.segments;
    return Reader(std::move(*file), {options_.database_id, segment.id},
                  segment.header ? log_header_bytes : 0);
  }

  /// Visits records until the chain leaves this segment; the reader then stands where it does.
  [[nodiscard]] Result<void> read_segment(Reader& reader, Sequence limit) {
    stop_reason_ = {};
    while (!is_done() && expected_ <= limit) {
      auto found = reader.read();
      if (!found) {
        return propagate(std::move(found));
      }
      if (*found == Found::end) {
        return {};
      }
      if (*found == Found::damage) {
        stop_reason_ = reader.what();
        return {};
      }
      const RecordHeader& header = reader.header();
      if (header.first_sequence != expected_ || header.last_sequence() > limit) {
        stop_reason_ = "the record is out of order";
        return {};
      }
      if (auto visited = visit(reader); !visited) {
        return visited;
      }
      if (!reader.advance()) {
        stop_reason_ = reader.what();
        return {};
      }
    }
    return {};
  }
  [[nodiscard]] Result<void> visit(const Reader& reader) {
    const RecordHeader& header = reader.header();
    expected_ = header.last_sequence() + 1;
    report_.durable_sequence = std::max(report_.durable_sequence, header.durable_sequence);
    if (header.is_mark() || header.last_sequence() <= options_.after_sequence) {
      return {};
    }
    ++report_.records;
    report_.payload_bytes += header.payload_bytes;
    return visit_(header.first_sequence, header.count, reader.payload());
  }

  /// What the search behind a break found.
  struct Evidence {
    std::string file;
    std::uint64_t offset = 0;
  };

  /// No record of `expected_` stands at `offset` of segment `at`, where reading stopped.
  [[nodiscard]] Result<void> broken(std::size_t at, std::uint64_t offset) {
    auto evidence = search(at, offset);
    if (!evidence) {
      return propagate(std::move(evidence));
    }
    const std::string& path = segments_[at].path;
    const bool is_clean = !*evidence && stop_reason_.empty() && report_.dropped_bytes == 0;
    if (is_clean) {
      return {};
    }
    const std::string_view reason = !stop_reason_.empty()  ? stop_reason_
                                    : segments_[at].header ? "a record is missing"
                                                           : "the file's header is damaged";
    if (*evidence && mode_ != RecoveryMode::point_in_time) {
      return fail(ErrorCode::corruption, path, ": offset ", std::to_string(offset), ": ", reason,
                  "; sequence ", std::to_string(expected_), " was durable, as ", (*evidence)->file,
                  " tells at offset ", std::to_string((*evidence)->offset),
                  "; restore a backup, or open with RecoveryMode::salvage");
    }
    if (mode_ == RecoveryMode::strict) {
      return fail(ErrorCode::corruption, path, ": offset ", std::to_string(offset), ": ", reason,
                  "; RecoveryMode::tolerate_torn_tail cuts the log here");
    }
    report_.damages.push_back({path, offset, std::string(reason)});
    return {};
  }

  /// Looks for anything behind the break that says that `expected_` was durable; counts what is
  /// dropped on the way.
  [[nodiscard]] Result<std::optional<Evidence>> search(std::size_t at, std::uint64_t offset) {
    const Sequence wanted = expected_;
    for (std::size_t i = at; i < segments_.size(); ++i) {
      const SegmentFile& segment = segments_[i];
      const std::uint64_t from = i == at ? offset : 0;
      if (from == 0 && segment.header && segment.header->durable_sequence >= wanted) {
        return std::optional(Evidence{segment.path, 0});
      }
      auto file = fs_.open(segment.path);
      if (!file) {
        return propagate(std::move(file));
      }
      Reader reader(std::move(*file), {options_.database_id, segment.id}, 0);
      auto found = reader.find(
          from, [wanted](const RecordHeader& header) { return header.durable_sequence >= wanted; });
      if (!found) {
        return propagate(std::move(found));
      }
      if (*found) {
        return std::optional(Evidence{segment.path, **found});
      }
      report_.dropped_bytes += reader.dirty_end() - from;
    }
    return std::optional<Evidence>();
  }

  // Salvage: no chain is asked for, only whole records in ascending order.

  [[nodiscard]] Result<void> salvage() {
    if (!segments_.empty() && segments_.front().id != options_.first_segment &&
        options_.first_segment != 0) {
      skip_to(options_.after_sequence + 1);
    }
    for (std::size_t at = 0; at < segments_.size(); ++at) {
      auto reader = open(at);
      if (!reader) {
        return propagate(std::move(reader));
      }
      if (segments_[at].header) {
        skip_to(segments_[at].header->last_sequence + 1);
      } else {
        report_.damages.push_back({segments_[at].path, 0, "the file's header is damaged"});
      }
      const std::size_t next = next_with_header(at);
      if (auto read = salvage_segment(*reader, segments_[at].path, limit_of(next)); !read) {
        return read;
      }
    }
    return {};
  }
  [[nodiscard]] Result<void> salvage_segment(Reader& reader, const std::string& path,
                                             Sequence limit) {
    for (;;) {
      auto found = reader.read();
      if (!found) {
        return propagate(std::move(found));
      }
      const RecordHeader header = reader.header();
      const bool is_next = *found == Found::record && header.first_sequence >= expected_ &&
                           header.last_sequence() <= limit;
      if (is_next) {
        skip_to(header.first_sequence);
        if (auto visited = visit(reader); !visited) {
          return visited;
        }
        if (reader.advance()) {
          continue;
        }
      }
      const std::uint64_t broken_at = reader.offset();
      const std::string what(*found == Found::damage || is_next ? reader.what()
                                                                : "a record is missing");
      auto resumed = reader.find(is_next ? broken_at : broken_at + record_alignment,
                                 [this, limit](const RecordHeader& candidate) {
                                   return candidate.first_sequence >= expected_ &&
                                          candidate.last_sequence() <= limit;
                                 });
      if (!resumed) {
        return propagate(std::move(resumed));
      }
      if (*resumed || *found == Found::damage) {
        report_.damages.push_back({path, broken_at, what});
        report_.dropped_bytes += (*resumed ? **resumed : reader.dirty_end()) - broken_at;
      }
      if (!*resumed) {
        return {};
      }
      reader.seek(**resumed);
    }
  }
  /// The chain goes on at `sequence`; what lies before and was not seen is lost.
  void skip_to(Sequence sequence) {
    if (expected_ != 0 && sequence > expected_) {
      report_.lost.push_back({expected_, sequence - 1});
    }
    expected_ = std::max(expected_, sequence);
  }

  Fs& fs_;
  const std::string& directory_;
  const RecoveryMode mode_;
  const ReplayOptions& options_;
  Visitor& visit_;
  std::vector<SegmentFile> segments_;
  Sequence expected_ = 0;         ///< the next of the chain; 0: not known yet
  std::string_view stop_reason_;  ///< why the last segment ended; empty: zeros follow
  ReplayReport report_;
};

}  // namespace detail

/// Calls `visit(first_sequence, count, payload) -> Result<void>` for every record; an error of
/// `visit` ends the replay and is returned.
///
/// Errors: `corruption` names file and offset; `newer_format`, `incompatible_format` as headers
/// say; `not_found` if a segment vanished meanwhile; `io`.
template <class Checksum, class Fs, class Visitor>
[[nodiscard]] Result<ReplayReport> replay(Fs& fs, const std::string& directory, RecoveryMode mode,
                                          const ReplayOptions& options, Visitor&& visit) {
  return detail::Replay<Fs, Checksum, Visitor>(fs, directory, mode, options, visit).run();
}

}  // namespace strata::wal
