// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/simulated.hpp>
#include <strata/testing/file_system_conformance.hpp>

using namespace strata;
using io::CrashChoice;
using io::Simulated;

namespace {

constexpr std::uint64_t seeds = 400;

void write(Simulated& fs, const std::string& path, const std::string& bytes) {
  auto file = fs.create(path).value();
  REQUIRE(file.append(bytes));
  REQUIRE(file.sync());
  REQUIRE(file.close());
}

/// The content, or "-" where there is no such file.
std::string content(Simulated fs, const std::string& path) {
  auto bytes = io::read_file(fs, path);
  return bytes ? *bytes : "-";
}

/// What `path` holds after each of many losses of power.
std::set<std::string> survivors(const Simulated& fs, const std::string& path) {
  std::set<std::string> found;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    found.insert(content(fs.crash_image(CrashChoice::random(seed)), path));
  }
  return found;
}

/// Names and contents of a flat directory.
std::string snapshot(Simulated fs, const std::string& directory) {
  std::string text;
  const auto names = fs.list(directory).value();
  for (const std::string& name : names) {
    text += name + "=" + content(fs, io::join(directory, name)) + ";";
  }
  return text;
}

using Set = std::set<std::string>;

}  // namespace

TEST_CASE("the simulated file system keeps the promises of a file system") {
  Simulated fs;
  REQUIRE(fs.create_directory("/d"));
  const auto found = testing::file_system_conformance(fs, "/d");
  CHECK(found.violations == testing::Sentences{});
  CHECK(found.checked > 500);
  CHECK(fs.files_open() == 0);
}

