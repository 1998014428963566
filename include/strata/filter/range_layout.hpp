// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The bytes of `filter::Range`, and how a key finds its slot in them.
///
///     offset  size        content
///     0       p           the common prefix of all keys
///     p       t - p       separators 0 to n, one behind the other, without the prefix: at or
///     before
///                         the first key of a bucket and behind all before it; the last: the
///                         largest key. The outer two: at most 32 bytes of it.
///     t       4 (n + 2)   where each separator begins, from p on, and where the last one ends
///             2 d n       the digits of each bucket (filter/range_digits.hpp)
///             n * c       occupied slots of each bucket (filter/range_codes.hpp)
///             4           t
///             4           n, the number of buckets; 0: no keys, and no bytes before t
///             2           p
///             1           keys in a bucket, at most
///             1           low bits of a slot
///             1           words for the high bits
///             1           d, the positions that have digits
///             3           "SRG"
///
/// Every read is checked against the size, so that damage can only make answers wrong.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/filter/range_codes.hpp>
#include <strata/filter/range_digits.hpp>

namespace strata::filter::detail {

/// A slot of a bucket; ordered as keys are.
struct RangePlace {
  std::uint64_t bucket;
  std::uint64_t slot;
};

/// The map from keys between two separators to slots.
struct RangeBucket {
  std::string_view low;  ///< separators, without the filter's prefix
  std::string_view high;
  RangeDigits digits;
  std::uint64_t slots;

  /// Requires: `key` is at or after `low`. `before`: the last slot of keys before it.
  [[nodiscard]] std::uint64_t slot_of(std::string_view key, bool before) const noexcept {
    const std::size_t shared = common_prefix(low, high);
    if (!key.starts_with(low.substr(0, shared))) {
      return slots - 1;
    }
    const std::uint64_t begin = digits.number_of(low.substr(shared)).value;
    const std::uint64_t end = digits.number_of(high.substr(shared)).value;
    auto [at, exact] = digits.number_of(key.substr(shared));
    at -= before && exact && at > begin ? 1 : 0;
    if (at <= begin || at >= end) {
      return at <= begin ? 0 : slots - 1;
    }
    // 32 bits are enough to tell slots apart, and leave room to multiply.
    static_assert(RangeCodes::slots_max <= std::uint64_t{1} << 32);
    const auto bits = static_cast<std::uint32_t>(std::bit_width(end - begin));
    const std::uint32_t shift = bits > 32 ? bits - 32 : 0;
    return ((at - begin) >> shift) * slots / (((end - begin) >> shift) + 1);
  }
};

/// The bytes of a filter, as far as they can be trusted.
class RangeLayout {
 public:
  static constexpr std::size_t tail_bytes = 17;
  static constexpr std::uint32_t mark = 'S' | 'R' << 8 | 'G' << 16;
  /// Of the outer separators, without the common prefix: no more is stored.
  static constexpr std::size_t outer_bytes = 32;

  /// None: not the bytes of a filter.
  [[nodiscard]] static std::optional<RangeLayout> of(std::string_view filter) noexcept {
    if (filter.size() < tail_bytes) {
      return std::nullopt;
    }
    const std::uint64_t bytes = filter.size() - tail_bytes;
    const char* const tail = filter.data() + bytes;
    RangeLayout layout;
    const std::uint64_t text = load_fixed<std::uint32_t>(tail);
    layout.buckets_ = load_fixed<std::uint32_t>(tail + 4);
    const std::uint64_t prefix = load_fixed<std::uint16_t>(tail + 8);
    const auto byte = [tail](int at) { return std::uint32_t{static_cast<std::uint8_t>(tail[at])}; };
    layout.codes_ = {byte(10), byte(11), byte(12)};
    layout.positions_ = byte(13);
    if (load_fixed<std::uint32_t>(tail + 13) >> 8 != mark) {
      return std::nullopt;
    }
    if (layout.buckets_ == 0) {
      return bytes == 0 ? std::optional(layout) : std::nullopt;
    }
    if (!layout.codes_.valid() || layout.positions_ > RangeDigits::positions_max || prefix > text ||
        text + 8 + layout.buckets_ * (4 + layout.digits_bytes() + layout.codes_.bytes()) != bytes) {
      return std::nullopt;
    }
    layout.prefix_ = filter.substr(0, prefix);
    layout.text_ = filter.substr(prefix, text - prefix);
    layout.offsets_ = filter.data() + text;
    return layout;
  }

  [[nodiscard]] bool empty() const noexcept { return buckets_ == 0; }

  /// Where `key` lies; or, `before`, where the keys before it end. None: all keys lie behind, or
  /// none is before.
  [[nodiscard]] std::optional<RangePlace> find(std::string_view key, bool before) const noexcept {
    const int order = compare_prefix(key, prefix_);
    if (order < 0) {
      return std::nullopt;
    }
    if (order > 0) {
      return end();
    }
    key.remove_prefix(prefix_.size());
    if (is_behind_all(key)) {
      return end();
    }
    std::uint64_t low = 0;
    std::uint64_t high = buckets_;
    while (low < high) {
      const std::uint64_t middle = (low + high) / 2;
      const int ahead = separator(middle).compare(key);
      if (ahead < 0 || (ahead == 0 && !before)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == 0) {
      return std::nullopt;
    }
    return RangePlace{low - 1, bucket(low - 1).slot_of(key, before)};
  }
  [[nodiscard]] bool is_end(const RangePlace& place) const noexcept {
    return place.bucket == buckets_;
  }

  /// Whether a key lies from `first` to `last`, both included.
  [[nodiscard]] bool has_any(const RangePlace& first, const RangePlace& last) const noexcept {
    if (first.bucket == last.bucket) {
      return next(first.bucket, first.slot) <= last.slot;
    }
    // No bucket is empty.
    return last.bucket > first.bucket + 1 || next(first.bucket, first.slot) < codes_.slots() ||
           (!is_end(last) && next(last.bucket, 0) <= last.slot);
  }

 private:
  [[nodiscard]] std::size_t digits_bytes() const noexcept { return 2 * positions_; }
  [[nodiscard]] RangePlace end() const noexcept { return {buckets_, 0}; }
  [[nodiscard]] bool is_behind_all(std::string_view key) const noexcept {
    const std::string_view largest = separator(buckets_);
    return largest.size() < outer_bytes ? key > largest : key.substr(0, outer_bytes) > largest;
  }
  [[nodiscard]] std::string_view separator(std::uint64_t i) const noexcept {
    const auto from = load_fixed<std::uint32_t>(offsets_ + 4 * i);
    const auto to = load_fixed<std::uint32_t>(offsets_ + 4 * i + 4);
    return from <= to && to <= text_.size() ? text_.substr(from, to - from) : std::string_view();
  }
  [[nodiscard]] RangeBucket bucket(std::uint64_t i) const noexcept {
    const char* const digits = offsets_ + 4 * (buckets_ + 2) + i * digits_bytes();
    return {separator(i), separator(i + 1), {digits, positions_}, codes_.slots()};
  }
  [[nodiscard]] std::uint64_t next(std::uint64_t i, std::uint64_t slot) const noexcept {
    return codes_.next(
        offsets_ + 4 * (buckets_ + 2) + buckets_ * digits_bytes() + i * codes_.bytes(), slot);
  }

  std::uint64_t buckets_ = 0;
  std::size_t positions_ = 0;
  RangeCodes codes_;
  std::string_view prefix_;
  std::string_view text_;
  const char* offsets_ = nullptr;
};

}  // namespace strata::filter::detail
