// SPDX-License-Identifier: BSL-1.0

/// What threads are told by one database can be put in one order: histories of real threads, while
/// memtables are flushed and tables are merged all the time, go through the checker.
///
/// Each key is a register. A database of which every batch writes all keys is a register as well:
/// a snapshot, or a cursor, must be one moment of it.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/compaction/size_tiered.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/memtable/skip_list.hpp>
#include <strata/observe/counters.hpp>
#include <strata/table/value_separation.hpp>
#include <strata/testing/linearizability.hpp>

#include "small_family.hpp"

using namespace strata;
using testing::linearizability_violation;
using testing::RegisterOperation;

namespace {

template <class... Policies>
using Two = Database<Family<"left", Policies...>, Family<"right", Policies...>, io::Memory,
                     metrics::Counters>;
using Default = Two<>;
using Apart = Two<compaction::SizeTiered, memtable::SkipList, value_separation::ValueLog>;

/// So small that some hundred writes fill a memtable.
template <class Db>
Result<Db> open_small(const io::Memory& fs) {
  typename Db::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 30'000;
  options.wal.segment_bytes = 8'000;
  const crash_test::SmallFamily small = {};
  small.apply_to(options.template family<"left">());
  small.apply_to(options.template family<"right">());
  return Db::open("/db", options);
}

std::string value_of(std::uint64_t number) {
  return std::to_string(number) + "/" + std::string(50 + number % 300, 'v');
}
/// 0 for an absent key; `mixed` for bytes that nobody wrote.
constexpr std::uint64_t mixed = UINT64_MAX;
std::uint64_t number_in(std::optional<std::string_view> value) {
  if (!value) {
    return 0;
  }
  const std::uint64_t number = std::strtoull(std::string(*value).c_str(), nullptr, 10);
  return *value == value_of(number) ? number : mixed;
}

/// The clock of all threads, also the source of values: no two are the same.
class Clock {
 public:
  std::uint64_t tick() { return ++now_; }

