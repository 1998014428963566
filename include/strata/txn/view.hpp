// SPDX-License-Identifier: BSL-1.0
#pragma once

/// What the stores read through: `View` reads a database as of a snapshot or of now; `Unit` (see
/// txn/unit.hpp) has the same two calls and sees its own writes as well. Code that only reads is
/// written once, for any `Reader`.
///
/// | expression                             | result                          |
/// |----------------------------------------|---------------------------------|
/// | `reader.get(family, key)`              | `Result<optional<string>>`      |
/// | `reader.scan(family, range, fn, way)`  | `Result<void>`; keys in order   |
///
/// `fn(string_view key, string_view value) -> bool` goes on while it returns true. Tested beside
/// units: tests/txn/unit_test.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>

namespace strata::txn {

/// The keys in [first, last); all from `first` on where `last` is absent.
struct KeyRange {
  std::string first;
  std::optional<std::string> last = std::nullopt;

  [[nodiscard]] static KeyRange prefix(std::string_view prefix) {
    return {std::string(prefix), prefix_successor(prefix)};
  }
  [[nodiscard]] bool contains(std::string_view key) const noexcept {
    return key >= first && (!last || key < *last);
  }
};

enum class Direction : std::uint8_t {
  forward,
  backward
};

/// Keeps a cursor inside a range, whichever way it goes.
[[nodiscard]] inline ReadOptions options_for(const KeyRange& range, const Snapshot* snapshot) {
  ReadOptions options;
  options.snapshot = snapshot;
  options.lower_bound = range.first;
  if (range.last) {
    options.upper_bound = *range.last;
  }
  return options;
}

class View {
 public:
  View() = default;
  /// Requires: the snapshot outlives the view. Null: each call reads the newest state.
  explicit View(const Snapshot* snapshot) noexcept : snapshot_(snapshot) {}

  [[nodiscard]] const Snapshot* snapshot() const noexcept { return snapshot_; }

  template <class Family>
  [[nodiscard]] Result<std::optional<std::string>> get(const Family& family,
                                                       std::string_view key) const {
    ReadOptions options;
    options.snapshot = snapshot_;
    return family.get(key, options);
  }

  template <class Family, class Fn>
  [[nodiscard]] Result<void> scan(const Family& family, const KeyRange& range, Fn&& fn,
                                  Direction direction = Direction::forward) const {
    if (range.last && *range.last <= range.first) {
      return {};
    }
    auto cursor = family.cursor(options_for(range, snapshot_));
    if (direction == Direction::forward) {
      for (cursor.seek(range.first); cursor.valid(); cursor.next()) {
        if (!fn(std::string_view(cursor.key()), std::string_view(cursor.value()))) {
          return {};
        }
      }
    } else {
      for (cursor.seek_to_last(); cursor.valid(); cursor.prev()) {
        if (!fn(std::string_view(cursor.key()), std::string_view(cursor.value()))) {
          return {};
        }
      }
    }
    return cursor.status();
  }

 private:
  const Snapshot* snapshot_ = nullptr;
};

}  // namespace strata::txn
