// SPDX-License-Identifier: BSL-1.0
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/memory.hpp>
#include <strata/io/posix.hpp>
#include <strata/io/rate_limited.hpp>
#include <strata/io/simulated.hpp>
#include <strata/testing/file_system_conformance.hpp>

#include "manual_clock.hpp"
#include "temporary_directory.hpp"

using namespace strata;
using test::ManualClock;

namespace {

template <class Fs>
using Limited = io::RateLimited<Fs, ManualClock>;

const io::RateLimitedOptions slow{.write_bytes_per_second = 1'000'000,
                                  .read_bytes_per_second = 2'000'000,
                                  .burst_bytes = 1'000,
                                  .limit_logs = true};

template <class Body>
std::uint64_t elapsed_us(const Body& body) {
  const std::uint64_t before = ManualClock::now_us;
  body();
  return ManualClock::now_us - before;
}

template <class Fs>
void check_conformance(Fs fs, const std::string& directory) {
  const auto found = testing::file_system_conformance(std::move(fs), directory);
  CHECK(found.violations == testing::Sentences{});
  CHECK(found.checked > 500);
}

}  // namespace

TEST_CASE("limited file systems keep the promises of a file system") {
  test::TemporaryDirectory directory;
  check_conformance(Limited<io::Posix>(slow), directory.path());
  Limited<io::Memory> memory(slow);
  REQUIRE(memory.create_directory("/d"));
  check_conformance(memory, "/d");
  Limited<io::Simulated> simulated(slow);
  REQUIRE(simulated.create_directory("/d"));
  check_conformance(simulated, "/d");
  CHECK(simulated.inner().files_open() == 0);
  check_conformance(io::RateLimited<io::Posix>(), directory.path());
}

TEST_CASE("written bytes take their time, and arrive") {
  Limited<io::Memory> fs({.write_bytes_per_second = 1'000'000, .burst_bytes = 1'000});
  auto file = fs.create("/file").value();
  const std::string bytes = testing::detail::sample_bytes(101'000);
  const std::uint64_t took = elapsed_us([&] { REQUIRE(file.append(bytes)); });
  CHECK(took >= 100'000);
  CHECK(took < 101'000);
  REQUIRE(file.close());
  CHECK(elapsed_us([&] { CHECK(io::read_file(fs, "/file").value() == bytes); }) == 0);
}

TEST_CASE("reads are limited where asked for") {
  Limited<io::Memory> fs({.read_bytes_per_second = 1'000'000, .burst_bytes = 1'000});
  const std::string bytes = testing::detail::sample_bytes(51'000);
  CHECK(elapsed_us([&] { REQUIRE(io::write_file_durably(fs, "/file", bytes)); }) == 0);
  std::string read;
  CHECK(elapsed_us([&] { read = io::read_file(fs, "/file").value(); }) >= 50'000);
  CHECK(read == bytes);
}

TEST_CASE("logs are exempt unless asked for") {
  io::RateLimitedOptions options{.write_bytes_per_second = 1'000, .burst_bytes = 10};
  for (const bool limit_logs : {false, true}) {
    options.limit_logs = limit_logs;
    Limited<io::Memory> fs(options);
    auto log = fs.create_log("/log", 100).value();
    const std::uint64_t took =
        elapsed_us([&] { REQUIRE(log.append("head", std::string(106, 'x'))); });
    CHECK((took >= 100'000) == limit_logs);
    CHECK((took == 0) == !limit_logs);
  }
}

TEST_CASE("a limit changes for files that are open, through any copy") {
  Limited<io::Memory> fs;
  Limited<io::Memory> copy = fs;
  auto file = fs.create("/file").value();
  CHECK(elapsed_us([&] { REQUIRE(file.append(std::string(5'000'000, 'x'))); }) == 0);
  copy.writes().set_bytes_per_second(1'000'000);
  CHECK(elapsed_us([&] { REQUIRE(file.append(std::string(5'000'000, 'x'))); }) >= 3'900'000);
  copy.writes().set_bytes_per_second(0);
  CHECK(elapsed_us([&] { REQUIRE(file.append(std::string(5'000'000, 'x'))); }) == 0);
}

TEST_CASE("a write goes down in pieces of a burst") {
  Limited<io::Simulated> fs({.write_bytes_per_second = 1'000'000, .burst_bytes = 1'000});
  auto file = fs.create("/file").value();
  const std::uint64_t before = fs.inner().calls();
  REQUIRE(file.append(std::string(2'500, 'x')));
  CHECK(fs.inner().calls() == before + 3);
  CHECK(file.size_bytes() == 2'500);
}

TEST_CASE("errors of the file system below pass through a limit") {
  Limited<io::Simulated> fs;
  fs.inner().inject({.kind = io::FaultKind::enospc, .forever = true});
  CHECK(fs.create("/file").error().code() == ErrorCode::disk_full);
  CHECK(fs.open("/file").error().code() == ErrorCode::not_found);
}
