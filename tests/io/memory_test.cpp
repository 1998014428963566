// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/testing/file_system_conformance.hpp>

using namespace strata;
using testing::Sentences;

namespace {

/// Breaks two promises, to show that the kit notices.
struct Careless : io::Memory {
  Result<std::vector<std::string>> list(const std::string& path) const {
    auto names = io::Memory::list(path);
    if (names && names->size() > 1) {
      std::swap(names->front(), names->back());
    }
    return names;
  }
  Result<WritableFile> create(const std::string& path) {
    if (exists(path) == Result<bool>(true)) {
      (void)remove(path);
    }
    return io::Memory::create(path);
  }
};

}  // namespace

TEST_CASE("files in memory keep the promises of a file system") {
  io::Memory fs;
  REQUIRE(fs.create_directory("/d"));
  const auto found = testing::file_system_conformance(fs, "/d");
  CHECK(found.violations == Sentences{});
  CHECK(found.checked > 500);
}

TEST_CASE("the kit tells which promises a careless file system breaks") {
  Careless fs;
  REQUIRE(fs.create_directory("/d"));
  const Sentences broken = testing::file_system_conformance(fs, "/d").violations;
  const auto has = [&broken](const std::string& promise) {
    return std::find(broken.begin(), broken.end(), promise) != broken.end();
  };
  CHECK(has("list() gives files and directories, sorted by their bytes"));
  CHECK(has("create() refuses a name that is taken, with already_exists"));
  CHECK_FALSE(has("rename() replaces a file"));
}

TEST_CASE("files in memory are those of the handle and its copies, of no other") {
  io::Memory fs;
  io::Memory other;
  REQUIRE(io::write_file_durably(fs, "file", "x"));
  io::Memory copy = fs;
  CHECK(io::read_file(copy, "/file").value() == "x");
  CHECK(io::read_file(copy, "./d/../file").error().code() == ErrorCode::not_found);
  CHECK(other.exists("file").value() == false);
}

TEST_CASE("paths in memory follow dots and repeated slashes") {
  io::Memory fs;
  REQUIRE(fs.create_directory("d"));
  REQUIRE(io::write_file_durably(fs, "d/file", "x"));
  for (const char* const path : {"/d/file", "./d//file", "d/../d/file", "../d/./file"}) {
    CAPTURE(path);
    CHECK(io::read_file(fs, path).value() == "x");
  }
  CHECK(fs.exists("d/file/").value());
  CHECK_FALSE(fs.exists("d/file/more").value());
  CHECK_FALSE(fs.rename("d", "d/inner"));
}

TEST_CASE("many threads write files in memory of their own") {
  io::Memory fs;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([fs, t]() mutable {
      for (int i = 0; i < 200; ++i) {
        const std::string path = std::to_string(t) + "_" + std::to_string(i);
        (void)io::write_file_durably(fs, path, path);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(fs.list("/").value().size() == 800);
  CHECK(io::read_file(fs, "3_199").value() == "3_199");
}
