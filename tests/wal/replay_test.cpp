// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "log_fixture.hpp"

using namespace wal_test;
using wal::RecoveryMode;

namespace {

using Log = wal::Writer<Files, Checksum>;

Log open_log(Directory& dir, std::size_t segment_bytes = 4096, std::uint64_t id = 1,
             Sequence last = 0) {
  wal::Options options;
  options.segment_bytes = segment_bytes;
  auto log = Log::create(dir.fs, dir.path, options, {database_id, id, last});
  REQUIRE(log);
  return std::move(*log);
}

/// Four batches, the middle two synced, not closed; the tail of zeros cut off.
struct OpenLog {
  Batches batches;
  Image image;
};
OpenLog small_open_log(Directory& dir, bool close = false) {
  OpenLog made;
  Log log = open_log(dir);
  made.batches = append_all(log, {13, 40});
  REQUIRE(log.sync());
  for (const Batch& batch : append_all(log, {0, 21})) {
    made.batches.push_back(batch);
  }
  if (close) {
    REQUIRE(log.close());
  }
  made.image = image_of(dir.fs, dir.path);
  auto& content = made.image.begin()->second;
  if (!close) {
    content = without_tail(content);
    content.resize(content.size() + wal::padding_after(content.size()));
  }
  return made;
}

std::string& only_file(Image& image) {
  REQUIRE(image.size() == 1);
  return image.begin()->second;
}

}  // namespace

TEST_CASE("what was appended is replayed in order", "[wal][replay]") {
  Directory dir;
  Log log = open_log(dir, 8 << 10);
  const Batches batches =
      append_all(log, {0, 1, 7, 8, 9, 100, 5000, 1, 20000, 3, 3 << 20, 5, 100, 4000, 4000});
  const bool closed = GENERATE(false, true);
  if (closed) {
    REQUIRE(log.close());
  }
  const auto replayed = replay(dir.fs, dir.path);
  REQUIRE(replayed.report);
  CHECK(replayed.batches == batches);
  CHECK(replayed.report->is_clean());
  CHECK(replayed.report->last_sequence == log.last_sequence());
  CHECK(replayed.report->last_segment == log.segments().back().id);
  CHECK(replayed.report->segments == log.segments().size());
  CHECK(log.segments().size() > 3);
  CHECK(replayed.report->records == batches.size());
  CHECK(replayed.report->durable_sequence == (closed ? log.last_sequence() : 0));
  CHECK(replay(dir.fs, dir.path, RecoveryMode::strict).batches == batches);
  CHECK(replay(dir.fs, dir.path, RecoveryMode::point_in_time).batches == batches);
  const auto salvaged = replay(dir.fs, dir.path, RecoveryMode::salvage);
  CHECK(salvaged.batches == batches);
  CHECK(salvaged.report->is_clean());
  CHECK(salvaged.report->lost.empty());
}

TEST_CASE("an empty directory holds an empty log", "[wal][replay]") {
  Directory dir;
  const auto replayed = replay(dir.fs, dir.path, RecoveryMode::strict, {.after_sequence = 17});
  REQUIRE(replayed.report);
  CHECK(replayed.report->last_sequence == 17);
  CHECK(replayed.report->last_segment == 0);
  CHECK(replay(dir.fs, dir.path + "/none").report.error().code() == ErrorCode::not_found);
}

TEST_CASE("a log begins where its first segment says", "[wal][replay]") {
  Directory dir;
  Log log = open_log(dir, 4096, 7, 1000);
  const Batches batches = append_all(log, {5, 5});
  const auto replayed = replay(dir.fs, dir.path, RecoveryMode::strict, {.first_segment = 7});
  CHECK(replayed.batches == batches);
  CHECK(replayed.batches.front().first == 1001);
  CHECK(replayed.report->last_sequence == log.last_sequence());
}

TEST_CASE("records up to a sequence are skipped, records beyond one are not read",
          "[wal][replay]") {
  Directory dir;
  Log log = open_log(dir, 256);
  const Batches batches = append_all(log, {50, 60, 70, 80, 90, 100});
  for (const Batch& from : batches) {
    // A batch that straddles the mark is visited: its owner looks at each operation.
    for (const Sequence after : {from.first - 1, from.first + from.count - 2}) {
      const auto later = replay(dir.fs, dir.path, RecoveryMode::strict, {.after_sequence = after});
      REQUIRE(later.report);
      CHECK(later.batches.front() == from);
      CHECK(later.batches.back() == batches.back());
    }
    const Sequence through = from.first + from.count - 1;
    const auto earlier =
        replay(dir.fs, dir.path, RecoveryMode::strict, {.through_sequence = through});
    REQUIRE(earlier.report);
    CHECK(earlier.batches.front() == batches.front());
    CHECK(earlier.batches.back() == from);
    CHECK(earlier.report->last_sequence == through);
  }
}

