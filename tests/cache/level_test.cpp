// SPDX-License-Identifier: BSL-1.0
#include <strata/cache/level.hpp>

#include <catch2/catch.hpp>
#include <map>
#include <strata/testing/level_conformance.hpp>

using strata::cache::LevelStats;
using strata::cache::RawCodec;
using strata::testing::Sentences;

namespace {

/// Says "" for what it does not have, and forgets to erase.
class NullIsAHit {
 public:
  std::optional<std::string> find(std::string_view key) { return entries_[std::string(key)]; }
  bool insert(std::string_view key, std::string_view value) {
    entries_[std::string(key)] = value;
    return true;
  }
  bool erase(std::string_view) { return true; }
  bool clear() {
    entries_.clear();
    return true;
  }
  [[nodiscard]] LevelStats stats() const { return {.hits = 10, .misses = 10}; }

 private:
  std::map<std::string, std::string> entries_;
};

}  // namespace

TEST_CASE("The kit names what a broken level breaks") {
  NullIsAHit level;
  CHECK(strata::testing::level_conformance(level).violations ==
        Sentences{"an empty level finds nothing", "another key is not found",
                  "an erased key is not found", "clear leaves nothing",
                  "what is found is what was inserted last"});
}

TEST_CASE("The hit ratio of a level is of all look-ups, and 0 before the first") {
  CHECK(LevelStats{}.hit_ratio() == 0);
  CHECK(LevelStats{.hits = 3, .misses = 1}.hit_ratio() == 0.75);
}

TEST_CASE("The raw codec hands bytes on") {
  CHECK(RawCodec::decode(RawCodec::encode(std::string_view("a\0b", 3))) == std::string("a\0b", 3));
}
