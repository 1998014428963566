// SPDX-License-Identifier: BSL-1.0
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>
#include <strata/testing/file_system_conformance.hpp>

#include "temporary_directory.hpp"

using namespace strata;
using test::TemporaryDirectory;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

/// Runs `body` in a forked child; its exit code, or minus the signal that ended it.
template <class Body>
int in_child(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

std::string record(int number) {
  return std::to_string(number) + std::string(static_cast<std::size_t>(number % 300), '.');
}

}  // namespace

TEST_CASE("the operating system's files keep the promises of a file system") {
  TemporaryDirectory directory;
  const auto found = testing::file_system_conformance(io::Posix(), directory.path());
  CHECK(found.violations == testing::Sentences{});
  CHECK(found.checked > 500);
}

TEST_CASE("files and directories belong to their owner alone") {
  TemporaryDirectory directory;
  io::Posix fs;
  const mode_t before = ::umask(0);
  REQUIRE(fs.create(directory.at("file")));
  REQUIRE(fs.create_log(directory.at("log"), 4096));
  REQUIRE(fs.lock(directory.at("LOCK")));
  REQUIRE(fs.create_directory(directory.at("d")));
  ::umask(before);
  CHECK(mode_of(directory.at("file")) == 0600);
  CHECK(mode_of(directory.at("log")) == 0600);
  CHECK(mode_of(directory.at("LOCK")) == 0600);
  CHECK(mode_of(directory.at("d")) == 0700);
  REQUIRE(fs.remove_directory(directory.at("d")));
}

TEST_CASE("every append to a log survives kill -9") {
  TemporaryDirectory directory;
  const std::string path = directory.at("log");
  constexpr int records = 20'000;
  const int outcome = in_child([&path] {
    io::Posix fs;
    auto log = fs.create_log(path, 64 << 10);  // small, so that it grows several times
    for (int i = 0; log && i < records; ++i) {
      if (!log->append("h", record(i))) {
        return 1;
      }
    }
    ::kill(::getpid(), SIGKILL);
    return 2;
  });
  REQUIRE(outcome == -SIGKILL);
  io::Posix fs;
  const std::string bytes = io::read_file(fs, path).value();
  std::string expected;
  for (int i = 0; i < records; ++i) {
    expected += "h" + record(i);
  }
  REQUIRE(bytes.size() >= expected.size());
  CHECK(bytes.compare(0, expected.size(), expected) == 0);
  CHECK(bytes.find_first_not_of('\0', expected.size()) == std::string::npos);
}

TEST_CASE("an append to a log survives kill -9 from outside, at any moment") {
  // The child counts finished appends in shared memory: the oracle outlives it.
  void* const shared = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(shared != MAP_FAILED);
  auto* const finished = new (shared) std::atomic<int>(0);
  for (int round = 0; round < 10; ++round) {
    TemporaryDirectory directory;
    const std::string path = directory.at("log");
    *finished = 0;
    const pid_t child = ::fork();
    if (child == 0) {
      auto log = io::Posix().create_log(path, 1 << 20);
      for (int i = 0; log && i < 50'000'000 && log->append("h", record(i)); ++i) {
        finished->store(i + 1);
      }
      ::_exit(1);
    }
    while (finished->load() < 1'000 * (round + 1)) {
    }
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    io::Posix fs;
    const std::string bytes = io::read_file(fs, path).value();
    std::size_t at = 0;
    int wrong = 0;
    for (int i = 0; i < finished->load(); ++i) {
      const std::string expected = "h" + record(i);
      wrong += bytes.compare(at, expected.size(), expected) != 0;
      at += expected.size();
    }
    CHECK(wrong == 0);
  }
  ::munmap(shared, sizeof(std::atomic<int>));
}

TEST_CASE("a lock excludes other processes, and ends with its own") {
  TemporaryDirectory directory;
  const std::string path = directory.at("LOCK");
  {
    auto lock = io::Posix().lock(path);
    REQUIRE(lock);
    // A child that opens the path itself is another owner; exit code 3: refused with `locked`.
    CHECK(in_child([&path] {
            auto second = io::Posix().lock(path);
            return second ? 0 : second.error().code() == ErrorCode::locked ? 3 : 4;
          }) == 3);
  }
  CHECK(in_child([&path] {
          auto lock = io::Posix().lock(path);
          ::kill(::getpid(), lock ? SIGKILL : SIGTERM);
          return 0;
        }) == -SIGKILL);
  CHECK(io::Posix().lock(path));
}

TEST_CASE("a refused lock says which path and what to do") {
  TemporaryDirectory directory;
  const std::string path = directory.at("LOCK");
  auto lock = io::Posix().lock(path);
  const Error refused = io::Posix().lock(path).error();
  CHECK(refused.code() == ErrorCode::locked);
  CHECK_THAT(refused.message(), Catch::Contains(path) && Catch::Contains("close it there"));
}

