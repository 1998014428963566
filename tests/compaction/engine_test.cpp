// SPDX-License-Identifier: BSL-1.0
/// Every compaction policy under an engine: random operations answer as std::map does, and one
/// policy may take over the directory of another.

#include <strata/compaction.hpp>

#include <cstdint>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/testing/model_check.hpp>

#include "../lsm/small_database.hpp"

using namespace strata;

namespace {

/// Options for tables of some kilobytes.
template <class C>
struct Small;

template <>
struct Small<compaction::Leveled> {
  static compaction::Leveled::Options options() {
    return {.level0_trigger = 2, .level1_bytes = 16'000, .multiplier = 4, .file_bytes = 4'000};
  }
};
template <>
struct Small<compaction::SizeTiered> {
  static compaction::SizeTiered::Options options() {
    return {.runs_trigger = 3, .file_bytes = 4'000};
  }
};

template <>
struct Small<compaction::LazyLeveled> {
  static compaction::LazyLeveled::Options options() {
    return {.ratio_min = 2,
            .ratio_max = 6,
            .run_bytes = 8'000,
            .file_bytes = 4'000,
            .sample_operations = 100};
  }
};

template <class C>
using Tree = tests::SmallTree<C>;

template <class C>
typename Tree<C>::Options small_options(const io::Memory& fs) {
  typename Tree<C>::Options options;
  options.file_system = fs;
  options.write_buffer_bytes = 16'000;
  options.wal.segment_bytes = 8'000;
  options.table_format.block_bytes = 512;
  options.compaction = Small<C>::options();
  return options;
}

template <class C>
Tree<C> open_tree(const io::Memory& fs) {
  auto opened = Tree<C>::open("/db", small_options<C>(fs));
  REQUIRE(opened);
  return std::move(opened).value();
}

template <class Db>
std::uint64_t compactions(Db& db) {
  return db.stats().metrics[metrics::Counter::compactions];
}

}  // namespace

TEMPLATE_TEST_CASE("random operations on an engine answer as std::map does, with any policy", "",
                   compaction::LazyLeveled, compaction::Leveled, compaction::SizeTiered) {
  const auto first_seed = static_cast<std::uint64_t>(Catch::rngSeed());
  for (std::uint64_t seed = first_seed; seed < first_seed + 2; ++seed) {
    CAPTURE(seed);
    const io::Memory fs;
    const auto open = [&] { return Tree<TestType>::open("/db", small_options<TestType>(fs)); };
    testing::ModelOptions options;
    options.seed = seed;
    options.operations = 3000;
    testing::ModelCheck<Tree<TestType>, decltype(open)> model(options, open);
    CHECK(model.run() == "");
    CHECK(model.compared() > 100);
  }
}

TEMPLATE_TEST_CASE("an engine compacts as its policy says, and finds everything when it reopens",
                   "", compaction::LazyLeveled, compaction::Leveled, compaction::SizeTiered) {
  constexpr unsigned keys = 500;
  const io::Memory fs;
  {
    auto db = open_tree<TestType>(fs);
    for (const char* tag : {"a", "b", "c"}) {
      REQUIRE(tests::fill(db, keys, tag));
    }
    CHECK(compactions(db) > 3);
    CHECK(db.verify());
    REQUIRE(db.close());
  }
  auto db = open_tree<TestType>(fs);
  for (unsigned i = 0; i < keys; ++i) {
    REQUIRE(db.get(tests::key_of(i)).value() == std::string(100, 'v') + "c");
  }
}