TEST_CASE("replay stops at an error of its visitor and hands it on", "[wal][replay]") {
  Directory dir;
  Log log = open_log(dir);
  (void)append_all(log, {5, 5, 5});
  int visits = 0;
  const auto report = wal::replay<Checksum>(
      dir.fs, dir.path, RecoveryMode::strict, {.database_id = database_id},
      [&](Sequence, std::uint32_t, std::string_view) -> Result<void> {
        ++visits;
        return visits == 2 ? Result<void>(fail(ErrorCode::busy, "enough")) : Result<void>();
      });
  CHECK(report.error().code() == ErrorCode::busy);
  CHECK(visits == 2);
}

TEST_CASE("a log cut anywhere is replayed to a prefix", "[wal][replay][damage]") {
  Directory dir;
  const bool closed = GENERATE(false, true);
  OpenLog log = small_open_log(dir, closed);
  const std::string whole = only_file(log.image);
  std::size_t most = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    only_file(log.image) = whole.substr(0, size);
    put_image(dir.fs, dir.path, log.image);
    const auto replayed = replay(dir.fs, dir.path);
    CAPTURE(size);
    REQUIRE(replayed.report);
    CHECK(is_prefix(replayed.batches, log.batches));
    CHECK(replayed.batches.size() >= most);
    most = replayed.batches.size();
    const auto& batches = replayed.batches;
    CHECK(replayed.report->last_sequence ==
          (batches.empty() ? 0 : batches.back().first + batches.back().count - 1));
    // Strict takes a cut that no one can see: at the border of a record.
    const auto strict = replay(dir.fs, dir.path, RecoveryMode::strict);
    CHECK(strict.report.has_value() == replayed.report->is_clean());
    CHECK((strict.report || strict.is_corruption()));
    CHECK(replay(dir.fs, dir.path, RecoveryMode::point_in_time).batches == batches);
    CHECK(replay(dir.fs, dir.path, RecoveryMode::salvage).batches == batches);
  }
  CHECK(most == log.batches.size());
}

TEST_CASE("every flipped bit of a closed log is found, and nothing wrong is replayed",
          "[wal][replay][damage]") {
  Directory dir;
  OpenLog log = small_open_log(dir, true);
  const std::string whole = only_file(log.image);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string& bytes = only_file(log.image);
    bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    put_image(dir.fs, dir.path, log.image);
    CAPTURE(bit / 8, bit % 8);
    const auto replayed = replay(dir.fs, dir.path);
    if (replayed.report) {
      // Only what follows the last batch may be damaged without loss.
      CHECK(replayed.batches == log.batches);
      CHECK_FALSE(replayed.report->is_clean());
    } else {
      CHECK(replayed.is_corruption());
      CHECK(replayed.report.error().message().find("000000000001.log: offset ") !=
            std::string::npos);
      CHECK(is_prefix(replayed.batches, log.batches));
    }
    CHECK(replay(dir.fs, dir.path, RecoveryMode::strict).is_corruption());
    const auto early = replay(dir.fs, dir.path, RecoveryMode::point_in_time);
    CHECK(early.report);
    CHECK(is_prefix(early.batches, log.batches));
    const auto salvaged = replay(dir.fs, dir.path, RecoveryMode::salvage);
    CHECK(salvaged.report);
    CHECK_FALSE(salvaged.report->is_clean());
    CHECK(salvaged.batches.size() + 1 >= log.batches.size());
  }
}

TEST_CASE("a flipped bit of a log that was not closed loses nothing that a mark covers",
          "[wal][replay][damage]") {
  Directory dir;
  OpenLog log = small_open_log(dir);
  const std::string whole = only_file(log.image);
  // The two batches before the sync are vouched for by those after it, while any of these stands.
  const std::size_t synced_bytes = wal::log_header_bytes + 2 * wal::record_header_bytes + 16 + 40;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string& bytes = only_file(log.image);
    bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    put_image(dir.fs, dir.path, log.image);
    const auto replayed = replay(dir.fs, dir.path);
    CAPTURE(bit / 8, bit % 8);
    CHECK(is_prefix(replayed.batches, log.batches));
    CHECK(replayed.is_corruption() == (bit / 8 < synced_bytes));
    if (replayed.report) {
      CHECK(replayed.batches.size() >= 2);
      CHECK_FALSE(replayed.report->is_clean());
    }
  }
}

