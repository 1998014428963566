// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Scans as range-v3 views: `for (auto [key, value] : db.scan("a", "b")) ...`.
///
/// `scan`, `scan_reversed` and `scan_prefix` of engines and families return a `ScanView`: an input
/// view over a cursor. The views of key and value live until the next step. A read error ends a
/// view early: `status()` tells, and must be asked before the end is taken for the end.
///
///     auto cities = db.scan_prefix("city:");
///     for (auto [key, value] : cities | ranges::views::take(10)) { ... }
///     if (!cities.status()) { ... }

#include <memory>
#include <string_view>
#include <utility>

#include <range/v3/range_fwd.hpp>
#include <range/v3/view/facade.hpp>

#include <strata/core/error.hpp>

namespace strata {

/// What a scan yields.
struct KeyValue {
  std::string_view key;
  std::string_view value;
};

/// Single pass. Copies share one position, as range-v3 wants views to be copied freely. Owns its
/// bounds, so temporaries may be passed for them.
template <class Cursor, bool Reversed>
class ScanView : public ranges::view_facade<ScanView<Cursor, Reversed>> {
  friend ranges::range_access;

 public:
  ScanView() = default;
  explicit ScanView(Cursor cursor) : cursor_(std::make_shared<Cursor>(std::move(cursor))) {
    if constexpr (Reversed) {
      cursor_->seek_to_last();
    } else {
      cursor_->seek_to_first();
    }
  }

  /// An error that ended the scan, if one did.
  [[nodiscard]] Result<void> status() const { return cursor_->status(); }

 private:
  class Position {
   public:
    Position() = default;
    explicit Position(Cursor& cursor) noexcept : cursor_(&cursor) {}
    [[nodiscard]] KeyValue read() const { return {cursor_->key(), cursor_->value()}; }
    void next() {
      if constexpr (Reversed) {
        cursor_->prev();
      } else {
        cursor_->next();
      }
    }
    [[nodiscard]] bool equal(ranges::default_sentinel_t) const { return !cursor_->valid(); }

   private:
    Cursor* cursor_ = nullptr;
  };

  [[nodiscard]] Position begin_cursor() { return Position(*cursor_); }

  std::shared_ptr<Cursor> cursor_;
};

}  // namespace strata
