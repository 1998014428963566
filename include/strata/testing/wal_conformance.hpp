// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/wal/concept.hpp, checked on any log, on any file system: what is
/// replayed is what was appended, in order, from where one asks; what no longer matters can be
/// forgotten. What a crash leaves is checked by tests/wal/crash_test.cpp.
///
///     CHECK(wal_conformance<MyLog>(io::Memory(), "/log").violations == Sentences{});
///
/// The directory must exist and be empty; segments stay there.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/checksum.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/io/concept.hpp>
#include <strata/testing/conformance.hpp>
#include <strata/wal/concept.hpp>

namespace strata::testing {

namespace detail {

template <class W, class Fs, class Checksum>
class WalProbe {
  using Log = typename W::template writer<Fs, Checksum>;
  struct Record {
    Sequence first;
    std::uint32_t count;
    std::string payload;
    friend bool operator==(const Record&, const Record&) = default;
  };

 public:
  WalProbe(Fs fs, std::string directory, const typename W::Options& options, std::uint64_t seed)
      : fs_(std::move(fs)), directory_(std::move(directory)), options_(options), random_(seed) {}

  [[nodiscard]] Conformance run() {
    first_life();
    second_life();
    return std::move(found_);
  }

 private:
  void expect(bool kept, std::string_view promise) { found_.expect(kept, promise); }

  void append(Log& log, std::uint32_t records) {
    for (std::uint32_t i = 0; i < records; ++i) {
      const auto count = static_cast<std::uint32_t>(random_() % 5 + 1);
      std::string payload(random_() % (i % 50 == 0 ? 5000 : 200), static_cast<char>(random_()));
      expect(log.append(last_ + 1, count, payload, Checksum::compute(payload)).has_value(),
             "a log takes what comes next");
      appended_.push_back({last_ + 1, count, std::move(payload)});
      last_ += count;
      expect(log.last_sequence() == last_, "last_sequence is that of the last append");
      expect(log.durable_sequence() <= last_, "nothing is durable that was not appended");
    }
  }
  /// What `replay` visits beyond `after`.
  std::vector<Record> replayed(Sequence after, wal::ReplayReport* report = nullptr) {
    std::vector<Record> records;
    const auto visit = [&](Sequence first, std::uint32_t count, std::string_view payload) {
      records.push_back({first, count, std::string(payload)});
      return Result<void>();
    };
    auto done = W::template replay<Fs, Checksum>(
        fs_, directory_, options_,
        {.database_id = 77, .first_segment = first_segment_, .after_sequence = after}, visit);
    expect(done.has_value(), "a log that was written can be replayed");
    if (done && report != nullptr) {
      *report = *done;
    }
    return records;
  }
  [[nodiscard]] std::vector<Record> beyond(Sequence after) const {
    std::vector<Record> records;
    for (const Record& record : appended_) {
      if (W::keeps_log && record.first + record.count - 1 > after) {
        records.push_back(record);
      }
    }
    return records;
  }

  void first_life() {
    auto created = Log::create(fs_, directory_, options_, {.database_id = 77});
    expect(created.has_value(), "a log is created in an empty directory");
    if (!created) {
      return;
    }
    Log log = std::move(*created);
    append(log, 120);
    const auto synced = log.sync();
    expect(synced.has_value() == W::keeps_log, "a log can be synced where one is kept");
    expect(synced || synced.error().code() == ErrorCode::unsupported,
           "sync is unsupported where no log is kept");
    expect(!W::keeps_log || log.durable_sequence() == last_, "what was synced is durable");
    expect((log.bytes() > 0) == W::keeps_log, "bytes counts what was written");
    append(log, 30);
    expect(replayed(0) == beyond(0), "appends are there before they are synced");
    expect(log.close().has_value(), "a log closes");
    expect(!W::keeps_log || log.durable_sequence() == last_, "close syncs");
    const auto late = log.append(last_ + 1, 1, "late", Checksum::compute("late"));
    expect(!W::keeps_log || (!late && late.error().code() == ErrorCode::closed),
           "a closed log takes nothing");
    expect(replayed(0) == beyond(0), "replay visits what was appended, in order");
    expect(replayed(last_ / 2) == beyond(last_ / 2), "replay begins where it is told to");
  }

  void second_life() {
    wal::ReplayReport report;
    (void)replayed(0, &report);
    expect(!W::keeps_log || report.last_sequence == last_, "a report names the last sequence");
    expect(report.is_clean(), "a log that was closed is not damaged");
    auto created = Log::create(
        fs_, directory_, options_,
        {.database_id = 77, .next_segment_id = report.last_segment + 1, .last_sequence = last_});
    expect(created.has_value(), "a log goes on beside an older one");
    if (!created) {
      return;
    }
    Log log = std::move(*created);
    append(log, 400);
    const Sequence flushed = last_ / 2;
    const auto before = log.segments().size();
    expect(log.remove_through(flushed).has_value(), "segments that no one needs can be removed");
    expect(log.segments().size() <= before, "removing makes no segments");
    expect(log.segments().empty() != W::keeps_log, "the current segment stays");
    // Older logs may still lie there: as an engine does, replay begins where this one does now.
    first_segment_ = log.segments().empty() ? 0 : log.segments().front().id;
    expect(log.close().has_value(), "a log closes");
    expect(replayed(flushed) == beyond(flushed), "remove_through keeps what is beyond");
  }

  Fs fs_;
  std::string directory_;
  typename W::Options options_;
  std::mt19937_64 random_;
  std::vector<Record> appended_;
  Sequence last_ = 0;
  std::uint64_t first_segment_ = 0;  ///< 0: the oldest there is
  Conformance found_;
};

}  // namespace detail

template <class W, FileSystemPolicy Fs, class Checksum = checksum::Crc32c>
requires WalPolicyOn<W, Fs, Checksum>
[[nodiscard]] Conformance wal_conformance(Fs fs, std::string directory,
                                          const typename W::Options& options = {},
                                          std::uint64_t seed = 1) {
  return detail::WalProbe<W, Fs, Checksum>(std::move(fs), std::move(directory), options, seed)
      .run();
}

}  // namespace strata::testing