TEST_CASE("zeros, doubled and swapped sectors never make wrong data", "[wal][replay][damage]") {
  Directory dir;
  Log log = open_log(dir, 64 << 10);
  Batches batches = append_all(log, {300, 10, 700, 20, 900, 1500, 30});
  REQUIRE(log.close());
  Image image = image_of(dir.fs, dir.path);
  const std::string whole = only_file(image);
  constexpr std::size_t sector = 512;
  const std::size_t sectors = whole.size() / sector;
  for (std::size_t i = 0; i < sectors; ++i) {
    for (std::size_t j = 0; j <= sectors; ++j) {
      std::string bytes = whole;
      bytes.replace(i * sector, sector,
                    j == sectors ? std::string(sector, '\0') : whole.substr(j * sector, sector));
      only_file(image) = bytes;
      put_image(dir.fs, dir.path, image);
      const auto replayed = replay(dir.fs, dir.path);
      CAPTURE(i, j);
      CHECK(is_prefix(replayed.batches, batches));
      CHECK(replayed.is_corruption() == (bytes != whole));
    }
  }
}

TEST_CASE("zeros in the middle are no end if anything durable follows", "[wal][replay][damage]") {
  Directory dir;
  OpenLog log = small_open_log(dir);
  std::string& bytes = only_file(log.image);
  const std::size_t second = wal::log_header_bytes + wal::record_header_bytes + 16;
  bytes.replace(second, wal::record_header_bytes + 40, wal::record_header_bytes + 40, '\0');
  put_image(dir.fs, dir.path, log.image);
  CHECK(replay(dir.fs, dir.path).is_corruption());
  const auto salvaged = replay(dir.fs, dir.path, RecoveryMode::salvage);
  REQUIRE(salvaged.report);
  CHECK(salvaged.batches == Batches{log.batches[0], log.batches[2], log.batches[3]});
  REQUIRE(salvaged.report->lost.size() == 1);
  CHECK(salvaged.report->lost[0].first == log.batches[1].first);
  CHECK(salvaged.report->lost[0].last == log.batches[2].first - 1);
}

TEST_CASE("nothing is replayed from behind a hole", "[wal][replay][hole]") {
  // LevelDB #193: the older segment lost its unsynced end, the newer one survived.
  Directory dir;
  Log log = open_log(dir, 256);
  const Batches batches = append_all(log, {50, 60, 70, 80, 90, 100});
  REQUIRE(log.segments().size() > 2);
  Image image = image_of(dir.fs, dir.path);
  std::string& first = image[wal::segment_name(1)];
  first = without_tail(first);
  first.resize(first.size() - 20);
  put_image(dir.fs, dir.path, image);
  const auto replayed = replay(dir.fs, dir.path);
  REQUIRE(replayed.report);
  CHECK(is_prefix(replayed.batches, batches));
  CHECK(replayed.report->last_sequence < log.segments()[0].last_sequence);
  CHECK(replayed.report->dropped_bytes > 0);
  CHECK(replayed.report->damages.size() == 1);
  CHECK(replay(dir.fs, dir.path, RecoveryMode::strict).is_corruption());
  // Nothing was changed: the next replay says the same.
  CHECK(image_of(dir.fs, dir.path) == image);
}

TEST_CASE("a hole in what was durable refuses to open", "[wal][replay][hole]") {
  Directory dir;
  Log log = open_log(dir, 256);
  Batches batches = append_all(log, {50, 60, 70});
  REQUIRE(log.sync());
  (void)append_all(log, {80, 90});
  const Image image = image_of(dir.fs, dir.path);
  SECTION("an older segment is cut") {
    Image damaged = image;
    std::string& first = damaged[wal::segment_name(1)];
    first = without_tail(first);
    first.resize(first.size() - 20);
    put_image(dir.fs, dir.path, damaged);
  }
  SECTION("a segment is missing in the middle") {
    REQUIRE(dir.fs.remove(dir.path + "/" + wal::segment_name(2)));
  }
  SECTION("the first segment is missing") {
    REQUIRE(dir.fs.remove(dir.path + "/" + wal::segment_name(1)));
  }
  SECTION("a header in the middle is zero") {
    Image damaged = image;
    damaged[wal::segment_name(2)].replace(0, wal::log_header_bytes, wal::log_header_bytes, '\0');
    put_image(dir.fs, dir.path, damaged);
  }
  SECTION("the first header is zero") {
    Image damaged = image;
    damaged[wal::segment_name(1)].replace(0, wal::log_header_bytes, wal::log_header_bytes, '\0');
    put_image(dir.fs, dir.path, damaged);
  }
  const auto replayed =
      replay(dir.fs, dir.path, RecoveryMode::tolerate_torn_tail, {.first_segment = 1});
  CHECK(replayed.is_corruption());
  CHECK(is_prefix(replayed.batches, batches));
  const auto early = replay(dir.fs, dir.path, RecoveryMode::point_in_time, {.first_segment = 1});
  CHECK(early.report);
  CHECK(is_prefix(early.batches, batches));
}

