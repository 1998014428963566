// SPDX-License-Identifier: BSL-1.0
//
// Names of files: which number a name stands for, and that each number has one name.
//
//     input   the name
#include <string>
#include <string_view>
#include <vector>

#include <strata/lsm/directory.hpp>
#include <strata/version/current.hpp>
#include <strata/wal/segment_name.hpp>

#include "fuzz.hpp"

namespace {

using namespace strata;

void run(std::string_view name) {
  if (const auto id = wal::parse_segment_name(name)) {
    fuzz::require(wal::segment_name(*id) == name);
  }
  if (const auto number = version::parse_manifest_name(name)) {
    fuzz::require(version::manifest_name(*number) == name);
    fuzz::require(lsm::classify(name).kind == lsm::FileKind::manifest);
  }
  const lsm::ClassifiedFile file = lsm::classify(name);
  fuzz::require(file.number < 1'000'000'000'000'000'000);
  fuzz::require(lsm::number_after_all({std::string(name), "x"}) != 0);
}

std::vector<fuzz::Seed> seeds() {
  return {{"segment", wal::segment_name(42)},
          {"manifest", version::manifest_name(42)},
          {"large_manifest", version::manifest_name(123'456'789'012)},
          {"table", "000012.table"},
          {"values", "7.values"},
          {"temporary", "CURRENT.tmp"},
          {"lock", "LOCK"},
          {"too_large", "999999999999999999999.table"}};
}

const fuzz::Target target("file_name", run, seeds);

}  // namespace
