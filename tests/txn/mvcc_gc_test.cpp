// SPDX-License-Identifier: BSL-1.0

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include <strata/txn/mvcc_store.hpp>

#include "mvcc_compositions.hpp"

namespace {

using namespace mvcc_tests;

template <class Store>
void overwrite(Store& store, int keys, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (int key = 0; key < keys; ++key) {
      REQUIRE(store.put("key" + std::to_string(key), std::to_string(round)));
    }
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("mvcc gc: with no snapshots one version of each key stays", "[mvcc]",
                        Compositions) {
  using F = Fixture<TestType>;
  F f;
  overwrite(f.store, 1000, 1);
  const auto once = f.store.stats();
  overwrite(f.store, 1000, 4);
  if constexpr (F::vacuums) {
    f.store.vacuum();
    CHECK(f.store.stats().versions == 1000);
    CHECK(f.store.stats().bytes == once.bytes);
  } else {
    CHECK(f.store.stats().versions == 5000);
  }
  CHECK(f.store.stats().keys == 1000);
  CHECK(f.store.get("key999") == "3");
}

TEMPLATE_LIST_TEST_CASE("mvcc gc: erased keys vanish with all their memory", "[mvcc]",
                        Compositions) {
  using F = Fixture<TestType>;
  F f;
  overwrite(f.store, 600, 3);
  for (int key = 0; key < 600; ++key) {
    REQUIRE(f.store.erase("key" + std::to_string(key)));
  }
  REQUIRE(f.store.erase("never there"));
  if constexpr (F::vacuums) {
    f.store.vacuum();
    CHECK(f.store.stats().versions == 0);
    CHECK(f.store.stats().keys == 0);
    CHECK(f.store.stats().bytes == 0);
    overwrite(f.store, 600, 1);  // and come back
    CHECK(f.store.stats().keys == 600);
  } else {
    CHECK(f.store.stats().keys == 601);
  }
}

TEMPLATE_LIST_TEST_CASE("mvcc gc: what a snapshot sees stays, until it goes", "[mvcc]",
                        Compositions) {
  using F = Fixture<TestType>;
  if constexpr (F::vacuums) {
    F f;
    overwrite(f.store, 10, 2);
    std::optional old(f.store.snapshot());
    REQUIRE(f.store.erase("key3"));
    overwrite(f.store, 3, 5);
    std::optional middle(f.store.snapshot());
    overwrite(f.store, 3, 5);
    f.store.vacuum();
    for (int key = 0; key < 10; ++key) {
      CHECK(old->get("key" + std::to_string(key)) == "1");
    }
    CHECK(middle->get("key0") == "4");
    CHECK(middle->get("key3") == std::nullopt);
    CHECK(f.store.get("key3") == std::nullopt);

    old.reset();
    f.store.vacuum();
    CHECK(middle->get("key0") == "4");
    CHECK(middle->get("key9") == "1");
    CHECK(f.store.stats().keys == 9);

    middle.reset();
    f.store.vacuum();
    CHECK(f.store.stats().versions == 9);
    CHECK(f.store.get("key0") == "4");
  }
}

TEMPLATE_LIST_TEST_CASE("mvcc gc: a transaction that reads as of its beginning is a snapshot",
                        "[mvcc]", Compositions) {
  using F = Fixture<TestType>;
  if constexpr (F::vacuums) {
    F f;
    REQUIRE(f.store.put("k", "1"));
    auto reader = f.store.begin(read_only);
    auto writer = f.store.begin(mvcc::snapshot);
    REQUIRE(f.store.put("k", "2"));
    REQUIRE(f.store.erase("k"));
    f.store.vacuum();
    CHECK(reader.get("k").value() == "1");
    CHECK(writer.get("k").value() == "1");
    REQUIRE(reader.commit());
    writer.rollback();
    f.store.vacuum();
    CHECK(f.store.stats().keys == 0);
  }
}

TEMPLATE_LIST_TEST_CASE("mvcc gc: cooperative writers leave nothing to do behind them", "[mvcc]",
                        Compositions) {
  using F = Fixture<TestType>;
  if constexpr (F::Store::Gc::trims_on_commit) {
    F f;
    overwrite(f.store, 10, 20);
    CHECK(f.store.stats().versions == 10);
    REQUIRE(f.store.erase("key0"));
    CHECK(f.store.stats().keys == 9);
    auto own = f.store.begin(mvcc::snapshot);  // its own snapshot is not in its way
    REQUIRE(own.erase("key1"));
    REQUIRE(own.commit());
    CHECK(f.store.stats().keys == 8);

    const auto old = f.store.snapshot();
    overwrite(f.store, 10, 1);
    CHECK(f.store.stats().versions == 18);
    CHECK(old.get("key2") == "19");
  }
}
