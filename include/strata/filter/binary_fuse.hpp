// SPDX-License-Identifier: BSL-1.0
#pragma once

/// A binary fuse filter (T. M. Graf, D. Lemire: "Binary Fuse Filters: Fast and Smaller Than Xor
/// Filters", 2022): the fewest memory accesses for a small rate of false positives.
///
/// A key has three slots in three neighbouring segments of an array; the exclusive or of what they
/// hold is the key's fingerprint. Fingerprints have 8 bits (0.39 % of absent keys pass) or 16
/// (0.0015 %). The array is looser for few keys: with 8 bits, a key takes 9.0 bits among a
/// million, 9.5 among 100,000, 10.3 among 10,000, 11.4 among 1000; with 16 it takes twice that.
///
///     offset  size   content
///     0       n      the slots, n = f (starts + 2 * 2^s), in f bytes each, little-endian
///     n       4      starts, little-endian: first slots, a multiple of 2^s
///     n + 4   2      seed, little-endian
///     n + 6   1      s, the binary logarithm of the slots of a segment, 2 to 18
///     n + 7   1      f, 1 or 2; 0 with n == 0: no seed served, "maybe" to every key
///     n + 8   4      "SBFF"
///
/// Equal hashes are one key. The keys are put in by peeling: a slot that one key alone has is
/// that key's to set. Where a seed leaves keys that share all their slots, the next one is tried.
///
/// The tail tells a cut, a grown or a foreign filter from a sound one: those answer "maybe". It
/// can not tell a flipped bit: whoever stores a filter covers it with a checksum.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <strata/core/coding.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/hashed_keys.hpp>

namespace strata::filter {

struct BinaryFuse {
  using policy_slot = filter_slot;
  struct Options {
    /// 18 and more give fingerprints of 16 bits, less give fingerprints of 8.
    double bits_per_key = 10;
    /// Seeds to try before the filter says "maybe" to every key. One fails three times in a
    /// hundred for small filters, and hardly ever for large ones.
    std::uint16_t seeds = 100;
  };
  static constexpr std::string_view name = "binary_fuse";
  static constexpr std::uint32_t format_version = 1;

  class Builder;

  [[nodiscard]] static std::uint64_t hash(std::string_view key) noexcept { return hash64(key); }

  [[nodiscard]] static bool may_contain(std::string_view filter, std::string_view key) noexcept {
    return may_contain_hash(filter, hash(key));
  }

  [[nodiscard]] static bool may_contain_hash(std::string_view filter, std::uint64_t hash) noexcept {
    if (filter.size() <= tail_bytes) {
      return true;
    }
    const std::size_t bytes = filter.size() - tail_bytes;
    const char* const tail = filter.data() + bytes;
    const Shape shape{load_fixed<std::uint32_t>(tail), static_cast<unsigned char>(tail[6])};
    const std::uint64_t width = static_cast<unsigned char>(tail[7]);
    if (load_fixed<std::uint32_t>(tail + 8) != mark || width - 1 > 1 ||
        shape.segment_log - 2U > 16 || shape.starts == 0 || shape.starts % shape.segment() != 0 ||
        shape.slots() * width != bytes) {
      return true;
    }
    const Key key(hash, load_fixed<std::uint16_t>(tail + 4));
    return width == 1 ? key.difference<std::uint8_t>(filter.data(), shape) == 0
                      : key.difference<std::uint16_t>(filter.data(), shape) == 0;
  }

 private:
  static constexpr std::size_t tail_bytes = 12;
  static constexpr std::uint32_t mark = 'S' | 'B' << 8 | 'F' << 16 | std::uint32_t{'F'} << 24;

  struct Shape {
    std::uint64_t starts = 0;
    std::uint32_t segment_log = 0;

    [[nodiscard]] std::uint64_t segment() const noexcept { return std::uint64_t{1} << segment_log; }
    [[nodiscard]] std::uint64_t slots() const noexcept { return starts + 2 * segment(); }
  };

  /// What a key is under a seed. Different hashes stay different.
  struct Key {
    explicit Key(std::uint64_t of_mixed) noexcept : mixed(of_mixed) {}
    Key(std::uint64_t hash, std::uint64_t seed) noexcept
        : mixed(mix64(hash + seed * 0x9e3779b97f4a7c15)) {}

    /// The first is anywhere; the others are in the next two segments, at places of their own.
    [[nodiscard]] std::array<std::uint64_t, 3> slots(const Shape& shape) const noexcept {
      const std::uint64_t segment = shape.segment();
      const std::uint64_t first = map_to(mixed, shape.starts);
      const std::uint64_t base = first & ~(segment - 1);
      return {first, base + segment + (mixed >> 18 & (segment - 1)),
              base + 2 * segment + (mixed & (segment - 1))};
    }
    [[nodiscard]] std::uint32_t fingerprint() const noexcept {
      return static_cast<std::uint32_t>(mixed * 0x9e3779b97f4a7c15 >> 48);
    }

