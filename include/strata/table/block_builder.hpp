// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Collects entries and writes them as a block; the layout is in table/block.hpp, the round trip in
/// tests/table/block_test.cpp. Entries come in table order. Not thread-safe.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/table/block.hpp>
#include <strata/table/block_hash.hpp>

namespace strata::table {

class BlockBuilder {
 public:
  /// `hashed`: with a hash table for reads of one key, where the block is not too large for it.
  explicit BlockBuilder(bool hashed = false) noexcept : hashed_(hashed) {}

  void add(std::string_view key, Trailer trailer, std::string_view value) {
    if (entries_.empty()) {
      prefix_bytes_ = key.size();
    } else {
      prefix_bytes_ = std::min(prefix_bytes_, common_prefix(first_key(), key));
      same_trailer_ = same_trailer_ && trailer == entries_.front().trailer;
      same_key_bytes_ = same_key_bytes_ && key.size() == entries_.front().key_bytes;
      same_value_bytes_ = same_value_bytes_ && value.size() == entries_.front().value_bytes;
    }
    entries_.push_back({trailer, bytes_.size(), static_cast<std::uint32_t>(key.size()),
                        static_cast<std::uint32_t>(value.size())});
    bytes_.append(key).append(value);
  }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return entries_.size(); }
  /// Of the finished block, about: less only where keys are shorter than twelve bytes, more where
  /// they share a prefix.
  [[nodiscard]] std::size_t estimated_bytes() const noexcept {
    return bytes_.size() + entries_.size() * (hashed_ ? 14 : 12) + detail::block_header_bytes;
  }
  [[nodiscard]] std::string_view last_key() const noexcept { return key_of(entries_.back()); }

  /// Appends the block to `out` and starts over.
  void finish(std::string& out) {
    const std::string slots = hash_slots();
    put_header(out, slots.size());
    const std::size_t start = out.size();
    out.resize(start + rest_bytes_most(slots));
    const char* const end = store_rest(out.data() + start, slots);
    out.resize(static_cast<std::size_t>(end - out.data()));
    *this = BlockBuilder(hashed_, std::move(entries_), std::move(bytes_));
  }

 private:
  struct Entry {
    Trailer trailer;
    std::size_t at;
    std::uint32_t key_bytes;
    std::uint32_t value_bytes;
  };

  /// Keeps the capacity of what it is given.
  BlockBuilder(bool hashed, std::vector<Entry> entries, std::string bytes)
      : entries_(std::move(entries)), bytes_(std::move(bytes)), hashed_(hashed) {
    entries_.clear();
    bytes_.clear();
  }

  [[nodiscard]] std::string_view key_of(const Entry& entry) const noexcept {
    return std::string_view(bytes_).substr(entry.at, entry.key_bytes);
  }
  [[nodiscard]] std::string_view first_key() const noexcept { return key_of(entries_.front()); }
  [[nodiscard]] std::size_t suffix_bytes(const Entry& entry) const noexcept {
    return entry.key_bytes - prefix_bytes_;
  }
  [[nodiscard]] std::size_t head_bytes(const Entry& entry) const noexcept {
    return std::min<std::size_t>(suffix_bytes(entry), 8);
  }
  [[nodiscard]] bool is_wide() const noexcept {
    return bytes_.size() > UINT16_MAX;  // an upper bound of heap and suffixes
  }

  /// A slot leads to the newest version of its key.
  [[nodiscard]] std::string hash_slots() const {
    std::string slots;
    if (!hashed_ || entries_.size() > hashed_entries_most) {
      return slots;
    }
    slots.assign(BlockHash::slots_for(entries_.size()), static_cast<char>(BlockHash::empty));
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (i == 0 || key_of(entries_[i]) != key_of(entries_[i - 1])) {
        BlockHash::insert(slots, key_of(entries_[i]), static_cast<std::uint32_t>(i));
      }
    }
    return slots;
  }

  void put_header(std::string& out, std::size_t slots) const {
    const std::uint32_t flags =
        (same_trailer_ ? detail::shared_trailer : 0U) | (same_key_bytes_ ? detail::fixed_key : 0U) |
        (same_value_bytes_ ? detail::fixed_value : 0U) | (is_wide() ? detail::wide : 0U) |
        (slots != 0 ? detail::hashed : 0U);
    put_fixed(out, static_cast<std::uint32_t>(entries_.size()));
    put_fixed(out, static_cast<std::uint32_t>(prefix_bytes_));
    put_fixed(out, flags);
    const bool has_key = same_key_bytes_ && !entries_.empty();
    const bool has_value = same_value_bytes_ && !entries_.empty();
    put_fixed(out, has_key ? static_cast<std::uint32_t>(suffix_bytes(entries_.front())) : 0U);
    put_fixed(out, has_value ? entries_.front().value_bytes : 0U);
    put_fixed(out, static_cast<std::uint32_t>(slots));
  }
  /// What may follow the header: columns that are left out are counted, too.
  [[nodiscard]] std::size_t rest_bytes_most(const std::string& slots) const noexcept {
    return 8 + entries_.size() * 24 + slots.size() + prefix_bytes_ + bytes_.size();
  }
  /// Writes it, and returns where it ends. Entry by entry a string would be asked for room.
  [[nodiscard]] char* store_rest(char* to, const std::string& slots) const noexcept {
    for (const Entry& entry : entries_) {
      to = store(to, key_head(key_of(entry).substr(prefix_bytes_)));
    }
    if (same_trailer_) {
      to = store(to, entries_.empty() ? std::uint64_t{0} : entries_.front().trailer.packed());
    } else {
      for (const Entry& entry : entries_) {
        to = store(to, entry.trailer.packed());
      }
    }
    to = is_wide() ? store_lengths<std::uint32_t>(to) : store_lengths<std::uint16_t>(to);
    to = store(to, slots);
    to = store(to, entries_.empty() ? std::string_view() : first_key().substr(0, prefix_bytes_));
    for (const Entry& entry : entries_) {
      // The rest of the key and the value, which lie behind each other.
      const std::size_t known = prefix_bytes_ + head_bytes(entry);
      to = store(to, std::string_view(bytes_).substr(entry.at + known,
                                                     entry.key_bytes - known + entry.value_bytes));
    }
    return to;
  }
  template <class Number>
  [[nodiscard]] char* store_lengths(char* to) const noexcept {
    if (!same_key_bytes_ || !same_value_bytes_) {
      std::size_t end = 0;
      for (const Entry& entry : entries_) {
        end += suffix_bytes(entry) - head_bytes(entry) + entry.value_bytes;
        to = store(to, static_cast<Number>(end));
      }
    }
    if (!same_key_bytes_) {
      for (const Entry& entry : entries_) {
        to = store(to, static_cast<Number>(suffix_bytes(entry)));
      }
    }
    return to;
  }
  template <class Integer>
  requires std::is_integral_v<Integer>
  [[nodiscard]] static char* store(char* to, Integer value) noexcept {
    store_fixed(to, value);
    return to + sizeof value;
  }
  [[nodiscard]] static char* store(char* to, std::string_view bytes) noexcept {
    return std::char_traits<char>::copy(to, bytes.data(), bytes.size()) + bytes.size();
  }

  std::vector<Entry> entries_;
  std::string bytes_;  // keys and values as they came
  std::size_t prefix_bytes_ = 0;
  bool hashed_ = false;
  bool same_trailer_ = true;
  bool same_key_bytes_ = true;
  bool same_value_bytes_ = true;
};

}  // namespace strata::table
