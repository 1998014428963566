// SPDX-License-Identifier: BSL-1.0
//
// A process that may open few files: every call works or says that there are too many open files,
// nothing acknowledged is lost, and with a higher limit everything works again.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/lsm_tree.hpp>

#include "../io/temporary_directory.hpp"

using namespace strata;

namespace {

using Db = LsmTree<>;

constexpr int key_count = 3'000;

Db::Options small_tables() {
  Db::Options options;
  options.write_buffer_bytes = 100'000;
  options.wal.segment_bytes = 50'000;
  options.compaction.level0_trigger = 4;
  options.compaction.level1_bytes = 100'000;
  options.compaction.file_bytes = 8'000;
  return options;
}
std::string key_of(int number) {
  return "key" + std::to_string(number);
}
std::string value_of(int number) {
  return std::string(100, 'v') + std::to_string(number);
}

bool limit_files(rlim_t soft) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return false;
  }
  limit.rlim_cur = soft;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

class Child {
 public:
  explicit Child(std::string path) : path_(std::move(path)) {}

  /// The exit status: 0 if everything was as it should be.
  int run(rlim_t limit) {
    rlimit before{};
    if (::getrlimit(RLIMIT_NOFILE, &before) != 0 || !limit_files(limit)) {
      return 2;
    }
    use();
    check("with few files", true);
    if (!limit_files(before.rlim_cur)) {
      return 2;
    }
    check("with many files", false);
    if (auto db = Db::open(path_, small_tables())) {
      expect(db->put("more", "value"), "a write with many files");
      expect(db->compact(), "compacting with many files");
      expect(db->verify(), "verify with many files");
    }
    std::printf("%d files at most: %zu of %d writes taken, %d calls refused\n",
                static_cast<int>(limit), written_.size(), key_count, refused_);
    std::fflush(stdout);
    return is_good_ ? 0 : 1;
  }

 private:
  /// An error must say what is missing and what to do.
  void note(const Result<void>& done, const std::string& what) {
    if (done) {
      return;
    }
    ++refused_;
    if (done.error().message().find("open files") == std::string::npos) {
      std::fprintf(stderr, "%s: %s\n", what.c_str(), to_string(done.error()).c_str());
      is_good_ = false;
    }
  }
  void expect(const Result<void>& done, const std::string& what) {
    if (!done) {
      std::fprintf(stderr, "%s: %s\n", what.c_str(), to_string(done.error()).c_str());
      is_good_ = false;
    }
  }

  void use() {
    auto db = Db::open(path_, small_tables());
    if (!db) {
      note(propagate(std::move(db)), "open");
      return;
    }
    for (int i = 0; i < key_count; ++i) {
      auto done = db->put(key_of(i), value_of(i));
      if (done) {
        written_.push_back(i);
      }
      note(done, "a write");
      if (i % 1'000 == 999) {
        note(db->flush(), "flush");
        note(db->compact(), "compact");
      }
      if (i % 100 == 0 && !written_.empty()) {
        read(*db, written_[written_.size() / 2], "a read", true);
      }
    }
    note(db->close(), "close");
  }
  void read(Db& db, int number, const std::string& what, bool may_fail) {
    auto found = db.get(key_of(number));
    if (!found) {
      may_fail ? note(propagate(std::move(found)), what)
               : expect(propagate(std::move(found)), what);
    } else if (*found != value_of(number)) {
      std::fprintf(stderr, "%s: %s is wrong\n", what.c_str(), key_of(number).c_str());
      is_good_ = false;
    }
  }
  /// Everything that was acknowledged is there.
  void check(const std::string& when, bool may_fail) {
    auto db = Db::open(path_, small_tables());
    if (!db) {
      may_fail ? note(propagate(std::move(db)), "open " + when)
               : expect(propagate(std::move(db)), "open " + when);
      return;
    }
    for (const int number : written_) {
      read(*db, number, "a read " + when, may_fail);
    }
  }

  std::string path_;
  std::vector<int> written_;
  int refused_ = 0;
  bool is_good_ = true;
};

}  // namespace

TEST_CASE("a process that may open few files is told so, and loses nothing", "[crash]") {
  const rlim_t limit = GENERATE(8U, 12U, 16U, 20U, 24U, 32U, 48U, 64U);
  CAPTURE(limit);
  const test::TemporaryDirectory directory;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::_exit(Child(directory.at("db")).run(limit));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  std::filesystem::remove_all(directory.at("db"));
}
