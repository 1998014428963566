// SPDX-License-Identifier: BSL-1.0
#include <strata/txn/overlay.hpp>

#include <map>
#include <optional>
#include <random>
#include <string>

#include <catch2/catch.hpp>

using strata::txn::Overlay;

namespace {

/// What an overlay says of a key: nothing of its own, erased, or a value.
enum class Kind {
  unknown,
  erased,
  value
};
struct Said {
  Kind kind = Kind::unknown;
  std::string value{};
  friend bool operator==(const Said&, const Said&) = default;
};

Said said_of(const Overlay& overlay, const std::string& key) {
  const auto point = overlay.points().find(key);
  if (point != overlay.points().end()) {
    return point->second ? Said{Kind::value, *point->second} : Said{Kind::erased};
  }
  return overlay.erased_range(key) != nullptr ? Said{Kind::erased} : Said{};
}

std::string key_of(unsigned number) {
  return std::string(1, static_cast<char>('a' + number));
}

}  // namespace

TEST_CASE("an overlay that is empty says nothing") {
  const Overlay overlay;
  CHECK(said_of(overlay, "") == Said{});
  CHECK(said_of(overlay, "a") == Said{});
}

TEST_CASE("an erased range ends before its end, and swallows the points in it") {
  Overlay overlay;
  overlay.put("a", "1");
  overlay.put("b", "2");
  overlay.put("c", "3");
  overlay.erase_range("a", "c");
  CHECK(overlay.points().size() == 1);
  CHECK(said_of(overlay, "a") == Said{Kind::erased});
  CHECK(said_of(overlay, "bb") == Said{Kind::erased});
  CHECK(said_of(overlay, "c") == Said{Kind::value, "3"});
  overlay.put("b", "4");
  CHECK(said_of(overlay, "b") == Said{Kind::value, "4"});
  CHECK(said_of(overlay, "ba") == Said{Kind::erased});
}

TEST_CASE("ranges that meet are one") {
  Overlay overlay;
  overlay.erase_range("a", "c");
  overlay.erase_range("e", "g");
  overlay.erase_range("c", "d");
  REQUIRE(overlay.erased_range("b"));
  CHECK(overlay.erased_range("b")->first == "a");
  CHECK(overlay.erased_range("b")->second == "d");
  CHECK(overlay.erased_range("d") == nullptr);
  overlay.erase_range("b", "f");
  CHECK(overlay.erased_range("d")->first == "a");
  CHECK(overlay.erased_range("d")->second == "g");
  overlay.erase_range("x", "x");
  overlay.erase_range("z", "y");
  CHECK(overlay.erased_range("x") == nullptr);
  CHECK(overlay.erased_range("y") == nullptr);
}

TEST_CASE("random writes say the same as a map of every key") {
  const auto seed = Catch::rngSeed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](unsigned limit) {
    return std::uniform_int_distribution<unsigned>(0, limit - 1)(random);
  };
  constexpr unsigned keys = 20;
  for (int round = 0; round < 200; ++round) {
    Overlay overlay;
    std::map<std::string, Said> model;
    for (int step = 0; step < 40; ++step) {
      const std::string key = key_of(below(keys));
      switch (below(3)) {
        case 0:
          overlay.put(key, std::to_string(step));
          model[key] = {Kind::value, std::to_string(step)};
          break;
        case 1:
          overlay.erase(key);
          model[key] = {Kind::erased};
          break;
        default:
          const std::string last = key_of(below(keys));
          overlay.erase_range(key, last);
          for (unsigned i = 0; i < keys; ++i) {
            if (key <= key_of(i) && key_of(i) < last) {
              model[key_of(i)] = {Kind::erased};
            }
          }
      }
      for (unsigned i = 0; i < keys; ++i) {
        const auto at = model.find(key_of(i));
        REQUIRE(said_of(overlay, key_of(i)) == (at == model.end() ? Said{} : at->second));
      }
    }
  }
}