TEST_CASE("what was synced survives every crash") {
  Simulated fs;
  const std::string bytes = testing::detail::sample_bytes(5'000);
  write(fs, "file", bytes);
  REQUIRE(fs.sync_directory("/"));
  CHECK(survivors(fs, "file") == Set{bytes});
  CHECK(content(fs.crash_image(CrashChoice::drop_all_unsynced()), "file") == bytes);
  CHECK(content(fs.crash_image(CrashChoice::keep_all()), "file") == bytes);
}

TEST_CASE("unsynced content is lost, kept, or anything between") {
  Simulated fs;
  const std::string bytes(5'000, 'x');
  auto file = fs.create("file").value();
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(file.append(bytes));
  CHECK(content(fs.crash_image(CrashChoice::drop_all_unsynced()), "file").empty());
  CHECK(content(fs.crash_image(CrashChoice::keep_all()), "file") == bytes);
  const Set found = survivors(fs, "file");
  CHECK(found.contains(""));
  CHECK(found.contains(bytes));
  CHECK(found.contains(std::string(5'000, '\0')));  // size without data
  for (const std::string& survivor : found) {
    CHECK(survivor.find_first_not_of(std::string("x\0", 2)) == std::string::npos);
    CHECK(survivor.size() <= bytes.size());
  }
}

TEST_CASE("sectors persist in any order, and tear") {
  Simulated fs;
  auto file = fs.create("file").value();
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(file.append(std::string(4 * 512, 'x')));
  bool later_without_earlier = false;
  bool torn_front = false;
  bool torn_back = false;
  for (const std::string& survivor : survivors(fs, "file")) {
    if (survivor.size() < 4 * 512) {
      continue;
    }
    const std::string last = survivor.substr(3 * 512);
    const auto written = std::count(last.begin(), last.end(), 'x');
    later_without_earlier |= survivor[0] == '\0' && written == 512;
    torn_front |= written > 0 && written < 512 && last.front() == 'x';
    torn_back |= written > 0 && written < 512 && last.back() == 'x';
  }
  CHECK(later_without_earlier);
  CHECK(torn_front);
  CHECK(torn_back);
}

TEST_CASE("a crash never harms bytes that were synced before an unsynced append") {
  Simulated fs;
  auto file = fs.create("file").value();
  const std::string synced = testing::detail::sample_bytes(700);
  REQUIRE(file.append(synced));
  REQUIRE(file.sync());
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(file.append(std::string(900, 'x')));
  for (const std::string& survivor : survivors(fs, "file")) {
    REQUIRE(survivor.substr(0, 700) == synced);
  }
}

TEST_CASE("a new file has no name until its directory was synced") {
  Simulated fs;
  write(fs, "file", "x");
  CHECK(content(fs.crash_image(CrashChoice::drop_all_unsynced()), "file") == "-");
  CHECK(survivors(fs, "file") == Set{"-", "x"});
  REQUIRE(fs.sync_directory("/"));
  CHECK(survivors(fs, "file") == Set{"x"});
}

TEST_CASE("a directory that was not synced into its parent is lost with all it holds") {
  Simulated fs;
  REQUIRE(fs.create_directory("d"));
  write(fs, "d/file", "x");
  REQUIRE(fs.sync_directory("d"));
  CHECK(survivors(fs, "d/file") == Set{"-", "x"});
  REQUIRE(fs.sync_directory("/"));
  CHECK(survivors(fs, "d/file") == Set{"x"});
}

TEST_CASE("an unsynced rename is lost or kept as a whole") {
  Simulated fs;
  write(fs, "from", "new");
  write(fs, "to", "old");
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(fs.rename("from", "to"));
  Set found;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    found.insert(snapshot(fs.crash_image(CrashChoice::random(seed)), "/"));
  }
  CHECK(found == Set{"from=new;to=old;", "to=new;"});
}

TEST_CASE("a rename may persist before the content that it was meant to publish") {
  Simulated fs;
  write(fs, "to", "old");
  REQUIRE(fs.sync_directory("/"));
  auto file = fs.create("from").value();
  REQUIRE(file.append("new"));
  REQUIRE(fs.rename("from", "to"));
  REQUIRE(fs.sync_directory("/"));
  const Set found = survivors(fs, "to");
  CHECK(found.contains(""));
  CHECK(found.contains(std::string(3, '\0')));
  CHECK(found.contains("new"));
  CHECK_FALSE(found.contains("old"));
}

TEST_CASE("operations on one directory persist in any order: an unlink before a rename") {
  Simulated fs;
  write(fs, "table.tmp", "t");
  write(fs, "log", "l");
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(fs.rename("table.tmp", "table"));
  REQUIRE(fs.remove("log"));
  Set found;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    found.insert(snapshot(fs.crash_image(CrashChoice::random(seed)), "/"));
  }
  CHECK(found == Set{"log=l;table.tmp=t;", "log=l;table=t;", "table.tmp=t;", "table=t;"});
}

TEST_CASE("a move between directories is durable once either was synced") {
  for (const char* const synced : {"a", "b"}) {
    Simulated fs;
    REQUIRE(fs.create_directory("a"));
    REQUIRE(fs.create_directory("b"));
    REQUIRE(fs.sync_directory("/"));
    write(fs, "a/file", "x");
    REQUIRE(fs.rename("a/file", "b/file"));
    CHECK(survivors(fs, "b/file") == Set{"-", "x"});
    REQUIRE(fs.sync_directory(synced));
    CHECK(survivors(fs, "b/file") == Set{"x"});
    CHECK(survivors(fs, "a/file") == Set{"-"});
  }
}

TEST_CASE("links survive with all their names sharing one content") {
  Simulated fs;
  auto file = fs.create("one").value();
  REQUIRE(fs.link("one", "two"));
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(file.append(std::string(3'000, 'x')));
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    auto disk = fs.crash_image(CrashChoice::random(seed));
    REQUIRE(content(disk, "one") == content(disk, "two"));
  }
}

TEST_CASE("an unsynced removal may come undone") {
  Simulated fs;
  write(fs, "file", "x");
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(fs.remove("file"));
  CHECK(survivors(fs, "file") == Set{"-", "x"});
  REQUIRE(fs.sync_directory("/"));
  CHECK(survivors(fs, "file") == Set{"-"});
}

TEST_CASE("a log that crashes ends in zeros or early, and keeps what was synced") {
  Simulated fs;
  auto log = fs.create_log("log", 4'096).value();
  REQUIRE(log.sync());
  REQUIRE(fs.sync_directory("/"));
  REQUIRE(log.append("head", "synced"));
  REQUIRE(log.sync());
  REQUIRE(log.append("head", "unsynced"));
  const std::string kept = "headsynced" + std::string(4'086, '\0');
  const std::string all = "headsyncedheadunsynced" + std::string(4'074, '\0');
  CHECK(content(fs.crash_image(CrashChoice::drop_all_unsynced()), "log") == kept);
  CHECK(content(fs.crash_image(CrashChoice::keep_all()), "log") == all);
  const Set found = survivors(fs, "log");
  CHECK(found.contains(kept));
  CHECK(found.contains(all));
  CHECK(found.size() > 2);  // torn ones
  REQUIRE(log.close());     // the cut is not synced
  const Set sizes = survivors(fs, "log");
  CHECK(sizes.contains(all.substr(0, 22)));
  CHECK(sizes.contains(all));
}

TEST_CASE("the same seed gives the same disk, another seed another") {
  const auto images = [](std::uint64_t seed) {
    Simulated fs;
    for (int i = 0; i < 20; ++i) {
      auto file = fs.create(std::to_string(i)).value();
      REQUIRE(file.append(testing::detail::sample_bytes(static_cast<std::size_t>(300 * i))));
      if (i % 3 == 0) {
        REQUIRE(file.sync());
      }
    }
    return snapshot(fs.crash_image(CrashChoice::random(seed)), "/");
  };
  Set all;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string image = images(seed);
    REQUIRE(image == images(seed));
    all.insert(image);
  }
  CHECK(all.size() > 40);
}

TEST_CASE("after a crash every call fails and changes nothing") {
  Simulated fs;
  write(fs, "before", "x");
  auto file = fs.create("file").value();
  auto reader = fs.open("before").value();
  fs.crash_at(fs.calls() + 2);
  REQUIRE(file.append("1"));
  CHECK_FALSE(fs.has_crashed());
  const auto failed = file.append("2");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == ErrorCode::io);
  CHECK_THAT(failed.error().message(), Catch::Contains("simulated crash"));
  CHECK(fs.has_crashed());
  char byte = 0;
  CHECK_FALSE(file.sync());
  CHECK_FALSE(fs.create("other"));
  CHECK_FALSE(fs.rename("before", "after"));
  CHECK_FALSE(fs.list("/"));
  CHECK_FALSE(reader.read(0, &byte, 1));
  CHECK(snapshot(fs.crash_image(CrashChoice::keep_all()), "/") == "before=x;file=1;");
}

TEST_CASE("an image is a disk of its own, durable as it stands, without locks") {
  Simulated fs;
  auto lock = fs.lock("LOCK").value();
  write(fs, "file", "x");
  fs.crash_at(fs.calls() + 1);
  auto disk = fs.crash_image(CrashChoice::keep_all());
  CHECK(disk.calls() == 0);
  CHECK(disk.files_open() == 0);
  CHECK(disk.lock("LOCK"));
  CHECK(survivors(disk, "file") == Set{"x"});
  write(disk, "more", "y");
  CHECK(content(fs.crash_image(CrashChoice::keep_all()), "more") == "-");
  // The second loss of power takes what the first had left only where it is changed again.
  REQUIRE(disk.remove("file"));
  CHECK(survivors(disk, "file") == Set{"-", "x"});
}

TEST_CASE("mutating calls and reads are numbered and traced") {
  Simulated fs;
  fs.start_trace();
  write(fs, "file", "x");
  (void)fs.exists("file");
  REQUIRE(fs.sync_directory("/"));
  CHECK(fs.calls() == 5);
  CHECK(fs.read_calls() == 1);
  CHECK(fs.trace() == std::vector<std::string>{"1 create file", "2 append file", "3 sync file",
                                               "4 close file", "r1 exists file",
                                               "5 sync_directory /"});
}

TEST_CASE("open files are counted until their objects are gone or closed") {
  Simulated fs;
  {
    auto file = fs.create("a").value();
    auto log = fs.create_log("b", 100).value();
    auto reader = fs.open("a").value();
    auto lock = fs.lock("c").value();
    CHECK(fs.files_open() == 4);
    auto moved = std::move(reader);
    CHECK(fs.files_open() == 4);
    REQUIRE(file.close());
    CHECK(fs.files_open() == 3);
  }
  CHECK(fs.files_open() == 0);
}

TEST_CASE("threads share a simulated file system") {
  Simulated fs;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([fs, t]() mutable {
      for (int i = 0; i < 100; ++i) {
        (void)io::write_file_durably(fs, std::to_string(t), std::to_string(i));
        (void)fs.crash_image(CrashChoice::random(static_cast<std::uint64_t>(i)));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(snapshot(fs, "/") == "0=99;1=99;2=99;3=99;");
}
