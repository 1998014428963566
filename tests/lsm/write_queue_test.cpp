// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/write_queue.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using strata::lsm::QueuedWrite;
using strata::lsm::WriteQueue;

namespace {

struct Write : QueuedWrite {
  int value = 0;
};

}  // namespace

TEST_CASE("a lone writer leads a group of itself") {
  WriteQueue queue;
  for (int i = 0; i < 3; ++i) {
    QueuedWrite write;
    REQUIRE(queue.join(write));
    QueuedWrite& last = queue.gather(write, 16);
    CHECK(&last == &write);
    queue.leave(write, last);
  }
}

TEST_CASE("a leader can count those who wait behind it") {
  constexpr int threads = 3;
  WriteQueue queue;
  QueuedWrite first;
  REQUIRE(queue.join(first));
  CHECK(queue.count_behind(first) == 0);
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&queue] {
      QueuedWrite write;
      (void)queue.join(write);
    });
  }
  while (queue.count_behind(first) < threads) {
    std::this_thread::yield();
  }
  QueuedWrite& last = queue.gather(first, 16);
  CHECK(queue.count_behind(last) == 0);
  queue.leave(first, last);
  for (std::thread& writer : writers) {
    writer.join();
  }
}

TEST_CASE("every write is worked on once, by one leader at a time") {
  constexpr int threads = 6;
  constexpr int writes = 3000;
  WriteQueue queue;
  long sum = 0;  // unguarded: leaders exclude each other
  long groups = 0;
  std::atomic<int> leaders{0};
  std::atomic<bool> overlapped{false};
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < writes; ++i) {
        Write write;
        write.value = 1;
        write.is_slow = i % 2 == 0;
        if (queue.join(write)) {
          overlapped = overlapped || leaders.fetch_add(1) != 0;
          QueuedWrite& last = queue.gather(write, 16);
          for (QueuedWrite* at = &write;; at = at->newer) {
            sum += static_cast<Write*>(at)->value;
            at->result = {};
            if (at == &last) {
              break;
            }
          }
          ++groups;
          --leaders;
          queue.leave(write, last);
        }
      }
    });
  }
  for (auto& writer : writers) {
    writer.join();
  }
  CHECK(sum == long{threads} * writes);
  CHECK(groups <= sum);
  CHECK_FALSE(overlapped);
}

TEST_CASE("an exclusive write shares its group with nobody") {
  constexpr int threads = 4;
  WriteQueue queue;
  std::atomic<long> shared_with_exclusive{0};
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        QueuedWrite write;
        write.exclusive = (i + t) % 5 == 0;
        if (queue.join(write)) {
          QueuedWrite& last = queue.gather(write, 16);
          if (&last != &write) {
            for (QueuedWrite* at = &write;; at = at->newer) {
              shared_with_exclusive += at->exclusive ? 1 : 0;
              if (at == &last) {
                break;
              }
            }
          }
          queue.leave(write, last);
        }
      }
    });
  }
  for (auto& writer : writers) {
    writer.join();
  }
  CHECK(shared_with_exclusive == 0);
}
