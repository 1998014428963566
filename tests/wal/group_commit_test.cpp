// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>

#include "log_fixture.hpp"

#include <strata/io/posix.hpp>

using namespace wal_test;

static_assert(WalPolicyOn<wal::GroupCommit, io::Memory>);
static_assert(WalPolicyOn<wal::GroupCommit, io::Posix>);

TEST_CASE("the default log acknowledges what the kernel has, and recovers to the torn tail",
          "[wal][group_commit]") {
  const wal::GroupCommit::Options options;
  CHECK(options.durability == Durability::buffered);
  CHECK(options.recovery == wal::RecoveryMode::tolerate_torn_tail);
  CHECK(wal::GroupCommit::keeps_log);
}

TEST_CASE("the policy's own recovery mode decides", "[wal][group_commit]") {
  Directory dir;
  auto log =
      wal::GroupCommit::writer<Files, Checksum>::create(dir.fs, dir.path, {}, {database_id, 1, 0});
  REQUIRE(log);
  const Batches batches = append_all(*log, {10, 20});
  Image image = image_of(dir.fs, dir.path);
  std::string& bytes = image.begin()->second;
  bytes = without_tail(bytes);
  bytes.resize(bytes.size() - 10);
  put_image(dir.fs, dir.path, image);
  Batches seen;
  const auto visit = [&](Sequence first, std::uint32_t count,
                         std::string_view payload) -> Result<void> {
    seen.push_back({first, count, std::string(payload)});
    return {};
  };
  wal::Options options;
  CHECK(wal::GroupCommit::replay<Files, Checksum>(dir.fs, dir.path, options,
                                                  {.database_id = database_id}, visit));
  CHECK(seen == Batches{batches.front()});
  options.recovery = wal::RecoveryMode::strict;
  CHECK_FALSE(wal::GroupCommit::replay<Files, Checksum>(dir.fs, dir.path, options,
                                                        {.database_id = database_id}, visit));
}
