// SPDX-License-Identifier: BSL-1.0
/// A log on a file system that copies on write: what it reserved can be full all the same.
///
/// None is at hand in every place where tests run, so two system calls are answered for it here.

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>

#include "temporary_directory.hpp"

namespace {

constexpr int madv_populate_write = 23;

/// What the disk does to the pages of a log.
enum class Disk {
  takes,
  is_full,
  fails,
} disk = Disk::takes;

}  // namespace

// Linked before the system's.
extern "C" int madvise(void* address, std::size_t length, int advice) noexcept {
  if (disk != Disk::takes && advice == madv_populate_write) {
    errno = EFAULT;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_madvise, address, length, advice));
}
extern "C" ssize_t pwritev(int file, const iovec* pieces, int count, off_t at) {
  if (disk != Disk::takes) {
    errno = disk == Disk::is_full ? ENOSPC : EIO;
    return -1;
  }
  return ::syscall(SYS_pwritev, file, pieces, count, at, 0);
}

using namespace strata;

TEST_CASE("a disk that is full in spite of what was reserved is told from one that fails") {
  const bool is_synced = GENERATE(false, true);  // such appends have their pages singly
  CAPTURE(is_synced);
  const test::TemporaryDirectory directory;
  io::Posix fs;
  auto log = fs.create_log(directory.at("log"), 64 << 20).value();
  std::string text;
  const std::string record(5000, 'r');
  const auto append = [&]() -> Result<void> {
    auto done = log.append("head", record);
    text += done ? "head" + record : "";
    if (done && is_synced) {
      REQUIRE(log.sync());
    }
    return done;
  };
  const auto append_until_it_fails = [&] {
    for (;;) {
      if (auto done = append(); !done) {
        return done.error();
      }
      REQUIRE(text.size() < (1 << 20));
    }
  };
  REQUIRE(append());

  disk = Disk::is_full;
  const Error full = append_until_it_fails();
  CHECK(full.code() == ErrorCode::disk_full);
  CHECK_THAT(to_string(full), Catch::Contains("free some space"));
  CHECK_THAT(to_string(full), Catch::Contains(directory.at("log")));
  disk = Disk::fails;
  CHECK(append_until_it_fails().code() == ErrorCode::io);

  disk = Disk::takes;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(append());
  }
  REQUIRE(log.close());
  CHECK(io::read_file(fs, directory.at("log")).value() == text);
}
