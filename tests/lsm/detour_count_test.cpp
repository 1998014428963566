// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/detour_count.hpp>

#include <thread>

#include <catch2/catch.hpp>

using strata::lsm::DetourCount;

TEST_CASE("detours of all threads are counted") {
  DetourCount count;
  count.add(3);
  std::thread([&] { count.add(4); }).join();
  count.add(0);
  CHECK(count.total() == 7);
}

TEST_CASE("a look is asked for once each time that a thread has made so many more") {
  DetourCount count;
  CHECK_FALSE(count.take_ask());
  count.add(DetourCount::detours_a_look - 1);
  CHECK_FALSE(count.take_ask());
  count.add(1);
  CHECK(count.take_ask());
  CHECK_FALSE(count.take_ask());
  count.add(DetourCount::detours_a_look);
  CHECK(count.take_ask());
  count.add(5 * DetourCount::detours_a_look);  // one long scan: one look
  CHECK(count.take_ask());
  CHECK_FALSE(count.take_ask());
}
