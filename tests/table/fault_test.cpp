// SPDX-License-Identifier: BSL-1.0
/// Tables on a disk that fails: a build that meets a fault says so and leaves nothing that opens
/// with less than it says; a read that fails is an error, and only that read.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include <strata/core/entry.hpp>
#include <strata/filter/concept.hpp>
#include <strata/io/faults.hpp>
#include <strata/io/simulated.hpp>
#include <strata/table/builder.hpp>
#include <strata/table/reader.hpp>

#include "entries.hpp"
#include "specs.hpp"
#include "tables.hpp"

using namespace table_test;
using io::FaultKind;
using io::Simulated;

namespace {

const Entries& entries() {
  static const Entries all = numbered(60);
  return all;
}

Simulated empty_disk() {
  Simulated fs;
  REQUIRE(fs.create_directory("db"));
  REQUIRE(fs.sync_directory("."));
  return fs;
}
/// The mutating calls of one build, and those before it.
struct Calls {
  std::uint64_t first;
  std::uint64_t last;
};
Calls calls_of_a_build() {
  Simulated fs = empty_disk();
  const std::uint64_t before = fs.calls();
  REQUIRE(build<Breakable>(fs, entries()));
  return {before + 1, fs.calls()};
}

/// Does not stop where it should: adds and finishes though a call before has failed.
void build_regardless(Simulated& fs) {
  auto builder = table::Builder<Breakable>::create(fs, path, number, small_blocks<Breakable>());
  if (builder) {
    for (const auto& [version, value] : entries()) {
      (void)builder->add(version.key, version.trailer, value);
    }
    (void)builder->finish();
  }
}

/// What is on the disk is no table, or all of it.
void check_whole_or_unusable(Simulated& fs) {
  Cache cache{{}};
  const auto reader = open<Breakable>(fs, cache);
  if (reader) {
    const auto found = scanned<Breakable>(**reader);
    if (found) {
      REQUIRE(*found == entries());
    } else {
      REQUIRE(found.error().code() == ErrorCode::corruption);
      REQUIRE_FALSE((*reader)->verify());
    }
  }
}

}  // namespace

TEST_CASE("a build that meets a fault anywhere says so", "[table]") {
  const Calls calls = calls_of_a_build();
  REQUIRE(calls.last - calls.first > 10);
  for (const FaultKind kind :
       {FaultKind::eio, FaultKind::enospc, FaultKind::short_write, FaultKind::close_error,
        FaultKind::sync_fails_pages_dropped, FaultKind::sync_fails_pages_visible}) {
    std::size_t fired = 0;
    for (std::uint64_t call = calls.first; call <= calls.last; ++call) {
      CAPTURE(kind, call);
      Simulated fs = empty_disk();
      fs.inject({.call = call, .kind = kind});
      const auto built = build<Breakable>(fs, entries());
      REQUIRE(bool(built) == (fs.faults_fired() == 0));
      if (!built) {
        ++fired;
        const bool full = kind == FaultKind::enospc || kind == FaultKind::short_write;
        REQUIRE(built.error().code() == (full ? ErrorCode::disk_full : ErrorCode::io));
        REQUIRE(built.error().message().find(path) != std::string::npos);
        check_whole_or_unusable(fs);
        REQUIRE(fs.files_open() == 0);
      }
    }
    CHECK(fired > 0);
  }
}

TEST_CASE("a build that goes on behind a fault does not make a table that lacks something",
          "[table]") {
  const Calls calls = calls_of_a_build();
  for (const FaultKind kind : {FaultKind::eio, FaultKind::enospc, FaultKind::short_write,
                               FaultKind::sync_fails_pages_dropped}) {
    for (std::uint64_t call = calls.first; call <= calls.last; ++call) {
      CAPTURE(kind, call);
      Simulated fs = empty_disk();
      fs.inject({.call = call, .kind = kind});
      build_regardless(fs);
      check_whole_or_unusable(fs);
    }
  }
}

TEST_CASE("a disk of any size holds the whole table or no table", "[table]") {
  Simulated roomy = empty_disk();
  const std::uint64_t bytes = build<Breakable>(roomy, entries()).value().size_bytes;
  for (std::uint64_t capacity = 0; capacity <= bytes; capacity += 37) {
    CAPTURE(capacity);
    Simulated fs = empty_disk();
    fs.set_capacity_bytes(capacity);
    const auto built = build<Breakable>(fs, entries());
    REQUIRE_FALSE(built);
    REQUIRE(built.error().code() == ErrorCode::disk_full);
    check_whole_or_unusable(fs);
  }
}

TEST_CASE("a loss of power at any call of a build leaves the whole table or none that opens",
          "[table]") {
  const Calls calls = calls_of_a_build();
  for (std::uint64_t call = calls.first; call <= calls.last; ++call) {
    Simulated fs = empty_disk();
    fs.crash_at(call);
    REQUIRE_FALSE(build<Breakable>(fs, entries()));
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      CAPTURE(call, seed);
      Simulated disk = fs.crash_image(seed == 0   ? io::CrashChoice::drop_all_unsynced()
                                      : seed == 1 ? io::CrashChoice::keep_all()
                                                  : io::CrashChoice::random(seed));
      check_whole_or_unusable(disk);
    }
  }
}

