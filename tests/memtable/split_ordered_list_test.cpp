// SPDX-License-Identifier: BSL-1.0
#include <strata/memtable/split_ordered_list.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <strata/core/hash.hpp>
#include <strata/memtable/shared_arena.hpp>
#include <thread>
#include <vector>

using strata::mix64;
using strata::memtable::detail::reverse_bits;
using strata::memtable::detail::SharedArena;
using strata::memtable::detail::SplitOrderedList;

namespace {

struct Entry {
  SplitOrderedList::Node node;
  std::uint64_t number = 0;
};
std::uint64_t number_of(const SplitOrderedList::Node& node) {
  return reinterpret_cast<const Entry&>(node).number;
}

/// Numbers in groups by their hash.
struct Table {
  SharedArena arena;
  SplitOrderedList list{arena};

  void insert(std::uint64_t hash, Entry& entry) {
    entry.node.order = SplitOrderedList::order_of(hash);
    list.insert(entry.node, hash, [&](const auto& node) { return number_of(node) < entry.number; });
  }
  /// The numbers with this hash from `number` up.
  [[nodiscard]] std::vector<std::uint64_t> from(std::uint64_t hash, std::uint64_t number) const {
    std::vector<std::uint64_t> numbers;
    const auto* node =
        list.find(hash, [&](const auto& other) { return number_of(other) < number; });
    for (; node != nullptr && node->order == SplitOrderedList::order_of(hash); node = node->next) {
      numbers.push_back(number_of(*node));
    }
    return numbers;
  }
};

}  // namespace

TEST_CASE("Bits are reversed") {
  CHECK(reverse_bits(0) == 0);
  CHECK(reverse_bits(1) == std::uint64_t{1} << 63);
  CHECK(reverse_bits(0b1011) == std::uint64_t{0b1101} << 60);
  CHECK(reverse_bits(reverse_bits(0x0123456789abcdef)) == 0x0123456789abcdef);
}

TEST_CASE("Entries of one hash are in their order, apart from those of all others") {
  const auto hashes = GENERATE(1U, 7U, 5000U);
  const bool small_hashes = GENERATE(true, false);  // many buckets split from the first
  CAPTURE(hashes, small_hashes);
  const auto hash_of = [&](std::uint64_t number) {
    return small_hashes ? number % hashes : mix64(number % hashes);
  };
  Table table;
  std::deque<Entry> entries(std::max<std::size_t>(1000, 4 * hashes));
  std::vector<std::uint64_t> order(entries.size());
  for (std::uint64_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::shuffle(order.begin(), order.end(), std::mt19937_64(5));
  std::uint64_t inserted = 0;
  for (const std::uint64_t i : order) {
    entries[i].number = i;
    table.insert(hash_of(i), entries[i]);
    table.list.grow_for(8 * ++inserted);
  }
  for (std::uint64_t i = 0; i < hashes; ++i) {
    std::vector<std::uint64_t> expected;
    for (std::uint64_t number = i; number < entries.size(); number += hashes) {
      expected.push_back(number);
    }
    REQUIRE(table.from(hash_of(i), 0) == expected);
    expected.erase(expected.begin());
    REQUIRE(table.from(hash_of(i), i + 1) == expected);
  }
  CHECK(table.from(hash_of(0) + hashes * 64, 0).empty());
}

TEST_CASE("A table doubles when it has more than two entries for each bucket") {
  Table table;
  const std::size_t first = table.list.bucket_count();
  table.list.grow_for(2 * first);
  CHECK(table.list.bucket_count() == first);
  table.list.grow_for(2 * first + 1);
  CHECK(table.list.bucket_count() == 2 * first);
  table.list.grow_for(2 * first + 1);
  CHECK(table.list.bucket_count() == 2 * first);
}

TEST_CASE("A hash that nothing has is not found, whichever bucket it is in") {
  Table table;
  std::deque<Entry> entries(1000);
  for (std::uint64_t i = 0; i < entries.size(); ++i) {
    table.insert(mix64(i), entries[i]);
    table.list.grow_for(i);
    REQUIRE(table.from(mix64(i + 1'000'000), 0).empty());
  }
}

TEST_CASE("Threads that insert into, split and grow the same table lose nothing") {
  Table table;
  constexpr std::uint64_t each = 20'000;
  std::vector<std::deque<Entry>> entries(3);
  std::atomic<std::uint64_t> count{0};
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < entries.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t i = 0; i < each; ++i) {
        Entry& entry = entries[thread].emplace_back();
        entry.number = thread;
        table.insert(mix64(i), entry);
        table.list.grow_for(++count);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < each; ++i) {
    wrong += table.from(mix64(i), 0) == std::vector<std::uint64_t>{0, 1, 2} ? 0U : 1U;
  }
  CHECK(wrong == 0);
  CHECK(table.list.bucket_count() >= 3 * each / 2);
}
