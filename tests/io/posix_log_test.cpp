// SPDX-License-Identifier: BSL-1.0
/// A log whose pages another thread makes ready.

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/io/files.hpp>
#include <strata/io/posix.hpp>

#include "temporary_directory.hpp"

using namespace strata;
using test::TemporaryDirectory;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

std::string record(unsigned i) {
  return std::to_string(i) + std::string(1000 + i % 100, static_cast<char>('a' + i % 26));
}
/// A folder for logs, and what those in it have to hold.
struct Logs {
  TemporaryDirectory directory;
  io::Posix fs;
  std::string text{};
  unsigned next = 0;

  io::Posix::LogFile create(std::uint64_t mebibytes, const char* name = "log") {
    return fs.create_log(directory.at(name), mebibytes * mebibyte).value();
  }
  /// Appends records while `go_on(log)`.
  template <class GoOn>
  void append(io::Posix::LogFile& log, GoOn go_on) {
    while (go_on(log)) {
      const std::string bytes = record(next++);
      REQUIRE(log.append("head", bytes));
      text += "head" + bytes;
    }
  }
  /// What `log` offers as soon as it asks for space ahead.
  auto take_ahead(io::Posix::LogFile& log) {
    append(log, [](const auto& l) { return !l.wants_ahead(); });
    return log.take_ahead();
  }
  /// Whether the file holds all that was appended, and no more.
  bool is_whole() { return io::read_file(fs, directory.at("log")).value() == text; }
};
std::uint64_t resident_bytes(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

}  // namespace

TEST_CASE("a log asks for space ahead once it has grown, and then now and again") {
  Logs logs;
  auto log = logs.create(16);
  logs.append(log, [](const auto& l) { return l.size_bytes() < mebibyte / 2; });
  CHECK_FALSE(log.wants_ahead());
  unsigned asked = 0;
  logs.append(log, [&](auto& l) {
    if (l.wants_ahead()) {
      l.take_ahead().prepare();
      CHECK_FALSE(l.wants_ahead());
      ++asked;
    }
    return l.size_bytes() < 15 * mebibyte;
  });
  CHECK(asked >= 4);
  CHECK(asked <= 10);
  REQUIRE(log.close());
  CHECK(logs.is_whole());
}

TEST_CASE("space is made ready beside appends") {
  Logs logs;
  auto log = logs.create(4);  // and grows twice
  const auto ahead = logs.take_ahead(log);
  std::atomic<bool> done{false};
  std::thread helper([&] {
    while (!done) {
      ahead.prepare();
    }
  });
  logs.append(log, [](const auto& l) { return l.size_bytes() < 9 * mebibyte; });
  io::Posix::LogFile moved = std::move(log);
  logs.append(moved, [](const auto& l) { return l.size_bytes() < 10 * mebibyte; });
  REQUIRE(moved.close());
  done = true;
  helper.join();
  CHECK(logs.is_whole());
}

TEST_CASE("a log is whole however often it is synced, and asks for its pages from within one") {
  Logs logs;
  // No multiple of a page: it grows, and is made ready, from within one.
  auto log = logs.fs.create_log(logs.directory.at("log"), 100'001).value();
  const unsigned sync_every = GENERATE(1U, 3U, 100U, 1'000'000U);
  logs.append(log, [&](auto& l) {
    if (logs.next % sync_every == sync_every - 1) {
      REQUIRE(l.sync());
    }
    if (l.wants_ahead()) {
      l.take_ahead().prepare();
    }
    return l.size_bytes() < 3 * mebibyte;
  });
  REQUIRE(log.close());
  CHECK(logs.is_whole());
}

TEST_CASE("what a closed log has offered does nothing") {
  Logs logs;
  auto log = logs.create(16);
  const auto ahead = logs.take_ahead(log);
  REQUIRE(log.close());
  const std::uint64_t before = resident_bytes(logs.directory.at("log"));
  ahead.prepare();
  CHECK(resident_bytes(logs.directory.at("log")) == before);
  CHECK(logs.is_whole());
  const auto of_the_gone = [&] {
    auto gone = logs.create(16, "gone");
    return logs.take_ahead(gone);
  }();
  of_the_gone.prepare();
}

TEST_CASE("space ahead that can not be had is no error of anybody") {
  Logs logs;
  auto log = logs.create(64);
  logs.append(log, [](const auto& l) { return l.size_bytes() < 3 * mebibyte; });
  const auto ahead = log.take_ahead();
  struct rlimit limit {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  struct rlimit low = limit;
  low.rlim_cur = 8 * mebibyte;
  ::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &low) == 0);
  for (int i = 0; i < 100; ++i) {
    ahead.prepare();
  }
  // Its own appends say when the disk is full; what they said they had done is there.
  bool is_full = false;
  while (!is_full && log.size_bytes() < 9 * mebibyte) {
    const std::string bytes = record(logs.next);
    is_full = !log.append("head", bytes);
    logs.text += is_full ? "" : "head" + bytes;
    logs.next += is_full ? 0 : 1;
    if (log.wants_ahead()) {
      log.take_ahead().prepare();
    }
  }
  CHECK(is_full);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  logs.append(log, [](const auto& l) { return l.size_bytes() < 12 * mebibyte; });
  REQUIRE(log.close());
  CHECK(logs.is_whole());
}