TEST_CASE("a finished table whose directory is synced survives a loss of power", "[table]") {
  Simulated fs = empty_disk();
  REQUIRE(build<Breakable>(fs, entries()));
  REQUIRE(fs.sync_directory("db"));
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    Simulated disk = fs.crash_image(seed == 0 ? io::CrashChoice::drop_all_unsynced()
                                              : io::CrashChoice::random(seed));
    Cache cache{{}};
    const auto reader = open<Breakable>(disk, cache);
    REQUIRE(reader);
    REQUIRE(scanned<Breakable>(**reader).value() == entries());
    REQUIRE((*reader)->verify());
  }
}

TEST_CASE("a table whose footer can not be read is not opened, and the cache owes nothing",
          "[table]") {
  Simulated fs = empty_disk();
  REQUIRE(build<Breakable>(fs, entries()));
  const std::uint64_t before = fs.read_calls();
  Cache cache{{}};
  REQUIRE(open<Breakable>(fs, cache));
  const std::uint64_t reads = fs.read_calls() - before;
  REQUIRE(reads == 6);  // open, footer, four sections
  for (std::uint64_t read = 1; read <= reads; ++read) {
    CAPTURE(read);
    fs.inject({.call = fs.read_calls() + read, .kind = FaultKind::read_eio});
    const auto reader = open<Breakable>(fs, cache);
    REQUIRE_FALSE(reader);
    CHECK(reader.error().code() == ErrorCode::io);
    CHECK(reader.error().message().find(path) != std::string::npos);
    CHECK(cache.used_bytes() == 0);
    CHECK(fs.files_open() == 0);
  }
  CHECK(open<Breakable>(fs, cache));
}

TEST_CASE("a get whose read fails is an error, and the next one finds the key", "[table]") {
  Simulated fs = empty_disk();
  REQUIRE(build<Breakable>(fs, entries()));
  Cache cache{{}};
  const auto reader = open<Breakable>(fs, cache).value();
  const auto get = [&](const std::string& key) -> Result<std::string> {
    std::string found;
    auto read = reader->get(key, sequence_max, filter::Probe<filter::Bloom>(key), {},
                            [&](Trailer, std::string_view value) {
                              found = value;
                              return false;
                            });
    return read ? Result<std::string>(found) : propagate(std::move(read));
  };
  for (const auto& [version, value] : entries()) {
    cache.clear();
    fs.inject({.kind = FaultKind::read_eio});
    const auto failed = get(version.key);
    REQUIRE_FALSE(failed);
    REQUIRE(failed.error().code() == ErrorCode::io);
    REQUIRE(get(version.key).value() == value);
  }
}

TEST_CASE("a scan whose read fails stops there with the error", "[table]") {
  Simulated fs = empty_disk();
  // More than is read ahead at once.
  Entries large;
  Random random(9);
  for (const auto& [version, value] : numbered(400)) {
    std::string bytes(4'000, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    large[version] = bytes;
  }
  REQUIRE(build<Breakable>(fs, large));
  Cache cache{{}};
  const auto reader = open<Breakable>(fs, cache).value();
  const bool forward = GENERATE(true, false);
  const table::ReadOptions uncached{.fill_cache = false};
  std::size_t failures = 0;
  for (std::uint64_t read = 1;; ++read) {
    CAPTURE(forward, read);
    fs.clear_faults();
    const std::size_t fired = fs.faults_fired();
    fs.inject({.call = fs.read_calls() + read, .kind = FaultKind::read_eio});
    ReaderOf<Breakable>::Cursor cursor(*reader, uncached);
    std::size_t passed = 0;
    for (forward ? cursor.seek_to_first() : cursor.seek_to_last(); cursor.valid();
         forward ? cursor.next() : cursor.prev()) {
      const auto wanted = std::next(
          large.begin(), static_cast<std::ptrdiff_t>(forward ? passed : large.size() - 1 - passed));
      REQUIRE(cursor.key() == wanted->first.key);
      REQUIRE(cursor.value() == wanted->second);
      ++passed;
    }
    if (fs.faults_fired() == fired) {
      REQUIRE(cursor.status());
      REQUIRE(passed == large.size());
      break;
    }
    ++failures;
    REQUIRE(passed < large.size());
    REQUIRE_FALSE(cursor.status());
    REQUIRE(cursor.status().error().code() == ErrorCode::io);
    // The error stays with the cursor, and the cursor walks on wherever it is sent.
    auto wanted = large.begin();
    for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
      REQUIRE(cursor.key() == wanted->first.key);
      REQUIRE(cursor.value() == wanted->second);
      ++wanted;
    }
    REQUIRE(wanted == large.end());
    REQUIRE_FALSE(cursor.status());
  }
  CHECK(failures > 5);
  CHECK((forward ? failures < 20 : failures == reader->properties().blocks));
}
