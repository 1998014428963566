// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Filters over hashes of counters: millions of lookups in the time that strings take to build.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <strata/core/hash.hpp>

namespace hashed_filters {

/// The hash of absent or present key `i`: a bijection, so keys differ.
inline std::uint64_t hash_of(std::uint64_t i) {
  return strata::mix64((i + 1) * 0x9e3779b97f4a7c15);
}

template <class F>
std::string filter_over(std::uint64_t keys, const typename F::Options& options = {}) {
  typename F::Builder builder(options);
  for (std::uint64_t i = 0; i < keys; ++i) {
    builder.add_hash(hash_of(i));
  }
  std::string filter;
  builder.finish(filter);
  return filter;
}

template <class F>
std::uint64_t missing(std::string_view filter, std::uint64_t keys) {
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < keys; ++i) {
    count += F::may_contain_hash(filter, hash_of(i)) ? 0U : 1U;
  }
  return count;
}

/// The share of `lookups` absent keys that pass.
template <class F>
double passed(std::string_view filter, std::uint64_t keys, std::uint64_t lookups) {
  std::uint64_t count = 0;
  for (std::uint64_t i = keys; i < keys + lookups; ++i) {
    count += F::may_contain_hash(filter, hash_of(i)) ? 1U : 0U;
  }
  return static_cast<double>(count) / static_cast<double>(lookups);
}

/// Asks bytes that lie in an allocation of exactly their size, so that a sanitizer sees a read
/// past either end; returns how many of 32 hashes pass.
template <class F>
int ask_exact(std::string_view bytes) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  if (!bytes.empty()) {
    std::memcpy(copy.get(), bytes.data(), bytes.size());
  }
  int count = 0;
  for (std::uint64_t i = 0; i < 31; ++i) {
    count += F::may_contain_hash({copy.get(), bytes.size()}, hash_of(1000 + i)) ? 1 : 0;
  }
  return count + (F::may_contain_hash({copy.get(), bytes.size()}, ~std::uint64_t{0}) ? 1 : 0);
}

/// Asks every length of random bytes, with and without the tail of a sound filter, and `sound`
/// with each bit flipped.
template <class F>
void ask_damaged(const std::string& sound, std::size_t tail_bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t length = 0; length <= 100; ++length) {
    for (int round = 0; round < 20; ++round) {
      std::string bytes(length, '\0');
      for (char& c : bytes) {
        c = static_cast<char>(random());
      }
      (void)ask_exact<F>(bytes);
      if (length >= tail_bytes) {
        bytes.replace(length - tail_bytes, tail_bytes, sound, sound.size() - tail_bytes);
        (void)ask_exact<F>(bytes);
      }
      // The mark is right and the numbers are not.
      if (length >= 4) {
        bytes.replace(length - 3, 3, sound, sound.size() - 3);
        bytes[length - 4] = static_cast<char>(random());
        (void)ask_exact<F>(bytes);
      }
    }
  }
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    std::string flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    (void)ask_exact<F>(flipped);
  }
}

}  // namespace hashed_filters
