// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A Bloom filter that grows with what is added: which keys are not in a memtable.
///
/// A list of filters, each for more keys than the one before; keys go to the last one, and a
/// question goes to all. A key has four bits in one word of 64, at sixteen bits a key: one load a
/// filter, and one absent key in a hundred passes it (F. Putze, P. Sanders, J. Singler, "Cache-,
/// Hash- and Space-Efficient Bloom Filters", WEA 2007). Two to four bytes a key.
///
/// Threads: one adds, any number asks. Who sees the sign that a key was inserted, published behind
/// `add`, is never told that it is absent.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include <strata/core/arena.hpp>
#include <strata/core/hash.hpp>

namespace strata::memtable::detail {

class GrowingBloom {
 public:
  /// Asks for what `add` will touch.
  void prefetch(std::uint64_t hash) const noexcept {
    if (const unsigned count = level_count_.load(std::memory_order_relaxed); count != 0) {
      const Level& last = levels_[count - 1];
      __builtin_prefetch(&last.words[word_of(hash, last)], 1);
    }
  }
  /// `hash`: 64 good bits. Takes memory of `arena`, which outlives the filter. Throws
  /// std::bad_alloc; then nothing is added.
  void add(std::uint64_t hash, Arena& arena) {
    if (room_ == 0) {
      grow(arena);
    }
    const Level& last = levels_[level_count_.load(std::memory_order_relaxed) - 1];
    std::atomic<std::uint64_t>& word = last.words[word_of(hash, last)];
    const std::uint64_t before = word.load(std::memory_order_relaxed);
    const std::uint64_t after = before | bits_of(hash);
    if (after != before) {
      word.store(after, std::memory_order_relaxed);
      --room_;  // another version of a key takes none
    }
  }
  /// False: was never added.
  [[nodiscard]] bool may_contain(std::uint64_t hash) const noexcept {
    const std::uint64_t bits = bits_of(hash);
    // The last one has most keys, and is the farthest away.
    for (unsigned i = level_count_.load(std::memory_order_acquire); i-- > 0;) {
      const Level& level = levels_[i];
      if ((level.words[word_of(hash, level)].load(std::memory_order_relaxed) & bits) == bits) {
        return true;
      }
    }
    return false;
  }

 private:
  struct Level {
    std::atomic<std::uint64_t>* words = nullptr;
    std::uint32_t word_count = 0;
  };
  static constexpr unsigned levels_most = 24;  // for 2^36 keys
  static constexpr std::uint32_t keys_a_word = 4;

  /// Fourfold while that is little, then twice: few filters to ask, and little room for nothing.
  [[nodiscard]] static std::uint64_t keys_of_level(unsigned i) noexcept {
    return i < 5 ? std::uint64_t{256} << (2 * i) : std::uint64_t{1} << (12 + i);
  }
  [[nodiscard]] static std::uint32_t word_of(std::uint64_t hash, const Level& level) noexcept {
    return static_cast<std::uint32_t>((hash >> 32) * level.word_count >> 32);
  }
  [[nodiscard]] static std::uint64_t bits_of(std::uint64_t hash) noexcept {
    const auto bit = [hash](unsigned i) { return std::uint64_t{1} << (hash >> (6 * i) & 63); };
    return bit(0) | bit(1) | bit(2) | bit(3);
  }

  void grow(Arena& arena) {
    const unsigned count = level_count_.load(std::memory_order_relaxed);
    if (count == levels_most) {
      room_ = UINT64_MAX;  // it answers "maybe" more often
      return;
    }
    Level& level = levels_[count];
    level.word_count = static_cast<std::uint32_t>(keys_of_level(count) / keys_a_word);
    char* const at = arena.allocate(std::size_t{level.word_count} * sizeof(std::uint64_t));
    level.words = reinterpret_cast<std::atomic<std::uint64_t>*>(at);
    for (std::uint32_t i = 0; i < level.word_count; ++i) {
      new (at + std::size_t{i} * sizeof(std::uint64_t)) std::atomic<std::uint64_t>(0);
    }
    room_ = keys_of_level(count);
    level_count_.store(count + 1, std::memory_order_release);
  }

  Level levels_[levels_most];
  std::atomic<unsigned> level_count_{0};
  std::uint64_t room_ = 0;  ///< keys that the last level is still to take
};

}  // namespace strata::memtable::detail
