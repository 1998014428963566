// SPDX-License-Identifier: BSL-1.0
//
// The disk is full: nothing is partly visible, reads go on, and once space is free again, writes
// do, without anybody's help. Here on a simulated disk; tmpfs_test.cpp has a real one.
#include "full_disk.hpp"

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>

using namespace strata;

namespace {

void check_report(const full_disk::Report& report) {
  for (const std::string& problem : report.problems) {
    UNSCOPED_INFO(problem);
  }
  CHECK(report.problems.empty());
  CHECK(report.batches > 200);
  CHECK(report.refused > 0);
  WARN(report.batches << " batches, " << report.refused << " refusals, " << report.tries_to_erase
                      << " tries to erase, " << report.tries_to_resume << " to resume"
                      << "; room was made in " << report.helped << " rounds");
}

}  // namespace

TEST_CASE("a simulated disk is filled, freed and filled again", "[crash]") {
  using Db = LsmTree<io::Simulated, executor::Inline, clock::Frozen>;
  const int more = GENERATE(0, 50'000, 111'111, 160'000);
  CAPTURE(more);
  Db::Options options;
  io::Simulated disk = options.file_system;
  auto bytes = full_disk::disk_bytes + static_cast<std::size_t>(more);
  disk.set_capacity_bytes(bytes);
  check_report(full_disk::run<Db>(
      options, "/db", [&] { disk.set_capacity_bytes(bytes += full_disk::room_bytes); }));
}

TEST_CASE("a simulated disk is filled while threads flush and compact", "[crash]") {
  using Db = LsmTree<io::Simulated>;
  Db::Options options;
  io::Simulated disk = options.file_system;
  auto bytes = full_disk::disk_bytes;
  disk.set_capacity_bytes(bytes);
  check_report(full_disk::run<Db>(
      options, "/db", [&] { disk.set_capacity_bytes(bytes += full_disk::room_bytes); }));
}
