// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Which tables a cursor with bounds needs not look at: those that lie outside of them, and those
/// whose filter says that no key lies between them. What tables know of range erases counts all
/// the same; see `Tree::ranges_of`.
///
/// Tested through the engine: tests/filter/range_scan_test.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <strata/filter/concept.hpp>
#include <strata/lsm/table_file.hpp>

namespace strata::lsm {

template <class Comparator, class Filter>
class ScanBounds {
 public:
  ScanBounds(std::optional<std::string_view> lower, std::optional<std::string_view> upper)
      : lower_(lower), upper_(upper) {}

  /// Tables that only their filter ruled out, so far.
  [[nodiscard]] std::uint64_t ruled_out() const noexcept { return ruled_out_; }

  /// Whether `file` may have keys within the bounds.
  template <class File>
  [[nodiscard]] bool may_hold(const File& file) {
    if ((lower_ && file.ends_before(*lower_)) || (upper_ && begins_behind(file))) {
      return false;
    }
    if constexpr (RangeFilterPolicy<Filter> && Comparator::is_bytewise) {
      if (lower_ && upper_ && !file.reader().may_contain_range(*lower_, *upper_)) {
        ++ruled_out_;
        return false;
      }
    }
    return true;
  }

  /// The files of a sorted, disjoint level that may have keys within the bounds. Only the first
  /// and the last that overlap them need a question: the others lie within.
  template <class File>
  [[nodiscard]] std::span<const std::shared_ptr<File>> within(
      const std::vector<std::shared_ptr<File>>& level) {
    std::span<const std::shared_ptr<File>> files(level);
    if (lower_) {
      files = files.subspan(first_reaching(files, *lower_));
    }
    if (upper_) {
      files = files.first(first_behind(files));
    }
    if (!files.empty() && !may_hold(*files.front())) {
      files = files.subspan(1);
    }
    if (files.size() > 1 && !may_hold(*files.back())) {
      files = files.first(files.size() - 1);
    }
    return files;
  }

 private:
  template <class File>
  [[nodiscard]] bool begins_behind(const File& file) const noexcept {
    return Comparator::compare(file.metadata().smallest, *upper_) >= 0;
  }
  template <class Files>
  [[nodiscard]] std::size_t first_behind(const Files& files) const noexcept {
    return static_cast<std::size_t>(
        std::partition_point(files.begin(), files.end(),
                             [this](const auto& file) { return !this->begins_behind(*file); }) -
        files.begin());
  }

  std::optional<std::string_view> lower_;
  std::optional<std::string_view> upper_;
  std::uint64_t ruled_out_ = 0;
};

}  // namespace strata::lsm
