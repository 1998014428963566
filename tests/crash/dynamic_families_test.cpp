// SPDX-License-Identifier: BSL-1.0
//
// Families that are made and dropped at run time, under loss of power.
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include <strata/io/simulated.hpp>
#include <strata/lsm_tree.hpp>
#include <strata/testing/crash_player.hpp>

#include "actions.hpp"
#include "battery.hpp"

using namespace strata;
using namespace crash_test;
using testing::CrashHistory;
using testing::View;

namespace {

using Db = Database<Family<"catalogue">, DynamicFamilies<compaction::Leveled>, io::Simulated,
                    executor::Inline, clock::Frozen>;

/// A family is seen as its keys, and as itself: "t1/" is there while family t1 is.
struct Tenants {
  unsigned steps = 40;

  [[nodiscard]] Result<Db> open(io::Simulated& fs) const {
    auto options = small<Db>(fs);
    make_small(options.dynamic_families);
    return Db::open("/db", options);
  }

  void play(io::Simulated& fs, std::uint64_t seed, CrashHistory& story) const {
    std::mt19937_64 random(seed);
    auto db = open(fs);
    for (unsigned step = 0; step < steps && db && !story.is_over(); ++step) {
      const std::string name = "t" + std::to_string(random() % 3);
      const bool is_there = story.latest().contains(name + "/");
      switch (random() % 8) {
        case 0:
          if (is_there) {
            drop(fs, *db, name, story);
          } else {
            create(fs, *db, name, story);
          }
          break;
        case 1: story.note(fs, db->flush()); break;
        case 2:
          db = fail(ErrorCode::closed, "closed");
          db = open(fs);
          break;
        default: is_there ? put(fs, *db, name, random, story) : create(fs, *db, name, story);
      }
      if (fs.has_crashed()) {
        return;
      }
    }
  }

  [[nodiscard]] Result<View> see(Db& db) const {
    View view;
    auto seen = db.verify();
    for (const std::string& name : db.family_names()) {
      if (name == "catalogue") {
        continue;
      }
      auto family = db.open_family(name);
      if (!family) {
        return propagate(std::move(family));
      }
      view[name + "/"] = "";
      seen = seen ? testing::see_family(*family, name, view) : seen;
    }
    return seen ? Result<View>(std::move(view)) : propagate(std::move(seen));
  }
  [[nodiscard]] Result<void> add_one(Db& db, View& view) const {
    auto family = db.create_family("after");
    if (!family) {
      return propagate(std::move(family));
    }
    view["after/"] = "";
    view["after/k"] = "v";
    return family->put("k", "v", {.durability = Durability::synced});
  }

 private:
  static void create(const io::Simulated& fs, Db& db, const std::string& name,
                     CrashHistory& story) {
    View next = story.latest();
    next[name + "/"] = "";
    story.attempt(std::move(next));
    auto made = db.create_family(name);
    story.conclude(fs, made ? Result<void>() : propagate(std::move(made)), true);
  }
  static void drop(const io::Simulated& fs, Db& db, const std::string& name, CrashHistory& story) {
    View next = story.latest();
    next.erase(next.lower_bound(name + "/"), next.lower_bound(name + "0"));
    story.attempt(std::move(next));
    story.conclude(fs, db.drop_family(name), true);
  }
  static void put(const io::Simulated& fs, Db& db, const std::string& name, std::mt19937_64& random,
                  CrashHistory& story) {
    auto family = db.open_family(name);
    if (!family) {
      return story.note(fs, propagate(std::move(family)));
    }
    View next = story.latest();
    const std::string key = "key" + std::to_string(random() % 20);
    const std::string value = std::to_string(random()) + std::string(random() % 200, 'v');
    next[name + "/" + key] = value;
    const bool is_synced = random() % 4 == 0;
    story.attempt(std::move(next));
    story.conclude(
        fs,
        family->put(key, value,
                    {.durability = is_synced ? Durability::synced : Durability::buffered}),
        is_synced);
  }
};

}  // namespace

TEST_CASE("families that come and go", "[crash]") {
  survives_power_loss("dynamic_families", Tenants());
}

TEST_CASE("whatever call fails, a family is there or not, as was said", "[crash]") {
  survives_faults("dynamic_families", Tenants());
}
