// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/tiered.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <strata/cache/detail/doubts.hpp>
#include <strata/cache/lru.hpp>
#include <strata/cache/memory_level.hpp>
#include <string>
#include <thread>
#include <vector>

using strata::ErrorCode;
using strata::Result;
using strata::cache::LevelStats;
using strata::cache::Lru;
using strata::cache::MemoryLevel;
using strata::cache::Tiered;
using strata::cache::TieredOptions;

namespace {

/// A level that a test looks into, breaks, and interrupts.
struct Shelf {
  std::map<std::string, std::string, std::less<>> entries{};
  bool broken = false;
  std::function<void()> after_find{};  ///< between the look-up and its return
  LevelStats stats{};
};

class ShelfLevel {
 public:
  explicit ShelfLevel(std::shared_ptr<Shelf> shelf) : shelf_(std::move(shelf)) {}

  std::optional<std::string> find(std::string_view key) {
    std::optional<std::string> value;
    const auto found = shelf_->entries.find(key);
    if (!shelf_->broken && found != shelf_->entries.end()) {
      value = found->second;
    }
    ++(value ? shelf_->stats.hits : shelf_->stats.misses);
    if (shelf_->after_find) {
      std::exchange(shelf_->after_find, nullptr)();
    }
    return value;
  }
  bool insert(std::string_view key, std::string_view value) {
    if (!shelf_->broken) {
      shelf_->entries.insert_or_assign(std::string(key), std::string(value));
    }
    return !shelf_->broken;
  }
  bool erase(std::string_view key) {
    if (!shelf_->broken) {
      shelf_->entries.erase(std::string(key));
    }
    return !shelf_->broken;
  }
  bool clear() {
    if (!shelf_->broken) {
      shelf_->entries.clear();
    }
    return !shelf_->broken;
  }
  [[nodiscard]] LevelStats stats() const { return shelf_->stats; }

 private:
  std::shared_ptr<Shelf> shelf_;
};

/// Three levels, and a source of truth behind them.
struct Stack {
  std::shared_ptr<Shelf> l1 = std::make_shared<Shelf>();
  std::shared_ptr<Shelf> l2 = std::make_shared<Shelf>();
  std::shared_ptr<Shelf> l3 = std::make_shared<Shelf>();
  std::map<std::string, std::string, std::less<>> source{};
  int loads = 0;
  Tiered<ShelfLevel, ShelfLevel, ShelfLevel> cache;

  explicit Stack(const TieredOptions& options = {})
      : cache(options, ShelfLevel(l1), ShelfLevel(l2), ShelfLevel(l3)) {}

  std::optional<std::string> get(std::string_view key) {
    auto got = cache.get(key, [&](std::string_view wanted) -> Result<std::optional<std::string>> {
      ++loads;
      const auto found = source.find(wanted);
      return found == source.end() ? std::nullopt : std::optional(found->second);
    });
    REQUIRE(got);
    return *got;
  }
  /// "123" where all levels have `key`, "..3" where only the last has.
  [[nodiscard]] std::string levels_with(std::string_view key) const {
    return std::string(l1->entries.count(key) != 0 ? "1" : ".") +
           (l2->entries.count(key) != 0 ? "2" : ".") + (l3->entries.count(key) != 0 ? "3" : ".");
  }
};

const TieredOptions at_once{.warm_uses = 1, .hot_uses = 1};

}  // namespace

TEST_CASE("What is used more often is kept further up") {
  Stack stack;
  stack.source["k"] = "v";
  CHECK(stack.get("k") == "v");
  CHECK(stack.levels_with("k") == "..3");
  CHECK(stack.get("k") == "v");
  CHECK(stack.levels_with("k") == ".23");
  CHECK(stack.get("k") == "v");
  CHECK(stack.levels_with("k") == "123");
  CHECK(stack.loads == 1);

  const auto stats = stack.cache.stats();
  CHECK(stats.levels[0].misses == 3);
  CHECK(stats.levels[1].hits == 1);
  CHECK(stats.levels[2].hits == 1);
  CHECK(stats.levels[2].misses == 1);
  CHECK(stats.loads == 1);
}

TEST_CASE("A key that is hot already is kept in all levels when it is loaded") {
  Stack stack;
  stack.source["k"] = "v";
  for (int i = 0; i < 3; ++i) {
    CHECK(stack.get("k") == "v");
  }
  stack.cache.erase("k");
  CHECK(stack.levels_with("k") == "...");
  CHECK(stack.get("k") == "v");
  CHECK(stack.levels_with("k") == "123");
}

