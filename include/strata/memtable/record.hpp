// SPDX-License-Identifier: BSL-1.0
#pragma once

/// An entry in a memtable's arena: a header, then the key, then the value. Immutable.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <thread>

#include <strata/core/arena.hpp>
#include <strata/core/bytes.hpp>
#include <strata/core/entry.hpp>

namespace strata::memtable::detail {

struct Record {
  std::uint32_t key_bytes;
  std::uint32_t value_bytes;
  Trailer trailer;

  [[nodiscard]] const char* data() const noexcept {
    return reinterpret_cast<const char*>(this + 1);
  }
  [[nodiscard]] std::string_view key() const noexcept { return {data(), key_bytes}; }
  [[nodiscard]] std::string_view value() const noexcept {
    return {data() + key_bytes, value_bytes};
  }

  [[nodiscard]] static std::size_t bytes_for(std::string_view key,
                                             std::string_view value) noexcept {
    return sizeof(Record) + key.size() + value.size();
  }
  /// Requires: `bytes_for(key, value)` bytes at `at`, aligned to 8.
  static const Record* write(char* at, std::string_view key, Trailer trailer,
                             std::string_view value) noexcept {
    auto* const record = new (at) Record{static_cast<std::uint32_t>(key.size()),
                                         static_cast<std::uint32_t>(value.size()), trailer};
    char* const behind_key = std::copy_n(key.data(), key.size(), at + sizeof(Record));
    std::copy_n(value.data(), value.size(), behind_key);
    return record;
  }
  [[nodiscard]] static const Record* create(Arena& arena, std::string_view key, Trailer trailer,
                                            std::string_view value) {
    return write(arena.allocate(bytes_for(key, value)), key, trailer, value);
  }
};

/// A place in the order of entries: that of (key, trailer), with the key's head at hand.
template <class Comparator>
struct Place {
  std::string_view key;
  Trailer trailer;
  std::uint64_t head;

  Place(std::string_view k, Trailer t) noexcept : key(k), trailer(t), head(head_of(k)) {}
  explicit Place(const Record& record) noexcept : Place(record.key(), record.trailer) {}

  /// 0 where heads do not order keys: then every comparison looks at the keys.
  [[nodiscard]] static std::uint64_t head_of(std::string_view key,
                                             std::size_t prefix_bytes = 0) noexcept {
    return Comparator::is_bytewise ? key_head(key, prefix_bytes) : 0;
  }
  /// Whether the entry `record` sorts before this place.
  [[nodiscard]] bool is_behind(const Record& record) const noexcept {
    const int order = Comparator::compare(record.key(), key);
    return order < 0 || (order == 0 && record.trailer > trailer);
  }
  /// The same, where `record_head` is the head of its key.
  [[nodiscard]] bool is_behind(std::uint64_t record_head, const Record& record) const noexcept {
    return record_head != head ? record_head < head : is_behind(record);
  }
  /// Whether it sorts before this place, or is at it.
  [[nodiscard]] bool is_at_or_behind(const Record& record) const noexcept {
    const int order = Comparator::compare(record.key(), key);
    return order < 0 || (order == 0 && record.trailer >= trailer);
  }
};

/// Writers of a memtable exclude each other for some hundred nanoseconds.
class SpinGuard {
 public:
  explicit SpinGuard(std::atomic<bool>& taken) noexcept : taken_(taken) {
    for (unsigned spin = 1; taken_.exchange(true, std::memory_order_acquire); ++spin) {
      if (spin % 64 == 0) {
        std::this_thread::yield();
      }
    }
  }
  SpinGuard(const SpinGuard&) = delete;
  SpinGuard& operator=(const SpinGuard&) = delete;
  ~SpinGuard() { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool>& taken_;
};

}  // namespace strata::memtable::detail
