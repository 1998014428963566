// SPDX-License-Identifier: BSL-1.0
/// A log whose pages can not be made ready: as on a file system that copies on write, where what
/// was reserved can be full all the same.
///
/// None is at hand in every place where tests run, so three system calls are answered for it here.

#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <string>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>

#include "temporary_directory.hpp"

namespace {

constexpr int madv_populate_write = 23;

enum class Disk {
  takes,        ///< All is well.
  is_full,      ///< Faults fail; writes say that it is full.
  faults_full,  ///< Faults fail; writes pass; it has no space left.
  faults,       ///< Faults fail; writes pass; it has space.
  fails,        ///< Faults and writes fail.
};
std::atomic<Disk> disk = Disk::takes;

/// While it lives. A check that fails must not leave the next test with a broken disk.
struct DiskThat {
  explicit DiskThat(Disk now) { disk = now; }
  DiskThat(const DiskThat&) = delete;
  DiskThat& operator=(const DiskThat&) = delete;
  ~DiskThat() { disk = Disk::takes; }
};

}  // namespace

// Found before libc's, by all of this program.
extern "C" int madvise(void* address, std::size_t length, int advice) noexcept {
  if (advice == madv_populate_write && disk != Disk::takes) {
    errno = EFAULT;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_madvise, address, length, advice));
}
extern "C" ssize_t pwritev(int file, const iovec* pieces, int count, off_t at) {
  if (disk == Disk::is_full || disk == Disk::fails) {
    errno = disk == Disk::is_full ? ENOSPC : EIO;
    return -1;
  }
  return ::syscall(SYS_pwritev, file, pieces, count, at, 0);
}
extern "C" int fstatvfs(int, struct statvfs* status) noexcept {
  *status = {};
  status->f_frsize = 4096;
  status->f_bavail = disk == Disk::faults_full ? 1 : 1 << 20;
  return 0;
}

using namespace strata;

TEST_CASE("a disk that is full in spite of what was reserved is told from one that fails") {
  const bool is_synced = GENERATE(false, true);  // such appends have their pages singly
  const auto [state, code] = GENERATE(table<Disk, ErrorCode>({
      {Disk::is_full, ErrorCode::disk_full},
      {Disk::faults_full, ErrorCode::disk_full},
      {Disk::faults, ErrorCode::io},
      {Disk::fails, ErrorCode::io},
  }));
  CAPTURE(is_synced, static_cast<int>(state));
  const test::TemporaryDirectory directory;
  io::Posix fs;
  auto log = fs.create_log(directory.at("log"), 64 << 20).value();
  std::string text;
  const auto append = [&](std::size_t bytes) -> Result<void> {
    const std::string record(bytes, static_cast<char>('a' + text.size() % 26));
    auto done = log.append("head", record);
    text += done ? "head" + record : "";
    if (done && is_synced) {
      REQUIRE(log.sync());
    }
    return done;
  };
  REQUIRE(append(100'001));  // more than a step, and what is ready ends within a page

  {
    const DiskThat broken(state);
    Result<void> done;
    while ((done = append(5000))) {
      REQUIRE(text.size() < (1 << 20));
    }
    CHECK(done.error().code() == code);
    CHECK_THAT(to_string(done.error()), Catch::Contains(directory.at("log")));
    const bool says_what_to_do =
        to_string(done.error()).find("free some space") != std::string::npos;
    CHECK(says_what_to_do == (code == ErrorCode::disk_full));
  }

  for (int i = 0; i < 100; ++i) {
    REQUIRE(append(5000));
  }
  REQUIRE(log.close());
  const bool is_whole = io::read_file(fs, directory.at("log")).value() == text;
  CHECK(is_whole);
}
