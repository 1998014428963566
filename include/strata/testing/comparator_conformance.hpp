// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/core/comparator.hpp, checked on any comparator: a total order in which
/// only equal bytes are equal.

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include <strata/core/comparator.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

namespace detail {

[[nodiscard]] constexpr int sign_of(int number) noexcept {
  return number < 0 ? -1 : number > 0 ? 1 : 0;
}

/// Short keys of few letters, so that many are equal, or prefixes of one another.
[[nodiscard]] inline std::vector<std::string> order_keys(std::mt19937_64& random) {
  constexpr char letters[] = {'\0', 'a', 'b', '\x7f', '\x80', '\xff'};
  std::vector<std::string> keys = {""};
  for (int i = 0; i < 80; ++i) {
    std::string key(random() % 12, '\0');
    for (char& letter : key) {
      letter = letters[random() % sizeof letters];
    }
    keys.push_back(i % 4 == 0 ? "a common prefix" + key : key);
  }
  return keys;
}

}  // namespace detail

template <ComparatorPolicy C>
[[nodiscard]] Conformance comparator_conformance(std::uint64_t seed = 1) {
  using detail::sign_of;
  Conformance found;
  std::mt19937_64 random(seed);
  const std::vector<std::string> keys = detail::order_keys(random);
  found.expect(!std::string_view(C::name).empty(), "an order has a name");
  for (const std::string& a : keys) {
    for (const std::string& b : keys) {
      const int order = sign_of(C::compare(a, b));
      found.expect(order == sign_of(C::compare(std::string(a), std::string(b))),
                   "the order of two keys is always the same");
      found.expect(order == -sign_of(C::compare(b, a)), "a < b exactly where b > a");
      found.expect((order == 0) == (a == b), "equal keys, and no others, compare equal");
      found.expect(!C::is_bytewise || order == sign_of(a.compare(b)),
                   "is_bytewise says that the order is that of unsigned bytes");
      for (const std::string& c : keys) {
        if (order < 0 && C::compare(b, c) < 0) {
          found.expect(C::compare(a, c) < 0, "a < b and b < c make a < c");
        }
      }
    }
  }
  return found;
}

}  // namespace strata::testing
