// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A set of writes that takes effect whole or not at all, over any number of families.
///
/// A batch is kept in the very bytes that the log stores, so committing one copies it once:
///
///     operation*          kind u8, family varint, key string, value string unless kind is erase
///
/// The n-th operation gets the n-th sequence of the batch: later operations win. Round trip:
/// tests/lsm/write_batch_test.cpp. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/error.hpp>
#include <strata/lsm/batch_bytes.hpp>

namespace strata {

/// Which family of a database. `db.family<"name">().id()` gives one; 0 is the first family.
struct FamilyId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(FamilyId, FamilyId) noexcept = default;
};

class WriteBatch {
 public:
  void put(std::string_view key, std::string_view value) { put(FamilyId{}, key, value); }
  void put(FamilyId family, std::string_view key, std::string_view value) {
    append(EntryKind::put, family, key, &value);
  }
  void erase(std::string_view key) { erase(FamilyId{}, key); }
  void erase(FamilyId family, std::string_view key) {
    append(EntryKind::erase, family, key, nullptr);
  }
  void merge(std::string_view key, std::string_view operand) { merge(FamilyId{}, key, operand); }
  void merge(FamilyId family, std::string_view key, std::string_view operand) {
    append(EntryKind::merge, family, key, &operand);
    merged_families_ |= family.value < 64 ? std::uint64_t{1} << family.value : 0;
  }
  /// Erases every key in [first, last) that is there when the batch commits.
  void erase_range(std::string_view first, std::string_view last) {
    erase_range(FamilyId{}, first, last);
  }
  void erase_range(FamilyId family, std::string_view first, std::string_view last) {
    append(EntryKind::erase_range, family, first, &last);
  }
  void append(const WriteBatch& other) {
    if (&other == this) {
      append(WriteBatch(other));
      return;
    }
    bytes_.append(other.bytes());
    count_ += other.count_;
    merged_families_ |= other.merged_families_;
    family_most_ = other.family_most_ > family_most_ ? other.family_most_ : family_most_;
    note_limits(other.key_bytes_most_, other.value_bytes_most_, other.has_empty_key_);
  }
  /// Its memory stays, for what comes next.
  void clear() noexcept {
    lsm::BatchBytes bytes = std::move(bytes_);
    bytes.clear();
    *this = WriteBatch();
    bytes_ = std::move(bytes);
  }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }

  /// The number of operations.
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_.view(); }
  /// The greatest family that is written to.
  [[nodiscard]] FamilyId family_most() const noexcept { return {family_most_}; }
  /// Bit i: there is a merge in family i (of the first 64).
  [[nodiscard]] std::uint64_t merged_families() const noexcept { return merged_families_; }

  /// Whether every key and value is within the documented limits.
  [[nodiscard]] Result<void> check_limits() const {
    if (has_empty_key_) [[unlikely]] {
      return fail(ErrorCode::invalid_argument,
                  "a key is empty; keys have at least one byte, use a one-byte key instead");
    }
    if (key_bytes_most_ > key_bytes_max) [[unlikely]] {
      return fail(ErrorCode::invalid_argument, "a key has ", std::to_string(key_bytes_most_),
                  " bytes; the limit is 65536, store long keys by their hash");
    }
    if (value_bytes_most_ > value_bytes_max) [[unlikely]] {
      return fail(ErrorCode::invalid_argument, "a value has ", std::to_string(value_bytes_most_),
                  " bytes; the limit is 1 GiB, store large values in parts (see the object store)");
    }
    return {};
  }

 private:
  /// `value`: null where the kind has none.
  void append(EntryKind kind, FamilyId family, std::string_view key,
              const std::string_view* value) {
    // What is beyond the limit makes the batch invalid, and is not copied for that.
    const std::string_view stored =
        value != nullptr && value->size() <= value_bytes_max ? *value : std::string_view();
    char* to = bytes_.room(operation_overhead_max + key.size() + stored.size());
    *to++ = static_cast<char>(kind);
    to = store_string(store_varint(to, family.value), key);
    bytes_.grow_to(value != nullptr ? store_string(to, stored) : to);
    ++count_;
    family_most_ = family.value > family_most_ ? family.value : family_most_;
    note_limits(key.size(), value != nullptr ? value->size() : 0, key.empty());
  }
  void note_limits(std::size_t key_bytes, std::size_t value_bytes, bool empty_key) noexcept {
    key_bytes_most_ = key_bytes > key_bytes_most_ ? key_bytes : key_bytes_most_;
    value_bytes_most_ = value_bytes > value_bytes_most_ ? value_bytes : value_bytes_most_;
    has_empty_key_ = has_empty_key_ || empty_key;
  }

  /// The kind, the family and two lengths.
  static constexpr std::size_t operation_overhead_max = 1 + 3 * varint_bytes_max;

  lsm::BatchBytes bytes_;
  std::uint32_t count_ = 0;
  std::uint32_t family_most_ = 0;
  std::uint64_t merged_families_ = 0;
  std::size_t key_bytes_most_ = 0;
  std::size_t value_bytes_most_ = 0;
  bool has_empty_key_ = false;
};

/// One operation of an encoded batch; the views point into the encoding.
struct BatchOperation {
  EntryKind kind = EntryKind::put;
  FamilyId family;
  std::string_view key;
  std::string_view value;
};

/// Walks an encoded batch. `next` returns false at the end, or with `damaged()` where the bytes
/// are no batch: lengths are bounded by what remains.
class BatchReader {
 public:
  explicit BatchReader(std::string_view bytes) noexcept : decoder_(bytes) {}

  [[nodiscard]] bool next(BatchOperation& operation) noexcept {
    if (decoder_.done() || damaged_) {
      return false;
    }
    std::uint8_t kind = 0;
    std::uint64_t family = 0;
    damaged_ = !decoder_.take_fixed(kind) ||
               kind > static_cast<std::uint8_t>(EntryKind::erase_range) ||
               !decoder_.take_varint(family) || family > UINT32_MAX ||
               !decoder_.take_string(operation.key);
    if (damaged_) {
      return false;
    }
    operation.kind = static_cast<EntryKind>(kind);
    operation.family = FamilyId{static_cast<std::uint32_t>(family)};
    operation.value = {};
    if (operation.kind != EntryKind::erase && !decoder_.take_string(operation.value)) {
      damaged_ = true;
    }
    return !damaged_;
  }
  [[nodiscard]] bool damaged() const noexcept { return damaged_; }

 private:
  Decoder decoder_;
  bool damaged_ = false;
};

}  // namespace strata
