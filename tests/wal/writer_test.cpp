// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "log_fixture.hpp"

using namespace wal_test;

namespace {

using Log = wal::Writer<Files, Checksum>;

Result<Log> create(Directory& dir, const wal::Options& options, std::uint64_t id = 1,
                   Sequence last = 0) {
  return Log::create(dir.fs, dir.path, options, {database_id, id, last});
}
Log create_small(Directory& dir, std::size_t segment_bytes = 300) {
  wal::Options options;
  options.segment_bytes = segment_bytes;
  auto log = create(dir, options);
  REQUIRE(log);
  return std::move(*log);
}
std::vector<std::uint64_t> ids(const Log& log) {
  std::vector<std::uint64_t> found;
  for (const wal::Segment& segment : log.segments()) {
    found.push_back(segment.id);
  }
  return found;
}

}  // namespace

TEST_CASE("a new log has one empty segment", "[wal][writer]") {
  Directory dir;
  auto log = create(dir, {}, 9, 100);
  REQUIRE(log);
  REQUIRE(log->segments().size() == 1);
  CHECK(log->segments()[0].id == 9);
  CHECK(log->segments()[0].first_sequence == 101);
  CHECK(log->segments()[0].last_sequence == 100);
  CHECK(log->last_sequence() == 100);
  CHECK(log->durable_sequence() == 100);
  CHECK(dir.fs.list(dir.path).value() == std::vector<std::string>{wal::segment_name(9)});
  CHECK(create(dir, {}, 0).error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("a segment's name is never used twice", "[wal][writer]") {
  Directory dir;
  auto log = create(dir, {}, 9);
  REQUIRE(log);
  const Batches batches = append_all(*log, {10});
  CHECK(create(dir, {}, 9).error().code() == ErrorCode::already_exists);
  CHECK(replay(dir.fs, dir.path).batches == batches);
}

TEST_CASE("a segment that would grow beyond its size is followed by another", "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  const Batches batches = append_all(log, {50, 60, 70, 80, 1000, 10, 20});
  const auto& segments = log.segments();
  REQUIRE(segments.size() > 3);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    CHECK(segments[i].id == i + 1);
    CHECK(segments[i].last_sequence >= segments[i].first_sequence);
    const bool holds_the_large_batch = segments[i].bytes > 1000;
    CHECK((segments[i].bytes <= 300 || holds_the_large_batch));
    if (i > 0) {
      CHECK(segments[i].first_sequence == segments[i - 1].last_sequence + 1);
    }
    sum += segments[i].bytes;
  }
  CHECK(log.bytes() == sum);
  CHECK(segments.back().last_sequence == log.last_sequence());
  CHECK(replay(dir.fs, dir.path, wal::RecoveryMode::strict).batches == batches);
}

TEST_CASE("only a sync makes appends durable", "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  (void)append_all(log, {50, 60, 70, 80});
  CHECK(log.durable_sequence() == 0);
  REQUIRE(log.sync());
  CHECK(log.durable_sequence() == log.last_sequence());
  const Sequence durable = log.durable_sequence();
  (void)append_all(log, {10});
  CHECK(log.durable_sequence() == durable);
  // The records tell how far syncs had come.
  CHECK(replay(dir.fs, dir.path).report->durable_sequence == durable);
}

TEST_CASE("a closed log refuses writes and says that all of it was durable", "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  const Batches batches = append_all(log, {50, 60, 70, 81});
  REQUIRE(log.close());
  CHECK(log.close());
  CHECK(append(log, batch_after(log.last_sequence(), 1)).error().code() == ErrorCode::closed);
  CHECK(log.sync().error().code() == ErrorCode::closed);
  const auto replayed = replay(dir.fs, dir.path, wal::RecoveryMode::strict);
  REQUIRE(replayed.report);
  CHECK(replayed.batches == batches);
  CHECK(replayed.report->durable_sequence == log.last_sequence());
  // The preallocated tail is gone.
  std::uint64_t bytes = 0;
  for (const auto& [name, content] : image_of(dir.fs, dir.path)) {
    bytes += content.size();
  }
  CHECK(bytes == log.bytes());
}

TEST_CASE("an empty log closes to an empty log", "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  REQUIRE(log.close());
  const auto replayed = replay(dir.fs, dir.path, wal::RecoveryMode::strict);
  REQUIRE(replayed.report);
  CHECK(replayed.batches.empty());
  CHECK(replayed.report->last_sequence == 0);
}

TEST_CASE("segments that are not needed are removed, the oldest first", "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  (void)append_all(log, {50, 60, 70, 80, 90, 100});
  const auto segments = log.segments();
  REQUIRE(segments.size() >= 4);
  REQUIRE(log.remove_through(segments[1].last_sequence - 1));
  CHECK(log.segments().size() == segments.size() - 1);
  REQUIRE(log.remove_through(segments[1].last_sequence));
  CHECK(ids(log).front() == segments[2].id);
  CHECK(image_of(dir.fs, dir.path).size() == segments.size() - 2);
  // The current segment stays, whatever is asked for.
  REQUIRE(log.remove_through(sequence_max));
  CHECK(ids(log) == std::vector<std::uint64_t>{segments.back().id});
  // What is left goes on, syncs and closes.
  const Batches more = append_all(log, {50});
  REQUIRE(log.close());
  CHECK(replay(dir.fs, dir.path, wal::RecoveryMode::strict, {.first_segment = segments.back().id})
            .batches.back() == more.back());
}

TEST_CASE("a log lets go of segments at once, and their files go when they are told to",
          "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  (void)append_all(log, {50, 60, 70, 80, 90, 100});
  const auto segments = log.segments();
  auto passed = log.take_through(segments[1].last_sequence);
  CHECK(ids(log).front() == segments[2].id);
  CHECK(image_of(dir.fs, dir.path).size() == segments.size());
  // What the log does meanwhile is not disturbed.
  const Batches more = append_all(log, {50});
  REQUIRE(log.sync());
  REQUIRE(passed.remove());
  CHECK(image_of(dir.fs, dir.path).size() == log.segments().size());
  REQUIRE(passed.remove());
  REQUIRE(log.close());
  CHECK(replay(dir.fs, dir.path, wal::RecoveryMode::strict, {.first_segment = segments[2].id})
            .batches.back() == more.back());
}

TEST_CASE("a log that rotates goes on in a new segment, and the one before can be removed",
          "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir, 3'000);
  REQUIRE(log.rotate());
  CHECK(log.segments().size() == 1);  // of an empty segment nothing would be removed
  const Batches first = append_all(log, {500});
  REQUIRE(log.rotate());
  REQUIRE(log.segments().size() == 2);
  REQUIRE(log.rotate());
  CHECK(log.segments().size() == 2);
  const Batches second = append_all(log, {60});
  CHECK(replay(dir.fs, dir.path, wal::RecoveryMode::strict).batches ==
        Batches{first.back(), second.back()});
  REQUIRE(log.remove_through(log.last_sequence() - 1));
  CHECK(ids(log) == std::vector<std::uint64_t>{2});
  REQUIRE(log.close());
  CHECK_FALSE(log.rotate());
}

TEST_CASE("segments are kept for readers of changes", "[wal][writer]") {
  Directory dir;
  wal::Options options;
  options.segment_bytes = 300;
  options.retain_bytes = 500;
  auto log = create(dir, options);
  REQUIRE(log);
  (void)append_all(*log, {50, 60, 70, 80, 90, 100, 50, 60, 70, 80, 90});
  REQUIRE(log->remove_through(sequence_max));
  const std::uint64_t kept = log->bytes() - log->segments().back().bytes;
  CHECK(kept >= 500);
  CHECK(kept - log->segments().front().bytes < 500);
}

TEST_CASE("a segment that somebody else removed is removed", "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  (void)append_all(log, {50, 60, 70, 80, 90, 100});
  REQUIRE(dir.fs.remove(dir.path + "/" + wal::segment_name(1)));
  REQUIRE(log.remove_through(sequence_max));
  CHECK(log.segments().size() == 1);
}

TEST_CASE("a log can be read while it is written", "[wal][writer]") {
  Directory dir;
  Log log = create_small(dir);
  Batches batches;
  for (const std::size_t size : std::vector<std::size_t>{50, 60, 70, 80, 90}) {
    batches.push_back(append_all(log, {size}).front());
    const auto replayed = replay(dir.fs, dir.path, wal::RecoveryMode::strict,
                                 {.through_sequence = log.last_sequence()});
    REQUIRE(replayed.report);
    CHECK(replayed.batches == batches);
  }
}
