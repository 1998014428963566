// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The promises of strata/core/checksum.hpp, checked on any checksum; and what it is for: no
/// single flipped bit, nor zeros at the end, go unseen.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <strata/core/checksum.hpp>
#include <strata/testing/conformance.hpp>

namespace strata::testing {

template <ChecksumPolicy C>
[[nodiscard]] Conformance checksum_conformance(std::uint64_t seed = 1) {
  Conformance found;
  std::mt19937_64 random(seed);
  found.expect(!std::string_view(C::name).empty(), "a checksum has a name");
  for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 64U, 100U, 1000U}) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    const std::uint32_t sum = C::compute(bytes);
    for (int cut = 0; cut < 20; ++cut) {
      const std::size_t at = random() % (size + 1);
      const std::string_view whole(bytes);
      found.expect(C::extend(C::compute(whole.substr(0, at)), whole.substr(at)) == sum,
                   "extend goes on where compute ended");
      const std::string elsewhere = std::string(at % 8, '-') + bytes;
      found.expect(C::compute(std::string_view(elsewhere).substr(at % 8)) == sum,
                   "a sum does not depend on where the bytes are");
    }
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      found.expect(C::compute(bytes) != sum, "one flipped bit changes the sum");
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    }
    found.expect(size == 0 || C::compute(bytes + '\0') != sum, "a zero more changes the sum");
  }
  return found;
}

}  // namespace strata::testing
