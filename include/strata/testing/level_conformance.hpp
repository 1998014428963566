// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/cache/level.hpp, checked on any level of a tiered cache that is empty and
/// whose device works. A level may forget, so the kit asks only that what it finds be what was
/// inserted last; but one that keeps not even the newest of a few small values is no level.

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>

#include <strata/cache/level.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

template <cache::Level L>
void check_level_basics(Conformance& found, L& level) {
  found.expect(!level.find("a"), "an empty level finds nothing");
  found.expect(level.erase("a"), "erasing what is absent succeeds");
  found.expect(level.insert("a", "1") && level.find("a") == "1", "what was inserted is found");
  found.expect(level.insert("a", "2") && level.find("a") == "2", "insert replaces");
  found.expect(!level.find("A"), "another key is not found");
  found.expect(level.erase("a") && !level.find("a"), "an erased key is not found");
  found.expect(level.insert("empty", "") && level.find("empty") == "", "an empty value is a value");
  found.expect(level.insert("", "nameless") && level.find("") == "nameless",
               "an empty key is a key");
  const std::string binary("\0\r\n* \xff%s$", 9);
  found.expect(level.insert(binary, binary) && level.find(binary) == binary,
               "keys and values are bytes, whatever they are");
  const std::string large(100'000, 'x');
  (void)level.insert("large", large);
  found.expect(level.find("large").value_or(large) == large,
               "a large value is kept whole or not at all");
  found.expect(level.clear() && !level.find("empty") && !level.find(""), "clear leaves nothing");
  const cache::LevelStats stats = level.stats();
  found.expect(stats.hits >= 5 && stats.misses >= 5, "hits and misses are counted");
  found.expect(stats.errors == 0 && stats.damaged == 0, "what works counts no errors");
}

template <cache::Level L>
void check_level_model(Conformance& found, L& level, std::uint64_t seed, unsigned steps) {
  std::mt19937_64 random(seed);
  std::map<std::string, std::string> model;
  for (unsigned step = 0; step < steps; ++step) {
    const std::string key = std::to_string(random() % 200);
    const std::uint64_t dice = random() % 10;
    if (dice < 4) {
      const std::string value = std::to_string(step) + std::string(random() % 300, 'v');
      model[key] = value;
      (void)level.insert(key, value);
    } else if (dice < 5) {
      model.erase(key);
      (void)level.erase(key);
    } else {
      const std::optional<std::string> value = level.find(key);
      const auto expected = model.find(key);
      found.expect(!value || (expected != model.end() && *value == expected->second),
                   "what is found is what was inserted last");
    }
  }
}

}  // namespace detail

template <cache::Level L>
[[nodiscard]] Conformance level_conformance(L& level, std::uint64_t seed = 1,
                                            unsigned steps = 20000) {
  Conformance found;
  detail::check_level_basics(found, level);
  detail::check_level_model(found, level, seed, steps);
  return found;
}

}  // namespace strata::testing
