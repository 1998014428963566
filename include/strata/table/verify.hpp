// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Compares what a table holds with what it says of itself: order, counts, bounds. Holds the first
/// thing that is wrong. Not thread-safe.
///
/// Tested through the reader: tests/table/damage_test.cpp.

#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/entry.hpp>
#include <strata/core/range_erase.hpp>
#include <strata/table/properties.hpp>

namespace strata::table {

template <class Comparator>
class Verification {
 public:
  explicit Verification(const TableInfo& info) : info_(info) {}

  [[nodiscard]] bool holds() const noexcept { return finding_.empty(); }
  /// What is wrong, for a sentence that begins with the file; empty while nothing is.
  [[nodiscard]] const std::string& finding() const noexcept { return finding_; }

  /// The next entry. `in_filter`: whether the filter knows its key.
  void add(std::string_view key, Trailer trailer, bool in_filter) {
    const int order = entries_ == 0 ? -1 : Comparator::compare(last_, key);
    const bool in_order = order < 0 || (order == 0 && trailer < last_trailer_);
    demand(in_order, "entry", entries_, " is out of order");
    demand(in_filter, "entry", entries_, " is denied by the filter");
    demand(reaches(key, key, false), "entry", entries_, " lies outside of the bounds");
    demand(counts(trailer.sequence()), "entry", entries_, " has a sequence outside of the table's");
    last_.assign(key);
    last_trailer_ = trailer;
    ++entries_;
    tombstones_ += trailer.kind() == EntryKind::erase ? 1 : 0;
  }
  void add(const RangeErase& range) {
    const bool is_range = Comparator::compare(range.first, range.last) < 0;
    demand(is_range, "range erase", range_erases_, " is empty");
    demand(reaches(range.first, range.last, true), "range erase", range_erases_,
           " lies outside of the bounds");
    demand(counts(range.sequence), "range erase", range_erases_,
           " has a sequence outside of the table's");
    ++range_erases_;
  }
  void finish() {
    demand_count(entries_, info_.entries, "entries");
    demand_count(tombstones_, info_.tombstones, "tombstones");
    demand_count(range_erases_, info_.range_erases, "range erases");
  }

 private:
  void demand(bool holds, std::string_view what, std::uint64_t number, std::string_view wrong) {
    if (!holds && finding_.empty()) {
      finding_.append(what).append(" ").append(std::to_string(number)).append(wrong);
    }
  }
  void demand_count(std::uint64_t found, std::uint64_t stored, std::string_view of) {
    if (found != stored && finding_.empty()) {
      finding_ = "holds " + std::to_string(found) + " ";
      finding_.append(of).append(", its properties say ").append(std::to_string(stored));
    }
  }
  [[nodiscard]] bool reaches(std::string_view first, std::string_view last,
                             bool exclusive) const noexcept {
    const int order = Comparator::compare(last, info_.largest);
    return Comparator::compare(info_.smallest, first) <= 0 &&
           (order < 0 || (order == 0 && (exclusive || !info_.largest_exclusive)));
  }
  [[nodiscard]] bool counts(Sequence sequence) const noexcept {
    return info_.smallest_sequence <= sequence && sequence <= info_.largest_sequence;
  }

  const TableInfo& info_;
  std::string finding_;
  std::string last_;
  Trailer last_trailer_;
  std::uint64_t entries_ = 0;
  std::uint64_t tombstones_ = 0;
  std::uint64_t range_erases_ = 0;
};

}  // namespace strata::table
