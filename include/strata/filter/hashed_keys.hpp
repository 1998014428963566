// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the builders of hashed filters share: the hashes they keep until they know how many there
/// are, and the map from a hash to a range.
///
/// Eight bytes a key. A run of one key, as tables have for its versions, counts once. Not
/// thread-safe.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace strata::filter {

/// Maps the high bits of `hash` evenly to [0, count), in the order of the hashes and without a
/// division (D. Lemire, 2019).
[[nodiscard]] constexpr std::uint64_t map_to(std::uint64_t hash, std::uint64_t count) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{hash} * count >> 64);
}

class HashedKeys {
 public:
  void add(std::uint64_t hash) {
    if (hashes_.empty() || hashes_.back() != hash) {
      hashes_.push_back(hash);
    }
  }
  /// In ascending order, each hash once.
  void sort_unique() {
    std::sort(hashes_.begin(), hashes_.end());
    hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  }

  [[nodiscard]] std::size_t size() const noexcept { return hashes_.size(); }
  [[nodiscard]] const std::uint64_t* begin() const noexcept { return hashes_.data(); }
  [[nodiscard]] const std::uint64_t* end() const noexcept { return begin() + size(); }

 private:
  std::vector<std::uint64_t> hashes_;
};

}  // namespace strata::filter
