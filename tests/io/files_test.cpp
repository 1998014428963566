// SPDX-License-Identifier: BSL-1.0
#include <string>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/simulated.hpp>

using namespace strata;

TEST_CASE("join puts one slash between a directory and a name") {
  CHECK(io::join("db", "LOCK") == "db/LOCK");
  CHECK(io::join("db/", "LOCK") == "db/LOCK");
  CHECK(io::join("/", "LOCK") == "/LOCK");
  CHECK(io::join("", "LOCK") == "LOCK");
}

TEST_CASE("parent_of names the directory that holds a path") {
  CHECK(io::parent_of("db/tables/1") == "db/tables");
  CHECK(io::parent_of("/db") == "/");
  CHECK(io::parent_of("db") == ".");
  CHECK(io::parent_of("db/") == ".");
  CHECK(io::parent_of("a/b/") == "a");
}

TEST_CASE("read_file reads all of a file, and says not_found when there is none") {
  io::Simulated fs;
  CHECK(io::read_file(fs, "missing").error().code() == ErrorCode::not_found);
  auto file = fs.create("file").value();
  REQUIRE(file.append(std::string(100'000, 'x')));
  CHECK(io::read_file(fs, "file").value() == std::string(100'000, 'x'));
}

TEST_CASE("a file written durably is there after any loss of power") {
  io::Simulated fs;
  REQUIRE(io::write_file_durably(fs, "CURRENT", "one"));
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    auto disk = fs.crash_image(io::CrashChoice::random(seed));
    CAPTURE(seed);
    CHECK(io::read_file(disk, "CURRENT").value() == "one");
  }
}

TEST_CASE("replacing a file durably leaves the old or the new bytes, wherever it stops") {
  const auto scripted = [](std::uint64_t crash_at) {
    io::Simulated fs;
    REQUIRE(io::write_file_durably(fs, "CURRENT", "the old bytes"));
    const std::uint64_t before = fs.calls();
    if (crash_at != 0) {
      fs.crash_at(before + crash_at);
    }
    (void)io::write_file_durably(fs, "CURRENT", std::string(2'000, 'n'));
    return std::pair(fs, fs.calls() - before);
  };
  const std::uint64_t calls = scripted(0).second;
  REQUIRE(calls >= 5);
  std::size_t old_seen = 0;
  std::size_t new_seen = 0;
  for (std::uint64_t call = 1; call <= calls + 1; ++call) {
    io::Simulated fs = scripted(call).first;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
      CAPTURE(call, seed);
      auto disk = fs.crash_image(io::CrashChoice::random(seed));
      const std::string content = io::read_file(disk, "CURRENT").value();
      old_seen += content == "the old bytes";
      new_seen += content == std::string(2'000, 'n');
      REQUIRE((content == "the old bytes" || content == std::string(2'000, 'n')));
      // What a crash left behind does not stand in the way of the next try.
      REQUIRE(io::write_file_durably(disk, "CURRENT", "third"));
      REQUIRE(io::read_file(disk, "CURRENT").value() == "third");
    }
  }
  CHECK(old_seen > 0);
  CHECK(new_seen > 0);
}

TEST_CASE("a failed replacement keeps the old file and reports the error") {
  for (std::uint64_t call = 1; call <= 6; ++call) {
    io::Simulated fs;
    REQUIRE(io::write_file_durably(fs, "CURRENT", "old"));
    fs.inject({.call = fs.calls() + call});
    CAPTURE(call);
    CHECK(io::write_file_durably(fs, "CURRENT", "new").error().code() == ErrorCode::io);
    CHECK(io::read_file(fs, "CURRENT").value() == (call == 6 ? "new" : "old"));
    CHECK(fs.files_open() == 0);
  }
}

TEST_CASE("a file is copied byte for byte, whatever its size") {
  io::Memory fs;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{256 << 10},
                                 std::size_t{(256 << 10) + 1}, std::size_t{1'000'000}}) {
    CAPTURE(size);
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<char>(i * 7 + i / 251);
    }
    const std::string from = "from" + std::to_string(size);
    REQUIRE(io::write_file_durably(fs, from, bytes));
    REQUIRE(io::copy_file(fs, from, "to" + std::to_string(size)));
    CHECK(io::read_file(fs, "to" + std::to_string(size)).value() == bytes);
  }
  CHECK(io::copy_file(fs, "missing", "new").error().code() == ErrorCode::not_found);
  CHECK_FALSE(fs.exists("new").value());
  CHECK(io::copy_file(fs, "from1", "to1").error().code() == ErrorCode::already_exists);
}

TEST_CASE("a copy that fails leaves nothing behind") {
  for (std::uint64_t call = 1; call <= 4; ++call) {
    io::Simulated fs;
    REQUIRE(io::write_file_durably(fs, "from", std::string(5000, 'x')));
    fs.inject({.call = fs.calls() + call});
    CAPTURE(call);
    CHECK_FALSE(io::copy_file(fs, "from", "to"));
    CHECK_FALSE(fs.exists("to").value());
    CHECK(fs.files_open() == 0);
  }
}
