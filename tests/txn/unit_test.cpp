// SPDX-License-Identifier: BSL-1.0
#include <strata/txn/unit.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <thread>
#include <vector>

#include "../store/databases.hpp"

namespace {

using strata::txn::Direction;
using strata::txn::KeyLocks;
using strata::txn::KeyRange;
using strata::txn::LockKey;
using Model = std::map<std::string, std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

template <class Reader, class Family>
Pairs read(Reader& reader, const Family& family, const KeyRange& range, Direction direction) {
  Pairs seen;
  const auto done = reader.scan(
      family, range,
      [&](std::string_view key, std::string_view value) {
        seen.emplace_back(key, value);
        return true;
      },
      direction);
  REQUIRE(done);
  return seen;
}

Pairs read(const Model& model, const KeyRange& range, Direction direction) {
  Pairs seen;
  for (const auto& [key, value] : model) {
    if (range.contains(key)) {
      seen.emplace_back(key, value);
    }
  }
  if (direction == Direction::backward) {
    std::reverse(seen.begin(), seen.end());
  }
  return seen;
}

}  // namespace

using UnitDatabases = databases::all<"a", "b">;

TEMPLATE_LIST_TEST_CASE("a unit reads the database with its own writes on top", "", UnitDatabases) {
  using Db = typename TestType::Db;
  const std::uint32_t seed = GENERATE(1u, 2u, 3u, 4u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  TestType holder;
  Db& db = holder.db;
  KeyLocks locks;
  auto family = db.template family<"b">();
  Model committed;
  const auto key = [&] {
    std::string k(1 + random() % 2, 'a');
    for (auto& c : k) {
      c = static_cast<char>('a' + random() % 5);
    }
    return k;
  };
  for (int round = 0; round < 150; ++round) {
    auto unit = strata::txn::Unit<Db>::exclusive(db, locks);
    Model model = committed;
    for (auto n = random() % 12; n-- > 0;) {
      const std::string k = key();
      const std::string l = key();
      switch (random() % 5) {
        case 0:
          unit.erase_range(family, k, l);
          std::erase_if(model, [&](const auto& e) { return e.first >= k && e.first < l; });
          break;
        case 1:
          unit.erase(family, k);
          model.erase(k);
          break;
        default: {
          const std::string v = std::to_string(random());
          unit.put(family, k, v);
          model[k] = v;
        }
      }
      if (random() % 3 == 0) {
        const std::string g = key();
        const auto got = unit.get(family, g);
        REQUIRE(got);
        REQUIRE(got->has_value() == model.contains(g));
        REQUIRE((!*got || **got == model[g]));
      }
    }
    for (const auto direction : {Direction::forward, Direction::backward}) {
      const KeyRange ranges[] = {{""}, {key()}, {key(), key()}, KeyRange::prefix(key())};
      for (const auto& range : ranges) {
        REQUIRE(read(unit, family, range, direction) == read(model, range, direction));
      }
    }
    if (random() % 3 != 0) {
      REQUIRE(unit.commit());
      committed = model;
    }
  }
  strata::txn::View now;
  CHECK(read(now, family, {""}, Direction::forward) == read(committed, {""}, Direction::forward));
}

TEMPLATE_LIST_TEST_CASE("what a unit wrote is invisible before its commit and gone without it", "",
                        UnitDatabases) {
  using Db = typename TestType::Db;
  TestType holder;
  Db& db = holder.db;
  KeyLocks locks;
  auto a = db.template family<"a">();
  auto b = db.template family<"b">();
  {
    auto unit = strata::txn::Unit<Db>::exclusive(db, locks);
    unit.put(a, "k", "1");
    unit.put(b, "k", "2");
    CHECK_FALSE(*a.get("k"));
  }
  CHECK_FALSE(*a.get("k"));
  auto unit = strata::txn::Unit<Db>::single(db, locks, {LockKey(a.id(), "k")});
  unit.put(a, "k", "1");
  unit.put(b, "k", "2");
  REQUIRE(unit.commit());
  CHECK(*a.get("k") == "1");
  CHECK(*b.get("k") == "2");
}

TEMPLATE_LIST_TEST_CASE("a scan meets what its visitor writes ahead and not what it erases ahead",
                        "", UnitDatabases) {
  using Db = typename TestType::Db;
  TestType holder;
  Db& db = holder.db;
  KeyLocks locks;
  auto family = db.template family<"a">();
  for (const char* key : {"a", "c", "e", "g"}) {
    REQUIRE(family.put(key, "old"));
  }
  const auto direction = GENERATE(Direction::forward, Direction::backward);
  auto unit = strata::txn::Unit<Db>::exclusive(db, locks);
  std::string seen;
  REQUIRE(unit.scan(
      family, {""},
      [&](std::string_view key, std::string_view) {
        seen += key;
        if (key == "c") {
          unit.put(family, "d", "new");
          unit.put(family, "b", "new");
          unit.erase(family, direction == Direction::forward ? "e" : "a");
          unit.erase(family, "c");
        }
        return true;
      },
      direction));
  CHECK(seen == (direction == Direction::forward ? "acdg" : "gecb"));
}

TEMPLATE_LIST_TEST_CASE("increments by single and exclusive units are never lost", "",
                        UnitDatabases) {
  using Db = typename TestType::Db;
  TestType holder;
  Db& db = holder.db;
  KeyLocks locks;
  auto family = db.template family<"a">();
  const auto add = [&](auto& unit, const std::string& key) {
    const auto old = unit.get(family, key);
    std::this_thread::yield();  // whoever is not kept out comes in here
    unit.put(family, key, std::to_string((*old ? std::stol(**old) : 0) + 1));
  };
  std::vector<std::thread> running;
  std::atomic<int> failures{0};
  for (unsigned t = 0; t < 4; ++t) {
    running.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 300; ++i) {
        const std::string x = "x" + std::to_string(random() % 3);
        const std::string y = "y" + std::to_string(random() % 3);
        const LockKey later[] = {LockKey(family.id(), y)};
        auto unit = i % 10 == 0
                        ? strata::txn::Unit<Db>::exclusive(db, locks)
                        : strata::txn::Unit<Db>::single(db, locks, {LockKey(family.id(), x)});
        while (!unit.claim(later)) {
        }
        add(unit, x);
        add(unit, y);
        failures += unit.commit() ? 0 : 1;
      }
    });
  }
  for (auto& thread : running) {
    thread.join();
  }
  CHECK(failures == 0);
  long sum = 0;
  strata::txn::View now;
  for (const auto& [key, value] : read(now, family, {""}, Direction::forward)) {
    sum += std::stol(value);
  }
  CHECK(sum == 2 * 4 * 300);
}