TEST_CASE("a missing segment that nothing needs or vouches for is no damage to data",
          "[wal][replay][hole]") {
  Directory dir;
  Log log = open_log(dir, 256);
  const Batches batches = append_all(log, {50, 60, 70, 80});
  const auto segments = log.segments();
  REQUIRE(segments.size() > 2);
  REQUIRE(dir.fs.remove(dir.path + "/" + wal::segment_name(1)));
  SECTION("it was never synced, nor was anything after it") {
    const auto replayed =
        replay(dir.fs, dir.path, RecoveryMode::tolerate_torn_tail, {.first_segment = 1});
    REQUIRE(replayed.report);
    CHECK(replayed.batches.empty());
    CHECK(replayed.report->last_sequence == 0);
    CHECK(replayed.report->last_segment == segments.back().id);
    CHECK_FALSE(replayed.report->is_clean());
  }
  SECTION("everything in it is in tables") {
    const auto replayed = replay(dir.fs, dir.path, RecoveryMode::strict,
                                 {.first_segment = 1, .after_sequence = segments[0].last_sequence});
    REQUIRE(replayed.report);
    CHECK(replayed.batches.front().first == segments[1].first_sequence);
    CHECK(replayed.batches.back() == batches.back());
  }
}

TEST_CASE("segments before the first one that is asked for are left alone", "[wal][replay]") {
  Directory dir;
  Log log = open_log(dir, 256);
  const Batches batches = append_all(log, {50, 60, 70, 80});
  const auto segments = log.segments();
  REQUIRE(segments.size() > 2);
  Image image = image_of(dir.fs, dir.path);
  image[wal::segment_name(1)] = "rubbish";
  put_image(dir.fs, dir.path, image);
  const auto replayed = replay(dir.fs, dir.path, RecoveryMode::strict, {.first_segment = 2});
  REQUIRE(replayed.report);
  CHECK(replayed.batches.front().first == segments[1].first_sequence);
}

TEST_CASE("a successor's header ends a segment, whatever follows in it", "[wal][replay]") {
  Directory dir;
  Batches batches;
  {
    Log log = open_log(dir);
    batches = append_all(log, {30, 30});
    REQUIRE(log.close());
  }
  Image image = image_of(dir.fs, dir.path);
  // A third batch whose append failed after all of its bytes were written.
  const Sequence last = batches.back().first + batches.back().count - 1;
  {
    Directory other;
    Log log = open_log(other);
    (void)append_all(log, {30, 30});
    REQUIRE(append(log, {last + 1, 2, "the batch that failed"}));
    image[wal::segment_name(1)] = image_of(other.fs, other.path)[wal::segment_name(1)];
  }
  // Its writer went on in a new segment. The header is what `Writer` writes then.
  wal::LogHeader header;
  header.file = {database_id, 2};
  header.predecessor_id = 1;
  header.last_sequence = last;
  std::string second = wal::encode_log_header<Checksum>(header, wal::segment_magic);
  const Batch retried{last + 1, 2, "the batch that came instead"};
  second.resize(second.size() + wal::record_header_bytes);
  wal::encode_record_header<Checksum>(
      {static_cast<std::uint32_t>(retried.payload.size()), retried.first, 0, retried.count,
       Checksum::compute(retried.payload)},
      wal::record_seed<Checksum>(header.file), second.data() + wal::log_header_bytes);
  image[wal::segment_name(2)] = second + retried.payload;
  put_image(dir.fs, dir.path, image);
  batches.push_back(retried);
  for (const auto mode : {RecoveryMode::tolerate_torn_tail, RecoveryMode::strict,
                          RecoveryMode::point_in_time, RecoveryMode::salvage}) {
    const auto replayed = replay(dir.fs, dir.path, mode);
    REQUIRE(replayed.report);
    CHECK(replayed.batches == batches);
  }
}