TEST_CASE("errors name the call, the path and the system's reason") {
  io::Posix fs;
  const Error missing = fs.open("/nonexistent/file").error();
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK_THAT(missing.message(), Catch::Contains("/nonexistent/file") && Catch::Contains("open") &&
                                    Catch::Contains(std::strerror(ENOENT)));
  CHECK(io::detail::system_error("write", "p", ENOSPC).value().code() == ErrorCode::disk_full);
  CHECK(io::detail::system_error("write", "p", EDQUOT).value().code() == ErrorCode::disk_full);
  CHECK(io::detail::system_error("write", "p", EEXIST).value().code() == ErrorCode::already_exists);
  CHECK(io::detail::system_error("write", "p", EIO).value().code() == ErrorCode::io);
}

TEST_CASE("without free descriptors an error says how to raise the limit") {
  TemporaryDirectory directory;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 16;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &small) == 0);
  io::Posix fs;
  std::vector<io::Posix::WritableFile> files;
  std::optional<Error> error;
  for (int i = 0; i < 20 && !error; ++i) {
    auto file = fs.create(directory.at(std::to_string(i)));
    if (file) {
      files.push_back(std::move(*file));
    } else {
      error = file.error();
    }
  }
  files.clear();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(error);
  CHECK(error->code() == ErrorCode::io);
  CHECK_THAT(error->message(), Catch::Contains("ulimit -n"));
}

TEST_CASE("a file of many megabytes is whole, however it came") {
  const TemporaryDirectory directory;
  io::Posix fs;
  const std::string path = directory.at("large");
  std::string expected;
  auto file = fs.create(path);
  REQUIRE(file);
  for (unsigned i = 0; expected.size() < (9U << 20); ++i) {
    // Some go through the buffer, some past it, some are larger than what is begun with early.
    const std::string piece((i * 7919) % 200'000 + (i % 10 == 9 ? 3'000'000 : 1),
                            static_cast<char>('a' + i % 26));
    REQUIRE(file->append(piece));
    expected += piece;
    if (i % 7 == 6) {
      REQUIRE((i % 2 == 0 ? file->sync() : file->flush()));
    }
    CHECK(file->size_bytes() == expected.size());
  }
  REQUIRE(file->sync());
  REQUIRE(file->close());
  CHECK((io::read_file(fs, path).value() == expected));
}

TEST_CASE("a failed write stays failed: a later sync can not cover what is lost") {
  TemporaryDirectory directory;
  const int outcome = in_child([&directory] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{3'000'000, 3'000'000};
    ::setrlimit(RLIMIT_FSIZE, &small);
    auto file = io::Posix().create(directory.at("file"));
    if (!file || !file->append(std::string(50'000, 'x')) || !file->sync() ||
        !file->append(std::string(2'700'000, 'x'))) {  // the device was told to begin
      return 1;
    }
    if (file->append(std::string(300'000, 'y'))) {
      return 2;
    }
    if (file->append("z") || file->flush() || file->sync()) {
      return 3;
    }
    return file->close() ? 4 : 0;
  });
  CHECK(outcome == 0);
}

TEST_CASE("a log that can not be preallocated is an error and leaves no file") {
  TemporaryDirectory directory;
  const int outcome = in_child([&directory] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &small);
    io::Posix fs;
    const std::string path = directory.at("log");
    if (fs.create_log(path, 200'000) || fs.exists(path) != Result<bool>(false)) {
      return 1;
    }
    auto log = fs.create_log(path, 80'000);
    if (!log || !log->append("", std::string(80'000, 'x'))) {
      return 2;
    }
    // Growth fails as a whole and leaves the log usable.
    if (log->append("", std::string(40'000, 'y')) || log->size_bytes() != 80'000) {
      return 3;
    }
    return log->sync() && log->close() && fs.file_size(path) == Result<std::uint64_t>(80'000) ? 0
                                                                                              : 4;
  });
  CHECK(outcome == 0);
}

TEST_CASE("file objects close their descriptors") {
  TemporaryDirectory directory;
  io::Posix fs;
  const auto open_descriptors = [&fs] { return fs.list("/proc/self/fd").value().size(); };
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 50; ++i) {
    const std::string path = directory.at(std::to_string(i));
    (void)fs.create(path);
    (void)fs.create(path);
    auto log = fs.create_log(path + ".log", 4096);
    auto other = fs.create_log(path + ".other", 4096);
    *log = std::move(*other);
    (void)fs.open(path);
    (void)fs.lock(path);
  }
  CHECK(open_descriptors() == before);
}
