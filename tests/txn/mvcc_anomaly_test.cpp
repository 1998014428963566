// SPDX-License-Identifier: BSL-1.0

/// The anomalies of Adya, "Weak consistency: a generalized theory", 1999, as interleavings in the
/// manner of the Hermitage test suite (M. Kleppmann): which level prevents which, and which it lets
/// through. One thread plays all transactions, so that what would wait for a lock gives up instead.

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include <strata/txn/mvcc_store.hpp>

#include "mvcc_compositions.hpp"

namespace {

using namespace mvcc_tests;
using Read = std::optional<std::string>;

/// A store with x = 10 and y = 20, and transactions that go on as far as they are let.
template <class C>
struct World {
  using Store = typename C::Store;

  /// Plays on after an error, to no effect; `committed` tells in the end.
  struct Player {
    typename Store::Transaction transaction;
    bool committed = false;

    Read get(std::string_view key) {
      auto read = transaction.get(key);
      return read ? *read : std::nullopt;
    }
    void put(std::string_view key, std::string_view value) {
      static_cast<void>(transaction.put(key, value).has_value());
    }
    void commit() { committed = transaction.commit().has_value(); }

    /// Keys that start with "p", as a predicate reads them.
    std::map<std::string, std::string> predicate() {
      std::map<std::string, std::string> found;
      if constexpr (Fixture<C>::scans) {
        auto scanned = transaction.scan("p", "q");
        for (auto& [key, value] : scanned ? *scanned : std::vector<KeyValue>()) {
          found.emplace(key, value);
        }
      } else {
        for (const char* key : {"p1", "p2"}) {
          if (auto value = get(key)) {
            found.emplace(key, *value);
          }
        }
      }
      return found;
    }
  };

  World() {
    REQUIRE(store.put("x", "10"));
    REQUIRE(store.put("y", "20"));
  }
  template <class Level>
  Player player(Level level) {
    return {store.begin(level)};
  }

  Store store{Fixture<C>::options(std::chrono::milliseconds(0))};
};

/// Runs `test(level)` for each level that the composition gives.
template <class C, class Test>
void at_each_level(Test&& test) {
  test(read_committed);
  test(mvcc::snapshot);
  if constexpr (Fixture<C>::gives_serializable) {
    test(serializable);
  }
}

template <class L>
constexpr bool at_least(L, Isolation level) {
  return L::value >= level;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("anomaly G0, writes interleave: prevented at every level", "[mvcc]",
                        Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    t1.put("x", "11");
    t2.put("x", "12");
    t1.put("y", "21");
    t1.commit();
    t2.put("y", "22");
    t2.commit();
    CHECK((t1.committed || t2.committed));
    const std::string x = world.store.get("x").value();
    const std::string y = world.store.get("y").value();
    CHECK(x.back() == y.back());
  });
}

TEMPLATE_LIST_TEST_CASE("anomaly G1a, an aborted write is read: prevented at every level", "[mvcc]",
                        Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    t1.put("x", "101");
    const Read during = t2.get("x");
    t1.transaction.rollback();
    const Read after = t2.get("x");
    t2.commit();
    CHECK(during != "101");
    CHECK(after != "101");
    CHECK(world.store.get("x") == "10");
  });
}

TEMPLATE_LIST_TEST_CASE("anomaly G1b, an intermediate write is read: prevented at every level",
                        "[mvcc]", Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    t1.put("x", "101");
    const Read during = t2.get("x");
    t1.put("x", "11");
    t1.commit();
    const Read after = t2.get("x");
    CHECK(t1.committed);
    CHECK(during != "101");
    CHECK(after != "101");
    CHECK(world.store.get("x") == "11");
  });
}

TEMPLATE_LIST_TEST_CASE("anomaly G1c, two read what the other one writes: prevented at every level",
                        "[mvcc]", Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    t1.put("x", "11");
    t2.put("y", "22");
    const Read y = t1.get("y");
    const Read x = t2.get("x");
    t1.commit();
    t2.commit();
    CHECK(y != "22");
    CHECK(x != "11");
  });
}

