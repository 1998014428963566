// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The key-value store: a family as it is. Keys pass through unchanged, so their order is that of
/// their bytes, and other readers of the family find them where they expect them.
///
/// Each write takes effect alone, or as part of a unit of work that spans stores:
///
///     KeyValue<Db> kv(db, locks);
///     kv.put("a", "1");
///     kv.batch([&](auto& unit) { kv.put(unit, "a", "2"); return kv.erase(unit, "b"); });
///
/// Reads are as of now, of a snapshot, or of a unit. Threads: all calls concurrent; the store holds
/// no data of its own.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/lsm/options.hpp>
#include <strata/txn/key_locks.hpp>
#include <strata/txn/unit.hpp>
#include <strata/txn/view.hpp>

namespace strata::store {

/// Which keys a scan visits, and how.
struct ScanOptions {
  txn::Direction direction = txn::Direction::forward;
  std::optional<std::size_t> limit = std::nullopt;
  /// Read as of this snapshot; null: of the moment at which the scan begins.
  const Snapshot* snapshot = nullptr;
};

template <class Db, FixedString Name = "kv">
class KeyValue {
 public:
  using Unit = txn::Unit<Db>;
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  /// Requires: both outlive the store; every writer of the family uses the same locks.
  KeyValue(Db& db, txn::KeyLocks& locks)
      : db_(&db), locks_(&locks), family_(db.template family<Name>()) {}

  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key,
                                                       const Snapshot* snapshot = nullptr) const {
    return txn::View(snapshot).get(family_, key);
  }
  [[nodiscard]] Result<std::optional<std::string>> get(Unit& unit, std::string_view key) const {
    return unit.get(family_, key);
  }

  [[nodiscard]] Result<bool> contains(std::string_view key,
                                      const Snapshot* snapshot = nullptr) const {
    ReadOptions options;
    options.snapshot = snapshot;
    return family_.get(
        key, [](std::string_view) {}, options);
  }
  [[nodiscard]] Result<bool> contains(Unit& unit, std::string_view key) const {
    auto found = unit.get(family_, key);
    if (!found) {
      return propagate(std::move(found));
    }
    return found->has_value();
  }

  /// The values of `keys`, all as of one moment, in their order.
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> multi_get(
      std::span<const std::string_view> keys, const Snapshot* snapshot = nullptr) const {
    std::optional<Snapshot> own;
    if (snapshot == nullptr) {
      snapshot = &own.emplace(db_->snapshot());
    }
    const txn::View view(snapshot);
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const auto key : keys) {
      auto value = view.get(family_, key);
      if (!value) {
        return propagate(std::move(value));
      }
      values.push_back(std::move(*value));
    }
    return values;
  }

  [[nodiscard]] Result<void> put(std::string_view key, std::string_view value,
                                 const WriteOptions& options = {}) {
    auto unit = own(key);
    unit.put(family_, key, value);
    return unit.commit(options);
  }
  [[nodiscard]] Result<void> put(Unit& unit, std::string_view key, std::string_view value) {
    if (key.empty() || key.size() > key_bytes_max) {
      return fail(ErrorCode::invalid_argument, "a key has ", std::to_string(key.size()),
                  " bytes; keys have 1 to 65536 bytes, store longer ones by their hash");
    }
    unit.put(family_, key, value);
    return {};
  }

  [[nodiscard]] Result<void> erase(std::string_view key, const WriteOptions& options = {}) {
    auto unit = own(key);
    unit.erase(family_, key);
    return unit.commit(options);
  }
  [[nodiscard]] Result<void> erase(Unit& unit, std::string_view key) {
    unit.erase(family_, key);
    return {};
  }

  /// Erases every key in [first, last), waiting for all units that are under way.
  [[nodiscard]] Result<void> erase_range(std::string_view first, std::string_view last,
                                         const WriteOptions& options = {}) {
    auto unit = Unit::exclusive(*db_, *locks_);
    unit.erase_range(family_, first, last);
    return unit.commit(options);
  }
  [[nodiscard]] Result<void> erase_range(Unit& unit, std::string_view first,
                                         std::string_view last) {
    unit.erase_range(family_, first, last);
    return {};
  }

  /// Puts `value` where the key has the value `expected`; none: where the key is absent.
  /// Errors: `conflict` where it has another; nothing is written then.
  [[nodiscard]] Result<void> compare_and_put(std::string_view key,
                                             std::optional<std::string_view> expected,
                                             std::string_view value,
                                             const WriteOptions& options = {}) {
    auto unit = own(key);
    auto found = unit.get(family_, key);
    if (!found) {
      return propagate(std::move(found));
    }
    if (found->has_value() != expected.has_value() || (*found && **found != *expected)) {
      return fail(ErrorCode::conflict, "key '", key,
                  "' does not have the expected value; read it again and decide anew");
    }
    unit.put(family_, key, value);
    return unit.commit(options);
  }

  /// Runs `change(Unit&) -> Result<void>` alone, and commits what it wrote unless it failed.
  template <class Change>
  [[nodiscard]] Result<void> batch(Change&& change, const WriteOptions& options = {}) {
    auto unit = Unit::exclusive(*db_, *locks_);
    if (Result<void> changed = change(unit); !changed) {
      return changed;
    }
    return unit.commit(options);
  }

  /// Visits the keys of `range` in order while `fn(key, value)` returns true.
  template <class Fn>
  requires std::is_invocable_r_v<bool, Fn, std::string_view, std::string_view>
  [[nodiscard]] Result<void> scan(const txn::KeyRange& range, const ScanOptions& options,
                                  Fn&& fn) const {
    const txn::View view(options.snapshot);
    return scan_some(view, range, options, fn);
  }
  template <class Fn>
  requires std::is_invocable_r_v<bool, Fn, std::string_view, std::string_view>
  [[nodiscard]] Result<void> scan(Unit& unit, const txn::KeyRange& range,
                                  const ScanOptions& options, Fn&& fn) const {
    return scan_some(unit, range, options, fn);
  }
  /// The pairs of the range as a vector: for ranges that are known to be small.
  [[nodiscard]] Result<Pairs> list(const txn::KeyRange& range,
                                   const ScanOptions& options = {}) const {
    Pairs pairs;
    auto done = scan(range, options, [&](std::string_view key, std::string_view value) {
      pairs.emplace_back(key, value);
      return true;
    });
    if (!done) {
      return propagate(std::move(done));
    }
    return pairs;
  }
  [[nodiscard]] Result<Pairs> list_prefix(std::string_view prefix,
                                          const ScanOptions& options = {}) const {
    return list(txn::KeyRange::prefix(prefix), options);
  }

 private:
  [[nodiscard]] Unit own(std::string_view key) {
    return Unit::single(*db_, *locks_, {txn::LockKey(family_.id(), key)});
  }

  template <class Reader, class Fn>
  [[nodiscard]] Result<void> scan_some(Reader& reader, const txn::KeyRange& range,
                                       const ScanOptions& options, Fn& fn) const {
    std::size_t left = options.limit.value_or(SIZE_MAX);
    if (left == 0) {
      return {};
    }
    return reader.scan(
        family_, range,
        [&](std::string_view key, std::string_view value) { return fn(key, value) && --left > 0; },
        options.direction);
  }

  using FamilyHandle = decltype(std::declval<Db&>().template family<Name>());

  Db* db_;
  txn::KeyLocks* locks_;
  FamilyHandle family_;
};

}  // namespace strata::store
