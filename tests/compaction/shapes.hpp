// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Made-up trees for tests of compaction policies.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <strata/compaction/concept.hpp>
#include <strata/core/comparator.hpp>

namespace strata::tests {

using Numbers = std::vector<std::uint64_t>;

inline int compare_keys(std::string_view a, std::string_view b) noexcept {
  return comparator::Bytewise::compare(a, b);
}

/// Keys of made-up tables: three digits.
inline std::string_view shape_key(unsigned number) {
  static const std::deque<std::string> keys = [] {
    std::deque<std::string> all;
    for (unsigned i = 0; i < 1000; ++i) {
      all.push_back(std::to_string(1000 + i).substr(1));
    }
    return all;
  }();
  return keys.at(number);
}

/// A table of `bytes`; where it holds is of no matter.
inline compaction::FileView table(std::uint64_t number, std::uint64_t bytes, unsigned first = 0,
                                  unsigned last = 999) {
  return {.number = number,
          .size_bytes = bytes,
          .smallest = shape_key(first),
          .largest = shape_key(last),
          .entries = bytes};
}

/// A table whose entries were written at `seconds`.
inline compaction::FileView table_at(std::uint64_t number, std::uint64_t bytes,
                                     std::uint64_t seconds) {
  auto file = table(number, bytes);
  file.oldest_seconds = file.newest_seconds = seconds;
  return file;
}

inline compaction::Levels empty_levels() {
  return compaction::Levels(compaction::level_count);
}

/// The tables of `level` that a job takes, in order of their numbers.
inline Numbers taken(const compaction::Job& job, unsigned level) {
  for (const compaction::Input& input : job.inputs) {
    if (input.level == level) {
      Numbers files = input.files;
      std::sort(files.begin(), files.end());
      return files;
    }
  }
  return {};
}

}  // namespace strata::tests
