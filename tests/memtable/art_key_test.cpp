// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/art_key.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using strata::EntryKind;
using strata::Trailer;
using strata::memtable::detail::ArtKey;

namespace {

std::vector<unsigned> symbols_of(const ArtKey& key) {
  std::vector<unsigned> symbols;
  for (std::size_t i = 0; i < key.key().size() + 9; ++i) {
    symbols.push_back(key.symbol(i));
  }
  return symbols;
}

}  // namespace

TEST_CASE("Symbols of entries sort as entries do, and differ first where mismatch says") {
  std::vector<std::string> keys = {"", "a", "b", "ab", "a longer key", "a longer kez"};
  for (const char letter : {'\0', '\x7f', '\x80', '\xff'}) {
    keys.push_back(std::string(1, letter));
    keys.push_back(std::string(9, letter));
    keys.push_back(std::string("a") + letter);
  }
  const Trailer trailers[] = {Trailer(),
                              {0, EntryKind::merge},
                              {1, EntryKind::put},
                              {255, EntryKind::put},
                              {256, EntryKind::put},
                              {strata::sequence_max, EntryKind::put},
                              Trailer::seek(strata::sequence_max)};
  std::vector<ArtKey> places;
  for (const std::string& key : keys) {
    for (const Trailer trailer : trailers) {
      places.emplace_back(key, trailer);
    }
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = 0; j < places.size(); ++j) {
      const ArtKey& a = places[i];
      const ArtKey& b = places[j];
      CAPTURE(a.key(), b.key(), i, j);
      const Trailer a_trailer = trailers[i % std::size(trailers)];
      const Trailer b_trailer = trailers[j % std::size(trailers)];
      const bool is_less = a.key() != b.key() ? a.key() < b.key() : a_trailer > b_trailer;
      const std::vector<unsigned> a_symbols = symbols_of(a);
      const std::vector<unsigned> b_symbols = symbols_of(b);
      REQUIRE((a_symbols < b_symbols) == is_less);
      const auto differing =
          std::mismatch(a_symbols.begin(), a_symbols.end(), b_symbols.begin(), b_symbols.end());
      if (i == j) {
        REQUIRE(a.mismatch(b) == ArtKey::none);
      } else {
        REQUIRE(a.mismatch(b) == static_cast<std::size_t>(differing.first - a_symbols.begin()));
        REQUIRE(differing.first != a_symbols.end());
        REQUIRE(differing.second != b_symbols.end());
      }
    }
  }
}

TEST_CASE("Behind its last symbol an entry has ends only") {
  const ArtKey place("key", Trailer(1, EntryKind::put));
  CHECK(place.symbol(11) > ArtKey::end);
  CHECK(place.symbol(12) == ArtKey::end);
  CHECK(place.symbol(1000) == ArtKey::end);
}

TEST_CASE("A window is of the eight bytes before a position, the last one on top") {
  const ArtKey place("0123456789", Trailer(1, EntryKind::put));
  CHECK(place.window(0) == 0);
  CHECK(place.window(1) == std::uint64_t{'0'} << 56);
  CHECK(place.window(2) == (std::uint64_t{'1'} << 56 | std::uint64_t{'0'} << 48));
  CHECK(place.window(8) == 0x3736353433323130);
  CHECK(place.window(10) == 0x3938373635343332);
}
