// SPDX-License-Identifier: BSL-1.0
//
// The log on a disk that loses power at every call, and on one that fails at every call.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "log_fixture.hpp"

#include <strata/io/simulated.hpp>

using namespace wal_test;
using io::CrashChoice;
using io::FaultKind;
using io::Simulated;
using wal::RecoveryMode;

namespace {

using Log = wal::Writer<Simulated, Checksum>;
const std::string directory = "db";

/// What a script knows of its own log.
struct Story {
  Batches acknowledged;  ///< `append` returned success
  Sequence synced = 0;   ///< a `sync` that covers it returned success
  bool sync_failed = false;
};

Simulated new_disk() {
  Simulated fs;
  REQUIRE(fs.create_directory(directory));
  REQUIRE(fs.sync_directory("/"));
  return fs;
}

/// A new log that takes another segment after every 300 bytes.
Log log_of_small_segments(Simulated& fs) {
  wal::Options options;
  options.segment_bytes = 300;
  auto log = Log::create(fs, directory, options, {database_id, 1, 0});
  REQUIRE(log);
  return std::move(*log);
}

/// Appends, syncs and rotates at random, the same way for the same seed, and goes on after errors
/// as an engine does: a failed append is reported and forgotten, after a failed sync all is over.
Story run_script(Simulated& fs, std::uint64_t seed, wal::Start start = {database_id, 1, 0}) {
  Story story;
  story.synced = start.last_sequence;
  std::mt19937_64 random(seed);
  wal::Options options;
  options.segment_bytes = 200 + random() % 2000;
  auto log = Log::create(fs, directory, options, start);
  for (int step = 0; log && step < 24 && !story.sync_failed; ++step) {
    const std::size_t sizes[] = {0, 9, 60, 250, 1500};
    const Batch batch = batch_after(log->last_sequence(), sizes[random() % 5]);
    if (append(*log, batch)) {
      story.acknowledged.push_back(batch);
    }
    if (random() % 4 == 0) {
      story.sync_failed = !log->sync();
      story.synced = log->durable_sequence();
    }
  }
  if (log && seed % 2 == 0) {
    story.sync_failed = !log->close();
    story.synced = log->durable_sequence();
  }
  return story;
}

/// Whether `replayed` is what the table of acknowledgements allows after a loss of power.
void check_prefix(const Replayed& replayed, const Story& story, Sequence begin = 0) {
  if (!replayed.report) {
    CAPTURE(replayed.report.error().message());
    REQUIRE(replayed.report);
  }
  REQUIRE(is_prefix(replayed.batches, story.acknowledged));
  const Sequence last = replayed.batches.empty()
                            ? begin
                            : replayed.batches.back().first + replayed.batches.back().count - 1;
  REQUIRE(last >= story.synced);
}

std::vector<CrashChoice> choices(std::uint64_t seeds) {
  std::vector<CrashChoice> all{CrashChoice::drop_all_unsynced(), CrashChoice::keep_all()};
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    all.push_back(CrashChoice::random(seed));
  }
  return all;
}

}  // namespace

TEST_CASE("whenever the power fails, a prefix with all that was synced is replayed",
          "[wal][crash]") {
  std::uint64_t images = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Simulated whole = new_disk();
    const std::uint64_t calls_before = whole.calls();
    (void)run_script(whole, seed);
    for (std::uint64_t call = calls_before + 1; call <= whole.calls() + 1; ++call) {
      Simulated fs = new_disk();
      fs.crash_at(call);
      const Story story = run_script(fs, seed);
      for (const CrashChoice& choice : choices(32)) {
        Simulated disk = fs.crash_image(choice);
        CAPTURE(seed, call, int(choice.kind), choice.seed);
        const auto replayed =
            replay(disk, directory, RecoveryMode::tolerate_torn_tail, {.first_segment = 1});
        check_prefix(replayed, story);
        if (choice.kind == CrashChoice::Kind::keep_all) {
          REQUIRE(replayed.batches == story.acknowledged);
        }
        // Replay changes nothing, so that it can be repeated.
        const auto again =
            replay(disk, directory, RecoveryMode::tolerate_torn_tail, {.first_segment = 1});
        REQUIRE(again.batches == replayed.batches);
        ++images;
      }
    }
  }
  CHECK(images > 10'000);
}

