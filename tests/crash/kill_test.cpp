// SPDX-License-Identifier: BSL-1.0

/// A process that writes is killed with SIGKILL at a random moment, again and again; the next one
/// opens what is left. The oracle lives outside the database, in shared memory: per key the number
/// of the last write that was begun and of the last that was acknowledged.
///
/// STRATA_KILL_CYCLES sets the number of cycles (200), STRATA_KILL_SEED the seed.

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/lsm_tree.hpp>

namespace {

using Db = strata::Database<strata::Family<"left">, strata::Family<"right">>;

constexpr std::size_t keys_per_thread = 64;
constexpr std::size_t threads = 2;

struct Oracle {
  struct Key {
    std::atomic<std::uint64_t> begun{0};
    std::atomic<std::uint64_t> acknowledged{0};
  };
  std::array<Key, keys_per_thread * threads> keys;
  std::atomic<std::uint64_t> operations{0};
  std::atomic<bool> failed{false};
};

class SharedOracle {
 public:
  SharedOracle()
      : oracle_(new (::mmap(nullptr, sizeof(Oracle), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Oracle) {}
  SharedOracle(const SharedOracle&) = delete;
  SharedOracle& operator=(const SharedOracle&) = delete;
  ~SharedOracle() { ::munmap(oracle_, sizeof(Oracle)); }
  Oracle* operator->() const { return oracle_; }
  Oracle& operator*() const { return *oracle_; }

 private:
  Oracle* oracle_;
};

std::string key_of(std::size_t number) {
  return "key" + std::to_string(number);
}

/// Long enough that flushes and compactions happen between two kills.
std::string value_of(std::uint64_t write) {
  return std::to_string(write) + std::string(100 + write % 400, 'v');
}

Db::Options options_of(std::mt19937_64& random) {
  Db::Options options;
  options.write_buffer_bytes = 8'000 + random() % 60'000;
  options.wal.segment_bytes = 20'000 + random() % 100'000;
  const auto shrink = [&](auto& family) {
    family.compaction.level0_trigger = 2 + static_cast<unsigned>(random() % 4);
    family.compaction.level1_bytes = 50'000;
    family.compaction.file_bytes = 20'000;
  };
  shrink(options.family<"left">());
  shrink(options.family<"right">());
  return options;
}

/// Each write puts the same number under one key of both families: they must never disagree.
void write_for_ever(Db& db, Oracle& oracle, std::size_t thread, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (;;) {
    const std::size_t number = thread * keys_per_thread + random() % keys_per_thread;
    auto& key = oracle.keys[number];
    const std::uint64_t write = key.begun.load() + 1;
    strata::WriteBatch batch;
    batch.put(db.family<"left">().id(), key_of(number), value_of(write));
    batch.put(db.family<"right">().id(), key_of(number), value_of(write));
    key.begun = write;
    const auto durability =
        random() % 8 == 0 ? strata::Durability::synced : strata::Durability::buffered;
    if (!db.write(batch, {.durability = durability})) {
      oracle.failed = true;
      ::_exit(3);
    }
    key.acknowledged = write;
    ++oracle.operations;
    if (random() % 500 == 0) {
      (void)(random() % 2 == 0 ? db.flush() : db.family<"left">().compact());
    }
  }
}

[[noreturn]] void child(const std::string& path, Oracle& oracle, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto db = Db::open(path, options_of(random));
  if (!db) {
    oracle.failed = true;
    std::fprintf(stderr, "child: %s\n", strata::to_string(db.error()).c_str());
    ::_exit(2);
  }
  std::thread other([&] { write_for_ever(*db, oracle, 1, seed + 1); });
  write_for_ever(*db, oracle, 0, seed + 2);
  ::_exit(0);
}

/// What is wrong with the database after a kill; empty: nothing.
std::string violation(const std::string& path, Oracle& oracle, std::mt19937_64& random) {
  auto db = Db::open(path, options_of(random));
  if (!db) {
    return strata::to_string(db.error());
  }
  for (std::size_t number = 0; number < oracle.keys.size(); ++number) {
    auto& key = oracle.keys[number];
    const auto left = db->family<"left">().get(key_of(number));
    const auto right = db->family<"right">().get(key_of(number));
    if (!left || !right) {
      return key_of(number) + ": a read failed";
    }
    if (*left != *right) {
      return key_of(number) + ": half a batch";
    }
    const std::uint64_t found = *left ? std::strtoull((*left)->c_str(), nullptr, 10) : 0;
    if (found < key.acknowledged || found > key.begun || (*left && **left != value_of(found))) {
      return key_of(number) + ": found write " + std::to_string(found) + ", acknowledged " +
             std::to_string(key.acknowledged) + ", begun " + std::to_string(key.begun);
    }
    // What was begun and not acknowledged has been decided now.
    key.begun = found;
    key.acknowledged = found;
  }
  auto verified = db->verify();
  return verified ? "" : strata::to_string(verified.error());
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("a process killed at any moment loses nothing that it acknowledged") {
  const std::uint64_t cycles = number_from_environment("STRATA_KILL_CYCLES", 200);
  const std::uint64_t seed = number_from_environment("STRATA_KILL_SEED", std::random_device()());
  CAPTURE(seed);
  const auto path =
      (std::filesystem::temp_directory_path() / ("strata-kill-" + std::to_string(::getpid())))
          .string();
  std::filesystem::remove_all(path);
  const SharedOracle oracle;
  std::mt19937_64 random(seed);
  for (std::uint64_t cycle = 0; cycle < cycles; ++cycle) {
    CAPTURE(cycle);
    const std::uint64_t child_seed = random();
    const pid_t process = ::fork();
    REQUIRE(process >= 0);
    if (process == 0) {
      child(path, *oracle, child_seed);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(5'000 + random() % 60'000));
    ::kill(process, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(process, &status, 0) == process);
    REQUIRE_FALSE(oracle->failed);
    REQUIRE(violation(path, *oracle, random) == "");
  }
  WARN("kill -9: " << cycles << " cycles, " << oracle->operations << " batches acknowledged, "
                   << "0 violations, seed " << seed);
  CHECK(oracle->operations > cycles);
  std::filesystem::remove_all(path);
}
