// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/memtable/concept.hpp between threads.
///
/// Writers insert versions of keys of their own, that lie among those of the others; each says how
/// far it has come after an insert has returned. Readers take these numbers first and look then:
/// all that was counted must be there, in order, whatever else is. Give it to a thread sanitizer
/// too.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/hash.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

struct MemtableThreads {
  unsigned writers = 3;
  unsigned readers = 2;
  std::uint64_t entries_each = 20'000;  ///< by each writer
  /// Whether keys arrive all over the table, or in ascending order, all writers at its end.
  bool spread = true;
};

namespace detail {

template <MemtablePolicy P>
class MemtableRace {
  using Table = typename P::template type<comparator::Bytewise>;
  using Cursor = typename Table::Cursor;
  using Key = std::array<char, 24>;
  static constexpr std::uint64_t versions = 3;
  struct Origin {
    std::uint64_t writer;
    std::uint64_t index;
  };

 public:
  MemtableRace(const typename P::Options& options, const MemtableThreads& threads)
      : threads_(threads), table_(options), done_(threads.writers) {}

  [[nodiscard]] Conformance run(std::uint64_t seed) {
    std::vector<Conformance> found(threads_.readers + 1);
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads_.readers; ++i) {
      running.emplace_back([this, &found, i, seed] { read(found[i], seed * 1000 + i); });
    }
    for (unsigned i = 0; i < threads_.writers; ++i) {
      running.emplace_back([this, i] { write(i); });
    }
    for (std::thread& thread : running) {
      thread.join();
    }
    Conformance& all = found.back();
    all.expect(table_.entry_count() == threads_.writers * threads_.entries_each,
               "entry_count counts what threads have inserted");
    look(all, seed);
    for (std::size_t i = 0; i + 1 < found.size(); ++i) {
      all.add(found[i]);
    }
    return all;
  }

 private:
  /// What a writer inserts as number `index`: each key in several versions, far apart in time. The
  /// key's second and third words say whose it is.
  [[nodiscard]] Key key_of(Origin origin) const noexcept {
    const std::uint64_t number = origin.index / versions * threads_.writers + origin.writer;
    const std::uint64_t words[] = {threads_.spread ? mix64(number) : number, origin.writer,
                                   origin.index / versions};
    Key key;
    for (std::size_t i = 0; i < key.size(); ++i) {
      key[i] = static_cast<char>(words[i / 8] >> (56 - i % 8 * 8) & 0xff);
    }
    return key;
  }
  [[nodiscard]] static Trailer trailer_of(Origin origin) noexcept {
    // Not the order in which they arrive.
    return {1 + (origin.index + 1) % versions, EntryKind::put};
  }
  [[nodiscard]] static Origin origin_of(std::string_view key, Trailer trailer) noexcept {
    std::uint64_t words[2] = {0, 0};
    for (std::size_t i = 0; i < 16; ++i) {
      words[i / 8] = words[i / 8] << 8 | static_cast<unsigned char>(key[8 + i]);
    }
    const std::uint64_t version = (trailer.sequence() - 1 + versions - 1) % versions;
    return {words[0], words[1] * versions + version};
  }
  [[nodiscard]] static std::string_view view(const Key& key) noexcept {
    return {key.data(), key.size()};
  }

