// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/head_search.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <random>

#include <catch2/catch.hpp>

using strata::memtable::detail::count_below;

namespace {

unsigned counted_one_by_one(const std::uint64_t* row, unsigned count, std::uint64_t number) {
  unsigned below = 0;
  for (unsigned i = 0; i < count; ++i) {
    below += row[i] < number ? 1U : 0U;
  }
  return below;
}

constexpr std::uint64_t high_bit = std::uint64_t{1} << 63;
/// Where signed and unsigned numbers differ, and neighbours.
constexpr std::array<std::uint64_t, 8> corners = {
    0, 1, 2, high_bit - 1, high_bit, high_bit + 1, UINT64_MAX - 1, UINT64_MAX};

}  // namespace

TEST_CASE("numbers of a row are counted as one by one", "[memtable]") {
  std::mt19937_64 random(1);
  unsigned wrong = 0;
  for (unsigned round = 0; round < 20'000; ++round) {
    const auto count = static_cast<unsigned>(round % 16);
    // As many as count: a look at the next one would be one behind the end.
    const auto row = std::make_unique<std::uint64_t[]>(count);
    for (unsigned i = 0; i < count; ++i) {
      row[i] = round % 3 == 0 ? random() : corners[random() % corners.size()];
    }
    for (const std::uint64_t number :
         {random(), corners[random() % corners.size()], count == 0 ? 0 : row[random() % count]}) {
      wrong += count_below(row.get(), count, number) == counted_one_by_one(row.get(), count, number)
                   ? 0U
                   : 1U;
    }
  }
  CHECK(wrong == 0);
}
