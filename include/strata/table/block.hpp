// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A block: some tens of entries that can be searched where they lie.
///
/// What keys share is stored once; of the rest, the first eight bytes form a column of integers
/// (*heads*) whose order is the key order. A search is a branch-free binary search over that
/// column; key bytes are touched only where heads are equal. There are no restart points, so no
/// linear scans, and nothing is decoded to be compared.
///
///     0   u32 count
///     4   u32 prefix bytes
///     8   u8  flags, see Flag; three zero bytes
///     12  u32 suffix bytes of every key, if fixed_key
///     16  u32 value bytes of every value, if fixed_value
///     20  u32 slots of the hash table, if hashed
///     24  heads      u64 * count: the first 8 bytes of the suffix as an integer, zero-padded
///         trailers   u64 * count, or one if shared_trailer
///         ends       u16 or u32 (wide) * count: where an entry ends in the heap; absent if both
///                    lengths are fixed
///         suffixes   u16 or u32 (wide) * count: bytes of a key after the prefix; absent if fixed
///         slots      u8 * slots, table/block_hash.hpp; absent if not hashed
///         prefix
///         heap       per entry: the suffix from its 9th byte on, then the value
///
/// A suffix is what follows the common prefix. "a" and "a\0" have equal heads; their lengths tell.
/// Under a comparator that is not bytewise the columns only store; searches rebuild keys.
///
/// `Block` owns its bytes and has checked every column against them, so cursors check nothing.
/// Immutable: any number of threads may read one.

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <strata/core/bytes.hpp>
#include <strata/core/coding.hpp>
#include <strata/core/entry.hpp>
#include <strata/core/prefetch.hpp>
#include <strata/table/block_hash.hpp>
#include <strata/table/block_memory.hpp>

namespace strata::table {

namespace detail {

inline constexpr std::uint32_t shared_trailer = 1;
inline constexpr std::uint32_t fixed_key = 2;
inline constexpr std::uint32_t fixed_value = 4;
inline constexpr std::uint32_t wide = 8;
inline constexpr std::uint32_t hashed = 16;

inline constexpr std::size_t block_header_bytes = 24;

}  // namespace detail

class Block {
 public:
  /// Takes over `size` bytes at `bytes`. Nothing where they are no block. O(count).
  [[nodiscard]] static std::optional<Block> parse(BlockBytes bytes, std::size_t size) {
    Block block;
    block.bytes_ = std::move(bytes);
    block.size_ = size;
    if (!block.parse_columns()) {
      return std::nullopt;
    }
    return block;
  }

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  /// Memory that it takes.
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_; }
  [[nodiscard]] std::string_view prefix() const noexcept { return prefix_; }

  [[nodiscard]] std::uint64_t head(std::uint32_t i) const noexcept {
    return load_fixed<std::uint64_t>(heads_ + std::size_t{i} * 8);
  }
  void prefetch_head(std::uint32_t i) const noexcept {
    __builtin_prefetch(heads_ + std::size_t{i} * 8);
  }
  /// Where its bytes are.
  [[nodiscard]] const void* address() const noexcept { return bytes_.get(); }
  /// Asks for the first bytes of a block that may be at `address`: the columns that a search
  /// touches, where entries are not tiny.
  static void prefetch_at(const void* address) noexcept { strata::prefetch(address, first_bytes); }
  /// Asks at once for what a search touches behind those: the prefix, and the heads of its first
  /// steps.
  void prefetch() const noexcept {
    if (prefix_.data() - bytes_.get() <= first_bytes) {
      return;
    }
    __builtin_prefetch(prefix_.data());
    for (std::uint32_t i = 0; i < 8; ++i) {
      prefetch_head(i * count_ / 8);
    }
  }
  [[nodiscard]] Trailer trailer(std::uint32_t i) const noexcept {
    const std::size_t at = (flags_ & detail::shared_trailer) != 0 ? 0 : i;
    return Trailer::from_packed(load_fixed<std::uint64_t>(trailers_ + at * 8));
  }
  /// Bytes of key `i` behind the prefix.
  [[nodiscard]] std::size_t suffix_bytes(std::uint32_t i) const noexcept {
    return (flags_ & detail::fixed_key) != 0 ? fixed_suffix_ : number(suffixes_, i);
  }
  /// Bytes of key `i` behind prefix and head.
  [[nodiscard]] std::string_view rest(std::uint32_t i) const noexcept {
    const std::size_t suffix = suffix_bytes(i);
    return {heap_ + start(i), suffix > 8 ? suffix - 8 : 0};
  }
  [[nodiscard]] std::string_view value(std::uint32_t i) const noexcept {
    const std::size_t suffix = suffix_bytes(i);
    const std::size_t from = start(i) + (suffix > 8 ? suffix - 8 : 0);
    return {heap_ + from, end(i) - from};
  }
  [[nodiscard]] std::size_t key_bytes(std::uint32_t i) const noexcept {
    return prefix_.size() + suffix_bytes(i);
  }
  /// Writes key `i` behind the prefix to `to`, which has room for 8 bytes more than the suffix.
  void copy_suffix(std::uint32_t i, char* to) const noexcept {
    const std::uint64_t bytes = __builtin_bswap64(head(i));
    std::memcpy(to, &bytes, 8);
    if (const std::size_t suffix = suffix_bytes(i); suffix > 8) {
      std::memcpy(to + 8, heap_ + start(i), suffix - 8);
    }
  }
  void append_key(std::uint32_t i, std::string& out) const {
    out.append(prefix_);
    const std::size_t at = out.size();
    out.resize(at + std::max<std::size_t>(suffix_bytes(i), 8));
    copy_suffix(i, out.data() + at);
    out.resize(at + suffix_bytes(i));
  }