  void write(std::uint64_t writer) {
    for (std::uint64_t index = 0; index < threads_.entries_each; ++index) {
      const Key key = key_of({writer, index});
      const Trailer trailer = trailer_of({writer, index});
      table_.insert(view(key), trailer, view(key).substr(trailer.sequence()));
      done_[writer].store(index + 1, std::memory_order_release);
    }
  }
  void read(Conformance& found, std::uint64_t seed) {
    for (bool all_done = false; !all_done; ++seed) {
      all_done = true;
      for (const auto& done : done_) {
        all_done = all_done && done.load(std::memory_order_acquire) == threads_.entries_each;
      }
      look(found, seed);
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> counted() const {
    std::vector<std::uint64_t> counts;
    for (const auto& done : done_) {
      counts.push_back(done.load(std::memory_order_acquire));
    }
    return counts;
  }

  void look(Conformance& found, std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t writer = random() % threads_.writers;
      const std::uint64_t done = done_[writer].load(std::memory_order_acquire);
      if (done > 0) {
        look_at(found, {writer, random() % 4 == 0 ? done - 1 : random() % done});
      }
    }
    scan(found, true);
    scan(found, false);
  }

  /// An entry that is there for certain.
  void look_at(Conformance& found, Origin origin) const {
    const Key key = key_of(origin);
    const Trailer trailer = trailer_of(origin);
    const auto got = table_.find(view(key), trailer.sequence());
    found.expect(got && got->trailer == trailer, "find finds what was inserted before");
    found.expect(!got || got->value == view(key).substr(got->trailer.sequence()),
                 "a value is whole once it is found");
    Cursor cursor(table_);
    cursor.seek(view(key), trailer.sequence());
    found.expect(cursor.valid() && cursor.key() == view(key) && cursor.trailer() == trailer,
                 "seek finds what was inserted before");
    if (cursor.valid()) {
      cursor.prev();
      found.expect(!cursor.valid() || comes_before(cursor, view(key), trailer),
                   "prev goes backwards while others insert");
    }
    cursor.seek_for_prev(view(key));
    found.expect(cursor.valid() && cursor.key() == view(key) && cursor.trailer() <= trailer,
                 "seek_for_prev finds what was inserted before");
  }
  [[nodiscard]] static bool comes_before(const Cursor& cursor, std::string_view key,
                                         Trailer trailer) noexcept {
    return cursor.key() < key || (cursor.key() == key && cursor.trailer() > trailer);
  }

  /// A walk from one end to the other meets all that is counted, in order.
  void scan(Conformance& found, bool forward) const {
    const std::vector<std::uint64_t> counts = counted();
    std::uint64_t missing = 0;
    for (const std::uint64_t count : counts) {
      missing += count;
    }
    Cursor cursor(table_);
    forward ? cursor.seek_to_first() : cursor.seek_to_last();
    bool ordered = true;
    bool whole = true;
    std::string_view key;
    Trailer trailer;
    for (bool first = true; cursor.valid() && ordered; first = false) {
      if (!first) {
        const bool behind = !comes_before(cursor, key, trailer) &&
                            (cursor.key() != key || cursor.trailer() != trailer);
        ordered = forward ? behind : comes_before(cursor, key, trailer);
      }
      key = cursor.key();
      trailer = cursor.trailer();
      const Origin origin = origin_of(key, trailer);
      missing -= origin.index < counts[origin.writer] ? 1U : 0U;
      whole = whole && cursor.value() == key.substr(trailer.sequence());
      forward ? cursor.next() : cursor.prev();
    }
    found.expect(ordered, forward ? "a scan ascends while others insert"
                                  : "a scan backwards descends while others insert");
    found.expect(!ordered || missing == 0,
                 forward ? "a scan meets all that was inserted before"
                         : "a scan backwards meets all that was inserted before");
    found.expect(whole, "a value is whole once a cursor stands on it");
  }

  MemtableThreads threads_;
  Table table_;
  std::vector<std::atomic<std::uint64_t>> done_;
};

/// What was first and last before all others stays so, while everything else is inserted right
/// beside one of the two: where a table's ends change most.
template <MemtablePolicy P>
[[nodiscard]] Conformance memtable_ends_race(const typename P::Options& options,
                                             std::uint64_t entries) {
  using Table = typename P::template type<comparator::Bytewise>;
  constexpr std::string_view least = "a";
  constexpr std::string_view greatest = "z";
  Table table(options);
  table.insert(least, {1, EntryKind::put}, "");
  table.insert(greatest, {1, EntryKind::put}, "");
  std::atomic<bool> is_done{false};
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < entries; ++i) {
      const bool at_the_end = i % 2 == 0;
      const std::uint64_t number = at_the_end ? i : entries - i;
      std::string key(at_the_end ? "y" : "b");
      for (int shift = 56; shift >= 0; shift -= 8) {
        key += static_cast<char>(number >> shift & 0xff);
      }
      table.insert(key, {1 + i, EntryKind::put}, "");
    }
    is_done = true;
  });
  Conformance found;
  for (bool is_over = false; !is_over;) {
    is_over = is_done;
    typename Table::Cursor cursor(table);
    cursor.seek_to_last();
    found.expect(cursor.valid() && cursor.key() == greatest,
                 "seek_to_last stands on the greatest entry while others come before it");
    cursor.seek_to_first();
    found.expect(cursor.valid() && cursor.key() == least,
                 "seek_to_first stands on the least entry while others come behind it");
  }
  writer.join();
  return found;
}

}  // namespace detail

template <MemtablePolicy P>
[[nodiscard]] Conformance memtable_thread_conformance(const typename P::Options& options = {},
                                                      const MemtableThreads& threads = {},
                                                      std::uint64_t seed = 1) {
  Conformance found = detail::MemtableRace<P>(options, threads).run(seed);
  found.add(detail::memtable_ends_race<P>(options, threads.entries_each));
  return found;
}

}  // namespace strata::testing
