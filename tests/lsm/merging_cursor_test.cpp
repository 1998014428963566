// SPDX-License-Identifier: BSL-1.0
#include <strata/lsm/merging_cursor.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <strata/core/comparator.hpp>
#include "vector_cursor.hpp"

using strata::EntryKind;
using strata::Trailer;
using strata::tests::VectorCursor;
using strata::tests::VersionedEntry;
using Merging = strata::lsm::MergingCursor<strata::comparator::Bytewise, VectorCursor>;

namespace {

VersionedEntry entry(std::string key, strata::Sequence sequence) {
  return {key, Trailer(sequence, EntryKind::put), key + "@" + std::to_string(sequence)};
}

std::vector<std::string> forward(Merging& merging) {
  std::vector<std::string> values;
  for (merging.seek_to_first(); merging.valid(); merging.next()) {
    values.emplace_back(merging.value());
  }
  return values;
}

}  // namespace

TEST_CASE("nothing merges to nothing") {
  Merging merging;
  merging.add(VectorCursor({}));
  merging.seek_to_first();
  CHECK_FALSE(merging.valid());
  merging.seek_to_last();
  CHECK_FALSE(merging.valid());
  CHECK(merging.status());
}

TEST_CASE("sources interleave by key, and by age within a key") {
  Merging merging;
  merging.reserve(2);
  merging.add(VectorCursor({entry("a", 1), entry("c", 3), entry("c", 9)}));
  merging.add(VectorCursor({entry("b", 2), entry("c", 5)}));
  CHECK(forward(merging) == std::vector<std::string>{"a@1", "b@2", "c@9", "c@5", "c@3"});
}

TEST_CASE("a source that fails ends the merge with its error, not with an end") {
  VectorCursor broken({entry("b", 1), entry("d", 1)});
  broken.break_at(1);
  Merging merging;
  merging.reserve(2);
  merging.add(std::move(broken));
  merging.add(VectorCursor({entry("a", 1), entry("z", 1)}));
  merging.seek_to_first();
  merging.next();
  CHECK(merging.valid());
  merging.next();
  CHECK_FALSE(merging.valid());
  CHECK(merging.status().error().code() == strata::ErrorCode::io);
}

TEST_CASE("seeks that look into a detour, and steps that come to one, are counted") {
  Merging merging;
  merging.reserve(3);
  merging.add(VectorCursor({entry("a", 1), entry("d", 1), entry("f", 1)}));
  merging.add_detour(VectorCursor({entry("b", 2), entry("c", 2), entry("e", 2)}));
  merging.add_detour(VectorCursor({entry("g", 3)}));
  CHECK(merging.detours() == 0);
  merging.seek("a");
  CHECK(merging.detours() == 2);  // into both
  const auto detours_to = [&](std::string_view key) {
    const std::uint64_t before = merging.detours();
    merging.next();
    REQUIRE(merging.key() == key);
    return merging.detours() - before;
  };
  CHECK(detours_to("b") == 1);
  CHECK(detours_to("c") == 0);  // where it was
  CHECK(detours_to("d") == 0);
  CHECK(detours_to("e") == 1);
  CHECK(detours_to("f") == 0);
  CHECK(detours_to("g") == 1);
}

TEST_CASE("keys with equal heads are ordered by what follows, and by length") {
  Merging merging;
  merging.reserve(2);
  merging.add(VectorCursor({entry("prefix-abcd-2", 1), entry(std::string("ab\0", 3), 1)}));
  merging.add(VectorCursor({entry("prefix-abcd-1", 1), entry("ab", 1)}));
  merging.seek_to_first();
  CHECK(merging.key() == "ab");
  merging.next();
  CHECK(merging.key() == std::string_view("ab\0", 3));
  merging.next();
  CHECK(merging.key() == "prefix-abcd-1");
}

TEST_CASE("walks in any direction over any sources agree with a sorted list") {
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    std::vector<VersionedEntry> all;
    std::vector<std::vector<VersionedEntry>> sources(1 + random() % 5);
    for (strata::Sequence s = 1; s <= 40; ++s) {
      // Keys that differ at once, in their second eight bytes, and behind both, or in zeros alone.
      constexpr std::size_t shared_bytes[] = {0, 7, 8, 14, 15, 16};
      std::string key(shared_bytes[random() % 6], '-');
      key.append(random() % 3, static_cast<char>('a' + random() % 2));
      key.append(key.empty() ? 1 : random() % 3, '\0');
      const auto e = entry(key, s);
      all.push_back(e);
      sources[random() % sources.size()].push_back(e);
    }
    std::sort(all.begin(), all.end(), strata::tests::precedes);
    Merging merging;
    merging.reserve(sources.size());
    for (auto& source : sources) {
      merging.add(VectorCursor(source));
    }
    std::size_t at = random() % 2 == 0 ? 0 : all.size() - 1;
    at == 0 ? merging.seek_to_first() : merging.seek_to_last();
    for (int step = 0; step < 60; ++step) {
      REQUIRE(merging.valid() == (at < all.size()));
      if (at >= all.size()) {
        const auto& key = all[random() % all.size()].key;
        merging.seek(key);
        at = 0;
        while (all[at].key < key) {
          ++at;
        }
        continue;
      }
      REQUIRE(merging.value() == all[at].value);
      const auto way = random() % 5;
      if (way == 0) {
        const std::string left = all[at].key;
        merging.next_key();
        while (at < all.size() && all[at].key == left) {
          ++at;
        }
      } else if (way < 3) {
        merging.next();
        ++at;
      } else {
        merging.prev();
        --at;
      }
    }
  }
}
