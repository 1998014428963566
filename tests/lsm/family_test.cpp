// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/family.hpp>

#include <string>
#include <type_traits>

#include <catch2/catch.hpp>

#include <strata/cache/lru.hpp>
#include <strata/compression/lz4.hpp>
#include <strata/filter/none.hpp>
#include <strata/io/memory.hpp>
#include <strata/lsm/describe.hpp>
#include <strata/lsm_tree.hpp>

using namespace strata;

TEST_CASE(
    "the order in which policies are given does not matter, nor do defaults that are spelled") {
  using A = LsmTree<cache::Lru, compression::Lz4, io::Memory>;
  using B = LsmTree<io::Memory, compression::Lz4, memtable::BTree, cache::Lru, wal::GroupCommit>;
  CHECK(std::is_same_v<A, B>);
  using C = Database<Family<"a", compression::Lz4, filter::None>, cache::Lru, Family<"b">>;
  using D = Database<cache::Lru, Family<"a", filter::None, compression::Lz4>, Family<"b">>;
  CHECK(std::is_same_v<C, D>);
  CHECK_FALSE(std::is_same_v<A, LsmTree<io::Memory, compression::Lz4>>);
}

TEST_CASE("a policy of one family leaves the others as they are") {
  using Composed = compose<Family<"a", compression::Lz4>, Family<"b">>::type;
  using First = std::tuple_element_t<0, Composed::FamilyTuple>;
  using Second = std::tuple_element_t<1, Composed::FamilyTuple>;
  CHECK(std::is_same_v<First::Compression, compression::Lz4>);
  CHECK(std::is_same_v<Second::Compression, compression::None>);
  CHECK(First::name == "a");
  CHECK(Second::name == "b");
}

/// A composition with a name of its own: short in symbols and messages.
struct Orders : compose<cache::Lru>::type {};

TEST_CASE("a composition may have a name, and describes itself by its policies") {
  CHECK_THAT(lsm::describe<Orders>(), Catch::Contains("cache=lru") &&
                                          Catch::Contains("memtable=btree") &&
                                          Catch::Contains("Family<\"default\""));
}

TEST_CASE("the fingerprint names what shapes bytes on disk, and nothing else") {
  using Plain = compose<>::type;
  using Other = compose<cache::Lru, compression::Lz4, filter::None, io::Memory>::type;
  using Reversed = compose<comparator::ReverseBytewise>::type;
  CHECK(lsm::database_fingerprint<Plain>() == lsm::database_fingerprint<Other>());
  CHECK(lsm::family_fingerprint<Plain>(0) == lsm::family_fingerprint<Other>(0));
  CHECK(lsm::family_fingerprint<Plain>(0) != lsm::family_fingerprint<Reversed>(0));
}
