// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The reference model of a database: every version of every key in one `std::map` a family.
///
/// It has the interface that the stores ask of a database and nothing of an engine: no files, no
/// threads of its own, no merge operators. Model checks compare an engine with it, and the tests
/// of the stores run on it as well as on the real thing. One mutex; complexity is no concern.

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <strata/core/error.hpp>
#include <strata/core/fixed_string.hpp>
#include <strata/lsm/options.hpp>
#include <strata/lsm/snapshot.hpp>
#include <strata/lsm/write_batch.hpp>

namespace strata::testing {

template <FixedString... Names>
class MapDatabase {
  /// Versions of a key, newest first; no value: erased.
  using Versions = std::map<Sequence, std::optional<std::string>, std::greater<>>;
  using Table = std::map<std::string, Versions, std::less<>>;

 public:
  /// A position in a family as of one sequence. Same contract as the engine's cursor.
  class Cursor {
   public:
    Cursor(const MapDatabase& db, std::size_t family, Sequence sequence, const ReadOptions& options)
        : sequence_(sequence) {
      const std::lock_guard lock(db.mutex_);
      const Table& table = db.tables_[family];
      auto row = options.lower_bound ? table.lower_bound(*options.lower_bound) : table.begin();
      for (; row != table.end() &&
             !(options.upper_bound && row->first.compare(*options.upper_bound) >= 0);
           ++row) {
        const auto newest = row->second.lower_bound(sequence);
        if (newest != row->second.end() && newest->second) {
          visible_.emplace_hint(visible_.end(), row->first, *newest->second);
        }
      }
      at_ = visible_.end();
    }
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    Cursor(Cursor&& other) noexcept
        : sequence_(other.sequence_), visible_(std::move(other.visible_)), at_(visible_.end()) {}
    Cursor& operator=(Cursor&&) = delete;
    ~Cursor() = default;

    void seek_to_first() { at_ = visible_.begin(); }
    void seek_to_last() { at_ = visible_.empty() ? visible_.end() : std::prev(visible_.end()); }
    /// The first key at or after `key`.
    void seek(std::string_view key) { at_ = visible_.lower_bound(key); }
    /// The last key at or before `key`.
    void seek_for_prev(std::string_view key) {
      at_ = visible_.upper_bound(key);
      prev_or_end();
    }
    void next() { ++at_; }
    void prev() { prev_or_end(); }
    [[nodiscard]] bool valid() const { return at_ != visible_.end(); }
    [[nodiscard]] std::string_view key() const { return at_->first; }
    [[nodiscard]] std::string_view value() const { return at_->second; }
    [[nodiscard]] Result<void> status() const { return {}; }

   private:
    void prev_or_end() { at_ = at_ == visible_.begin() ? visible_.end() : std::prev(at_); }

    Sequence sequence_;
    std::map<std::string, std::string, std::less<>> visible_;
    std::map<std::string, std::string, std::less<>>::const_iterator at_;
  };

  /// A family of the database: a cheap handle.
  class Family {
   public:
    Family(MapDatabase& db, std::size_t index) noexcept : db_(&db), index_(index) {}
    [[nodiscard]] FamilyId id() const noexcept { return {static_cast<std::uint32_t>(index_)}; }
    [[nodiscard]] MapDatabase& database() const noexcept { return *db_; }

    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key,
                                                         const ReadOptions& options = {}) const {
      const std::lock_guard lock(db_->mutex_);
      const auto found = db_->tables_[index_].find(key);
      if (found == db_->tables_[index_].end()) {
        return std::nullopt;
      }
      const auto newest = found->second.lower_bound(db_->sequence_of(options));
      return newest == found->second.end() ? std::nullopt : newest->second;
    }
    template <class Visit>
    requires std::is_invocable_v<Visit, std::string_view>
    [[nodiscard]] Result<bool> get(std::string_view key, Visit&& visit,
                                   const ReadOptions& options = {}) const {
      auto found = get(key, options);
      if (!found) {
        return propagate(std::move(found));
      }
      if (!*found) {
        return false;
      }
      visit(std::string_view(**found));
      return true;
    }
    [[nodiscard]] Result<void> put(std::string_view key, std::string_view value,
                                   const WriteOptions& options = {}) {
      WriteBatch batch;
      batch.put(id(), key, value);
      return db_->write(batch, options);
    }
    [[nodiscard]] Result<void> erase(std::string_view key, const WriteOptions& options = {}) {
      WriteBatch batch;
      batch.erase(id(), key);
      return db_->write(batch, options);
    }
    [[nodiscard]] Result<void> erase_range(std::string_view first, std::string_view last,
                                           const WriteOptions& options = {}) {
      WriteBatch batch;
      batch.erase_range(id(), first, last);
      return db_->write(batch, options);
    }
    [[nodiscard]] Cursor cursor(const ReadOptions& options = {}) const {
      return Cursor(*db_, index_, db_->sequence_of(options), options);
    }

   private:
    MapDatabase* db_;
    std::size_t index_;
  };

  template <FixedString Name>
  [[nodiscard]] Family family() {
    std::size_t index = sizeof...(Names);
    std::size_t i = 0;
    ((index = Names.view() == Name.view() ? i : index, ++i), ...);
    return Family(*this, index);
  }

  [[nodiscard]] Result<void> write(const WriteBatch& batch, const WriteOptions& = {}) {
    if (auto within = batch.check_limits(); !within) {
      return within;
    }
    const std::lock_guard lock(mutex_);
    BatchReader reader(batch.bytes());
    BatchOperation operation;
    Sequence sequence = visible_.load();
    while (reader.next(operation)) {
      apply(tables_.at(operation.family.value), operation, ++sequence);
    }
    visible_.store(sequence);
    return {};
  }

  [[nodiscard]] Snapshot snapshot() { return {snapshots_, snapshots_.acquire(visible_)}; }
  [[nodiscard]] Sequence last_sequence() const { return visible_.load(); }

 private:
  static void apply(Table& table, const BatchOperation& operation, Sequence sequence) {
    if (operation.kind == EntryKind::erase_range) {
      const auto last = table.lower_bound(operation.value);
      for (auto it = table.lower_bound(operation.key); it != last; ++it) {
        it->second[sequence] = std::nullopt;
      }
      return;
    }
    auto& versions = table[std::string(operation.key)];
    if (operation.kind == EntryKind::put) {
      versions[sequence] = std::string(operation.value);
    } else {
      versions[sequence] = std::nullopt;
    }
  }
  [[nodiscard]] Sequence sequence_of(const ReadOptions& options) const {
    return options.snapshot != nullptr ? options.snapshot->sequence() : visible_.load();
  }

  mutable std::mutex mutex_;
  std::array<Table, sizeof...(Names)> tables_;
  std::atomic<Sequence> visible_{0};
  SnapshotList snapshots_;
};

}  // namespace strata::testing
