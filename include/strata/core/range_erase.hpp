// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Range tombstones: "[first, last) is absent from sequence s down".
///
/// `RangeEraseSet` cuts overlapping ranges at each other's bounds into disjoint fragments, each
/// with the sequences that cover it, newest first (the "fragmented" form of RocksDB and Pebble).
/// A lookup is a binary search. Immutable once built, so any number of threads may read it.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>

namespace strata {

struct RangeErase {
  std::string first;
  std::string last;  ///< exclusive
  Sequence sequence = 0;
};

template <class Comparator>
class RangeEraseSet {
 public:
  struct Fragment {
    std::string first;
    std::string last;
    std::vector<Sequence> sequences;  ///< newest first, never empty
  };

  RangeEraseSet() = default;

  /// Empty ranges (first not below last) are dropped. O(n log n + fragments).
  explicit RangeEraseSet(std::vector<RangeErase> ranges) {
    std::erase_if(ranges, [](const RangeErase& r) { return !below(r.first, r.last); });
    std::sort(ranges.begin(), ranges.end(),
              [](const RangeErase& a, const RangeErase& b) { return below(a.first, b.first); });
    std::vector<std::string> bounds;
    for (const RangeErase& range : ranges) {
      bounds.push_back(range.first);
      bounds.push_back(range.last);
    }
    std::sort(bounds.begin(), bounds.end(), below);
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    std::vector<const RangeErase*> open;
    std::size_t next = 0;
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
      std::erase_if(open, [&](const RangeErase* r) { return !below(bounds[i], r->last); });
      while (next < ranges.size() && ranges[next].first == bounds[i]) {
        open.push_back(&ranges[next++]);
      }
      if (!open.empty()) {
        add_fragment(bounds[i], bounds[i + 1], open);
      }
    }
  }

  [[nodiscard]] bool empty() const noexcept { return fragments_.empty(); }
  [[nodiscard]] const std::vector<Fragment>& fragments() const noexcept { return fragments_; }

  /// The newest erase at or below `limit` that covers `key`; 0 if none does. O(log n).
  [[nodiscard]] Sequence newest_covering(std::string_view key, Sequence limit) const noexcept {
    const Fragment* fragment = find(key);
    if (fragment == nullptr) {
      return 0;
    }
    for (const Sequence sequence : fragment->sequences) {
      if (sequence <= limit) {
        return sequence;
      }
    }
    return 0;
  }

  /// The fragment that holds `key`, or null.
  [[nodiscard]] const Fragment* find(std::string_view key) const noexcept {
    auto after =
        std::upper_bound(fragments_.begin(), fragments_.end(), key,
                         [](std::string_view k, const Fragment& f) { return below(k, f.first); });
    if (after == fragments_.begin()) {
      return nullptr;
    }
    const Fragment& fragment = *--after;
    return below(key, fragment.last) ? &fragment : nullptr;
  }

 private:
  static bool below(std::string_view a, std::string_view b) noexcept {
    return Comparator::compare(a, b) < 0;
  }

  void add_fragment(const std::string& first, const std::string& last,
                    const std::vector<const RangeErase*>& open) {
    std::vector<Sequence> sequences;
    sequences.reserve(open.size());
    for (const RangeErase* range : open) {
      sequences.push_back(range->sequence);
    }
    std::sort(sequences.begin(), sequences.end(), std::greater<>());
    sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
    if (!fragments_.empty() && fragments_.back().last == first &&
        fragments_.back().sequences == sequences) {
      fragments_.back().last = last;
    } else {
      fragments_.push_back({first, last, std::move(sequences)});
    }
  }

  std::vector<Fragment> fragments_;
};

}  // namespace strata
