// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a conformance kit found: the promises that were broken, and how many were looked at.
///
/// A kit is a function template over a policy that returns one of these, so that it serves any
/// test framework: `CHECK(filter_conformance<MyFilter>().violations == Sentences{})`.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace strata::testing {

using Sentences = std::vector<std::string>;

struct Conformance {
  Sentences violations;     ///< each promise at most once
  std::size_t checked = 0;  ///< a kit that checked nothing proves nothing

  void expect(bool kept, std::string_view promise) {
    ++checked;
    if (kept) {
      return;
    }
    for (const std::string& known : violations) {
      if (known == promise) {
        return;
      }
    }
    violations.emplace_back(promise);
  }
  /// All that `more` found, too.
  void add(const Conformance& more) {
    checked += more.checked - more.violations.size();  // which `expect` counts
    for (const std::string& violation : more.violations) {
      expect(false, violation);
    }
  }
};

}  // namespace strata::testing
