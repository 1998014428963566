// SPDX-License-Identifier: BSL-1.0
#include <catch2/catch.hpp>
#include <strata/core/entry.hpp>

using namespace strata;

TEST_CASE("a trailer holds a sequence and a kind") {
  for (const Sequence sequence : {Sequence{0}, Sequence{1}, Sequence{1} << 32, sequence_max}) {
    for (const EntryKind kind :
         {EntryKind::erase, EntryKind::put, EntryKind::merge, EntryKind::erase_range}) {
      const Trailer trailer(sequence, kind);
      CHECK(trailer.sequence() == sequence);
      CHECK(trailer.kind() == kind);
      CHECK(Trailer::from_packed(trailer.packed()) == trailer);
    }
  }
}

TEST_CASE("newer is greater, whatever the kinds") {
  CHECK(Trailer(2, EntryKind::erase) > Trailer(1, EntryKind::erase_range));
  CHECK(Trailer(sequence_max, EntryKind::erase) > Trailer(sequence_max - 1, EntryKind::put));
}

TEST_CASE("a seek lands between what a reader may see and what is newer") {
  // Entries are ordered by trailer descending: greater means earlier.
  for (const EntryKind kind :
       {EntryKind::erase, EntryKind::put, EntryKind::merge, EntryKind::erase_range}) {
    CHECK(Trailer::seek(5) > Trailer(5, kind));
    CHECK(Trailer::seek(5) < Trailer(6, kind));
  }
}

TEST_CASE("kinds keep their numbers: they are on disk") {
  CHECK(static_cast<int>(EntryKind::erase) == 0);
  CHECK(static_cast<int>(EntryKind::put) == 1);
  CHECK(static_cast<int>(EntryKind::merge) == 2);
  CHECK(static_cast<int>(EntryKind::erase_range) == 3);
}
