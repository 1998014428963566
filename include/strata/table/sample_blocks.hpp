// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The first blocks of a table, which wait in memory until a compressor has learnt a dictionary
/// from them. Not thread-safe.
///
/// Tested through the builder: tests/table/dictionary_test.cpp.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strata::table {

class SampleBlocks {
 public:
  void add(std::string separator, std::string_view raw) {
    bytes_.append(raw);
    sizes_.push_back(raw.size());
    separators_.push_back(std::move(separator));
  }
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::vector<std::size_t>& sizes() const noexcept { return sizes_; }
  [[nodiscard]] const std::string& separator(std::size_t i) const noexcept {
    return separators_[i];
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> sizes_;
  std::vector<std::string> separators_;
};

}  // namespace strata::table
