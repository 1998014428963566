// SPDX-License-Identifier: BSL-1.0
#include <strata/store/object_ids.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "databases.hpp"

using namespace strata;

namespace {

template <class Db>
using Ids =
    store::detail::ObjectIds<Db, decltype(std::declval<Db&>().template family<"objects">())>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("no number is given twice, to threads, stores and units", "[objects]",
                        databases::racing<"objects">) {
  using Db = typename TestType::Db;
  TestType holder;
  txn::KeyLocks locks;
  const auto family = holder.db.template family<"objects">();
  Ids<Db> first(holder.db, locks, family);
  Ids<Db> second(holder.db, locks, family);
  std::mutex mutex;
  std::vector<std::uint64_t> given;
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto& ids = t % 2 == 0 ? first : second;
      for (int i = 0; i < 600; ++i) {
        std::uint64_t id = 0;
        if (i % 50 == 0) {
          auto unit = txn::Unit<Db>::exclusive(holder.db, locks);
          id = ids.next(unit).value();
          failed += unit.commit() ? 0 : 1;
        } else {
          id = ids.next().value();
        }
        const std::lock_guard lock(mutex);
        given.push_back(id);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(failed == 0);
  CHECK(given.size() == 2400);
  CHECK(std::set<std::uint64_t>(given.begin(), given.end()).size() == given.size());
}

TEST_CASE("numbers go on behind those of before a restart", "[objects]") {
  using Db = Database<Family<"objects">, io::Memory>;
  Db::Options options;
  options.file_system = io::Memory();
  std::uint64_t last = 0;
  for (int run = 0; run < 3; ++run) {
    Db db = std::move(Db::open("/db", options).value());
    txn::KeyLocks locks;
    Ids<Db> ids(db, locks, db.family<"objects">());
    for (int i = 0; i < 300; ++i) {
      const auto id = ids.next().value();
      REQUIRE(id > last);
      last = id;
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a damaged counter is an error, not a number from the start", "[objects]",
                        databases::all<"objects">) {
  using Db = typename TestType::Db;
  TestType holder;
  txn::KeyLocks locks;
  const auto family = holder.db.template family<"objects">();
  WriteBatch batch;
  batch.put(family.id(), store::detail::ObjectKeys::next_id(), "abc");
  REQUIRE(holder.db.write(batch));
  Ids<Db> ids(holder.db, locks, family);
  const auto id = ids.next();
  REQUIRE_FALSE(id);
  CHECK(id.error().code() == ErrorCode::corruption);
}
