// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/read_count.hpp>

#include <thread>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

using strata::lsm::ReadCount;

TEST_CASE("reads of all threads are counted") {
  ReadCount<true> count;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&count] {
      for (int read = 0; read < 1000; ++read) {
        count.add();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(count.total() == 4000);
}

TEST_CASE("who adds is told what its stripe had") {
  ReadCount<true> count;
  CHECK(count.add(3) == 0);
  CHECK(count.add(2) == 3);
  CHECK(count.total() == 5);
}

TEST_CASE("a count that nobody wants takes no room") {
  CHECK(std::is_empty_v<ReadCount<false>>);
  CHECK(ReadCount<false>::total() == 0);
}
