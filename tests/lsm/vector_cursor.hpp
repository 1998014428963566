// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A cursor over a sorted vector of entries: the least source that merging cursors accept.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>

namespace strata::tests {

struct VersionedEntry {
  std::string key;
  Trailer trailer;
  std::string value;
};

/// Key ascending, newest first.
inline bool precedes(const VersionedEntry& a, const VersionedEntry& b) {
  const int order = a.key.compare(b.key);
  return order < 0 || (order == 0 && a.trailer > b.trailer);
}

class VectorCursor {
 public:
  explicit VectorCursor(std::vector<VersionedEntry> entries) : entries_(std::move(entries)) {
    std::sort(entries_.begin(), entries_.end(), precedes);
    at_ = entries_.size();
  }
  /// Moving onto this entry fails instead.
  void break_at(std::size_t index) { broken_ = index; }

  [[nodiscard]] bool valid() const { return at_ < entries_.size() && at_ != broken_; }
  [[nodiscard]] std::string_view key() const { return entries_[at_].key; }
  [[nodiscard]] Trailer trailer() const { return entries_[at_].trailer; }
  [[nodiscard]] std::string_view value() const { return entries_[at_].value; }
  [[nodiscard]] Result<void> status() const {
    return at_ == broken_ ? fail(ErrorCode::io, "broken source") : Result<void>();
  }
  void seek_to_first() { at_ = 0; }
  void seek_to_last() { at_ = entries_.size() - 1; }
  void seek(std::string_view key, Sequence sequence) {
    const VersionedEntry wanted{std::string(key), Trailer::seek(sequence), {}};
    at_ = static_cast<std::size_t>(
        std::lower_bound(entries_.begin(), entries_.end(), wanted, precedes) - entries_.begin());
  }
  void seek_for_prev(std::string_view key) {
    const VersionedEntry wanted{std::string(key), Trailer(), {}};
    at_ = static_cast<std::size_t>(
              std::upper_bound(entries_.begin(), entries_.end(), wanted, precedes) -
              entries_.begin()) -
          1;
  }
  void next() { ++at_; }
  void prev() { --at_; }

 private:
  std::vector<VersionedEntry> entries_;
  std::size_t at_ = 0;
  std::size_t broken_ = static_cast<std::size_t>(-2);
};

}  // namespace strata::tests
