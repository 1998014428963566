// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>

#include "log_fixture.hpp"

#include <strata/wal/none.hpp>

using namespace wal_test;

static_assert(WalPolicyOn<wal::None, io::Memory>);

TEST_CASE("no log makes no file, recovers nothing and does not pretend to sync", "[wal][none]") {
  Directory dir;
  auto log = wal::None::writer<Files, Checksum>::create(dir.fs, dir.path, {}, {database_id, 1, 7});
  REQUIRE(log);
  CHECK(wal::None::Options().durability == Durability::unlogged);
  CHECK_FALSE(wal::None::keeps_log);
  const Batches batches = append_all(*log, {5, 5});
  CHECK(log->last_sequence() == batches.back().first + batches.back().count - 1);
  CHECK(log->durable_sequence() == 7);
  CHECK(log->sync().error().code() == ErrorCode::unsupported);
  CHECK(log->remove_through(100));
  CHECK(log->close());
  CHECK(log->segments().empty());
  CHECK(log->bytes() == 0);
  CHECK(image_of(dir.fs, dir.path).empty());
  const auto report = wal::None::replay<Files, Checksum>(
      dir.fs, dir.path, {}, {.after_sequence = 7},
      [](Sequence, std::uint32_t, std::string_view) -> Result<void> { return {}; });
  REQUIRE(report);
  CHECK(report->last_sequence == 7);
  CHECK(report->records == 0);
}
