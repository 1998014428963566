// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The knobs of the write-ahead log, and the plain types its writer and its reader exchange. Held
/// by tests/wal/writer_test.cpp and tests/wal/replay_test.cpp.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/durability.hpp>
#include <strata/core/entry.hpp>

namespace strata::wal {

/// What recovery does where the chain of records breaks.
enum class RecoveryMode : std::uint8_t {
  /// An unsynced tail is cut; damage to anything that was known durable refuses.
  tolerate_torn_tail,
  /// Refuses a torn tail too: for logs that were closed, or synced record by record.
  strict,
  /// Ends at the first break, whatever comes after it: a prefix, possibly short of durable data.
  point_in_time,
  /// Skips what is damaged and reports what was lost. What comes out need not be a prefix.
  salvage,
};

struct Options {
  /// Default of writes that do not say.
  Durability durability = Durability::buffered;
  /// A segment is closed for the next one when it would grow beyond this. Small ones free space
  /// sooner, large ones sync the directory less often.
  std::size_t segment_bytes = 64_MiB;
  /// Closed segments that are kept for readers of changes although nothing needs them.
  std::uint64_t retain_bytes = 0;
  RecoveryMode recovery = RecoveryMode::tolerate_torn_tail;
};

/// Where a writer begins: everything up to `last_sequence` is durable outside this log, or was
/// never written.
struct Start {
  std::uint64_t database_id = 0;
  std::uint64_t next_segment_id = 1;  ///< above every id that was ever used
  Sequence last_sequence = 0;
};

/// Holds [first_sequence, last_sequence]; empty while last is below first.
struct Segment {
  std::uint64_t id = 0;
  Sequence first_sequence = 1;
  Sequence last_sequence = 0;
  std::uint64_t bytes = 0;
};

struct ReplayOptions {
  std::uint64_t database_id = 0;
  /// Segments below are not looked at. 0: begin with the oldest there is.
  std::uint64_t first_segment = 0;
  /// Records that end at or below are checked but not visited.
  Sequence after_sequence = 0;
  /// Stop here. A reader of a log that is being written gives the last sequence whose append has
  /// returned: beyond it records may be half written.
  Sequence through_sequence = sequence_max;
};

/// A place where the chain was broken.
struct Damage {
  std::string file{};
  std::uint64_t offset = 0;
  std::string what{};
};

struct LostRange {
  Sequence first = 0;
  Sequence last = 0;
};

struct ReplayReport {
  Sequence last_sequence = 0;      ///< of the last record, or where the log begins
  Sequence durable_sequence = 0;   ///< the highest durable mark that was read
  std::uint64_t last_segment = 0;  ///< the highest id in the directory; 0: there is none
  std::uint64_t segments = 0;
  std::uint64_t records = 0;        ///< visited
  std::uint64_t payload_bytes = 0;  ///< visited
  std::uint64_t dropped_bytes = 0;  ///< of a torn tail, or after the place where replay stopped
  std::vector<Damage> damages{};
  std::vector<LostRange> lost{};  ///< salvage only

  [[nodiscard]] bool is_clean() const noexcept { return damages.empty() && dropped_bytes == 0; }
};

}  // namespace strata::wal