  /// Whether key `i` is `key`.
  [[nodiscard]] bool key_is(std::uint32_t i, std::string_view key) const noexcept {
    return key.size() == key_bytes(i) && key.starts_with(prefix_) &&
           key_head(key, prefix_.size()) == head(i) &&
           (key.size() - prefix_.size() <= 8 || key.substr(prefix_.size() + 8) == rest(i));
  }

  /// Whether entries `i` and `j` are versions of one key.
  [[nodiscard]] bool is_same_key(std::uint32_t i, std::uint32_t j) const noexcept {
    return head(i) == head(j) && suffix_bytes(i) == suffix_bytes(j) && rest(i) == rest(j);
  }

  /// Entries with a head below this number are before `key`, in the order of bytes.
  [[nodiscard]] std::uint64_t head_limit(std::string_view key) const noexcept {
    const int order = compare_prefix(key, prefix_);
    return order < 0 ? 0 : (order > 0 ? UINT64_MAX : key_head(key, prefix_.size()));
  }

  /// The first entry at or behind (key, trailer); count() if there is none. O(log count).
  template <class Comparator>
  [[nodiscard]] std::uint32_t lower_bound(std::string_view key, Trailer trailer) const noexcept {
    if constexpr (Comparator::is_bytewise) {
      return lower_bound_by(
          key, trailer,
          [this](std::uint64_t target) { return first_head_not_below(target, 0, count_); },
          [this](std::uint32_t i) { return head(i); });
    } else {
      std::string own;
      return partition(0, count_, [&](std::uint32_t i) {
        own.clear();
        append_key(i, own);
        const int order = Comparator::compare(own, key);
        return order < 0 || (order == 0 && this->trailer(i) > trailer);
      });
    }
  }
  /// The first version of `key` at or behind `trailer`. Where the block has none of the key, an
  /// entry that, like the one before it, is of another key, or count().
  template <class Comparator>
  [[nodiscard]] std::uint32_t find(std::string_view key, Trailer trailer) const noexcept {
    if (!hash_.exists()) {
      return lower_bound<Comparator>(key, trailer);
    }
    const auto is_key = [&](std::uint32_t i) { return key_is(i, key); };
    const std::uint32_t first = hash_.find(key, count_, is_key);
    return gallop(first, [&](std::uint32_t i) { return this->trailer(i) > trailer && is_key(i); });
  }
  [[nodiscard]] bool is_hashed() const noexcept { return hash_.exists(); }

  /// As lower_bound in the order of bytes, with heads that are found in another way: `find(target)`
  /// is the first entry whose head is not below `target`, `head_of(i)` the head of entry `i`.
  template <class Find, class HeadOf>
  [[nodiscard]] std::uint32_t lower_bound_by(std::string_view key, Trailer trailer, Find find,
                                             HeadOf head_of) const noexcept {
    if (const int order = compare_prefix(key, prefix_); order != 0) {
      return order < 0 ? 0 : count_;
    }
    const std::string_view suffix = key.substr(prefix_.size());
    const std::uint64_t target = key_head(key, prefix_.size());
    return gallop(find(target), [&](std::uint32_t i) {
      if (head_of(i) != target) {
        return false;
      }
      const int keys = compare_behind_head(i, suffix);
      return keys < 0 || (keys == 0 && this->trailer(i) > trailer);
    });
  }
  /// The first entry of [from, to) whose head is not below `target`; `to` if there is none.
  /// Conditional moves instead of branches: the direction of each step can not be predicted.
  [[nodiscard]] std::uint32_t first_head_not_below(std::uint64_t target, std::uint32_t from,
                                                   std::uint32_t to) const noexcept {
    std::uint32_t base = from;
    std::uint32_t length = to - from;
    while (length > 1) {
      const std::uint32_t half = length / 2;
      base += head(base + half - 1) < target ? half : 0;
      length -= half;
    }
    return base + (length == 1 && head(base) < target ? 1 : 0);
  }

 private:
  static constexpr std::ptrdiff_t first_bytes = 384;

  Block() = default;

  [[nodiscard]] std::size_t number(const char* column, std::uint32_t i) const noexcept {
    return (flags_ & detail::wide) != 0 ? load_fixed<std::uint32_t>(column + std::size_t{i} * 4)
                                        : load_fixed<std::uint16_t>(column + std::size_t{i} * 2);
  }
  [[nodiscard]] std::size_t end(std::uint32_t i) const noexcept {
    return ends_ != nullptr ? number(ends_, i) : (std::size_t{i} + 1) * fixed_entry_;
  }
  [[nodiscard]] std::size_t start(std::uint32_t i) const noexcept {
    return i == 0 ? 0 : end(i - 1);
  }