    /// From what the three slots give to the key's fingerprint: zero when they give it.
    template <class Fingerprint>
    [[nodiscard]] Fingerprint difference(const char* values, const Shape& shape) const noexcept {
      std::uint32_t sum = fingerprint();
      for (const std::uint64_t at : slots(shape)) {
        sum ^= load_fixed<Fingerprint>(values + at * sizeof(Fingerprint));
      }
      return static_cast<Fingerprint>(sum);
    }

    std::uint64_t mixed;
  };
};

/// Takes 8 bytes a key, and 40 while `finish` runs.
class BinaryFuse::Builder {
 public:
  Builder() : Builder(Options{}) {}
  explicit Builder(const Options& options) : options_(options) {}

  void add(std::string_view key) { add_hash(hash(key)); }
  void add_hash(std::uint64_t hash) { hashes_.add(hash); }

  void finish(std::string& out) {
    for (std::uint32_t seed = 0; seed < options_.seeds; ++seed) {
      if (try_seed(seed, out)) {
        return;
      }
    }
    put_tail(out, {}, 0, 0);
  }

 private:
  /// The keys that have a slot: their exclusive or, and how many they are.
  struct Slot {
    std::uint64_t keys = 0;
    std::uint32_t count = 0;
  };
  using Slots = std::vector<Slot>;

  /// Appends the filter, or nothing.
  [[nodiscard]] bool try_seed(std::uint32_t seed, std::string& out) const {
    HashedKeys keys;
    for (const std::uint64_t hash : hashes_) {
      keys.add(Key(hash, seed).mixed);
    }
    keys.sort_unique();  // also for the cache: neighbours share segments
    const Shape shape = shape_of(keys.size());
    Slots slots(shape.slots());
    for (const std::uint64_t mixed : keys) {
      for (const std::uint64_t at : Key(mixed).slots(shape)) {
        slots[at].keys ^= mixed;
        ++slots[at].count;
      }
    }
    const auto order = peel(shape, slots);
    if (order.size() != keys.size()) {
      return false;
    }
    if (options_.bits_per_key >= 18) {
      assign<std::uint16_t>(shape, slots, order, out);
      put_tail(out, shape, seed, 2);
    } else {
      assign<std::uint8_t>(shape, slots, order, out);
      put_tail(out, shape, seed, 1);
    }
    return true;
  }

  /// The sizes that let a seed serve, from the experiments of the paper.
  [[nodiscard]] static Shape shape_of(std::size_t keys) noexcept {
    const double count = static_cast<double>(std::max<std::size_t>(keys, 2));
    const double log = std::clamp(std::log(count) / std::log(3.33) + 2.25, 2.0, 18.0);
    const auto segment_log = static_cast<std::uint32_t>(log);
    const double segment = std::exp2(segment_log);
    const double per_key = std::max(1.125, 0.875 + 0.25 * std::log(1e6) / std::log(count));
    const double segments = std::ceil(count * per_key / segment) - 2;
    const double segments_max = 4294967296.0 / segment - 3;
    return {static_cast<std::uint64_t>(std::clamp(segments, 1.0, segments_max)) << segment_log,
            segment_log};
  }

  /// Takes out one key after another that is alone in a slot; the slots, in this order, which keep
  /// their key. Keys that are never alone have no slot in the result.
  [[nodiscard]] static std::vector<std::uint32_t> peel(const Shape& shape, Slots& slots) {
    std::vector<std::uint32_t> queue;
    queue.reserve(slots.size());
    for (std::uint32_t at = 0; at < slots.size(); ++at) {
      if (slots[at].count == 1) {
        queue.push_back(at);
      }
    }
    std::size_t peeled = 0;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const std::uint32_t own = queue[i];
      if (slots[own].count != 1) {
        continue;  // its key was alone elsewhere, and is out
      }
      queue[peeled++] = own;
      const std::uint64_t mixed = slots[own].keys;
      for (const std::uint64_t at : Key(mixed).slots(shape)) {
        if (at != own) {
          slots[at].keys ^= mixed;
          if (--slots[at].count == 1) {
            queue.push_back(static_cast<std::uint32_t>(at));
          }
        }
      }
    }
    queue.resize(peeled);
    return queue;
  }

  /// The last key out is the first in: nothing that is set later changes its slots.
  template <class Fingerprint>
  static void assign(const Shape& shape, const Slots& slots,
                     const std::vector<std::uint32_t>& order, std::string& out) {
    const std::size_t begin = out.size();
    out.resize(begin + shape.slots() * sizeof(Fingerprint));
    char* const values = out.data() + begin;
    for (std::size_t i = order.size(); i-- > 0;) {
      const auto missing = Key(slots[order[i]].keys).difference<Fingerprint>(values, shape);
      store_fixed(values + std::size_t{order[i]} * sizeof missing, missing);  // it was zero
    }
  }

  static void put_tail(std::string& out, const Shape& shape, std::uint32_t seed, int width) {
    put_fixed(out, static_cast<std::uint32_t>(shape.starts));
    put_fixed(out, static_cast<std::uint16_t>(seed));
    out.push_back(static_cast<char>(shape.segment_log));
    out.push_back(static_cast<char>(width));
    put_fixed(out, mark);
  }

  Options options_;
  HashedKeys hashes_;
};

static_assert(HashedFilterPolicy<BinaryFuse>);

}  // namespace strata::filter
