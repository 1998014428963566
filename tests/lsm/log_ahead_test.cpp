// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/log_ahead.hpp>

#include <unistd.h>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/lsm_tree.hpp>

using namespace strata;

namespace {

struct Ahead {
  std::shared_ptr<std::atomic<int>> prepared;
  void prepare() const { ++*prepared; }
};
/// An executor that keeps what it gets until it is told to run it.
struct Held {
  void (*run)(void*) = nullptr;
  void* argument = nullptr;
  int submitted = 0;

  auto submit() {
    return [this](Lane lane, void (*r)(void*), void* a) {
      CHECK(lane == Lane::log);
      run = r;
      argument = a;
      ++submitted;
    };
  }
};

/// A database on disk that is gone with its scope.
struct Directory {
  std::string path =
      std::filesystem::temp_directory_path() / ("strata_log_ahead_" + std::to_string(::getpid()));
  Directory() { std::filesystem::remove_all(path); }
  ~Directory() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("the last offer before a run is the one that is prepared, once") {
  lsm::LogAhead ahead;
  Held held;
  const auto early = std::make_shared<std::atomic<int>>(0);
  const auto late = std::make_shared<std::atomic<int>>(0);
  ahead.offer(Ahead{early}, held.submit());
  ahead.offer(Ahead{late}, held.submit());
  CHECK(held.submitted == 1);
  held.run(held.argument);
  CHECK(*early == 0);
  CHECK(*late == 1);
  CHECK(late.use_count() == 1);
  ahead.offer(Ahead{early}, held.submit());
  CHECK(held.submitted == 2);
  held.run(held.argument);
  CHECK(*early == 1);
}

TEST_CASE("an executor that can not take the work leaves it undone, for this time") {
  lsm::LogAhead ahead;
  const auto prepared = std::make_shared<std::atomic<int>>(0);
  Held held;
  ahead.offer(Ahead{prepared}, [&](Lane lane, void (*run)(void*), void* argument) {
    held.submit()(lane, run, argument);
    throw std::runtime_error("no thread");
  });
  CHECK(prepared.use_count() == 1);
  held.run(held.argument);  // it had taken it after all
  CHECK(*prepared == 0);
  ahead.offer(Ahead{prepared}, held.submit());
  held.run(held.argument);
  CHECK(*prepared == 1);
}

TEST_CASE("a database whose log is made ready beside the writers loses nothing") {
  const Directory directory;
  const auto key_of = [](unsigned i) { return "key" + std::to_string(i); };
  constexpr unsigned count = 12'000;  // of a kilobyte: several times what is made ready at once
  {
    auto db = LsmTree<>::open(directory.path);
    REQUIRE(db);
    std::thread other([&] {
      for (unsigned i = 1; i < count; i += 2) {
        if (!db->put(key_of(i), std::string(1000, 'b'))) {
          std::terminate();
        }
      }
    });
    for (unsigned i = 0; i < count; i += 2) {
      REQUIRE(db->put(key_of(i), std::string(1000, 'a')));
    }
    other.join();
  }
  auto db = LsmTree<>::open(directory.path);
  REQUIRE(db);
  for (unsigned i = 0; i < count; ++i) {
    REQUIRE(db->get(key_of(i)).value() == std::string(1000, i % 2 == 0 ? 'a' : 'b'));
  }
}
