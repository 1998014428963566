// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/permutation.hpp>

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using strata::memtable::detail::Permutation;

namespace {
std::vector<unsigned> slots(Permutation permutation) {
  std::vector<unsigned> order;
  for (unsigned rank = 0; rank < permutation.count(); ++rank) {
    order.push_back(permutation.slot(rank));
  }
  return order;
}
}  // namespace

TEST_CASE("A word of zero orders no slots") {
  CHECK(Permutation().count() == 0);
  CHECK(Permutation().word() == 0);
  CHECK(Permutation::identity(0).word() == 0);
}

TEST_CASE("The identity orders slots by number") {
  for (unsigned count = 0; count <= Permutation::capacity; ++count) {
    std::vector<unsigned> expected;
    for (unsigned slot = 0; slot < count; ++slot) {
      expected.push_back(slot);
    }
    CHECK(slots(Permutation::identity(count)) == expected);
  }
}

TEST_CASE("The count is in the lowest four bits, the slots follow from there") {
  STATIC_REQUIRE(Permutation::identity(3).word() == 0x2103);
  STATIC_REQUIRE(Permutation::identity(3).with_insert(0).word() == 0x21034);
  STATIC_REQUIRE(Permutation::identity(15).word() == 0xedcba9876543210f);
  CHECK(slots(Permutation(0x21034)) == std::vector<unsigned>{3, 0, 1, 2});
}

TEST_CASE("An insert puts the next free slot at its rank and moves those behind it") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    Permutation permutation;
    std::vector<unsigned> model;
    for (unsigned slot = 0; slot < Permutation::capacity; ++slot) {
      const unsigned rank = static_cast<unsigned>(random() % (slot + 1));
      const Permutation before = permutation;
      permutation = permutation.with_insert(rank);
      REQUIRE(slots(before) == model);
      model.insert(model.begin() + rank, slot);
      REQUIRE(slots(permutation) == model);
    }
  }
}
