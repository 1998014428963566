// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/record.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <strata/core/comparator.hpp>
#include <string>
#include <thread>
#include <vector>

using strata::Arena;
using strata::EntryKind;
using strata::Trailer;
using strata::memtable::detail::Place;
using strata::memtable::detail::Record;
using strata::memtable::detail::SpinGuard;

TEST_CASE("A record keeps copies of key and value behind each other") {
  Arena arena;
  std::string key("k\0y", 3);
  std::string value = "value";
  const Record* const record = Record::create(arena, key, {7, EntryKind::merge}, value);
  key = "???";
  value = "?????";
  CHECK(record->key() == std::string("k\0y", 3));
  CHECK(record->value() == "value");
  CHECK(record->trailer == Trailer(7, EntryKind::merge));
  CHECK(record->value().data() == record->key().data() + 3);
  CHECK(sizeof(Record) == 16);
  CHECK(Record::bytes_for("key", "value") == 24);
}

TEST_CASE("A record may have an empty value, and lie where it is told") {
  alignas(8) char memory[64];
  const Record* const record = Record::write(memory + 8, "key", {1, EntryKind::erase}, {});
  CHECK(reinterpret_cast<const char*>(record) == memory + 8);
  CHECK(record->key() == "key");
  CHECK(record->value().empty());
}

TEMPLATE_TEST_CASE("A place is ordered with records by key, then by trailer from new to old", "",
                   strata::comparator::Bytewise, strata::comparator::ReverseBytewise) {
  Arena arena;
  std::vector<const Record*> records;
  using namespace std::string_literals;
  for (const std::string& key : {"a"s, "a\0"s, "abcdefgh"s, "abcdefgh\0"s, "abcdefghi"s, "\x7f"s,
                                 "\x80"s, "\xff\xff\xff\xff\xff\xff\xff\xff"s}) {
    for (const auto sequence : {1U, 2U, 300U}) {
      records.push_back(Record::create(arena, key, {sequence, EntryKind::put}, ""));
    }
  }
  for (const Record* const at : records) {
    const Place<TestType> place(*at);
    for (const Record* const record : records) {
      const int order = TestType::compare(record->key(), at->key());
      const bool is_before = order < 0 || (order == 0 && record->trailer > at->trailer);
      const std::uint64_t head = Place<TestType>::head_of(record->key());
      CAPTURE(record->key(), record->trailer.sequence(), at->key(), at->trailer.sequence());
      CHECK(place.is_behind(head, *record) == is_before);
      CHECK(place.is_behind(*record) == is_before);
      CHECK(place.is_at_or_behind(*record) == (is_before || record == at));
    }
  }
}

TEST_CASE("Heads are of no use where bytes do not order keys") {
  CHECK(Place<strata::comparator::Bytewise>::head_of("abcdefgh") == 0x6162636465666768);
  CHECK(Place<strata::comparator::ReverseBytewise>::head_of("abcdefgh") == 0);
}

TEST_CASE("One thread at a time is within a spin guard") {
  std::atomic<bool> taken{false};
  std::uint64_t counter = 0;
  const auto work = [&] {
    for (int i = 0; i < 50'000; ++i) {
      const SpinGuard guard(taken);
      ++counter;
    }
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(counter == 100'000);
  CHECK_FALSE(taken.load());
}