TEST_CASE("A hit in a lower level is handed up, and asks no further") {
  Stack stack(at_once);
  stack.l2->entries["k"] = "v";
  CHECK(stack.cache.find("k") == "v");
  CHECK(stack.levels_with("k") == "12.");
  CHECK(stack.l3->stats.misses == 0);
  CHECK(stack.cache.find("k") == "v");
  CHECK(stack.l1->stats.hits == 1);
}

TEST_CASE("An absent key is no hit in any level, and an empty value is one") {
  Stack stack(at_once);
  CHECK(stack.get("absent") == std::nullopt);
  CHECK(stack.levels_with("absent") == "...");
  CHECK(stack.get("absent") == std::nullopt);
  CHECK(stack.loads == 2);
  stack.source["empty"] = "";
  CHECK(stack.get("empty") == "");
  CHECK(stack.get("empty") == "");
  CHECK(stack.loads == 3);
}

TEST_CASE("An error of the source is the caller's, and nothing is kept") {
  Stack stack(at_once);
  const auto got = stack.cache.get("k", [](std::string_view) -> Result<std::optional<std::string>> {
    return strata::fail(ErrorCode::io, "the source is down");
  });
  REQUIRE_FALSE(got);
  CHECK(got.error().message() == "the source is down");
  CHECK(stack.levels_with("k") == "...");
}

TEST_CASE("A write and an erase reach every level") {
  Stack stack(at_once);
  stack.source["k"] = "old";
  CHECK(stack.get("k") == "old");
  CHECK(stack.levels_with("k") == "123");
  stack.cache.insert("k", "new");
  CHECK(stack.l1->entries["k"] == "new");
  CHECK(stack.l2->entries["k"] == "new");
  CHECK(stack.l3->entries["k"] == "new");
  stack.cache.erase("k");
  CHECK(stack.levels_with("k") == "...");
  stack.cache.insert("a", "1");
  stack.cache.insert("b", "1");
  stack.cache.clear();
  CHECK(stack.levels_with("a") == "...");
  CHECK(stack.levels_with("b") == "...");
}

TEST_CASE("A write of a cold key leaves no old value in the levels it does not enter") {
  Stack stack;
  stack.l1->entries["k"] = "old";
  stack.l2->entries["k"] = "old";
  stack.cache.insert("k", "new");
  CHECK(stack.levels_with("k") == "..3");
  CHECK(stack.cache.find("k") == "new");
}

TEST_CASE("A load that a change overtakes does not bring the old value back") {
  const auto change = GENERATE(0, 1, 2);
  CAPTURE(change);
  Stack stack(at_once);
  const auto got =
      stack.cache.get("k", [&](std::string_view) -> Result<std::optional<std::string>> {
        if (change == 0) {
          stack.cache.erase("k");
        } else if (change == 1) {
          stack.cache.insert("k", "new");
        } else {
          stack.cache.clear();
        }
        return std::optional<std::string>("old");
      });
  REQUIRE(got);
  CHECK(*got == "old");  // read before the change
  CHECK(stack.cache.find("k") == (change == 1 ? std::optional<std::string>("new") : std::nullopt));
  CHECK(stack.cache.stats().refused_fills == 1);
}

TEST_CASE("A promotion that a change overtakes does not bring the old value back") {
  const bool writes = GENERATE(false, true);
  CAPTURE(writes);
  Stack stack(at_once);
  stack.l3->entries["k"] = "old";
  stack.l3->after_find = [&] {
    if (writes) {
      stack.cache.insert("k", "new");
    } else {
      stack.cache.erase("k");
    }
  };
  CHECK(stack.cache.find("k") == "old");
  CHECK(stack.levels_with("k") == (writes ? "123" : "..."));
  CHECK(stack.cache.find("k") == (writes ? std::optional<std::string>("new") : std::nullopt));
}

TEST_CASE("A fill that begins within a change is refused too") {
  strata::cache::detail::FillGuard guard;
  std::uint64_t within = 0;
  guard.change(1, [&] { within = guard.begin(1); });
  CHECK_FALSE(guard.fill(1, within, [] {}));
  CHECK(guard.fill(1, guard.begin(1), [] {}));
  guard.change_all([&] { within = guard.begin(1); });
  CHECK_FALSE(guard.fill(1, within, [] {}));
  CHECK(guard.fill(1, guard.begin(1), [] {}));
}

TEST_CASE("A level that could not erase a key is not believed about it") {
  Stack stack(at_once);
  stack.source["k"] = "old";
  stack.source["other"] = "o";
  CHECK(stack.get("k") == "old");
  CHECK(stack.get("other") == "o");
  stack.l3->broken = true;
  stack.source["k"] = "new";
  stack.cache.erase("k");
  stack.l3->broken = false;
  REQUIRE(stack.l3->entries["k"] == "old");
  CHECK(stack.cache.find("k") == std::nullopt);
  CHECK(stack.get("k") == "new");  // its fill erases first
  CHECK(stack.l3->entries["k"] == "new");
  stack.l1->entries.clear();
  stack.l2->entries.clear();
  CHECK(stack.cache.find("k") == "new");
  CHECK(stack.cache.find("other") == "o");
}

