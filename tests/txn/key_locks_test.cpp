// SPDX-License-Identifier: BSL-1.0
#include <strata/txn/key_locks.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <thread>
#include <vector>

using strata::FamilyId;
using strata::txn::KeyLocks;
using strata::txn::LockKey;

namespace {

std::vector<LockKey> keys_of(std::initializer_list<int> names) {
  std::vector<LockKey> keys;
  for (const int name : names) {
    keys.emplace_back(FamilyId{}, std::to_string(name));
  }
  return keys;
}

}  // namespace

TEST_CASE("holders of one key take turns, also where the key was claimed later") {
  KeyLocks locks;
  constexpr int threads = 4;
  constexpr int rounds = 3000;
  long counters[8] = {};  // not atomic: the locks must make them safe
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i < rounds; ++i) {
        const int a = static_cast<int>(random() % 8);
        const int b = static_cast<int>(random() % 8);
        const int c = static_cast<int>(random() % 8);
        auto guard = locks.single(keys_of({a}));
        for (long seen = counters[a]; !guard.extend(keys_of({b, c})); seen = counters[a]) {
          static_cast<void>(seen);
        }
        for (const int at : {a, b, c}) {
          const long before = counters[at];
          std::this_thread::yield();  // whoever is not kept out comes in here
          counters[at] = before + 1;
        }
      }
    });
  }
  for (auto& thread : running) {
    thread.join();
  }
  long sum = 0;
  for (const long counter : counters) {
    sum += counter;
  }
  CHECK(sum == 3L * threads * rounds);
}

TEST_CASE("an exclusive holder is alone, and single holders can not keep it waiting for ever") {
  KeyLocks locks;
  std::atomic<bool> stop{false};
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};
  std::vector<std::thread> running;
  for (int t = 0; t < 3; ++t) {
    running.emplace_back([&, t] {
      while (!stop.load()) {
        const auto guard = locks.single(keys_of({t}));
        ++inside;
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    auto guard = locks.exclusive();
    overlapped = overlapped || inside.load() != 0;
    CHECK(guard.extend(keys_of({1, 2})));
  }
  stop = true;
  for (auto& thread : running) {
    thread.join();
  }
  CHECK_FALSE(overlapped.load());
}

TEST_CASE("extend says false only when it had to give up its locks, and owns all of them then") {
  KeyLocks locks;
  // Names in the order of their stripes.
  std::vector<int> names;
  for (int i = 0; i < 50; ++i) {
    names.push_back(i);
  }
  const auto stripe = [](int name) {
    return LockKey(FamilyId{}, std::to_string(name)).hash % KeyLocks::stripe_count;
  };
  std::sort(names.begin(), names.end(), [&](int a, int b) { return stripe(a) < stripe(b); });
  const int low = names.front();
  const int high = names.back();
  REQUIRE(stripe(low) < stripe(high));

  std::atomic<bool> low_held{false};
  std::atomic<bool> high_wanted{false};
  std::thread other([&] {
    auto guard = locks.single(keys_of({low}));
    low_held = true;
    while (!high_wanted.load()) {
      std::this_thread::yield();
    }
    CHECK(guard.extend(keys_of({high})));  // waits for `high`, which the other thread gives up
  });
  {
    while (!low_held.load()) {
      std::this_thread::yield();
    }
    auto guard = locks.single(keys_of({high}));
    high_wanted = true;
    CHECK_FALSE(guard.extend(keys_of({low})));
    CHECK(guard.extend(keys_of({low, high})));  // owns both: nothing to give up
  }
  other.join();
}
