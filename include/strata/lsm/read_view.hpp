// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What a reader of a family looks at: the active memtable, those waiting for a flush, the tables.
///
/// Immutable but for the active memtable, which grows. A point lookup goes from new to old and
/// stops at the first answer; within one key, everything in a newer place is newer (invariant 6),
/// so a range erase that was met on the way hides all that lies further down.
///
/// Tested through the engine: tests/lsm/cursor_test.cpp.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/filter/concept.hpp>
#include <strata/lsm/detour_count.hpp>
#include <strata/lsm/table_file.hpp>
#include <strata/table/reader.hpp>

namespace strata::lsm {

template <class Segment, class File>
struct ReadView {
  using Values = typename File::Values;
  std::shared_ptr<Segment> active;
  std::vector<std::shared_ptr<Segment>> immutables;  ///< newest first
  std::shared_ptr<const TableVersion<File>> tables;
  std::shared_ptr<DetourCount> detours;  ///< the family's; null: nobody wants to know
};

/// Folds the versions of one key, newest first, into an answer.
template <class Merge, class Visit>
class Resolver {
 public:
  Resolver(std::string_view key, Visit& visit) : key_(key), visit_(visit) {}

  /// Range erases up to `sequence` cover the key from here down.
  void cover(Sequence sequence) noexcept {
    erased_at_ = sequence > erased_at_ ? sequence : erased_at_;
  }
  /// Whether nothing further down can matter.
  [[nodiscard]] bool hides_older() const noexcept { return erased_at_ != 0; }
  [[nodiscard]] bool hides(Sequence sequence) const noexcept { return sequence < erased_at_; }

  /// True: older versions are wanted. False: the answer stands.
  [[nodiscard]] bool offer(Trailer trailer, std::string_view value) {
    if (hides(trailer.sequence()) || trailer.kind() == EntryKind::erase) {
      return false;
    }
    if (trailer.kind() == EntryKind::merge) {
      operands_.emplace_back(value);
      return true;
    }
    if (operands_.empty()) [[likely]] {
      visit_(value);
      found_ = true;
    } else {
      fold(&value);
    }
    return false;
  }

  /// After the last offer: whether the key has a value, which was then visited.
  [[nodiscard]] Result<bool> finish() {
    if (!operands_.empty()) {
      fold(nullptr);
    }
    if (malformed_) {
      return fail(ErrorCode::corruption, "merge operator '", Merge::name,
                  "' rejects an operand; erase or overwrite the key");
    }
    return found_;
  }

 private:
  void fold(const std::string_view* base) {
    std::string folded;
    std::string next;
    std::string_view folded_view;
    for (std::size_t i = operands_.size(); i-- > 0;) {
      if (!Merge::full(key_, base, operands_[i], next)) {
        malformed_ = true;
        return;
      }
      folded.swap(next);
      folded_view = folded;
      base = &folded_view;
    }
    operands_.clear();
    visit_(folded_view);
    found_ = true;
  }

  std::string_view key_;
  Visit& visit_;
  Sequence erased_at_ = 0;
  std::vector<std::string> operands_;  // newest first
  bool found_ = false;
  bool malformed_ = false;
};

/// One point lookup.
template <class Comparator, class Filter, class Merge, class View, class Visit>
class Lookup {
 public:
  Lookup(const View& view, std::string_view key, Sequence sequence,
         const table::ReadOptions& options, Visit& visit)
      : view_(view), key_(key), sequence_(sequence), options_(options), resolver_(key, visit) {}

  [[nodiscard]] Result<bool> run() {
    if (in_segment(*view_.active)) {
      return resolver_.finish();
    }
    for (const auto& segment : view_.immutables) {
      if (in_segment(*segment)) {
        return resolver_.finish();
      }
    }
    const filter::Probe<Filter> probe(key_);  // hashed once for all tables
    const auto& levels = view_.tables->levels;
    for (const auto& file : levels[0]) {
      if (!file->starts_after(key_) && !file->ends_before(key_) && in_file(*file, probe)) {
        return done();
      }
    }
    for (std::size_t level = 1; level < levels.size(); ++level) {
      const std::size_t at = first_reaching(levels[level], key_);
      if (at < levels[level].size() && !levels[level][at]->starts_after(key_) &&
          in_file(*levels[level][at], probe)) {
        return done();
      }
    }
    return done();
  }

 private:
  [[nodiscard]] Result<bool> done() {
    if (failed_) {
      return tl::unexpected<Error>(std::move(*failed_));
    }
    return resolver_.finish();
  }

  /// True: the lookup is over.
  template <class Segment>
  [[nodiscard]] bool in_segment(const Segment& segment) {
    if (segment.has_ranges()) [[unlikely]] {
      resolver_.cover(segment.ranges()->newest_covering(key_, sequence_));
    }
    Sequence limit = sequence_;
    for (;;) {
      const auto found = segment.table().find(key_, limit);
      if (!found) {
        return resolver_.hides_older();
      }
      if (!resolver_.offer(found->trailer, found->value)) {
        return true;
      }
      if (found->trailer.sequence() == 0) {
        return false;
      }
      limit = found->trailer.sequence() - 1;
    }
  }
  template <class File>
  [[nodiscard]] bool in_file(const File& file, const filter::Probe<Filter>& probe) {
    if (!file.ranges().empty()) [[unlikely]] {
      resolver_.cover(file.ranges().newest_covering(key_, sequence_));
    }
    bool over = false;
    auto read = file.reader().get(key_, sequence_, probe, options_,
                                  [&](Trailer trailer, std::string_view value) {
                                    over = !offer(trailer, value);
                                    return !over;
                                  });
    if (!read) [[unlikely]] {
      failed_.emplace(std::move(read).error());
      return true;
    }
    return over || resolver_.hides_older();
  }

  /// As the resolver's, for entries of tables, which may point to their value.
  [[nodiscard]] bool offer(Trailer trailer, std::string_view value) {
    if constexpr (View::Values::separates) {
      if (trailer.kind() == EntryKind::value_pointer && !resolver_.hides(trailer.sequence())) {
        std::string buffer;
        auto read = view_.tables->values.read(key_, value, buffer);
        if (!read) [[unlikely]] {
          failed_.emplace(std::move(read).error());
          return false;
        }
        return resolver_.offer(Trailer(trailer.sequence(), EntryKind::put), *read);
      }
    }
    return resolver_.offer(trailer, value);
  }

  const View& view_;
  std::string_view key_;
  Sequence sequence_;
  const table::ReadOptions& options_;
  Resolver<Merge, Visit> resolver_;
  std::optional<Error> failed_;
};

}  // namespace strata::lsm