TEST_CASE("a log that goes on after a recovery survives a second loss of power", "[wal][crash]") {
  std::mt19937_64 random(20261121);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Simulated fs = new_disk();
    fs.crash_at(3 + random() % 60);
    const Story first = run_script(fs, seed);
    Simulated second_disk = fs.crash_image(CrashChoice::random(seed));
    const auto replayed =
        replay(second_disk, directory, RecoveryMode::tolerate_torn_tail, {.first_segment = 1});
    check_prefix(replayed, first);
    // What was replayed is now elsewhere; the log goes on in a new chain beside the old one.
    const wal::Start start{database_id, replayed.report->last_segment + 1,
                           replayed.report->last_sequence};
    second_disk.crash_at(second_disk.calls() + 1 + random() % 60);
    const Story second = run_script(second_disk, seed + 1000, start);
    for (const CrashChoice& choice : choices(8)) {
      CAPTURE(int(choice.kind), choice.seed);
      Simulated disk = second_disk.crash_image(choice);
      const auto again =
          replay(disk, directory, RecoveryMode::tolerate_torn_tail,
                 {.first_segment = start.next_segment_id, .after_sequence = start.last_sequence});
      check_prefix(again, second, start.last_sequence);
    }
  }
}

TEST_CASE("whatever call fails, acknowledged batches are replayed and failed ones are not",
          "[wal][fault]") {
  const FaultKind kinds[] = {FaultKind::eio,         FaultKind::enospc,
                             FaultKind::short_write, FaultKind::sync_fails_pages_dropped,
                             FaultKind::close_error, FaultKind::sync_fails_pages_visible};
  std::size_t fired = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Simulated whole = new_disk();
    const std::uint64_t calls_before = whole.calls();
    (void)run_script(whole, seed);
    for (std::uint64_t call = calls_before + 1; call <= whole.calls(); ++call) {
      for (const FaultKind kind : kinds) {
        for (const bool forever : {false, true}) {
          Simulated fs = new_disk();
          fs.inject({.call = call, .path_contains = {}, .kind = kind, .forever = forever});
          const Story story = run_script(fs, seed);
          fired += fs.faults_fired();
          fs.clear_faults();
          CAPTURE(seed, call, int(kind), forever);
          const wal::ReplayOptions from_the_first{.first_segment = 1};
          const auto alive =
              replay(fs, directory, RecoveryMode::tolerate_torn_tail, from_the_first);
          check_prefix(alive, story);
          if (!story.sync_failed) {
            REQUIRE(alive.batches == story.acknowledged);
          }
          for (const CrashChoice& choice : choices(3)) {
            Simulated disk = fs.crash_image(choice);
            check_prefix(replay(disk, directory, RecoveryMode::tolerate_torn_tail, from_the_first),
                         story);
          }
        }
      }
    }
  }
  CHECK(fired > 1000);
}

TEST_CASE("a full disk fails appends until there is room again", "[wal][fault]") {
  Simulated fs = new_disk();
  wal::Options options;
  options.segment_bytes = 1024;
  auto log = Log::create(fs, directory, options, {database_id, 1, 0});
  REQUIRE(log);
  Batches batches = append_all(*log, {400, 400});
  fs.set_capacity_bytes(fs.used_bytes());
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto refused = append(*log, batch_after(log->last_sequence(), 400));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::disk_full);
  }
  // What fits still fits, and can be synced.
  batches.push_back(append_all(*log, {30}).front());
  REQUIRE(log->sync());
  fs.set_capacity_bytes(1 << 20);
  batches.push_back(append_all(*log, {400}).front());
  REQUIRE(log->close());
  CHECK(replay(fs, directory, RecoveryMode::strict).batches == batches);
}

TEST_CASE("a segment whose append failed is abandoned for a new one", "[wal][fault]") {
  // RocksDB #6316: nothing may follow a tear.
  Simulated fs = new_disk();
  auto log = Log::create(fs, directory, {}, {database_id, 1, 0});
  REQUIRE(log);
  Batches batches = append_all(*log, {100, 100});
  fs.inject({.call = 0, .path_contains = ".log", .kind = FaultKind::short_write});
  batches.push_back(append_all(*log, {100}).front());
  CHECK(fs.faults_fired() == 1);
  CHECK(log->segments().size() == 2);
  CHECK(log->segments()[0].last_sequence + 1 == log->segments()[1].first_sequence);
  SECTION("and both are synced") {
    REQUIRE(log->sync());
    Simulated disk = fs.crash_image(CrashChoice::drop_all_unsynced());
    CHECK(replay(disk, directory, RecoveryMode::strict).batches == batches);
  }
  SECTION("and an empty one leaves nothing behind") {
    fs.inject(
        {.call = 0, .path_contains = ".log", .kind = FaultKind::short_write, .forever = true});
    CHECK_FALSE(append(*log, batch_after(log->last_sequence(), 10)));
    CHECK_FALSE(append(*log, batch_after(log->last_sequence(), 10)));
    CHECK(fs.list(directory).value().size() == 2);
    fs.clear_faults();
    batches.push_back(append_all(*log, {100}).front());
    REQUIRE(log->close());
    CHECK(replay(fs, directory, RecoveryMode::strict).batches == batches);
  }
}

