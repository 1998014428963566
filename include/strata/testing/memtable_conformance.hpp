// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/memtable/concept.hpp, checked on any memtable policy.
///
/// A memtable of each order of keys is compared with a `std::map` at every place: keys of several
/// shapes, that come in several orders, in one or thousands of versions.
/// `memtable_conformance` runs on one thread; for several see memtable_thread_conformance.hpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/comparator.hpp>
#include <strata/core/entry.hpp>
#include <strata/memtable/concept.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

/// A memtable beside its model.
template <MemtablePolicy P, ComparatorPolicy C>
class MemtableProbe {
  struct EntryOrder {
    bool operator()(const std::pair<std::string, Trailer>& a,
                    const std::pair<std::string, Trailer>& b) const noexcept {
      const int order = C::compare(a.first, b.first);
      return order != 0 ? order < 0 : a.second > b.second;
    }
  };
  using Table = typename P::template type<C>;
  using Cursor = typename Table::Cursor;
  using Model = std::map<std::pair<std::string, Trailer>, std::string, EntryOrder>;
  using Position = typename Model::const_iterator;

 public:
  MemtableProbe(Conformance& found, const typename P::Options& options)
      : found_(found), table_(options) {}

  /// Nothing where (key, trailer) is there already.
  void insert(const std::string& key, Trailer trailer, const std::string& value) {
    if (model_.try_emplace({key, trailer}, value).second) {
      insert_by(key, value,
                [&](std::string_view k, std::string_view v) { table_.insert(k, trailer, v); });
    }
  }

  /// The first half of an insert, whose turn comes behind those that were aimed at before.
  void aim(const std::string& key) requires memtable::Aiming<Table> {
    aims_.emplace_back(key, std::make_unique<typename Table::Aim>());
    table_.aim(std::string(key), *aims_.back().second);
  }
  [[nodiscard]] std::size_t aimed() const noexcept { return aims_.size(); }
  void forget_aims() { aims_.clear(); }
  /// The second half. Requires: no version is newer.
  void insert_aimed(Trailer trailer, const std::string& value) requires memtable::Aiming<Table> {
    const auto aimed = std::move(aims_.front());
    const std::string& key = aimed.first;
    aims_.pop_front();
    model_.try_emplace({key, trailer}, value);
    insert_by(key, value, [&](std::string_view k, std::string_view v) {
      table_.insert(*aimed.second, k, trailer, v);
    });
  }

  void check_all() {
    found_.expect(table_.entry_count() == model_.size(), "entry_count counts what was inserted");
    found_.expect(table_.memory_bytes() >= bytes_, "memory_bytes covers what was inserted");
    check_scans();
    check_place({}, sequence_max);  // the engine's empty bound, and a key like others
    for (Position at = model_.begin(); at != model_.end(); ++at) {
      check_place(at->first.first, at->first.second.sequence());
    }
  }

  /// All that can be asked about `key` at `sequence`, whether or not it is there.
  void check_place(const std::string& key, Sequence sequence) {
    for (const Sequence at : {sequence - (sequence > 0 ? 1U : 0U), sequence,
                              std::min(sequence + 1, sequence_max), sequence_max}) {
      const Position expected = model_.lower_bound({key, Trailer::seek(at)});
      const auto got = table_.find(key, at);
      if (expected == model_.end() || expected->first.first != key) {
        found_.expect(!got, "find finds no key that is not there, nor only in later versions");
      } else {
        found_.expect(
            got && got->trailer == expected->first.second && got->value == expected->second,
            "find returns the newest version up to the sequence");
      }
      Cursor cursor(table_);
      cursor.seek(key, at);
      if (expect_at(cursor, expected, "seek stands on the first entry at or behind the place")) {
        check_steps(cursor, expected);
      }
    }
    Position expected = model_.upper_bound({key, Trailer()});
    expected = expected == model_.begin() ? model_.end() : std::prev(expected);
    Cursor cursor(table_);
    cursor.seek_for_prev(key);
    if (expect_at(cursor, expected, "seek_for_prev stands on the last entry up to the key")) {
      check_steps(cursor, expected);
    }
  }

  /// There and back again, by chance.
  void check_walk(std::mt19937_64& random, unsigned steps) {
    if (model_.empty()) {
      return;
    }
    Cursor cursor(table_);
    Position at = std::next(model_.cbegin(), static_cast<std::ptrdiff_t>(random() % model_.size()));
    cursor.seek(at->first.first, at->first.second.sequence());
    at = model_.lower_bound({at->first.first, Trailer::seek(at->first.second.sequence())});
    for (unsigned step = 0; step < steps && at != model_.end(); ++step) {
      if (random() % 2 == 0) {
        ++at;
        cursor.next();
      } else {
        at = at == model_.begin() ? model_.end() : std::prev(at);
        cursor.prev();
      }
      if (!expect_at(cursor, at, "a cursor walks both ways")) {
        return;
      }
    }
  }

