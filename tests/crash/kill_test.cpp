// SPDX-License-Identifier: BSL-1.0

/// A process that writes is killed with SIGKILL, again and again: at a random moment, or at a
/// random call to the file system. The next one opens what is left. The oracle lives outside the
/// database, in shared memory: per key the number of the last write that was begun and of the last
/// that was acknowledged.
///
/// STRATA_KILL_CYCLES sets the number of cycles (600), STRATA_KILL_SEED the seed.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <strata/compaction/size_tiered.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/memtable/skip_list.hpp>
#include <strata/table/value_separation.hpp>

#include "kill_points.hpp"
#include "small_family.hpp"

namespace {

using strata::tests::KillPlan;
using strata::tests::KillPoints;

template <class... Policies>
using Two = strata::Database<strata::Family<"left", Policies...>,
                             strata::Family<"right", Policies...>, KillPoints>;
using Default = Two<>;
using Tiered = Two<strata::compaction::SizeTiered, strata::memtable::SkipList>;
using Apart = Two<strata::value_separation::ValueLog>;

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
  KillPlan plan;
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

/// What a write leaves under its key: nothing before the first one, and where it erased. Long
/// enough that flushes and compactions happen between two kills.
std::optional<std::string> value_of(std::uint64_t write) {
  if (write % 10 == 0) {
    return std::nullopt;
  }
  return std::to_string(write) + std::string(100 + write % 400, 'v');
}

template <class Db>
typename Db::Options options_of(std::mt19937_64& random, KillPlan* plan) {
  typename Db::Options options;
  options.file_system = KillPoints(plan);
  options.write_buffer_bytes = 8'000 + random() % 60'000;
  options.immutables_max = 1 + static_cast<unsigned>(random() % 4);
  options.subcompactions = static_cast<unsigned>(random() % 3);
  options.wal.segment_bytes = 20'000 + random() % 100'000;
  options.executor.compaction_threads = 1 + static_cast<unsigned>(random() % 3);
  const auto small_family = [&] {
    return crash_test::SmallFamily{.block_bytes = std::size_t{256} << random() % 5,
                                   .level0_trigger = 2 + static_cast<unsigned>(random() % 4),
                                   .level1_bytes = 50'000,
                                   .file_bytes = 20'000,
                                   .value_threshold_bytes = 150 + random() % 300,
                                   .value_file_bytes = 20'000};
  };
  small_family().apply_to(options.template family<"left">());
  small_family().apply_to(options.template family<"right">());
  return options;
}

/// Each write does the same to one key of both families: they must never disagree.
template <class Db>
void write_for_ever(Db& db, Oracle& oracle, std::size_t thread, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (;;) {
    const std::size_t number = thread * keys_per_thread + random() % keys_per_thread;
    auto& key = oracle.keys[number];
    const std::uint64_t write = key.begun.load() + 1;
    const auto value = value_of(write);
    strata::WriteBatch batch;
    for (const auto family :
         {db.template family<"left">().id(), db.template family<"right">().id()}) {
      value ? batch.put(family, key_of(number), *value) : batch.erase(family, key_of(number));
    }
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
      (void)(random() % 2 == 0 ? db.flush() : db.template family<"left">().compact());
    }
  }
}

template <class Db>
[[noreturn]] void child(const std::string& path, Oracle& oracle, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto db = Db::open(path, options_of<Db>(random, &oracle.plan));
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
template <class Db>
std::string violation(const std::string& path, Oracle& oracle, std::mt19937_64& random) {
  auto db = Db::open(path, options_of<Db>(random, nullptr));
  if (!db) {
    return strata::to_string(db.error());
  }
  for (std::size_t number = 0; number < oracle.keys.size(); ++number) {
    auto& key = oracle.keys[number];
    const auto left = db->template family<"left">().get(key_of(number));
    const auto right = db->template family<"right">().get(key_of(number));
    if (!left || !right) {
      return key_of(number) + ": a read failed";
    }
    if (*left != *right) {
      return key_of(number) + ": half a batch";
    }
    if (*left != value_of(key.begun) && *left != value_of(key.acknowledged)) {
      return key_of(number) + ": found " + left->value_or("nothing") + ", acknowledged " +
             std::to_string(key.acknowledged) + ", begun " + std::to_string(key.begun);
    }
    // What was begun and not acknowledged has been decided now; its number is not used again
    // where it was not, for then what is found is that of the one before.
    const std::uint64_t found = *left == value_of(key.begun) ? key.begun : key.acknowledged;
    key.begun = found;
    key.acknowledged = found;
  }
  auto verified = db->verify();
  return verified ? "" : strata::to_string(verified.error());
}

struct Totals {
  std::uint64_t by_time = 0;
  std::uint64_t by_call = 0;
};

/// Of one process: it dies by its own hand at a call, or by ours after some time.
template <class Db>
std::string cycle(const std::string& path, Oracle& oracle, std::mt19937_64& random,
                  Totals& totals) {
  const std::uint64_t child_seed = random();
  const bool by_call = random() % 2 == 0;
  oracle.plan.rare_only = random() % 2 == 0;
  oracle.plan.writes_half = random() % 2 == 0;
  // Half of the calls are within recovery, or soon after.
  const std::uint64_t last = random() % 2 == 0 ? 20 : oracle.plan.rare_only ? 150 : 2'000;
  oracle.plan.calls_left = by_call ? 1 + random() % last : 0;
  const auto time = std::chrono::microseconds(2'000 + random() % 30'000);
  const pid_t process = ::fork();
  if (process == 0) {
    child<Db>(path, oracle, child_seed);
  }
  if (process < 0) {
    return "fork failed";
  }
  if (!by_call) {
    std::this_thread::sleep_for(time);
    ::kill(process, SIGKILL);
  }
  ++(by_call ? totals.by_call : totals.by_time);
  int status = 0;
  if (::waitpid(process, &status, 0) != process || oracle.failed) {
    return "the process failed";
  }
  return violation<Db>(path, oracle, random);
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// A death loses nothing of what the system holds: where syncs cost nothing, more deaths fit in a
/// minute. STRATA_KILL_DIRECTORY names another place.
std::string directory() {
  const char* const wanted = std::getenv("STRATA_KILL_DIRECTORY");
  const std::filesystem::path memory = "/dev/shm";
  const auto place = wanted != nullptr                 ? std::filesystem::path(wanted)
                     : std::filesystem::exists(memory) ? memory
                                                       : std::filesystem::temp_directory_path();
  return (place / ("strata-kill-" + std::to_string(::getpid()))).string();
}

std::string places(const KillPlan& plan) {
  std::string text;
  for (std::size_t call = 0; call < plan.killed_at.size(); ++call) {
    text += std::string(call == 0 ? "" : ", ") + std::string(strata::tests::call_names[call]) +
            " " + std::to_string(plan.killed_at[call]);
  }
  return text;
}

}  // namespace

TEMPLATE_TEST_CASE("a process killed at any moment loses nothing that it acknowledged", "[kill]",
                   Default, Tiered, Apart) {
  const std::uint64_t cycles = number_from_environment("STRATA_KILL_CYCLES", 600) / 3;
  const std::uint64_t seed = number_from_environment("STRATA_KILL_SEED", std::random_device()());
  CAPTURE(seed);
  const std::string path = directory();
  std::filesystem::remove_all(path);
  const SharedOracle oracle;
  std::mt19937_64 random(seed);
  Totals totals;
  for (std::uint64_t i = 0; i < cycles; ++i) {
    CAPTURE(i);
    REQUIRE(cycle<TestType>(path, *oracle, random, totals) == "");
  }
  WARN("kill -9: " << cycles << " cycles, " << totals.by_time << " by time, " << totals.by_call
                   << " at a call (" << places(oracle->plan) << "), " << oracle->operations
                   << " batches acknowledged, 0 violations, seed " << seed);
  CHECK(oracle->operations > cycles);
  std::filesystem::remove_all(path);
}