  template <class Before>
  [[nodiscard]] static std::uint32_t partition(std::uint32_t low, std::uint32_t high,
                                               Before before) {
    while (low < high) {
      const std::uint32_t middle = low + (high - low) / 2;
      if (before(middle)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// `before` over the entries from `from` on: true, true, ..., false. Of equal heads there is
  /// often but one, so the steps start small.
  template <class Before>
  [[nodiscard]] std::uint32_t gallop(std::uint32_t from, Before before) const {
    std::uint32_t low = from;
    std::uint32_t high = count_;
    for (std::uint64_t step = 1; step <= count_ - low; step *= 2) {
      const auto probe = static_cast<std::uint32_t>(low + step - 1);
      if (!before(probe)) {
        high = probe;
        break;
      }
      low = probe + 1;
    }
    return partition(low, high, before);
  }
  /// Requires: the heads are equal.
  [[nodiscard]] int compare_behind_head(std::uint32_t i, std::string_view suffix) const noexcept {
    const std::size_t own = suffix_bytes(i);
    if (own > 8 && suffix.size() > 8) {
      return rest(i).compare(suffix.substr(8));
    }
    // Zero-padded to eight bytes both are equal, so the shorter one is a prefix of the other.
    return own < suffix.size() ? -1 : (own > suffix.size() ? 1 : 0);
  }

  [[nodiscard]] bool parse_columns() noexcept {
    std::string_view rest_of(bytes_.get(), size_);
    if (rest_of.size() < detail::block_header_bytes) {
      return false;
    }
    count_ = load_fixed<std::uint32_t>(rest_of.data());
    const std::uint32_t prefix = load_fixed<std::uint32_t>(rest_of.data() + 4);
    flags_ = static_cast<std::uint8_t>(rest_of[8]);
    fixed_suffix_ = load_fixed<std::uint32_t>(rest_of.data() + 12);
    const std::size_t fixed_value = load_fixed<std::uint32_t>(rest_of.data() + 16);
    const bool is_hashed = (flags_ & detail::hashed) != 0;
    const std::size_t slots = is_hashed ? load_fixed<std::uint32_t>(rest_of.data() + 20) : 0;
    rest_of.remove_prefix(detail::block_header_bytes);
    const auto take = [&rest_of](std::size_t bytes) -> const char* {
      if (bytes > rest_of.size()) {
        return nullptr;
      }
      const char* const at = rest_of.data();
      rest_of.remove_prefix(bytes);
      return at;
    };
    const std::size_t n = count_;
    const std::size_t width = (flags_ & detail::wide) != 0 ? 4 : 2;
    const bool same_key = (flags_ & detail::fixed_key) != 0;
    const bool same_value = (flags_ & detail::fixed_value) != 0;
    heads_ = take(n * 8);
    trailers_ = take((flags_ & detail::shared_trailer) != 0 ? 8 : n * 8);
    ends_ = same_key && same_value ? nullptr : take(n * width);
    suffixes_ = same_key ? nullptr : take(n * width);
    const char* const slots_at = take(slots);
    const char* const prefix_at = take(prefix);
    if (heads_ == nullptr || slots_at == nullptr || trailers_ == nullptr || prefix_at == nullptr ||
        (ends_ == nullptr && !(same_key && same_value)) || (suffixes_ == nullptr && !same_key)) {
      return false;
    }
    hash_ = BlockHash({slots_at, slots});
    prefix_ = {prefix_at, prefix};
    heap_ = rest_of.data();
    fixed_entry_ = (fixed_suffix_ > 8 ? fixed_suffix_ - 8 : 0) + fixed_value;
    return hash_.is_within(count_) && check_heap(rest_of.size(), same_value, fixed_value);
  }
  /// Every entry lies in the heap, in order, and no shorter than its key.
  [[nodiscard]] bool check_heap(std::size_t heap_bytes, bool same_value,
                                std::size_t fixed_value) const noexcept {
    if (ends_ == nullptr) {
      return fixed_entry_ * count_ == heap_bytes;
    }
    std::size_t from = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      const std::size_t suffix = suffix_bytes(i);
      const std::size_t tail = suffix > 8 ? suffix - 8 : 0;
      const std::size_t to = number(ends_, i);
      if (to < from || to > heap_bytes || to - from < tail ||
          (same_value && to - from - tail != fixed_value)) {
        return false;
      }
      from = to;
    }
    return from == heap_bytes;
  }

  BlockBytes bytes_;
  std::size_t size_ = 0;
  const char* heads_ = nullptr;
  const char* trailers_ = nullptr;
  const char* ends_ = nullptr;
  const char* suffixes_ = nullptr;
  const char* heap_ = nullptr;
  BlockHash hash_;
  std::string_view prefix_;
  std::size_t fixed_suffix_ = 0;
  std::size_t fixed_entry_ = 0;
  std::uint32_t count_ = 0;
  std::uint8_t flags_ = 0;
};

}  // namespace strata::table
