// SPDX-License-Identifier: BSL-1.0

/// Many threads on one store; meant for ThreadSanitizer too. Threads count what went wrong, and the
/// test looks at the counts when they have ended.

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/txn/mvcc_store.hpp>

#include "mvcc_compositions.hpp"

namespace {

using namespace mvcc_tests;

constexpr unsigned accounts = 10;
constexpr int opening_balance = 100;
constexpr unsigned transfers_each = 300;

std::string account(unsigned number) {
  return "account" + std::to_string(number);
}

/// No lock is waited for this long, or there is a deadlock.
constexpr std::chrono::hours forever{1};

/// Runs `body(transaction)` until it commits. `body` is told to stop by an error.
template <class Store, class Body>
void run_until_committed(Store& store, Body&& body) {
  auto transaction = store.begin();
  while (!body(transaction) || !transaction.commit()) {
    transaction.restart();
  }
}

/// Moves one unit between two accounts. False: start over.
template <class Transaction>
bool transfer(Transaction& t, const std::string& from, const std::string& to) {
  const auto debit = t.get(from);
  if (!debit) {
    return false;
  }
  const auto credit = t.get(to);
  return credit && t.put(from, std::to_string(std::stoi(**debit) - 1)) &&
         t.put(to, std::to_string(std::stoi(**credit) + 1));
}

template <class Reader>
int sum_of(Reader& reader) {
  int sum = 0;
  for (unsigned i = 0; i < accounts; ++i) {
    sum += std::stoi(reader.get(account(i)).value_or("0"));
  }
  return sum;
}

/// Threads that go on until the others have ended.
template <class Fn>
std::thread until(const std::atomic<bool>& done, Fn fn) {
  return std::thread([&done, fn] {
    do {
      fn();
    } while (!done.load());
  });
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("mvcc threads: transfers keep the sum, in every snapshot", "[mvcc]",
                        Compositions) {
  using F = Fixture<TestType>;
  F f(forever);
  for (unsigned i = 0; i < accounts; ++i) {
    REQUIRE(f.store.put(account(i), std::to_string(opening_balance)));
  }
  std::atomic<int> wrong_sums{0};
  std::atomic<bool> done{false};
  std::vector<std::thread> writers;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    writers.emplace_back([&f, seed] {
      std::mt19937 random(seed);
      for (unsigned i = 0; i < transfers_each; ++i) {
        const auto from = static_cast<unsigned>(random() % accounts);
        const auto to = static_cast<unsigned>((from + 1 + random() % (accounts - 1)) % accounts);
        run_until_committed(f.store,
                            [&](auto& t) { return transfer(t, account(from), account(to)); });
      }
    });
  }
  std::thread auditor = until(done, [&] {
    const auto view = f.store.snapshot();
    wrong_sums += sum_of(view) == accounts * opening_balance ? 0 : 1;
    if constexpr (F::scans) {
      int sum = 0;
      for (const auto& [key, value] : view.scan("")) {
        sum += std::stoi(value);
      }
      wrong_sums += sum == accounts * opening_balance ? 0 : 1;
    }
  });
  std::thread cleaner = until(done, [&] {
    if constexpr (F::vacuums) {
      f.store.vacuum();
    }
    wrong_sums += f.store.get(account(0)).has_value() ? 0 : 1;
  });
  for (auto& writer : writers) {
    writer.join();
  }
  done = true;
  auditor.join();
  cleaner.join();

  CHECK(wrong_sums == 0);
  CHECK(sum_of(f.store) == accounts * opening_balance);
  CHECK(f.store.stats().committed == accounts + 3 * transfers_each);
  CHECK(f.store.stats().snapshots == 0);
  if constexpr (F::vacuums) {
    f.store.vacuum();
    CHECK(f.store.stats().versions == accounts);
  }
}

TEMPLATE_LIST_TEST_CASE("mvcc threads: pairs come and go together, in every snapshot", "[mvcc]",
                        Compositions) {
  using F = Fixture<TestType>;
  F f(forever);
  constexpr unsigned pairs = 40;
  std::atomic<int> halves{0};
  std::atomic<bool> done{false};
  const auto left = [](unsigned i) { return "l" + std::to_string(i); };
  const auto right = [](unsigned i) { return "r" + std::to_string(i); };
  std::vector<std::thread> writers;
  for (unsigned seed = 1; seed <= 2; ++seed) {
    writers.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (unsigned round = 0; round < 600; ++round) {
        const auto i = static_cast<unsigned>(random() % pairs);
        const auto value = std::to_string(random());
        const bool erases = random() % 2 == 0;
        run_until_committed(f.store, [&](auto& t) {
          return erases ? t.erase(left(i)) && t.erase(right(i))
                        : t.put(left(i), value) && t.put(right(i), value);
        });
        if constexpr (F::vacuums) {
          if (round % 16 == 0) {
            f.store.vacuum();
          }
        }
      }
    });
  }
  std::vector<std::thread> readers;
  for (unsigned seed = 1; seed <= 2; ++seed) {
    readers.push_back(until(done, [&] {
      auto reader = f.store.begin(read_only);
      for (unsigned i = 0; i < pairs; ++i) {
        halves += reader.get(left(i)).value() == reader.get(right(i)).value() ? 0 : 1;
      }
      if constexpr (F::scans) {
        const auto found = reader.scan("").value();
        for (std::size_t i = 0; i < found.size(); ++i) {
          const auto& twin = found[(i + found.size() / 2) % found.size()];
          halves += found[i].value == twin.value ? 0 : 1;
        }
      }
      halves += reader.commit() ? 0 : 1;
    }));
  }
  for (auto& writer : writers) {
    writer.join();
  }
  done = true;
  for (auto& reader : readers) {
    reader.join();
  }
  CHECK(halves == 0);
}

TEMPLATE_LIST_TEST_CASE("mvcc threads: one counter, no increment is lost", "[mvcc]", Compositions) {
  using F = Fixture<TestType>;
  F f(forever);
  constexpr int increments = 200;
  REQUIRE(f.store.put("counter", "0"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&f] {
      for (int n = 0; n < increments; ++n) {
        run_until_committed(f.store, [](auto& t) {
          const auto value = t.get("counter");
          return value && t.put("counter", std::to_string(std::stoi(**value) + 1));
        });
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(f.store.get("counter") == std::to_string(3 * increments));
}
