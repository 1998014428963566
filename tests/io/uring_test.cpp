// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/uring.hpp>
#include <strata/testing/file_system_conformance.hpp>

#include "temporary_directory.hpp"

using namespace strata;
using test::TemporaryDirectory;

namespace {

/// With a ring where the kernel gives one, and without.
std::vector<io::Uring> both() {
  std::vector<io::Uring> all{io::Uring(), io::Uring(false)};
  if (!all[0].uses_ring()) {
    WARN("this kernel gives no io_uring: only the fallback was tested");
  }
  return all;
}

/// Reads at random places with `count` requests at once; how many were wrong.
int wrong_reads(const io::Uring::RandomFile& file, const std::string& bytes, std::size_t count,
                std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> to(count);
  std::vector<io::ReadRequest> requests(count);
  for (std::size_t i = 0; i < count; ++i) {
    to[i].resize(random() % 10'000);
    requests[i] = {random() % (bytes.size() + 1'000), to[i].data(), to[i].size(), 77};
  }
  int wrong = !file.read_many(requests);
  for (const io::ReadRequest& request : requests) {
    const auto offset = static_cast<std::size_t>(request.offset);
    const std::string expected = offset < bytes.size() ? bytes.substr(offset, request.size) : "";
    wrong += std::string_view(request.to, request.done) != expected;
  }
  return wrong;
}

}  // namespace

TEST_CASE("files with a ring keep the promises of a file system, and so do those without") {
  for (const io::Uring& fs : both()) {
    TemporaryDirectory directory;
    const auto found = testing::file_system_conformance(fs, directory.path());
    CHECK(found.violations == testing::Sentences{});
    CHECK(found.checked > 500);
  }
  CHECK_FALSE(io::Uring(false).uses_ring());
}

TEST_CASE("many reads at once give what each of them would") {
  for (io::Uring fs : both()) {
    TemporaryDirectory directory;
    const std::string bytes = testing::detail::sample_bytes(1'000'000);
    REQUIRE(io::write_file_durably(fs, directory.at("file"), bytes));
    const auto file = fs.open(directory.at("file")).value();
    for (const std::size_t count : {0U, 1U, 2U, 63U, 64U, 65U, 500U}) {
      CAPTURE(count);
      CHECK(wrong_reads(file, bytes, count, count) == 0);
    }
  }
}

TEST_CASE("threads read many at once from one file") {
  for (io::Uring fs : both()) {
    TemporaryDirectory directory;
    const std::string bytes = testing::detail::sample_bytes(300'000);
    REQUIRE(io::write_file_durably(fs, directory.at("file"), bytes));
    const auto file = fs.open(directory.at("file")).value();
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t round = 0; round < 20; ++round) {
          wrong += wrong_reads(file, bytes, 40, 100 * t + round);
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("an error of the kernel is told, and the next reads are served") {
  for (io::Uring fs : both()) {
    TemporaryDirectory directory;
    const std::string bytes = testing::detail::sample_bytes(10'000);
    REQUIRE(io::write_file_durably(fs, directory.at("file"), bytes));
    const auto file = fs.open(directory.at("file")).value();
    std::string to(100, '\0');
    char* const nowhere = reinterpret_cast<char*>(16);  // not mapped: EFAULT
    io::ReadRequest requests[] = {{0, to.data(), 100}, {0, nowhere, 100}};
    const auto failed = file.read_many(requests);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == ErrorCode::io);
    CHECK_THAT(failed.error().message(), Catch::Contains(directory.at("file")));
    CHECK(wrong_reads(file, bytes, 10, 1) == 0);
  }
}

TEST_CASE("rings close their descriptors") {
  io::Posix posix;
  const auto open_descriptors = [&] { return posix.list("/proc/self/fd").value().size(); };
  const std::size_t before = open_descriptors();
  { const io::Uring fs; }
  CHECK(open_descriptors() == before);
}