 private:
  /// What was handed over is gone afterwards: a memtable keeps copies.
  template <class Insert>
  void insert_by(std::string key, std::string value, Insert insert) {
    const std::size_t before = table_.memory_bytes();
    bytes_ += key.size() + value.size();
    insert(key, value);
    std::fill(key.begin(), key.end(), '?');
    std::fill(value.begin(), value.end(), '?');
    found_.expect(table_.memory_bytes() >= before, "memory_bytes never shrinks");
  }
  bool expect_at(const Cursor& cursor, Position expected, std::string_view promise) {
    const bool is_there = cursor.valid() == (expected != model_.end()) &&
                          (!cursor.valid() || (cursor.key() == expected->first.first &&
                                               cursor.trailer() == expected->first.second &&
                                               cursor.value() == expected->second));
    found_.expect(is_there, promise);
    return is_there;
  }

  /// One step to either side of where `cursor` stands.
  void check_steps(const Cursor& cursor, Position at) {
    if (at == model_.end()) {
      return;
    }
    Cursor next = cursor;
    next.next();
    expect_at(next, std::next(at), "next goes to the entry behind");
    Cursor prev = cursor;
    prev.prev();
    expect_at(prev, at == model_.begin() ? model_.end() : std::prev(at),
              "prev goes to the entry before");
  }

  void check_scans() {
    Cursor cursor(table_);
    found_.expect(!cursor.valid(), "a new cursor stands nowhere");
    cursor.seek_to_first();
    for (Position at = model_.begin(); at != model_.end() && cursor.valid(); ++at, cursor.next()) {
      expect_at(cursor, at, "a scan meets every entry, in order");
    }
    found_.expect(!cursor.valid() || model_.empty(), "a scan ends behind the last entry");
    cursor.seek_to_first();
    expect_at(cursor, model_.begin(), "seek_to_first stands on the least entry");
    cursor.seek_to_last();
    Position at = model_.end();
    expect_at(cursor, model_.empty() ? at : std::prev(at),
              "seek_to_last stands on the greatest entry");
    for (; at != model_.begin() && cursor.valid(); cursor.prev()) {
      --at;
      expect_at(cursor, at, "a scan backwards meets every entry, in reverse");
    }
    found_.expect(!cursor.valid() && at == model_.begin(),
                  "a scan backwards ends before the first entry");
  }

  Conformance& found_;
  Table table_;
  Model model_;
  std::size_t bytes_ = 0;
  /// Inserts whose second half is to come; nothing where there are no halves.
  std::deque<std::pair<std::string, std::unique_ptr<typename memtable::aim_of<Table>::type>>> aims_;
};

enum class KeyShape {
  few_letters,    ///< many equal keys, and keys that are prefixes of others
  zeros,          ///< differ in how many zeros they end with
  long_prefixes,  ///< differ behind the head only
  extremes,       ///< bytes around the sign, heads of all ones
  random
};

[[nodiscard]] inline std::string shaped_key(KeyShape shape, std::mt19937_64& random) {
  std::string key;
  const auto append = [&](std::string_view alphabet, std::size_t count) {
    while (count-- > 0) {
      key += alphabet[random() % alphabet.size()];
    }
  };
  switch (shape) {
    case KeyShape::few_letters: append("ab", 1 + random() % 10); break;
    case KeyShape::zeros:
      append("a", random() % 3);
      key.append(1 + random() % 20, '\0');
      break;
    case KeyShape::long_prefixes:
      key.assign(random() % 2 == 0 ? 8 : 30, 'p');
      append("xyz", random() % 6);
      break;
    case KeyShape::extremes: append({"\x7f\x80\xff\x00", 4}, 1 + random() % 9); break;
    case KeyShape::random:
      for (int i = 0; i < 16; ++i) {
        key += static_cast<char>(random() & 0xff);
      }
      break;
  }
  return key;
}

[[nodiscard]] inline Trailer trailer_of(Sequence sequence) noexcept {
  constexpr EntryKind kinds[] = {EntryKind::put, EntryKind::erase, EntryKind::merge};
  return {sequence, kinds[sequence % 3]};
}

/// Random keys in random order; checked while the table grows.
template <MemtablePolicy P, ComparatorPolicy C>
void check_shapes(Conformance& found, const typename P::Options& options, std::uint64_t seed) {
  for (const KeyShape shape : {KeyShape::few_letters, KeyShape::zeros, KeyShape::long_prefixes,
                               KeyShape::extremes, KeyShape::random}) {
    std::mt19937_64 random(seed);
    MemtableProbe<P, C> probe(found, options);
    probe.check_all();
    for (Sequence sequence = 1; sequence <= 1500; ++sequence) {
      probe.insert(shaped_key(shape, random), trailer_of(sequence),
                   std::string(random() % 20, static_cast<char>(sequence)));
      probe.check_place(shaped_key(shape, random), random() % (sequence + 2));
      if (sequence <= 40) {
        probe.check_all();
      }
    }
    probe.check_all();
    for (int walk = 0; walk < 20; ++walk) {
      probe.check_walk(random, 50);
    }
  }
}

