// SPDX-License-Identifier: BSL-1.0
//
// A real file system of four megabytes is filled, freed and filled again: a tmpfs that only a child
// process sees. Where that may not be mounted the test says that it was not run.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include <catch2/catch.hpp>

#include "../io/temporary_directory.hpp"
#include "full_disk.hpp"

using namespace strata;

namespace {

constexpr int good = 0;
constexpr int wrong = 1;
constexpr int no_tmpfs = 2;

bool mount_tmpfs(const std::string& at) {
  const bool is_alone = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
  const std::string size =
      "size=" + std::to_string(full_disk::disk_bytes + full_disk::rounds * full_disk::room_bytes);
  return is_alone && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("none", at.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

int run_on_tmpfs(const std::string& at) {
  if (!mount_tmpfs(at)) {
    return no_tmpfs;
  }
  using Db = LsmTree<>;
  io::Posix disk;
  const std::string ballast = at + "/ballast";
  for (int round = 0; round < full_disk::rounds; ++round) {
    auto file = disk.create(ballast + std::to_string(round));
    if (!file || !file->append(std::string(full_disk::room_bytes, 'x')) || !file->close()) {
      return no_tmpfs;
    }
  }
  int removed = 0;
  const full_disk::Report report = full_disk::run<Db>(
      {}, at + "/db", [&] { (void)disk.remove(ballast + std::to_string(removed++)); });
  for (const std::string& problem : report.problems) {
    std::fprintf(stderr, "%s\n", problem.c_str());
  }
  std::printf(
      "%d batches, %d refusals, %d tries to erase, %d to resume; room was made in %d rounds\n",
      report.batches, report.refused, report.tries_to_erase, report.tries_to_resume, report.helped);
  std::fflush(stdout);
  return report.problems.empty() && report.refused > 0 ? good : wrong;
}

}  // namespace

TEST_CASE("a small tmpfs is filled, freed and filled again", "[crash]") {
  const test::TemporaryDirectory directory;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::_exit(run_on_tmpfs(directory.path()));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == no_tmpfs) {
    WARN("not run: a tmpfs can not be mounted here");  // ctest reports the test as skipped
    return;
  }
  CHECK(WEXITSTATUS(status) == good);
}