 private:
  std::atomic<std::uint64_t> now_{0};
};

std::uint64_t random_seed() {
  const char* const text = std::getenv("STRATA_THREADS_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device()();
}

constexpr std::size_t writers = 4;
constexpr std::size_t operations_each = 30'000;
constexpr std::array<std::string_view, 3> keys = {"a", "k", "z"};
using Histories = std::map<std::string_view, std::vector<RegisterOperation>>;

/// Every way to ask for one key.
template <class Handle>
std::uint64_t read_one(const Handle& handle, std::string_view key, std::uint64_t way) {
  if (way == 0) {
    const auto all = handle.multi_get({keys.begin(), keys.end()});
    for (std::size_t i = 0; all && i < keys.size(); ++i) {
      if (keys[i] == key) {
        return number_in((*all)[i]);
      }
    }
    return mixed;
  }
  if (way == 1) {
    auto cursor = handle.cursor();
    cursor.seek(key);
    const bool is_there = cursor.valid() && cursor.key() == key;
    const auto number =
        number_in(is_there ? std::optional<std::string_view>(cursor.value()) : std::nullopt);
    return cursor.status() ? number : mixed;
  }
  const auto value = handle.get(key);
  return value ? number_in(*value) : mixed;
}

/// One thread's operations on the keys of one family. An error ends the history.
template <class Handle>
Histories use_keys(Handle handle, Clock& clock, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Histories histories;
  for (std::size_t i = 0; i < operations_each; ++i) {
    const std::string_view key = keys[random() % keys.size()];
    const std::uint64_t choice = random() % 100;
    RegisterOperation operation;
    operation.called = clock.tick();
    bool is_good = true;
    if (choice < 50) {
      operation.value = read_one(handle, key, choice % 5);
      is_good = operation.value != mixed;
    } else {
      operation.kind = RegisterOperation::Kind::write;
      operation.value = choice < 85 ? operation.called : 0;
      is_good = choice < 85   ? handle.put(key, value_of(operation.value)).has_value()
                : choice < 95 ? handle.erase(key).has_value()
                              : handle.erase_range(key, std::string(key) + "a").has_value();
    }
    operation.answered = clock.tick();
    histories[key].push_back(operation);
    if (!is_good) {
      break;
    }
  }
  return histories;
}

/// Flushes and merges until `stop`, so that there is nearly always one under way.
template <class Db>
bool churn(Db& db, const std::atomic<bool>& stop, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bool is_good = true;
  while (!stop && is_good) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // writers want a turn
    is_good = random() % 3 != 0   ? db.flush().has_value()
              : random() % 2 == 0 ? db.template family<"left">().compact().has_value()
                                  : db.template family<"right">().compact().has_value();
  }
  return is_good;
}

/// Runs `work(thread)` in threads of its own beside `churn`.
template <class Db, class Work>
void run_beside_churn(Db& db, std::uint64_t seed, std::size_t count, const Work& work) {
  std::atomic<bool> stop{false};
  bool churned = false;
  std::thread maintenance([&] { churned = churn(db, stop, seed); });
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < count; ++thread) {
    threads.emplace_back([&work, thread] { work(thread); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  stop = true;
  maintenance.join();
  CHECK(churned);
}

template <class Db>
void check_that_tables_came_and_went(Db& db) {
  const auto metrics = db.stats().metrics;
  CHECK(metrics[strata::metrics::Counter::flushes] > 10);
  CHECK(metrics[strata::metrics::Counter::compactions] > 2);
}

/// What a snapshot shows of all keys of both families: the one number, or `mixed`.
template <class Handle>
std::uint64_t read_all(const Handle& handle, const ReadOptions& options, std::uint64_t way) {
  std::map<std::string, std::uint64_t> found;
  if (way == 0) {
    for (const std::string_view key : keys) {
      const auto value = handle.get(key, options);
      found[std::string(key)] = value ? number_in(*value) : mixed;
    }
  } else {
    auto cursor = handle.cursor(options);
    way == 1 ? cursor.seek_to_first() : cursor.seek_to_last();
    for (; cursor.valid(); way == 1 ? cursor.next() : cursor.prev()) {
      found[std::string(cursor.key())] = number_in(cursor.value());
    }
    if (!cursor.status() || (!found.empty() && found.size() != keys.size())) {
      return mixed;
    }
  }
  for (const auto& [key, number] : found) {
    if (number != found.begin()->second) {
      return mixed;
    }
  }
  return found.empty() ? 0 : found.begin()->second;
}

/// Writes every key of both families in one batch, the same number everywhere.
template <class Db>
RegisterOperation write_all(Db& db, Clock& clock, bool erases) {
  RegisterOperation operation{RegisterOperation::Kind::write, 0, clock.tick()};
  operation.value = erases ? 0 : operation.called;
  WriteBatch batch;
  for (const auto family :
       {db.template family<"left">().id(), db.template family<"right">().id()}) {
    if (erases) {
      batch.erase_range(family, "a", "zz");
    }
    for (const std::string_view key : keys) {
      erases ? batch.erase(family, key) : batch.put(family, key, value_of(operation.value));
    }
  }
  const bool is_written = db.write(batch).has_value();
  operation.answered = is_written ? clock.tick() : RegisterOperation::never;
  return operation;
}

/// A snapshot is taken between two ticks, and read when others have written much more. The same
/// for a cursor of one family.
template <class Db>
RegisterOperation read_moment(Db& db, Clock& clock, std::mt19937_64& random) {
  RegisterOperation operation{RegisterOperation::Kind::read, 0, clock.tick()};
  const Snapshot snapshot = db.snapshot();
  operation.answered = clock.tick();
  std::this_thread::yield();
  const ReadOptions options{.snapshot = &snapshot};
  const auto left = read_all(db.template family<"left">(), options, random() % 3);
  const auto right = read_all(db.template family<"right">(), options, random() % 3);
  operation.value = left == right ? left : mixed;
  return operation;
}
template <class Db>
RegisterOperation read_through_cursor(Db& db, Clock& clock) {
  RegisterOperation operation{RegisterOperation::Kind::read, 0, clock.tick()};
  auto cursor = db.template family<"right">().cursor();
  operation.answered = clock.tick();
  std::this_thread::yield();
  std::vector<std::uint64_t> found;
  for (cursor.seek_to_first(); cursor.valid(); cursor.next()) {
    found.push_back(number_in(cursor.value()));
  }
  const bool is_whole = found.empty() || found == std::vector(keys.size(), found.front());
  operation.value = !is_whole || !cursor.status() ? mixed : found.empty() ? 0 : found.front();
  return operation;
}

}  // namespace

TEMPLATE_TEST_CASE("what threads read and write of one key is linearizable", "[threads]", Default,
                   Apart) {
  const std::uint64_t seed = random_seed();
  CAPTURE(seed);
  auto db = open_small<TestType>(io::Memory());
  REQUIRE(db);
  Clock clock;
  std::array<Histories, writers> histories;
  run_beside_churn(*db, seed, writers, [&](std::size_t thread) {
    histories[thread] = use_keys(db->template family<"left">(), clock, seed + thread + 1);
  });
  std::size_t operations = 0;
  for (const std::string_view key : keys) {
    std::vector<RegisterOperation> history;
    for (Histories& of_thread : histories) {
      history.insert(history.end(), of_thread[key].begin(), of_thread[key].end());
    }
    operations += history.size();
    CAPTURE(key);
    CHECK(linearizability_violation(std::move(history)) == "");
  }
  CHECK(operations == writers * operations_each);
  check_that_tables_came_and_went(*db);
}

TEMPLATE_TEST_CASE("a snapshot or a cursor is one moment of all keys while threads write",
                   "[threads]", Default, Apart) {
  const std::uint64_t seed = random_seed();
  CAPTURE(seed);
  auto db = open_small<TestType>(io::Memory());
  REQUIRE(db);
  Clock clock;
  constexpr std::size_t threads = 4;  // even ones write, odd ones read
  std::array<std::vector<RegisterOperation>, threads> histories;
  run_beside_churn(*db, seed, threads, [&](std::size_t thread) {
    std::mt19937_64 random(seed + thread + 1);
    for (std::size_t i = 0; i < operations_each / 4; ++i) {
      histories[thread].push_back(thread % 2 == 0     ? write_all(*db, clock, random() % 10 == 0)
                                  : random() % 3 == 0 ? read_through_cursor(*db, clock)
                                                      : read_moment(*db, clock, random));
    }
  });
  std::vector<RegisterOperation> history;
  for (const auto& of_thread : histories) {
    history.insert(history.end(), of_thread.begin(), of_thread.end());
  }
  CHECK(std::all_of(history.begin(), history.end(), [](const RegisterOperation& operation) {
    return operation.answered != RegisterOperation::never;
  }));
  CHECK(linearizability_violation(std::move(history)) == "");
  check_that_tables_came_and_went(*db);
}
