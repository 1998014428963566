// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include <strata/io/direct.hpp>
#include <strata/io/files.hpp>
#include <strata/testing/file_system_conformance.hpp>

#include "temporary_directory.hpp"

using namespace strata;
using test::TemporaryDirectory;

namespace {

const io::DirectOptions refused{.write = false, .read = false};

/// On a machine that refuses direct files, the tests run through the page cache, and say so.
bool is_direct_here(const TemporaryDirectory& directory) {
  const auto file = io::Direct().create(directory.at("probe"));
  REQUIRE(file);
  if (!file->is_direct()) {
    WARN("O_DIRECT is refused in " << directory.path() << ": only the fallback was tested");
  }
  return file->is_direct();
}

}  // namespace

TEST_CASE("direct files keep the promises of a file system, and so does their fallback") {
  for (const io::DirectOptions& options : {io::DirectOptions{}, refused}) {
    TemporaryDirectory directory;
    const auto found = testing::file_system_conformance(io::Direct(options), directory.path());
    CHECK(found.violations == testing::Sentences{});
    CHECK(found.checked > 500);
  }
}

TEST_CASE("files are direct where the file system lets them, and where they are wanted") {
  TemporaryDirectory directory;
  const bool is_direct = is_direct_here(directory);
  CHECK(io::Direct().open(directory.at("probe")).value().is_direct() == is_direct);
  CHECK_FALSE(io::Direct(refused).create(directory.at("file")).value().is_direct());
  CHECK_FALSE(io::Direct(refused).open(directory.at("probe")).value().is_direct());
}

TEST_CASE("a file system that refuses is read through the page cache") {
  const auto file = io::Direct().open("/proc/self/cmdline").value();
  CHECK_FALSE(file.is_direct());
  char byte = 0;
  CHECK(file.read(0, &byte, 1) == Result<std::size_t>(1));
}

TEST_CASE("any sequence of appends and flushes leaves the bytes that were appended") {
  TemporaryDirectory directory;
  (void)is_direct_here(directory);
  const std::uint64_t seed = 20;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 10; ++round) {
    const std::string path = directory.at(std::to_string(round));
    io::Direct fs;
    auto file = fs.create(path).value();
    std::string written;
    for (int i = 0; i < 12; ++i) {
      const std::size_t sizes[] = {random() % 100, 4096, random() % 10'000, random() % 3'000'000};
      const std::string bytes = testing::detail::sample_bytes(sizes[random() % 4]);
      REQUIRE(file.append(bytes));
      written += bytes;
      REQUIRE(file.size_bytes() == written.size());
      if (random() % 3 == 0) {
        REQUIRE(file.flush());
        REQUIRE(fs.file_size(path) == Result<std::uint64_t>(written.size()));
      }
    }
    REQUIRE(file.close());
    REQUIRE(io::read_file(fs, path).value() == written);
    io::Posix plain;
    REQUIRE(io::read_file(plain, path).value() == written);
  }
}

TEST_CASE("reads of any offset, size and memory give the bytes of the file") {
  TemporaryDirectory directory;
  (void)is_direct_here(directory);
  io::Direct fs;
  const std::string bytes = testing::detail::sample_bytes(2'500'001);
  REQUIRE(io::write_file_durably(fs, directory.at("file"), bytes));
  const auto file = fs.open(directory.at("file")).value();
  const auto memory = io::detail::make_aligned_buffer(3 << 20);
  int wrong = 0;
  for (const std::uint64_t offset : {0U, 1U, 4095U, 4096U, 1'048'575U, 2'499'999U, 3'000'000U}) {
    for (const std::size_t size : {0U, 1U, 4096U, 8191U, 1'048'576U, 2'600'000U}) {
      for (const std::size_t shift : {0U, 1U, 512U}) {
        const auto got = file.read(offset, memory.get() + shift, size).value();
        const std::string expected =
            offset < bytes.size() ? bytes.substr(static_cast<std::size_t>(offset), size) : "";
        wrong += std::string_view(memory.get() + shift, got) != expected;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("errors of direct files name the call and the path") {
  const Error missing = io::Direct().open("/nonexistent/file").error();
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK_THAT(missing.message(), Catch::Contains("/nonexistent/file"));
  CHECK(io::Direct().create("/nonexistent/file").error().code() == ErrorCode::not_found);
}
