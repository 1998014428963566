// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A unit of work: reads and writes over any families that take effect together or not at all.
///
/// Writes collect in one batch, which `commit` hands to the database; until then only the unit sees
/// them. `single` owns a few keys: what it reads of them holds until the commit, and units on other
/// keys run beside it and share a group commit. `exclusive` owns everything: all that it reads
/// holds. Locks are kept until the database has acknowledged, so a check ("is this value taken?")
/// and the write that rests on it can not be separated by another unit.
///
///     auto unit = Unit<Db>::exclusive(db, locks);
///     unit.put(family, "a", "1");
///     auto one = unit.get(family, "a");        // sees it
///     return unit.commit();                    // without it: nothing happened
///
/// Isolation is among units on the same `KeyLocks`: writes that go round them are not held off.
/// Threads: a unit stays with its thread, which has one unit at a time (two may wait for each
/// other: see txn/key_locks.hpp).

#include <cassert>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/write_batch.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/overlay.hpp>
#include <strata/txn/view.hpp>

namespace strata::txn {

template <class Db>
class Unit {
 public:
  /// Owns `keys`: the logical keys that it will read and then write.
  [[nodiscard]] static Unit single(Db& db, KeyLocks& locks, std::initializer_list<LockKey> keys) {
    return single(db, locks, std::span(keys.begin(), keys.size()));
  }
  [[nodiscard]] static Unit single(Db& db, KeyLocks& locks, std::span<const LockKey> keys) {
    return Unit(db, locks.single(keys));
  }
  /// Owns everything: for several operations, and for reads of ranges that must hold.
  [[nodiscard]] static Unit exclusive(Db& db, KeyLocks& locks) {
    return Unit(db, locks.exclusive());
  }

  Unit(Unit&&) noexcept = default;
  Unit& operator=(Unit&&) = delete;
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
  /// Rolls back what was not committed.
  ~Unit() = default;

  [[nodiscard]] bool is_exclusive() const noexcept { return guard_.exclusive(); }

  /// Owns `keys` as well, found out while reading. False: the locks were given up for a moment,
  /// what was read before may be outdated, read again (a loop around this ends, see KeyLocks).
  /// Requires: nothing was written yet, unless the unit is exclusive.
  [[nodiscard]] bool claim(std::span<const LockKey> keys) {
    assert((guard_.exclusive() || batch_.empty()) && "claim keys before the first write");
    return guard_.extend(keys);
  }

  template <class Family>
  void put(const Family& family, std::string_view key, std::string_view value) {
    batch_.put(family.id(), key, value);
  }
  template <class Family>
  void erase(const Family& family, std::string_view key) {
    batch_.erase(family.id(), key);
  }
  /// Erases every key in [first, last); none where `last` is not above `first`.
  template <class Family>
  void erase_range(const Family& family, std::string_view first, std::string_view last) {
    if (first < last) {
      batch_.erase_range(family.id(), first, last);
    }
  }

  template <class Family>
  [[nodiscard]] Result<std::optional<std::string>> get(const Family& family, std::string_view key) {
    if (const Overlay* overlay = overlay_of(family.id()); overlay != nullptr) {
      const auto point = overlay->points().find(key);
      if (point != overlay->points().end()) {
        return point->second;
      }
      if (overlay->erased_range(key) != nullptr) {
        return std::nullopt;
      }
    }
    return family.get(key, ReadOptions{});
  }

  /// The keys of the range in order, as they would be after the commit. `fn(key, value) -> bool`
  /// may write to this unit; it meets its own writes where they lie ahead.
  template <class Family, class Fn>
  [[nodiscard]] Result<void> scan(const Family& family, const KeyRange& range, Fn&& fn,
                                  Direction direction = Direction::forward) {
    if (range.last && *range.last <= range.first) {
      return {};
    }
    auto cursor = family.cursor(options_for(range, nullptr));
    return direction == Direction::forward ? scan_up(family.id(), range, cursor, fn)
                                           : scan_down(family.id(), range, cursor, fn);
  }

  /// Nothing of the unit, or all of it. The unit is spent, and its locks are free, after the call.
  /// Errors: the database's; `outcome_unknown` means what it says.
  [[nodiscard]] Result<void> commit(const WriteOptions& options = {}) {
    Result<void> written;
    if (!batch_.empty()) {
      written = db_->write(batch_, options);
    }
    rollback();
    return written;
  }
  /// Forgets the writes and frees the locks.
  void rollback() noexcept {
    batch_.clear();
    overlays_.clear();
    read_bytes_ = 0;
    guard_.release();
  }

  [[nodiscard]] const WriteBatch& batch() const noexcept { return batch_; }

 private:
  Unit(Db& db, KeyLocks::Guard guard) noexcept : db_(&db), guard_(std::move(guard)) {}

