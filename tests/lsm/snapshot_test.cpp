// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/snapshot.hpp>

#include <atomic>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

using strata::Sequence;
using strata::Snapshot;
using strata::SnapshotList;

TEST_CASE("a snapshot is listed while it lives") {
  SnapshotList list;
  std::atomic<Sequence> visible{7};
  {
    const Snapshot snapshot(list, list.acquire(visible));
    CHECK(snapshot.sequence() == 7);
    CHECK(list.sequences() == std::vector<Sequence>{7});
  }
  CHECK(list.sequences().empty());
}

TEST_CASE("snapshots of one moment are listed once and counted each") {
  SnapshotList list;
  std::atomic<Sequence> visible{7};
  const Snapshot one(list, list.acquire(visible));
  std::optional<Snapshot> two(Snapshot(list, list.acquire(visible)));
  visible = 9;
  const Snapshot three(list, list.acquire(visible));
  CHECK(list.sequences() == std::vector<Sequence>{7, 9});
  CHECK(list.size() == 3);
  two.reset();
  CHECK(list.sequences() == std::vector<Sequence>{7, 9});
}

TEST_CASE("a moved snapshot is released once") {
  SnapshotList list;
  std::atomic<Sequence> visible{7};
  Snapshot one(list, list.acquire(visible));
  visible = 8;
  Snapshot two(list, list.acquire(visible));
  one = std::move(two);
  CHECK(one.sequence() == 8);
  const Snapshot three(std::move(one));
  CHECK(three.sequence() == 8);
  CHECK(list.size() == 2);
}
