// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/redis_level.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <strata/cache/memory_level.hpp>
#include <strata/cache/tiered.hpp>
#include <strata/testing/level_conformance.hpp>
#include <string>
#include <thread>
#include <vector>

#include "redis_server.hpp"

using strata::cache::MemoryLevel;
using strata::cache::RedisLevel;
using strata::cache::RedisLevelOptions;
using strata::cache::Tiered;
using strata::cache::TieredOptions;
using strata::testing::Sentences;
using test::RedisServer;

namespace {

RedisLevelOptions at(const RedisServer& server) {
  return {.socket = server.socket(), .connect_timeout_ms = 5000, .command_timeout_ms = 5000};
}

/// Aloud, where there is no server to test with.
bool is_missing(const RedisServer& server) {
  if (!server.runs()) {
    WARN("SKIPPED: there is no redis-server that can be run");
  }
  return !server.runs();
}

/// The commands until a server that is back is asked again.
bool recovers(RedisLevel& level) {
  for (int attempt = 0; attempt < 5000; ++attempt) {
    if (level.insert("back", "again")) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("A level of Redis keeps the promises of a level") {
  const RedisServer server;
  if (is_missing(server)) {
    return;
  }
  RedisLevel level(at(server));
  CHECK(strata::testing::level_conformance(level, 1, 2000).violations == Sentences{});
}

TEST_CASE("Levels of Redis with different prefixes do not see each other") {
  const RedisServer server;
  if (is_missing(server)) {
    return;
  }
  auto options = at(server);
  options.prefix = "a*[b]\\:";
  RedisLevel one(options);
  options.prefix = "axb:";
  RedisLevel other(options);
  for (int i = 0; i < 2500; ++i) {
    CHECK(one.insert(std::to_string(i), "one"));
  }
  CHECK(other.insert("1", "other"));
  CHECK(one.find("1") == "one");
  CHECK(other.find("1") == "other");
  CHECK(server.ask("DBSIZE") == "2501");
  CHECK(one.clear());
  CHECK(server.ask("DBSIZE") == "1");
  CHECK_FALSE(one.find("1"));
  CHECK(other.find("1") == "other");
}

TEST_CASE("Values in Redis live for as long as the options say") {
  const RedisServer server;
  if (is_missing(server)) {
    return;
  }
  auto options = at(server);
  options.ttl_ms = 1'000'000;
  RedisLevel level(options);
  CHECK(level.insert("k", "v"));
  const int left = std::stoi(server.ask("PTTL strata:k"));
  CHECK(left > 0);
  CHECK(left <= 1'000'000);
  options.ttl_ms = 0;
  RedisLevel forever(options);
  CHECK(forever.insert("k", "v"));
  CHECK(server.ask("PTTL strata:k") == "-1");
}

TEST_CASE("What another program wrote under the prefix is a miss, not a value") {
  const RedisServer server;
  if (is_missing(server)) {
    return;
  }
  RedisLevel level(at(server));
  CHECK(server.ask("SET strata:k nonsense") == "OK");
  CHECK(server.ask("SET strata:short x") == "OK");
  CHECK(server.ask("LPUSH strata:list x") == "1");
  CHECK_FALSE(level.find("k"));
  CHECK_FALSE(level.find("short"));
  CHECK(level.stats().damaged == 2);
  CHECK_FALSE(level.find("list"));
  CHECK(level.stats().errors == 1);
  CHECK(level.insert("list", "v"));
  CHECK(level.find("list") == "v");
}

TEST_CASE("A server that dies is misses and errors, and is used again when it is back") {
  RedisServer server;
  if (is_missing(server)) {
    return;
  }
  RedisLevel level(at(server));
  CHECK(level.insert("k", "v"));
  CHECK(level.find("k") == "v");
  server.stop();
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(level.find("k"));
    CHECK_FALSE(level.insert("k", "w"));
    CHECK_FALSE(level.erase("k"));
  }
  CHECK_FALSE(level.clear());
  CHECK(level.stats().misses == 20);
  CHECK(level.stats().errors == 61);
  server.start();
  if (is_missing(server)) {
    return;
  }
  CHECK(recovers(level));
  CHECK(level.find("back") == "again");
}

TEST_CASE("A server that restarts between two commands costs neither of them") {
  RedisServer server;
  if (is_missing(server)) {
    return;
  }
  RedisLevel level(at(server));
  CHECK(level.insert("k", "v"));
  server.stop();
  server.start();
  if (is_missing(server)) {
    return;
  }
  CHECK(level.insert("k", "w"));
  CHECK(level.find("k") == "w");
  CHECK(level.stats().errors == 0);
}

TEST_CASE("A server that does not answer is a miss after the timeout") {
  const RedisServer server;
  if (is_missing(server)) {
    return;
  }
  auto options = at(server);
  options.command_timeout_ms = 50;
  RedisLevel level(options);
  CHECK(level.insert("k", "v"));
  server.hang();
  CHECK_FALSE(level.find("k"));
  CHECK_FALSE(level.find("k"));
  server.go_on();
  CHECK(level.stats().errors == 2);
  CHECK(recovers(level));
}

TEST_CASE("No server at all is misses and errors") {
  RedisLevel nowhere({.socket = "/nonexistent/redis.sock"});
  CHECK_FALSE(nowhere.find("k"));
  CHECK_FALSE(nowhere.insert("k", "v"));
  CHECK_FALSE(nowhere.erase("k"));
  CHECK(nowhere.stats().errors == 3);
}

TEST_CASE("A wrong password is no access, a right one is") {
  const RedisServer server;
  if (is_missing(server)) {
    return;
  }
  CHECK(server.ask("CONFIG SET requirepass secret") == "OK");
  auto options = at(server);
  RedisLevel without(options);
  CHECK_FALSE(without.insert("k", "v"));
  options.password = "wrong";
  RedisLevel wrong(options);
  CHECK_FALSE(wrong.insert("k", "v"));
  options.password = "secret";
  options.database = 3;
  RedisLevel right(options);
  CHECK(right.insert("k", "v"));
  options.username = "default";
  RedisLevel named(options);
  CHECK(named.find("k") == "v");
  options.database = 0;
  RedisLevel elsewhere(options);
  CHECK_FALSE(elsewhere.find("k"));
}

TEST_CASE("Tiers over Redis do not bring back what it could not erase") {
  RedisServer server;
  if (is_missing(server)) {
    return;
  }
  auto options = at(server);
  options.command_timeout_ms = 50;
  Tiered cache(TieredOptions{.warm_uses = 1, .hot_uses = 1}, MemoryLevel<>(), RedisLevel(options));
  cache.insert("k", "old");
  CHECK(cache.find("k") == "old");
  server.hang();
  cache.erase("k");  // Redis still has it
  server.go_on();
  CHECK(cache.find("k") == std::nullopt);
  const auto got = cache.get(
      "k", [](std::string_view) -> strata::Result<std::optional<std::string>> { return "new"; });
  REQUIRE(got);
  CHECK(cache.find("k") == "new");
}

TEST_CASE("Threads share a level of Redis") {
  const RedisServer server;
  if (is_missing(server)) {
    return;
  }
  RedisLevel level(at(server));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&level, &wrong, id] {
      for (int i = 0; i < 300; ++i) {
        const std::string key = std::to_string(i % 50);
        wrong += level.insert(key, key) ? 0 : 1;
        wrong += level.find(key).value_or(key) == key ? 0 : 1;
        wrong += level.erase(std::to_string(id)) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong.load() == 0);
}
