// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/table/index_concept.hpp, checked on any table index policy, under any
/// comparator that it takes: answers are those of `std::lower_bound` over the separators, and bytes
/// that are cut or flipped are refused, or searched within their bounds.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/comparator.hpp>
#include <strata/table/format.hpp>
#include <strata/table/index_concept.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

using Separators = std::vector<std::string>;

/// Block `i` lies at `i * 1000` and has `i + 1` bytes.
[[nodiscard]] inline table::Handle handle_of_block(std::size_t i) {
  return {i * std::uint64_t{1'000}, static_cast<std::uint32_t>(i + 1)};
}

template <TableIndexPolicy I>
[[nodiscard]] std::string index_of(const Separators& separators) {
  typename I::Builder builder;
  for (std::size_t i = 0; i < separators.size(); ++i) {
    builder.add(separators[i], handle_of_block(i));
  }
  std::string bytes = "before ";  // an index is appended
  builder.finish(bytes);
  return bytes.substr(7);
}

/// In an allocation of just that size, so that a sanitizer sees a read behind it.
template <TableIndexPolicy I, class C>
[[nodiscard]] auto open_index(std::string_view bytes) {
  std::unique_ptr<char[]> own(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), own.get());
  return I::template type<C>::open(std::move(own), bytes.size());
}

template <class C>
[[nodiscard]] Separators in_order(Separators separators) {
  std::sort(separators.begin(), separators.end(),
            [](const std::string& a, const std::string& b) { return C::compare(a, b) < 0; });
  return separators;
}

/// Closely around `key`.
inline void add_probes(Separators& probes, const std::string& key) {
  probes.push_back(key);
  probes.push_back(key + '\0');
  probes.push_back(key + '\xff');
  if (!key.empty()) {
    probes.push_back(key.substr(0, key.size() - 1));
    for (const int step : {1, -1}) {
      probes.push_back(key);
      probes.back().back() = static_cast<char>(probes.back().back() + step);
    }
  }
}

template <TableIndexPolicy I, class C>
void check_index(Conformance& found, const Separators& unordered) {
  const Separators separators = in_order<C>(unordered);
  const std::string bytes = index_of<I>(separators);
  const auto index = open_index<I, C>(bytes);
  found.expect(index.has_value(), "an index opens from the bytes of its builder");
  if (!index) {
    return;
  }
  found.expect(index->count() == separators.size(), "an index counts its blocks");
  found.expect(index->memory_bytes() >= separators.size() * sizeof(std::uint32_t),
               "an index tells its memory");
  for (std::size_t i = 0; i < separators.size(); ++i) {
    const table::Handle handle = index->handle(static_cast<std::uint32_t>(i));
    const table::Handle wanted = handle_of_block(i);
    found.expect(handle.offset == wanted.offset && handle.bytes == wanted.bytes,
                 "an index keeps the handle of each block");
  }
  Separators probes{"", std::string(1, '\0'), std::string(9, '\0'), std::string(40, '\xff')};
  const std::size_t stride = separators.size() / 3'000 + 1;
  for (std::size_t i = 0; i < separators.size(); i += stride) {
    add_probes(probes, separators[i]);
  }
  for (const std::string& probe : probes) {
    const auto reaching =
        std::lower_bound(separators.begin(), separators.end(), probe,
                         [](const auto& a, const auto& b) { return C::compare(a, b) < 0; });
    found.expect(index->block_of(probe) == static_cast<std::size_t>(reaching - separators.begin()),
                 "a key leads to the first block whose separator is at or above it");
  }
}

/// Asks everything of an index from bytes that nobody wrote.
template <class Index>
void use_index(Conformance& found, const Index& index, const Separators& separators) {
  std::uint64_t sum = index.memory_bytes();
  for (std::uint32_t i = 0; i < index.count(); ++i) {
    sum += index.handle(i).offset;
  }
  bool within = true;
  for (std::size_t i = 0; i < separators.size(); i += separators.size() / 8 + 1) {
    within = within && index.block_of(separators[i]) <= index.count() &&
             index.block_of(separators[i] + '\xff') <= index.count();
  }
  found.expect(within && index.block_of("") <= index.count() && sum != 1,
               "a damaged index that opens answers within its blocks");
}

template <TableIndexPolicy I, class C>
void check_index_damage(Conformance& found, const Separators& unordered) {
  const Separators separators = in_order<C>(unordered);
  const std::string whole = index_of<I>(separators);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    if (const auto index = open_index<I, C>(std::string_view(whole).substr(0, length))) {
      use_index(found, *index, separators);
    }
  }
  std::string bytes = whole;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    if (const auto index = open_index<I, C>(bytes)) {
      use_index(found, *index, separators);
    }
    bytes[bit / 8] = whole[bit / 8];
  }
  std::mt19937_64 random(whole.size());
  for (int round = 0; round < 300 && !whole.empty(); ++round) {
    // Several at once, the sizes at both ends among them.
    bytes = whole;
    for (std::size_t i = 1 + random() % 8; i > 0; --i) {
      const std::size_t at =
          random() % 2 == 0 ? random() % whole.size()
          : random() % 2 == 0
              ? random() % std::min<std::size_t>(24, whole.size())
              : whole.size() - 1 - random() % std::min<std::size_t>(12, whole.size());
      bytes[at] = static_cast<char>(random());
    }
    if (const auto index = open_index<I, C>(bytes)) {
      use_index(found, *index, separators);
    }
  }
}