  /// The writes are put in order only when a read asks: most units write last.
  [[nodiscard]] const Overlay* overlay_of(FamilyId family) {
    BatchReader fresh(batch_.bytes().substr(read_bytes_));
    BatchOperation operation;
    while (fresh.next(operation)) {
      Overlay& overlay = overlays_[operation.family];
      if (operation.kind == EntryKind::put) {
        overlay.put(operation.key, operation.value);
      } else if (operation.kind == EntryKind::erase) {
        overlay.erase(operation.key);
      } else {
        overlay.erase_range(operation.key, operation.value);
      }
    }
    read_bytes_ = batch_.bytes().size();
    const auto found = overlays_.find(family);
    return found == overlays_.end() ? nullptr : &found->second;
  }

  template <class Cursor, class Fn>
  [[nodiscard]] Result<void> scan_up(FamilyId family, const KeyRange& range, Cursor& cursor,
                                     Fn& fn) {
    std::string at = range.first;  // everything before it was reported or skipped
    bool at_reported = false;
    for (cursor.seek(at);;) {
      const Overlay* overlay = overlay_of(family);
      skip_up(overlay, cursor);
      if (!cursor.valid()) {
        if (auto good = cursor.status(); !good) {
          return good;
        }
      }
      const Overlay::Points::value_type* own = nullptr;
      if (overlay != nullptr) {
        const auto& points = overlay->points();
        auto point = at_reported ? points.upper_bound(at) : points.lower_bound(at);
        while (point != points.end() && range.contains(point->first) && !point->second) {
          ++point;
        }
        own = point != points.end() && range.contains(point->first) ? &*point : nullptr;
      }
      const bool stored = cursor.valid() && (own == nullptr || cursor.key() < own->first);
      if (!stored && own == nullptr) {
        return {};
      }
      at = stored ? std::string(cursor.key()) : own->first;
      at_reported = true;
      if (stored ? !fn(std::string_view(at), std::string_view(cursor.value()))
                 : !fn(std::string_view(at), std::string_view(std::string(*own->second)))) {
        return {};
      }
      if (stored) {
        cursor.next();
      }
    }
  }

  template <class Cursor, class Fn>
  [[nodiscard]] Result<void> scan_down(FamilyId family, const KeyRange& range, Cursor& cursor,
                                       Fn& fn) {
    std::optional<std::string> at = range.last;  // everything from it on was reported or skipped
    for (cursor.seek_to_last();;) {
      const Overlay* overlay = overlay_of(family);
      skip_down(overlay, cursor);
      if (!cursor.valid()) {
        if (auto good = cursor.status(); !good) {
          return good;
        }
      }
      const Overlay::Points::value_type* own = nullptr;
      if (overlay != nullptr) {
        const auto& points = overlay->points();
        auto point = at ? points.lower_bound(*at) : points.end();
        while (point != points.begin() && std::prev(point)->first >= range.first) {
          --point;
          if (point->second) {
            own = &*point;
            break;
          }
        }
      }
      const bool stored = cursor.valid() && (own == nullptr || cursor.key() > own->first);
      if (!stored && own == nullptr) {
        return {};
      }
      at = stored ? std::string(cursor.key()) : own->first;
      if (stored ? !fn(std::string_view(*at), std::string_view(cursor.value()))
                 : !fn(std::string_view(*at), std::string_view(std::string(*own->second)))) {
        return {};
      }
      if (stored) {
        cursor.prev();
      }
    }
  }

  /// Moves the cursor past keys that the unit has erased or written itself.
  template <class Cursor>
  static void skip_up(const Overlay* overlay, Cursor& cursor) {
    while (overlay != nullptr && cursor.valid()) {
      if (const auto* erased = overlay->erased_range(cursor.key()); erased != nullptr) {
        cursor.seek(erased->second);
      } else if (overlay->points().contains(cursor.key())) {
        cursor.next();
      } else {
        return;
      }
    }
  }
  template <class Cursor>
  static void skip_down(const Overlay* overlay, Cursor& cursor) {
    while (overlay != nullptr && cursor.valid()) {
      if (const auto* erased = overlay->erased_range(cursor.key()); erased != nullptr) {
        cursor.seek_for_prev(erased->first);
        if (cursor.valid() && cursor.key() == erased->first) {
          cursor.prev();
        }
      } else if (overlay->points().contains(cursor.key())) {
        cursor.prev();
      } else {
        return;
      }
    }
  }

  Db* db_;
  KeyLocks::Guard guard_;
  WriteBatch batch_;
  std::map<FamilyId, Overlay> overlays_;
  std::size_t read_bytes_ = 0;  // how much of the batch the overlays have
};

}  // namespace strata::txn