TEST_CASE("A level that could not be cleared is not believed until it is") {
  Stack stack(at_once);
  stack.l3->entries["k"] = "old";
  stack.l3->broken = true;
  stack.cache.clear();
  CHECK(stack.cache.find("k") == std::nullopt);
  stack.source["j"] = "1";
  CHECK(stack.get("j") == "1");
  stack.l3->broken = false;
  CHECK(stack.cache.find("k") == std::nullopt);
  stack.source["i"] = "2";
  CHECK(stack.get("i") == "2");  // clears the level before it fills it
  CHECK(stack.l3->entries.size() == 1);
  CHECK(stack.cache.find("k") == std::nullopt);
}

TEST_CASE("More doubts than are worth remembering are about everything") {
  using strata::cache::detail::Doubts;
  Doubts doubts;
  CHECK_FALSE(doubts.about("k"));
  for (std::size_t i = 0; i < Doubts::keys_max; ++i) {
    doubts.add(std::to_string(i));
  }
  CHECK(doubts.about("17"));
  CHECK_FALSE(doubts.about("k"));
  doubts.add("another");
  CHECK(doubts.about("k"));
  const auto shelf = std::make_shared<Shelf>();
  ShelfLevel level(shelf);
  shelf->broken = true;
  CHECK_FALSE(doubts.clear(level));
  CHECK(doubts.about("k"));
  shelf->broken = false;
  CHECK(doubts.clear(level));
  CHECK_FALSE(doubts.about("17"));
}

TEST_CASE("Levels of memory agree with their source after random changes") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  std::map<std::string, std::string> source;
  Tiered cache(TieredOptions{},
               MemoryLevel<Lru>({.capacity_bytes = 300, .shards = 1, .count_overhead = false}),
               MemoryLevel<>({.capacity_bytes = 3000, .shards = 1, .count_overhead = false}));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(random() % (i % 2 == 0 ? 20 : 500));
    const std::uint64_t dice = random() % 20;
    if (dice == 0) {
      source[key] = std::to_string(i);
      cache.insert(key, source[key]);
    } else if (dice == 1) {
      source[key] = std::to_string(i);
      cache.erase(key);
    } else if (dice == 2) {
      source.erase(key);
      cache.erase(key);
    } else {
      const auto got =
          cache.get(key, [&](std::string_view wanted) -> Result<std::optional<std::string>> {
            const auto found = source.find(std::string(wanted));
            return found == source.end() ? std::nullopt : std::optional(found->second);
          });
      REQUIRE(got);
      const auto expected = source.find(key);
      REQUIRE(*got == (expected == source.end() ? std::nullopt : std::optional(expected->second)));
    }
  }
  CHECK(cache.stats().levels[0].hits > 1000);
  CHECK(cache.stats().levels[1].hits > 1000);
}

TEST_CASE("No thread finds a value older than one it knows to be written") {
  // The source counts each key upwards; a reader remembers what it is sure of.
  constexpr std::size_t key_count = 8;
  std::array<std::atomic<int>, key_count> source{};
  std::array<std::atomic<int>, key_count> announced{};  // after the cache was told
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  Tiered cache(at_once,
               MemoryLevel<Lru>({.capacity_bytes = 10, .shards = 1, .count_overhead = false}),
               MemoryLevel<>({.capacity_bytes = 1000, .shards = 1, .count_overhead = false}));
  const auto read = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!done.load()) {
      const std::size_t key = random() % key_count;
      const int at_least = announced[key].load();
      const auto got = cache.get(std::to_string(key),
                                 [&](std::string_view) -> Result<std::optional<std::string>> {
                                   return std::optional(std::to_string(source[key].load()));
                                 });
      wrong += std::stoi(**got) < at_least ? 1 : 0;
    }
  };
  std::vector<std::thread> readers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    readers.emplace_back(read, seed);
  }
  std::mt19937_64 random(9);
  for (int i = 1; i < 5000; ++i) {
    const std::size_t key = random() % key_count;
    source[key].store(i);
    if (i % 2 == 0) {
      cache.erase(std::to_string(key));
    } else {
      cache.insert(std::to_string(key), std::to_string(i));
    }
    announced[key].store(i);
  }
  done.store(true);
  for (std::thread& reader : readers) {
    reader.join();
  }
  CHECK(wrong.load() == 0);
}
