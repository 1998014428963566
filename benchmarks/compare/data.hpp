// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Keys, values and orders: the same bytes for each engine, in each run.
///
/// A key is 16 decimal digits. A value says in its first 8 bytes which number it belongs to, so
/// that a read can tell that it got the right one; the rest are random bytes, no two alike.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace compare {

using Number = std::uint64_t;
using Numbers = std::vector<Number>;

class Key {
 public:
  static constexpr std::size_t bytes = 16;

  explicit Key(Number number) {
    for (std::size_t i = bytes; i > 0; i -= 2) {
      std::memcpy(digits_ + i - 2, pairs + 2 * (number % 100), 2);
      number /= 100;
    }
  }
  // NOLINTNEXTLINE(google-explicit-constructor): a key is its bytes
  operator std::string_view() const { return {digits_, bytes}; }

 private:
  static constexpr char pairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
      "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
      "9293949596979899";

  char digits_[bytes];
};

class Values {
 public:
  static constexpr std::size_t live = 200;

  explicit Values(std::size_t value_bytes)
      : value_bytes_(value_bytes),
        bytes_(std::max(std::size_t{1} << 20, (live + 2) * (value_bytes + 1)), '\0') {
    std::mt19937_64 random(301);
    for (char& byte : bytes_) {
      byte = static_cast<char>(random());
    }
  }
  /// The view lives until the `live`-th call after this one.
  std::string_view of(Number number) {
    at_ = (at_ + value_bytes_ + 1) % (bytes_.size() - value_bytes_);
    std::memcpy(bytes_.data() + at_, &number, sizeof number);
    return std::string_view(bytes_).substr(at_, value_bytes_);
  }
  [[nodiscard]] bool is_of(Number number, std::string_view value) const {
    return value.size() == value_bytes_ && number_in(value) == number;
  }
  [[nodiscard]] static Number number_in(std::string_view value) {
    Number number = 0;
    std::memcpy(&number, value.data(), std::min(value.size(), sizeof number));
    return number;
  }

 private:
  std::size_t value_bytes_;
  std::string bytes_;
  std::size_t at_ = 0;
};

/// Stored keys are even numbers, so that odd ones are missing keys from among them.
[[nodiscard]] inline Number stored(Number i) {
  return 2 * i;
}

[[nodiscard]] inline Numbers shuffled(std::uint64_t count, std::uint64_t seed) {
  Numbers numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937_64(seed));
  return numbers;
}

/// Numbers below `count` by Zipf's law with exponent 0.99: 0 is drawn most. After Gray et al.,
/// "Quickly Generating Billion-Record Synthetic Databases", as YCSB has it.
class Zipf {
 public:
  Zipf(std::uint64_t count, std::uint64_t seed) : random_(seed), count_(count) {
    for (std::uint64_t i = 1; i <= count; ++i) {
      zeta_ += std::pow(1.0 / static_cast<double>(i), theta);
    }
    const double zeta_two = 1 + std::pow(0.5, theta);
    eta_ = (1 - std::pow(2.0 / static_cast<double>(count), 1 - theta)) / (1 - zeta_two / zeta_);
  }
  Number next() {
    const double u = uniform_(random_);
    const double uz = u * zeta_;
    if (uz < 1) {
      return 0;
    }
    if (uz < 1 + std::pow(0.5, theta)) {
      return std::min<Number>(1, count_ - 1);
    }
    const double at = std::pow(eta_ * u - eta_ + 1, 1 / (1 - theta));
    return std::min(static_cast<Number>(static_cast<double>(count_) * at), count_ - 1);
  }
  /// The same law, with the popular numbers scattered.
  Number next_scrambled() { return mix(next()) % count_; }

 private:
  static constexpr double theta = 0.99;

  static Number mix(Number number) {
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    return number ^ (number >> 31);
  }

  std::mt19937_64 random_;
  std::uniform_real_distribution<double> uniform_{0, 1};
  std::uint64_t count_;
  double zeta_ = 0;
  double eta_ = 0;
};

}  // namespace compare
