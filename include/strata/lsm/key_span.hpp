// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A span of user keys, [first, last), open where a bound is missing: the part of a merge that one
/// thread does (lsm/subcompaction.hpp). Bounds are user keys, so that all versions of a key fall
/// into one span.
///
/// Tested by tests/lsm/subcompaction_test.cpp.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/range_erase.hpp>

namespace strata::lsm {

struct KeySpan {
  std::optional<std::string> first{};
  std::optional<std::string> last{};  ///< exclusive
};

template <class Comparator>
[[nodiscard]] bool ends_before(const KeySpan& span, std::string_view key) noexcept {
  return span.last && Comparator::compare(key, *span.last) >= 0;
}

/// What `ranges` erase inside of `span`, and nothing else of them.
template <class Comparator>
[[nodiscard]] std::vector<RangeErase> clipped(std::vector<RangeErase> ranges, const KeySpan& span) {
  for (RangeErase& range : ranges) {
    if (span.first && Comparator::compare(range.first, *span.first) < 0) {
      range.first = *span.first;
    }
    if (span.last && Comparator::compare(range.last, *span.last) > 0) {
      range.last = *span.last;
    }
  }
  std::erase_if(ranges, [](const RangeErase& range) {
    return Comparator::compare(range.first, range.last) >= 0;
  });
  return ranges;
}

}  // namespace strata::lsm
