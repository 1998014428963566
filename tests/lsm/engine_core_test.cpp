// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/engine_core.hpp>

#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "small_database.hpp"

using namespace strata;

TEST_CASE("a family that is seldom written does not hold the log of all the others") {
  using Pair =
      Database<Family<"busy">, Family<"idle">, io::Memory, executor::Inline, clock::Frozen>;
  Pair::Options options;
  options.write_buffer_bytes = 100'000;
  options.wal.segment_bytes = 20'000;
  options.log_bytes_max = 400'000;
  Pair db = std::move(Pair::open("/db", options).value());
  REQUIRE(db.family<"idle">().put("once", "1"));
  std::uint64_t most = 0;
  for (unsigned i = 0; i < 20'000; ++i) {
    REQUIRE(db.family<"busy">().put(tests::key_of(i % 1000), std::string(100, 'v')));
    if (i % 100 == 0) {
      const auto bytes = db.stats().log_bytes;
      most = bytes > most ? bytes : most;
    }
  }
  CHECK(most > 100'000);
  CHECK(most < 400'000 + 100'000);
  CHECK(db.family<"idle">().get("once").value() == "1");
}
