// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Bloom's filter (B. H. Bloom, 1970), sized from the real number of keys.
///
/// A key sets `probes` bits, drawn from one XXH3: the i-th draw is `h * odd^i`, whose high bits a
/// multiplication maps to [0, bits) without a division. Ten bits a key let 0.8 % of absent keys
/// through, as the theory says; half the absent keys are settled by the first bit.
///
///     offset  size   content
///     0       n      the bits; bit b is bit b % 8 of byte b / 8
///     n       4      n, little-endian
///     n + 4   1      probes, 1 to 30
///     n + 5   3      "SBF"
///
/// The tail tells a cut, a grown or a foreign filter from a sound one: those answer "maybe". It
/// can not tell a flipped bit: whoever stores a filter covers it with a checksum.
/// (tests/filter/bloom_test.cpp pins the bytes.)

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <strata/core/coding.hpp>
#include <strata/core/hash.hpp>
#include <strata/core/policy.hpp>
#include <strata/filter/concept.hpp>
#include <strata/filter/hashed_keys.hpp>

namespace strata::filter {

struct Bloom {
  using policy_slot = filter_slot;
  struct Options {
    /// Memory and file bytes against wasted reads: 10 let 0.8 % through, 15 let 0.07 %.
    /// Taken between 1 and 43, where the probes reach their bound.
    double bits_per_key = 10;
  };
  static constexpr std::string_view name = "bloom";
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
    const char* tail = filter.data() + bytes;
    const auto word = load_fixed<std::uint32_t>(tail + 4);
    const std::uint32_t probes = word & 0xff;
    if (load_fixed<std::uint32_t>(tail) != bytes || word >> 8 != mark || probes == 0 ||
        probes > probes_max) {
      return true;
    }
    const std::uint64_t bits = std::uint64_t{bytes} * 8;
    for (std::uint32_t i = 0; i < probes; ++i) {
      const std::uint64_t bit = draw(hash, bits);
      if ((static_cast<unsigned char>(filter[bit / 8]) >> (bit % 8) & 1) == 0) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t tail_bytes = 8;
  static constexpr std::uint32_t probes_max = 30;
  static constexpr std::uint32_t mark = 'S' | 'B' << 8 | 'F' << 16;

  /// The next of a key's bits; advances `state`.
  static std::uint64_t draw(std::uint64_t& state, std::uint64_t bits) noexcept {
    state *= 0x9e3779b97f4a7c15;
    return map_to(state, bits);
  }
};

/// Keeps eight bytes a key until `finish`.
class Bloom::Builder {
 public:
  Builder() : Builder(Options{}) {}
  explicit Builder(const Options& options) : options_(options) {}

  void add(std::string_view key) { add_hash(hash(key)); }
  void add_hash(std::uint64_t hash) { hashes_.add(hash); }

  void finish(std::string& out) {
    const double wanted = options_.bits_per_key;
    const double per_key = wanted > 1 ? std::min(wanted, 43.0) : 1;
    const auto probes = static_cast<std::uint32_t>(per_key * 0.6931471805599453 + 0.5);
    // The tail counts bytes in 32 bits, which 3.4e9 keys of ten bits fill; beyond, the filter lets
    // more absent keys through.
    const double exact_bytes = per_key * static_cast<double>(hashes_.size()) / 8 + 1;
    const auto bytes = static_cast<std::uint32_t>(std::clamp(exact_bytes, 8.0, 4294967295.0));
    const std::size_t start = out.size();
    out.resize(start + bytes);
    char* const bits = out.data() + start;
    for (std::uint64_t state : hashes_) {
      for (std::uint32_t i = 0; i < probes; ++i) {
        const std::uint64_t bit = draw(state, std::uint64_t{bytes} * 8);
        bits[bit / 8] = static_cast<char>(bits[bit / 8] | 1 << (bit % 8));
      }
    }
    put_fixed(out, bytes);
    put_fixed(out, mark << 8 | probes);
  }

 private:
  Options options_;
  HashedKeys hashes_;
};

static_assert(HashedFilterPolicy<Bloom>);

}  // namespace strata::filter
