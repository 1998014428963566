// SPDX-License-Identifier: BSL-1.0
//
// A million random operations against std::map, with snapshots and reopenings, over compositions
// that differ in every slot the engine has more than one model for.
#include <cstdlib>
#include <string>

#include <catch2/catch.hpp>

#include <strata/cache/lru.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/filter/none.hpp>
#include <strata/testing/model_check.hpp>
#include "../lsm/small_database.hpp"

using namespace strata;

namespace {

/// STRATA_MODEL_OPERATIONS sets how many operations in all, STRATA_MODEL_SEED the first seed.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* wanted = std::getenv(name);
  return wanted == nullptr ? otherwise : std::strtoull(wanted, nullptr, 10);
}

/// Default executor: flushes and compactions run beside the operations.
using Default = LsmTree<io::Memory>;
using Inline = tests::SmallTree<>;
using Lz4 = LsmTree<io::Memory, compression::Lz4, cache::Lru, filter::None>;
using Reversed = tests::SmallTree<comparator::ReverseBytewise>;

struct Run {
  std::uint64_t operations = 0;
  std::uint64_t reopenings = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t compared = 0;
};

constexpr std::uint64_t operations_a_seed = 10'000;

template <class Db>
void check(std::uint64_t seed, Run& run) {
  const io::Memory fs;
  const auto open = [&](const std::string& path) {
    return Db::open(path, tests::small_options<Db>(fs));
  };
  testing::ModelOptions options;
  options.seed = seed;
  options.operations = operations_a_seed;
  testing::ModelCheck<Db, decltype(open)> model(options, open);
  const std::string failure = model.run();
  INFO("seed " << seed);
  REQUIRE(failure == "");
  run.operations += operations_a_seed;
  run.reopenings += model.reopenings();
  run.checkpoints += model.checkpoints();
  run.compared += model.compared();
}

}  // namespace

TEST_CASE("a million random operations, reopenings and snapshots answer as std::map does") {
  const std::uint64_t operations = from_environment("STRATA_MODEL_OPERATIONS", 1'000'000);
  Run run;
  for (std::uint64_t seed = from_environment("STRATA_MODEL_SEED", 1); run.operations < operations;
       ++seed) {
    switch (seed % 4) {
      case 0: check<Default>(seed, run); break;
      case 1: check<Inline>(seed, run); break;
      case 2: check<Lz4>(seed, run); break;
      default: check<Reversed>(seed, run);
    }
  }
  WARN(run.operations << " operations, " << run.reopenings << " reopenings, " << run.checkpoints
                      << " checkpoints, " << run.compared << " answers compared");
  CHECK(run.reopenings > operations / 5000);
  CHECK(run.checkpoints > operations / 5000);
}