TEMPLATE_LIST_TEST_CASE("anomaly OTV, an observed transaction vanishes: prevented at every level",
                        "[mvcc]", Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    auto t3 = world.player(level);
    t1.put("x", "11");
    t1.put("y", "21");
    t2.put("x", "12");
    t1.commit();
    const Read x1 = t3.get("x");
    t2.put("y", "22");
    const Read y1 = t3.get("y");
    t2.commit();
    const Read y2 = t3.get("y");
    const Read x2 = t3.get("x");
    CHECK_FALSE((x1 == "11" && y1 == "20"));
    CHECK_FALSE((x1 == "12" && y1 != "22"));
    CHECK_FALSE((y2 == "22" && x2 != "12"));
    CHECK_FALSE((y2 == "21" && x2 == "10"));
  });
}

TEMPLATE_LIST_TEST_CASE("anomaly PMP, a predicate changes its answer: from snapshot on prevented",
                        "[mvcc]", Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    const auto before = t1.predicate();
    auto t2 = world.player(level);
    t2.put("p1", "30");
    t2.commit();
    const auto after = t1.predicate();
    t1.commit();
    const bool changed = before != after;
    CHECK(t1.committed);
    CHECK(changed == !at_least(level, Isolation::snapshot));
  });
}

TEMPLATE_LIST_TEST_CASE("anomaly P4, an update is lost: from snapshot on prevented", "[mvcc]",
                        Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    CHECK(t1.get("x") == "10");
    CHECK(t2.get("x") == "10");
    t1.put("x", "11");
    t1.commit();
    t2.put("x", "11");
    t2.commit();
    const bool both = t1.committed && t2.committed;
    CHECK(both == !at_least(level, Isolation::snapshot));
  });
}

TEMPLATE_LIST_TEST_CASE("anomaly G-single, reads are skewed: from snapshot on prevented", "[mvcc]",
                        Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    const Read x = t1.get("x");
    auto t2 = world.player(level);
    t2.put("x", "12");
    t2.put("y", "18");
    t2.commit();
    const Read y = t1.get("y");
    t1.commit();
    CHECK(t1.committed);
    CHECK(x == "10");
    const bool skewed = y == "18";
    CHECK(skewed == !at_least(level, Isolation::snapshot));
  });
}

TEMPLATE_LIST_TEST_CASE(
    "anomaly G2-item, writes are skewed: seen at snapshot, prevented at serializable", "[mvcc]",
    Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    for (const char* key : {"x", "y"}) {
      t1.get(key);
      t2.get(key);
    }
    t1.put("x", "11");
    t2.put("y", "21");
    t1.commit();
    t2.commit();
    const bool both = t1.committed && t2.committed;
    CHECK(both == !at_least(level, Isolation::serializable));
    CHECK((Fixture<TestType>::locks || t1.committed || t2.committed));
  });
}

TEMPLATE_LIST_TEST_CASE(
    "anomaly G2, a predicate's answers are skewed: seen at snapshot, prevented at serializable",
    "[mvcc]", Compositions) {
  at_each_level<TestType>([](auto level) {
    World<TestType> world;
    auto t1 = world.player(level);
    auto t2 = world.player(level);
    CHECK(t1.predicate().empty());
    CHECK(t2.predicate().empty());
    t1.put("p1", "30");
    t2.put("p2", "42");
    t1.commit();
    t2.commit();
    const bool both = t1.committed && t2.committed;
    CHECK(both == !at_least(level, Isolation::serializable));
  });
}

TEMPLATE_LIST_TEST_CASE(
    "anomaly of Fekete, a reader sees a state of no serial order: prevented at serializable",
    "[mvcc]", Compositions) {
  if constexpr (Fixture<TestType>::gives_serializable) {
    World<TestType> world;
    auto withdraws = world.player(serializable);  // charges a fee, as it does not see the deposit
    CHECK(withdraws.get("x") == "10");
    CHECK(withdraws.get("y") == "20");
    auto deposits = world.player(serializable);
    deposits.put("y", "40");
    deposits.commit();
    auto reports = world.store.begin(read_only);
    const Read reported = reports.get("y").value();
    withdraws.put("x", "-21");
    withdraws.commit();
    CHECK_FALSE((withdraws.committed && reported == "40"));
  }
}