/// `count` keys of up to `bytes_most` bytes, of which `letters` kinds occur, behind `prefix`.
[[nodiscard]] inline Separators random_separators(std::mt19937_64& random, std::size_t count,
                                                  std::size_t bytes_most, std::string_view letters,
                                                  const std::string& prefix = {}) {
  Separators separators;
  for (std::size_t i = 0; i < count; ++i) {
    std::string key(random() % (bytes_most + 1), '\0');
    for (char& byte : key) {
      byte = letters.empty() ? static_cast<char>(random()) : letters[random() % letters.size()];
    }
    separators.push_back(prefix + key);
  }
  return separators;
}

[[nodiscard]] inline Separators numbered_separators(std::size_t count, std::size_t step) {
  Separators separators;
  for (std::size_t i = 0; i < count; ++i) {
    separators.push_back("user" + std::to_string(10'000'000 + i * step));
  }
  return separators;
}

}  // namespace detail

/// `most`: separators of the largest index; the more, the longer it takes.
template <TableIndexPolicy I, class C = comparator::Bytewise>
[[nodiscard]] Conformance table_index_conformance(std::uint64_t seed = 0,
                                                  std::size_t most = 20'000) {
  using namespace detail;
  Conformance found;
  std::mt19937_64 random(seed);
  const std::string_view ends("\0\1\x7f\x80\xfe\xff", 6);
  check_index<I, C>(found, {});
  check_index<I, C>(found, {""});
  check_index<I, C>(found, {"only"});
  check_index<I, C>(found, {"", "a", std::string("a\0", 2), std::string("a\0\0", 3), "a\xff"});
  check_index<I, C>(found, {"a", "key", "key", "key", "z"});  // versions that span blocks
  for (std::size_t count = 2; count < 70; ++count) {          // each shape of a search tree
    check_index<I, C>(found, random_separators(random, count, 12, ends));
  }
  for (const std::size_t count : {most / 20, most}) {
    check_index<I, C>(found, numbered_separators(count, 1));
    check_index<I, C>(found, numbered_separators(count, 37));
    check_index<I, C>(found, random_separators(random, count, 12, {}));
    check_index<I, C>(found, random_separators(random, count, 30, ends));
    check_index<I, C>(found, random_separators(random, count, 6, "ab", "the prefix of all"));
    Separators clusters;  // equal heads in most of them
    for (std::size_t i = 0; i < count; i += 50) {
      const Separators cluster =
          random_separators(random, 50, 6, {}, random_separators(random, 1, 30, "xyz").front());
      clusters.insert(clusters.end(), cluster.begin(), cluster.end());
    }
    check_index<I, C>(found, clusters);
  }
  check_index_damage<I, C>(found, {});
  check_index_damage<I, C>(found, {"aaaaaaaaaaaaaa", "ab", "abc"});
  check_index_damage<I, C>(found, random_separators(random, 40, 20, ends));
  check_index_damage<I, C>(found, numbered_separators(300, 7));
  return found;
}

}  // namespace strata::testing
