// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/filter/concept.hpp, checked on any filter policy.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/filter/concept.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

/// `count` keys of all kinds: empty, short, long, with zeros, some of them twice.
inline std::vector<std::string> filter_keys(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0 && random() % 20 == 0) {
      keys.push_back(keys[random() % keys.size()]);
      continue;
    }
    std::string key(i == 0 ? 0 : random() % (i % 100 == 0 ? 500 : 24), '\0');
    for (char& c : key) {
      c = static_cast<char>(random() % (i % 2 == 0 ? 256 : 2));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

template <FilterPolicy F>
[[nodiscard]] std::string filter_of(const std::vector<std::string>& keys,
                                    const options_of_t<F>& options) {
  auto builder = filter::make_builder<F>(options);
  for (const std::string& key : keys) {
    builder.add(key);
  }
  std::string bytes;
  builder.finish(bytes);
  return bytes;
}

template <FilterPolicy F>
[[nodiscard]] bool has_all(std::string_view filter, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (!F::may_contain(filter, key) || !filter::Probe<F>(key).may_be_in(filter)) {
      return false;
    }
  }
  return true;
}

/// A range around `key`: from it or before it to behind it, near or far.
inline std::pair<std::string, std::string> range_around(const std::string& key,
                                                        const std::vector<std::string>& keys,
                                                        std::mt19937_64& random) {
  const std::string prefix = key.substr(0, random() % (key.size() + 1));
  const std::string& low = keys[random() % keys.size()];
  const std::string& high = keys[random() % keys.size()];
  const std::string first = random() % 2 == 0 ? key : low < key && random() % 2 == 0 ? low : prefix;
  const auto after = prefix_successor(prefix);
  const std::string last = high > key && random() % 2 == 0 ? high
                           : after && random() % 2 == 0    ? *after
                                                           : key + '\0';
  return {first, last};
}

/// Only for filters that know of ranges.
template <FilterPolicy F>
void check_ranges(Conformance& found, std::string_view filter, const std::vector<std::string>& keys,
                  std::mt19937_64& random) {
  if constexpr (RangeFilterPolicy<F>) {
    for (const std::string& key : keys) {
      const auto [first, last] = range_around(key, keys, random);
      found.expect(F::may_contain_range(filter, first, last), "no range with a key is ruled out");
    }
  }
}

template <FilterPolicy F>
[[nodiscard]] bool says_maybe_to_ranges(std::string_view filter) {
  if constexpr (RangeFilterPolicy<F>) {
    return F::may_contain_range(filter, "\x01", "\x02") && F::may_contain_range(filter, "a", "b") &&
           F::may_contain_range(filter, "k1234", "k1235");
  } else {
    return true;
  }
}

template <FilterPolicy F>
void check_damage(Conformance& found, const std::string& filter,
                  const std::vector<std::string>& keys, std::mt19937_64& random) {
  for (std::size_t length = 0; length < filter.size(); ++length) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::vector<char> cut(filter.begin(),
                                filter.begin() + static_cast<std::ptrdiff_t>(length));
    found.expect(has_all<F>({cut.data(), cut.size()}, keys), "a filter cut short says maybe");
    found.expect(says_maybe_to_ranges<F>({cut.data(), cut.size()}),
                 "a filter cut short says maybe to ranges");
  }
  found.expect(has_all<F>(filter + "x", keys), "a filter with bytes after its end says maybe");
  for (int round = 0; round < 500; ++round) {
    std::vector<char> garbage(random() % 100);
    for (char& c : garbage) {
      c = static_cast<char>(random());
    }
    (void)F::may_contain({garbage.data(), garbage.size()}, "key");
    (void)says_maybe_to_ranges<F>({garbage.data(), garbage.size()});
    if (!filter.empty()) {
      std::vector<char> flipped(filter.begin(), filter.end());
      flipped[random() % flipped.size()] ^= static_cast<char>(1 << random() % 8);
      (void)F::may_contain({flipped.data(), flipped.size()}, "key");
      (void)says_maybe_to_ranges<F>({flipped.data(), flipped.size()});
    }
  }
  found.expect(true, "garbage is survived");
}

}  // namespace detail

/// The share of absent keys that a filter over `count` keys lets through.
template <FilterPolicy F>
[[nodiscard]] double false_positive_rate(std::size_t count, const options_of_t<F>& options = {},
                                         std::size_t lookups = 100000) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back("key" + std::to_string(i));
  }
  const std::string filter = detail::filter_of<F>(keys, options);
  std::size_t passed = 0;
  for (std::size_t i = 0; i < lookups; ++i) {
    passed += F::may_contain(filter, "key" + std::to_string(count + i)) ? 1 : 0;
  }
  return static_cast<double>(passed) / static_cast<double>(lookups);
}

/// `rate_max` bounds the false positives at 10,000 keys; 1 for a filter that promises nothing.
template <FilterPolicy F>
[[nodiscard]] Conformance filter_conformance(const options_of_t<F>& options = {},
                                             double rate_max = 1, std::uint64_t seed = 1) {
  Conformance found;
  std::mt19937_64 random(seed);
  for (const std::size_t count : {0U, 1U, 2U, 3U, 10U, 100U, 1000U, 20000U}) {
    const auto keys = detail::filter_keys(count, random());
    const std::string filter = detail::filter_of<F>(keys, options);
    found.expect(detail::has_all<F>(filter, keys), "no false negative");

    detail::check_ranges<F>(found, filter, keys, random);

    auto builder = filter::make_builder<F>(options);
    for (std::size_t i = keys.size(); i-- > 0;) {
      if constexpr (HashedFilterPolicy<F>) {
        found.expect(F::hash(keys[i]) == F::hash(std::string(keys[i])), "equal keys hash equally");
        builder.add_hash(F::hash(keys[i]));
      } else {
        builder.add(keys[i]);
      }
    }
    std::string appended = "before";
    builder.finish(appended);
    found.expect(appended.starts_with("before"), "finish appends");
    found.expect(detail::has_all<F>(std::string_view(appended).substr(6), keys),
                 "keys may be added in any order, and as hashes");
    if (count <= 100) {
      detail::check_damage<F>(found, filter, keys, random);
    }
  }
  found.expect(F::may_contain("", "key"), "no filter says maybe");
  found.expect(detail::says_maybe_to_ranges<F>(""), "no filter says maybe to ranges");
  found.expect(false_positive_rate<F>(10000, options) <= rate_max, "few absent keys pass");
  return found;
}

}  // namespace strata::testing