TEST_CASE("records of another segment or database are not replayed", "[wal][replay]") {
  Directory dir;
  std::string recycled;
  {
    Log log = open_log(dir);
    (void)append_all(log, {30, 30, 30});
    REQUIRE(log.sync());
    (void)append_all(log, {30});
    recycled = without_tail(image_of(dir.fs, dir.path).begin()->second);
  }
  const std::uint64_t id = GENERATE(Catch::Generators::as<std::uint64_t>(), 2, 1);
  const std::uint64_t database = id == 2 ? database_id : database_id + 1;
  wal::LogHeader header;
  header.file = {database, id};
  recycled.replace(0, wal::log_header_bytes,
                   wal::encode_log_header<Checksum>(header, wal::segment_magic));
  put_image(dir.fs, dir.path, {{wal::segment_name(id), recycled}});
  wal::ReplayOptions options;
  const auto replayed = replay(dir.fs, dir.path, RecoveryMode::tolerate_torn_tail, options);
  CHECK(replayed.batches.empty());
  if (database == database_id) {
    REQUIRE(replayed.report);
    CHECK(replayed.report->last_sequence == 0);
    CHECK(replay(dir.fs, dir.path, RecoveryMode::salvage).batches.empty());
  } else {
    CHECK(replayed.report.error().code() == ErrorCode::incompatible_format);
  }
}

TEST_CASE("a segment under another's name is refused", "[wal][replay]") {
  Directory dir;
  Log log = open_log(dir);
  (void)append_all(log, {30});
  REQUIRE(
      dir.fs.rename(dir.path + "/" + wal::segment_name(1), dir.path + "/" + wal::segment_name(5)));
  CHECK(replay(dir.fs, dir.path).is_corruption());
}

TEST_CASE("a segment of a later version is refused in every mode", "[wal][replay]") {
  Directory dir;
  OpenLog log = small_open_log(dir);
  std::string& bytes = only_file(log.image);
  store_fixed(bytes.data() + 8, wal::log_format_version + 1);
  store_fixed(bytes.data() + 68, Checksum::compute({bytes.data(), 68}));
  put_image(dir.fs, dir.path, log.image);
  for (const auto mode : {RecoveryMode::tolerate_torn_tail, RecoveryMode::strict,
                          RecoveryMode::point_in_time, RecoveryMode::salvage}) {
    CHECK(replay(dir.fs, dir.path, mode).report.error().code() == ErrorCode::newer_format);
  }
  CHECK(image_of(dir.fs, dir.path) == log.image);
}

TEST_CASE("files that are no segments are none of the log's business", "[wal][replay]") {
  Directory dir;
  OpenLog log = small_open_log(dir);
  log.image["CURRENT"] = "x";
  log.image["1.log"] = "x";
  log.image["000000000001.table"] = "x";
  put_image(dir.fs, dir.path, log.image);
  CHECK(replay(dir.fs, dir.path, RecoveryMode::strict).batches == log.batches);
}

TEST_CASE("a segment that was made but never written to is a clean end", "[wal][replay]") {
  Directory dir;
  OpenLog log = small_open_log(dir);
  log.image[wal::segment_name(2)] = GENERATE(std::string(), std::string(4096, '\0'));
  put_image(dir.fs, dir.path, log.image);
  const auto replayed = replay(dir.fs, dir.path, RecoveryMode::strict);
  REQUIRE(replayed.report);
  CHECK(replayed.batches == log.batches);
  CHECK(replayed.report->last_segment == 2);
}

TEST_CASE("random bytes behind a log are cut, and cost no memory", "[wal][replay][damage]") {
  Directory dir;
  OpenLog log = small_open_log(dir);
  std::string& bytes = only_file(log.image);
  std::uint32_t state = 12345;
  for (int i = 0; i < 10000; ++i) {
    state = state * 1664525 + 1013904223;
    bytes.push_back(static_cast<char>(state >> 24));
  }
  put_image(dir.fs, dir.path, log.image);
  const auto replayed = replay(dir.fs, dir.path);
  REQUIRE(replayed.report);
  CHECK(replayed.batches == log.batches);
  CHECK(replayed.report->dropped_bytes == 10000);
}
