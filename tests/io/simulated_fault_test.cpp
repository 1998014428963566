// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/io/faults.hpp>
#include <strata/io/files.hpp>
#include <strata/io/simulated.hpp>

using namespace strata;
using io::CrashChoice;
using io::FaultKind;
using io::Simulated;

namespace {

std::string content(Simulated fs, const std::string& path) {
  auto bytes = io::read_file(fs, path);
  return bytes ? *bytes : "-";
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  return result.error().code();
}

}  // namespace

TEST_CASE("a fault fires once, at the call it was ordered for") {
  Simulated fs;
  fs.inject({.call = 2, .kind = FaultKind::eio});
  auto file = fs.create("file").value();
  CHECK(code_of(file.append("lost")) == ErrorCode::io);
  CHECK(file.append("kept"));
  CHECK(content(fs, "file") == "kept");
  CHECK(fs.faults_fired() == 1);
}

TEST_CASE("a fault of a path waits for that path, and may stay for ever") {
  Simulated fs;
  fs.inject({.path_contains = ".log", .kind = FaultKind::enospc, .forever = true});
  CHECK(fs.create("1.table"));
  for (int i = 0; i < 3; ++i) {
    CHECK(code_of(fs.create_log("1.log", 10)) == ErrorCode::disk_full);
  }
  CHECK(fs.rename("1.table", "2.table"));
  CHECK(fs.faults_fired() == 3);
  fs.clear_faults();
  CHECK(fs.create_log("1.log", 10));
}

TEST_CASE("a short write leaves half an append in the file") {
  Simulated fs;
  auto file = fs.create("file").value();
  auto log = fs.create_log("log", 100).value();
  fs.inject({.kind = FaultKind::short_write, .forever = true});
  CHECK(code_of(file.append("12345678")) == ErrorCode::disk_full);
  CHECK(code_of(log.append("1234", "5678ab")) == ErrorCode::disk_full);
  CHECK(content(fs, "file") == "1234");
  CHECK(content(fs, "log") == "12345" + std::string(95, '\0'));
  CHECK(log.size_bytes() == 0);
  fs.clear_faults();
  CHECK(log.append("x", "y"));
  CHECK(content(fs, "log").substr(0, 5) == "xy345");
}

TEST_CASE("after a failed sync the next one succeeds without the lost pages") {
  const bool visible = GENERATE(false, true);
  CAPTURE(visible);
  Simulated fs;
  auto file = fs.create("file").value();
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(file.append("durable "));
  REQUIRE(file.sync());
  REQUIRE(file.append("lost"));
  fs.inject({.kind = visible ? FaultKind::sync_fails_pages_visible
                             : FaultKind::sync_fails_pages_dropped});
  CHECK(code_of(file.sync()) == ErrorCode::io);
  CHECK(content(fs, "file") == (visible ? "durable lost" : std::string("durable \0\0\0\0", 12)));
  CHECK(file.sync());
  REQUIRE(file.append(std::string(600, 'x')));
  CHECK(file.sync());
  const std::string disk = content(fs.crash_image(CrashChoice::drop_all_unsynced()), "file");
  CHECK(disk == std::string("durable \0\0\0\0", 12) + std::string(600, 'x'));
}

TEST_CASE("a rename may be carried out and still report failure") {
  Simulated fs;
  REQUIRE(io::write_file_durably(fs, "from", "x"));
  fs.inject({.kind = FaultKind::renamed_but_error});
  CHECK(code_of(fs.rename("from", "to")) == ErrorCode::io);
  CHECK(content(fs, "to") == "x");
  CHECK(content(fs, "from") == "-");
}

TEST_CASE("a close may report failure; the file is closed") {
  Simulated fs;
  auto log = fs.create_log("log", 100).value();
  REQUIRE(log.append("x", "y"));
  fs.inject({.kind = FaultKind::close_error});
  CHECK(code_of(log.close()) == ErrorCode::io);
  CHECK(fs.files_open() == 0);
  CHECK(content(fs, "log") == "xy");
}

TEST_CASE("faults of reading count reads and leave writes alone") {
  Simulated fs;
  REQUIRE(io::write_file_durably(fs, "file", "x"));
  fs.inject({.call = fs.read_calls() + 2, .kind = FaultKind::read_eio});
  auto file = fs.open("file").value();
  char byte = 0;
  CHECK(fs.create("other"));
  CHECK(code_of(file.read(0, &byte, 1)) == ErrorCode::io);
  CHECK(file.read(0, &byte, 1));
  fs.inject({.kind = FaultKind::emfile});
  CHECK(fs.exists("file"));
  const auto refused = fs.open("file");
  CHECK(code_of(refused) == ErrorCode::io);
  CHECK_THAT(refused.error().message(), Catch::Contains("ulimit -n"));
}

TEST_CASE("a fault that can not happen to a call does not fire there") {
  Simulated fs;
  fs.inject({.call = 1, .kind = FaultKind::short_write});
  CHECK(fs.create("file"));
  CHECK(fs.faults_fired() == 0);
}

TEST_CASE("a full disk refuses growth and recovers when files are removed") {
  Simulated fs;
  fs.set_capacity_bytes(1'000);
  auto first = fs.create("first").value();
  REQUIRE(first.append(std::string(600, 'x')));
  CHECK(fs.free_bytes("/").value() == 400);
  auto second = fs.create("second").value();
  CHECK(code_of(second.append(std::string(401, 'y'))) == ErrorCode::disk_full);
  CHECK(second.size_bytes() == 0);
  CHECK(code_of(fs.create_log("log", 401)) == ErrorCode::disk_full);
  CHECK_FALSE(fs.exists("log").value());
  CHECK(fs.remove("first"));
  CHECK(code_of(second.append(std::string(401, 'y'))) == ErrorCode::disk_full);  // still open
  CHECK(first.close());
  CHECK(second.append(std::string(401, 'y')));
  CHECK(fs.used_bytes() == 401);
}

TEST_CASE("a log takes the room it was preallocated, and no more by its appends") {
  Simulated fs;
  fs.set_capacity_bytes(1'000);
  auto log = fs.create_log("log", 1'000).value();
  CHECK(fs.free_bytes("/").value() == 0);
  CHECK(log.append("", std::string(1'000, 'x')));
  CHECK(code_of(log.append("", "x")) == ErrorCode::disk_full);
  CHECK(fs.crash_image(CrashChoice::keep_all()).free_bytes("/").value() == 0);
}