TEST_CASE("a segment that can not be removed stays, and the log goes on", "[wal][fault]") {
  Simulated fs = new_disk();
  Log log = log_of_small_segments(fs);
  (void)append_all(log, {150, 150, 150});
  REQUIRE(log.sync());
  const std::size_t files = fs.list(directory).value().size();
  auto passed = log.take_through(sequence_max);
  REQUIRE(log.segments().size() == 1);
  fs.inject({.call = 0, .path_contains = ".log", .kind = FaultKind::eio});
  const auto removed = passed.remove();
  REQUIRE_FALSE(removed);
  CHECK(removed.error().code() == ErrorCode::io);
  CHECK(fs.list(directory).value().size() == files);
  const Batches more = append_all(log, {50});
  REQUIRE(log.sync());
  REQUIRE(passed.remove());
  CHECK(fs.list(directory).value().size() == log.segments().size());
  CHECK(replay(fs, directory, RecoveryMode::strict).batches.back() == more.back());
}

TEST_CASE("a failed sync is final", "[wal][fault]") {
  Simulated fs = new_disk();
  Log log = log_of_small_segments(fs);
  (void)append_all(log, {100});
  REQUIRE(log.sync());
  const Sequence synced = log.durable_sequence();
  (void)append_all(log, {100, 100, 100});
  REQUIRE(log.segments().size() == 4);
  const auto kind =
      GENERATE(FaultKind::sync_fails_pages_dropped, FaultKind::sync_fails_pages_visible);
  const std::string where = GENERATE(std::string(), wal::segment_name(1), wal::segment_name(3));
  fs.inject({.call = 0, .path_contains = where, .kind = kind});
  CHECK(log.sync().error().code() == ErrorCode::outcome_unknown);
  const std::uint64_t calls = fs.calls();
  CHECK(log.sync().error().code() == ErrorCode::read_only);
  CHECK(append(log, batch_after(log.last_sequence(), 1)).error().code() == ErrorCode::read_only);
  CHECK(log.durable_sequence() == synced);
  CHECK(fs.calls() == calls);  // nothing was tried again
  CHECK(log.close().error().code() == ErrorCode::read_only);
  CHECK(fs.list(directory).value().size() == 4);  // nothing was deleted
}

TEST_CASE("a directory that can not be synced makes a sync fail", "[wal][fault]") {
  Simulated fs = new_disk();
  auto log = Log::create(fs, directory, {}, {database_id, 1, 0});
  REQUIRE(log);
  (void)append_all(*log, {100});
  fs.start_trace();
  fs.inject({.call = fs.calls() + 2, .path_contains = {}, .kind = FaultKind::eio});
  CHECK(log->sync().error().code() == ErrorCode::outcome_unknown);
  CHECK(fs.faults_fired() == 1);
  CHECK(fs.trace().back().find("sync_directory") != std::string::npos);
}

TEST_CASE("a sync takes the oldest segment first, then the names", "[wal][crash]") {
  // LevelDB #193, RocksDB PR 10560.
  Simulated fs = new_disk();
  Log log = log_of_small_segments(fs);
  (void)append_all(log, {150, 150, 150});
  fs.start_trace();
  REQUIRE(log.sync());
  std::vector<std::string> synced;
  for (const std::string& call : fs.trace()) {
    if (call.find("sync") != std::string::npos) {
      synced.push_back(call.substr(call.rfind('/') + 1));
    }
  }
  CHECK(synced == std::vector<std::string>{wal::segment_name(1), wal::segment_name(2),
                                           wal::segment_name(3),
                                           std::to_string(fs.calls()) + " sync_directory db"});
  // A sync that has nothing to do does nothing.
  const std::uint64_t calls = fs.calls();
  REQUIRE(log.sync());
  CHECK(fs.calls() == calls);
}

TEST_CASE("a log leaks no descriptors", "[wal][fault]") {
  Simulated fs = new_disk();
  {
    Log log = log_of_small_segments(fs);
    (void)append_all(log, {150, 150, 150, 150, 150});
    CHECK(fs.files_open() == 5);
    REQUIRE(log.sync());
    CHECK(fs.files_open() == 1);
    (void)append_all(log, {150, 150, 150});
    CHECK(fs.files_open() == 4);
    REQUIRE(log.remove_through(sequence_max));
    CHECK(fs.files_open() == 1);
    REQUIRE(replay(fs, directory).report);
    CHECK(fs.files_open() == 1);
  }
  CHECK(fs.files_open() == 0);
}