/// Ascending, descending, from both ends, and from the middle.
template <MemtablePolicy P, ComparatorPolicy C>
void check_arrivals(Conformance& found, const typename P::Options& options) {
  constexpr std::uint64_t count = 1200;
  for (const int arrival : {0, 1, 2, 3}) {
    MemtableProbe<P, C> probe(found, options);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t side = i % 2 == 0 ? i / 2 : count - 1 - i / 2;
      const std::uint64_t number = arrival == 0   ? i
                                   : arrival == 1 ? count - 1 - i
                                   : arrival == 2 ? side
                                                  : (side + count / 2) % count;
      std::string key(8, '\0');
      for (std::size_t byte = 0; byte < 8; ++byte) {
        key[byte] = static_cast<char>(number >> (56 - 8 * byte) & 0xff);
      }
      probe.insert(std::move(key), trailer_of(1), "v");
    }
    probe.check_all();
  }
}

/// Thousands of versions of one key between two others, not in their order.
template <MemtablePolicy P, ComparatorPolicy C>
void check_versions(Conformance& found, const typename P::Options& options, std::uint64_t seed) {
  std::vector<Sequence> sequences;
  for (Sequence sequence = 1; sequence <= 3000; ++sequence) {
    sequences.push_back(sequence * 2);
  }
  std::mt19937_64 random(seed);
  std::shuffle(sequences.begin(), sequences.end(), random);
  MemtableProbe<P, C> probe(found, options);
  probe.insert("ke", trailer_of(7), "before");
  probe.insert("key ", trailer_of(8), "behind");
  for (const Sequence sequence : sequences) {
    probe.insert("key", trailer_of(sequence), std::to_string(sequence));
  }
  probe.insert("key", {sequence_max, EntryKind::put}, "the newest there can be");
  probe.insert("key", {9, EntryKind::put}, "two kinds of one sequence");
  probe.insert("key", {9, EntryKind::merge}, "two kinds of one sequence");
  probe.check_all();
  probe.check_place("key", 0);
  for (int walk = 0; walk < 20; ++walk) {
    probe.check_walk(random, 50);
  }
}

/// Keys and values from the shortest to the longest.
template <MemtablePolicy P, ComparatorPolicy C>
void check_sizes(Conformance& found, const typename P::Options& options) {
  MemtableProbe<P, C> probe(found, options);
  Sequence sequence = 0;
  for (const std::size_t bytes :
       {1_KiB * 64, 1_KiB * 16, std::size_t{4097}, std::size_t{4096}, std::size_t{512},
        std::size_t{9}, std::size_t{8}, std::size_t{7}, std::size_t{1}}) {
    for (const char letter : {'b', 'a', '\xff', '\0'}) {
      ++sequence;
      probe.insert(std::string(bytes, letter), trailer_of(sequence), "");
      probe.insert(std::string(bytes, letter) + letter, trailer_of(sequence),
                   std::string(bytes * 10, letter));
    }
  }
  probe.check_all();
}

/// Inserts in two halves, with some to many others between them, whole ones among these, and some
/// that never have their second half.
template <MemtablePolicy P, ComparatorPolicy C>
void check_halves(Conformance& found, const typename P::Options& options, std::uint64_t seed) {
  for (const KeyShape shape : {KeyShape::few_letters, KeyShape::zeros, KeyShape::long_prefixes,
                               KeyShape::extremes, KeyShape::random}) {
    for (const std::size_t ahead : {0U, 1U, 40U}) {
      std::mt19937_64 random(seed);
      MemtableProbe<P, C> probe(found, options);
      Sequence sequence = 0;
      const auto value = [&] { return std::string(random() % 20, static_cast<char>(sequence)); };
      for (int i = 0; i < 1500; ++i) {
        probe.aim(shaped_key(shape, random));
        if (i % 10 == 0) {
          ++sequence;
          probe.insert(shaped_key(shape, random), trailer_of(sequence), value());
        }
        if (i % 97 == 96) {
          probe.forget_aims();
        }
        while (probe.aimed() > (i == 1499 ? 0 : ahead)) {
          ++sequence;
          probe.insert_aimed(trailer_of(sequence), value());
        }
      }
      probe.check_all();
    }
  }
}

}  // namespace detail

template <MemtablePolicy P, ComparatorPolicy C>
[[nodiscard]] Conformance memtable_conformance_of(const typename P::Options& options,
                                                  std::uint64_t seed) {
  Conformance found;
  detail::check_shapes<P, C>(found, options, seed);
  detail::check_arrivals<P, C>(found, options);
  detail::check_versions<P, C>(found, options, seed);
  detail::check_sizes<P, C>(found, options);
  if constexpr (memtable::Aiming<typename P::template type<C>>) {
    detail::check_halves<P, C>(found, options, seed);
  }
  return found;
}

template <MemtablePolicy P>
[[nodiscard]] Conformance memtable_conformance(const typename P::Options& options = {},
                                               std::uint64_t seed = 1) {
  Conformance found = memtable_conformance_of<P, comparator::Bytewise>(options, seed);
  found.add(memtable_conformance_of<P, comparator::ReverseBytewise>(options, seed));
  return found;
}

}  // namespace strata::testing
